"""Who may change the policy, and when (BR-9, ID-7, WP-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear.display import to_instant
from switchgear.errors import (
    AgentDenied,
    BoundWalletHasNoAuthority,
    ContractReverted,
    InvalidPermission,
    LooseningExpired,
    LooseningNotReady,
    NotDelayed,
    NotOwner,
    NotPermitted,
    NotScheduled,
    SupersededByTightening,
    WrongAccount,
)
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.safe import SafeTransaction, Sender
from switchgear.gas.chain import account
from switchgear.policy import Setup, to_selector
from switchgear.types import Reason, UnknownPolicy
from tests.support.guarded import (
    AGENT,
    BOB,
    CAP,
    CHIEF,
    DAY,
    EVE,
    HUMAN,
    LIMITS,
    OTHER,
    POLICY,
    TRANSFER,
    Guarded,
    refuses,
)

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


WINDOW = 7 * DAY
NEWCOMER: LocalAccount = key("newcomer")
CALLERS = {"chief": CHIEF, "agent": AGENT.address, "human": HUMAN.address, "eve": EVE, "account": "", "policy": ""}


def address_of(name: str, guarded: Guarded) -> str:
    """Of a caller."""
    return {"account": guarded.address, "policy": guarded.guard.address}.get(name, CALLERS[name])


def arguments(guarded: Guarded) -> dict[str, tuple[Any, ...]]:
    """Every function that changes the policy, with arguments that would do."""
    token, selector = guarded.field.token.address, to_selector(TRANSFER)
    return {
        "grant": (guarded.permission().arguments,),
        "trust": (EVE,),
        "openAsset": ((BOB, LIMITS, POLICY),),
        "retire": (),
        "revoke": (AGENT.address, token, selector),
        "distrust": (HUMAN.address,),
        "schedule": (guarded.guard.interface.encode("retire", ()),),
        "transferOwnership": (EVE,),
    }


LOOSENING = ("grant", "trust", "openAsset", "retire")
TIGHTENING = ("revoke", "distrust", "schedule", "transferOwnership")


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("function", LOOSENING)
def test_loosening__called_directly__by_nobody(guarded: Guarded, caller: str, function: str) -> None:
    """BR-9: what loosens comes through `execute` alone; only the policy itself calls it."""
    sender = address_of(caller, guarded)
    if caller == "policy":  # it has announced nothing, though
        if function in {"grant", "trust"}:
            with refuses(SupersededByTightening, tightened_at=0):
                guarded.chain.send(guarded.guard, function, *arguments(guarded)[function], sender=sender)
        return
    with refuses(NotDelayed, caller=sender):
        guarded.chain.send(guarded.guard, function, *arguments(guarded)[function], sender=sender)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("function", TIGHTENING)
def test_tightening_and_announcing__owner_alone(guarded: Guarded, caller: str, function: str) -> None:
    """BR-9: nobody but the owner tightens, announces or hands over."""
    sender, args = address_of(caller, guarded), arguments(guarded)[function]
    if caller == "chief":
        guarded.chain.send(guarded.guard, function, *args, sender=sender)
        return
    with refuses(NotOwner, caller=sender):
        guarded.chain.send(guarded.guard, function, *args, sender=sender)


@pytest.mark.parametrize("caller", CALLERS)
def test_execute_and_cancel__owner_alone(guarded: Guarded, caller: str) -> None:
    """BR-9: what was announced is executed, or taken back, by the owner."""
    call = guarded.guard.interface.encode("retire", ())
    identity = guarded.chain.call(guarded.guard, "schedule", call, sender=CHIEF)
    guarded.chain.send(guarded.guard, "schedule", call, sender=CHIEF)
    guarded.chain.later(DAY)
    sender = address_of(caller, guarded)
    if caller == "chief":
        guarded.chain.send(guarded.guard, "execute", call, sender=sender)
        assert guarded.chain.call(guarded.guard, "retired")
        with refuses(NotScheduled, id=identity):
            guarded.chain.send(guarded.guard, "cancel", identity, sender=sender)
        return
    for function, argument in (("execute", call), ("cancel", identity)):
        with refuses(NotOwner, caller=sender):
            guarded.chain.send(guarded.guard, function, argument, sender=sender)


@pytest.mark.parametrize("caller", ["chief", "agent", "human", "eve", "policy"])
def test_checks__account_alone(guarded: Guarded, caller: str) -> None:
    """WP-8: nobody but the Safe asks before and after; so nobody can charge for it, or take a check off."""
    sender = address_of(caller, guarded)
    transaction = (BOB, 0, b"", 0, 0, 0, 0, ZERO, ZERO, bytes(65), EVE)
    wrong = {"caller": sender, "account": guarded.address}
    for function, args in {
        "checkTransaction": transaction,
        "checkAfterExecution": (bytes(32), True),
        "checkModuleTransaction": (BOB, 0, b"", 0, EVE),
        "checkAfterModuleExecution": (bytes(32), True),
    }.items():
        with refuses(WrongAccount, **wrong):
            guarded.chain.send(guarded.guard, function, *args, sender=sender)


@pytest.mark.parametrize("function", LOOSENING)
@pytest.mark.parametrize(
    ("after", "error"),
    [(DAY - 1, LooseningNotReady), (DAY, None), (DAY + WINDOW, None), (DAY + WINDOW + 1, LooseningExpired)],
)
def test_loosening__from_eta_to_expiry(guarded: Guarded, function: str, after: int, error: Any) -> None:
    """BR-9: it lands a day after it was announced at the earliest, eight days at the latest, to the second."""
    call = guarded.guard.interface.encode(function, arguments(guarded)[function])
    guarded.chain.send(guarded.guard, "schedule", call, sender=CHIEF)
    announced = guarded.chain.now
    guarded.chain.now = announced + after - 1
    if error is None:
        guarded.chain.send(guarded.guard, "execute", call, sender=CHIEF)
        assert {
            "grant": guarded.transfer,
            "trust": lambda: guarded.chain.call(guarded.guard, "trusted", EVE),
            "openAsset": lambda: int(
                guarded.chain.call(guarded.field.core, "laneWord", guarded.guard.address, int(BOB, 16))
            ),
            "retire": lambda: guarded.chain.call(guarded.guard, "retired"),
        }[function]()
        with refuses(NotScheduled):
            guarded.chain.send(guarded.guard, "execute", call, sender=CHIEF)
    else:
        when = {"eta" if error is LooseningNotReady else "expiry": announced + DAY + (WINDOW if after > DAY else 0)}
        with refuses(error, **{name: to_instant(instant) for name, instant in when.items()}):
            guarded.chain.send(guarded.guard, "execute", call, sender=CHIEF)


@pytest.mark.parametrize("function", ["grant", "trust"])
@pytest.mark.parametrize("late", [-1, 0, 1])
def test_loosening__tightened_meanwhile__superseded(guarded: Guarded, function: str, late: int) -> None:
    """BR-9: a revocation cancels a grant announced before it, or in the same second, and none after it."""
    token, selector = guarded.field.token.address, to_selector(TRANSFER)
    tighten, args = {
        "grant": ("revoke", (AGENT.address, token, selector)),
        "trust": ("distrust", (EVE,)),
    }[function]
    call = guarded.guard.interface.encode(function, arguments(guarded)[function])
    chain = guarded.chain
    if late < 0:
        chain.send(guarded.guard, tighten, *args, sender=CHIEF)
        chain.send(guarded.guard, "schedule", call, sender=CHIEF)
    else:
        chain.send(guarded.guard, "schedule", call, sender=CHIEF)
        chain.later(late)
        chain.send(guarded.guard, tighten, *args, sender=CHIEF)
    tightened = chain.now
    chain.later(DAY)
    if late < 0:
        chain.send(guarded.guard, "execute", call, sender=CHIEF)
    else:
        with refuses(SupersededByTightening, tightened_at=tightened):
            chain.send(guarded.guard, "execute", call, sender=CHIEF)


def test_revoke__at_once__denied(guarded: Guarded) -> None:
    """BR-9: taking back waits for nothing."""
    guarded.grant()
    guarded.transfer()
    guarded.chain.send(
        guarded.guard, "revoke", AGENT.address, guarded.field.token.address, to_selector(TRANSFER), sender=CHIEF
    )
    with refuses(NotPermitted, wallet=AGENT.address):
        guarded.transfer()


def test_distrust__at_once__denied(guarded: Guarded) -> None:
    """BR-9: so does no longer trusting; and trusting again waits."""
    guarded.transfer(by=HUMAN)
    guarded.chain.send(guarded.guard, "distrust", HUMAN.address, sender=CHIEF)
    with refuses(NotPermitted, wallet=HUMAN.address):
        guarded.transfer(by=HUMAN)
    guarded.loosen("trust", HUMAN.address)
    guarded.transfer(by=HUMAN)


# ------------------------------------------------------------------ ID-7


def setup(guarded: Guarded, **changes: Any) -> tuple[Any, ...]:
    """Of a policy for the same Safe."""
    fields = {"core": guarded.field.core.address, "account": guarded.address, "owner": CHIEF, **changes}
    return Setup(**fields).arguments


def test_deploy__agent_as_owner_or_trusted__refused(guarded: Guarded) -> None:
    """ID-7: no agent's wallet becomes owner, or trusted, when the policy is made."""
    handle = guarded.field.handles[AGENT.address]
    for changes in ({"owner": AGENT.address}, {"trusted": (AGENT.address,)}):
        with refuses(BoundWalletHasNoAuthority, wallet=AGENT.address, agent=handle):
            guarded.chain.deploy("SafeAgentGuard", setup(guarded, **changes), ZERO, label="refused")


def test_deploy__nobody_or_permissive_lane__refused(guarded: Guarded) -> None:
    """WP-1: a policy has an account, trusts somebody if anybody, and denies unknown wallets."""
    raw = setup(guarded)
    with refuses(WrongAccount, caller=ZERO, account=ZERO):
        guarded.chain.deploy("SafeAgentGuard", (raw[0], ZERO, *raw[2:]), ZERO, label="refused")
    with refuses(InvalidPermission):
        guarded.chain.deploy("SafeAgentGuard", (*raw[:4], [ZERO], *raw[5:]), ZERO, label="refused")
    for unknown in (UnknownPolicy.SHARED, UnknownPolicy.EXEMPT):
        with refuses(InvalidPermission):
            guarded.loosen("openAsset", (BOB, LIMITS, POLICY._replace(unknown=unknown)))


def test_trust_and_ownership__of_an_agent__refused(guarded: Guarded) -> None:
    """ID-7: nor later: neither by trust, nor by handing over."""
    handle = guarded.field.handles[OTHER.address]
    with refuses(BoundWalletHasNoAuthority, wallet=OTHER.address, agent=handle):
        guarded.loosen("trust", OTHER.address)
    guarded.chain.send(guarded.guard, "transferOwnership", OTHER.address, sender=CHIEF)
    with refuses(BoundWalletHasNoAuthority, wallet=OTHER.address, agent=handle):
        guarded.chain.send(guarded.guard, "acceptOwnership", sender=OTHER.address)


def test_trusted__bound_afterwards__is_an_agent(guarded: Guarded) -> None:
    """ID-7: whom the owner trusts, and who becomes an agent's wallet then, passes no longer, revoked or not."""
    field, human = guarded.field, [Sender(HUMAN.address)]
    guarded.by_people([(guarded.address, guarded.self_call("addOwnerWithThreshold", NEWCOMER.address, 1))])
    guarded.loosen("trust", NEWCOMER.address)
    guarded.transfer(by=NEWCOMER)
    field.enroll(NEWCOMER)
    with refuses(NotPermitted, wallet=NEWCOMER.address):
        guarded.transfer(by=NEWCOMER)
    field.chain.send(field.core, "revokeWallet", NEWCOMER.address, sender=NEWCOMER.address)
    with refuses(NotPermitted, wallet=NEWCOMER.address):
        guarded.transfer(by=NEWCOMER)
    guarded.safe.exec(SafeTransaction(to=BOB), human, sender=HUMAN.address)


def test_owner__bound_afterwards__has_no_power(guarded: Guarded) -> None:
    """ID-7: nor does an owner who became an agent's wallet."""
    chain = guarded.chain
    chain.send(guarded.guard, "transferOwnership", NEWCOMER.address, sender=CHIEF)
    chain.send(guarded.guard, "acceptOwnership", sender=NEWCOMER.address)
    call = guarded.guard.interface.encode("retire", ())
    chain.send(guarded.guard, "schedule", call, sender=NEWCOMER.address)
    handle = guarded.field.enroll(NEWCOMER)
    chain.later(DAY)
    for function, args in (("execute", (call,)), ("distrust", (HUMAN.address,)), ("transferOwnership", (CHIEF,))):
        with refuses(BoundWalletHasNoAuthority, wallet=NEWCOMER.address, agent=handle):
            chain.send(guarded.guard, function, *args, sender=NEWCOMER.address)


def test_renounce__nobody_left__refused(guarded: Guarded) -> None:
    """WP-6: the way out keeps somebody who can open it."""
    with pytest.raises(ContractReverted) as caught:
        guarded.chain.send(guarded.guard, "renounceOwnership", sender=CHIEF)
    assert caught.value.data[4:] == bytes(32)


def test_grant__wallet_without_agent__denied(guarded: Guarded) -> None:
    """ID-5: a permission alone makes nobody an agent."""
    stranger = account("never bound")
    guarded.by_people([(guarded.address, guarded.self_call("addOwnerWithThreshold", stranger, 1))])
    guarded.grant(wallet=stranger)
    data = guarded.field.encode("transfer", BOB, 1)
    with refuses(AgentDenied, wallet=stranger, reason=Reason.WALLET_UNKNOWN):
        guarded.safe.exec(
            SafeTransaction(to=guarded.field.token.address, data=data), [Sender(stranger)], sender=stranger
        )
    assert guarded.field.of(guarded.address) >= CAP
