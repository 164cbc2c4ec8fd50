"""Attacks that are the same on a Safe, on modular accounts and by delegation: on a naive guard first, then on ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.errors import AgentDenied, CallCapExceeded, ContractReverted, InnerCallFailed, ModeRefused
from switchgear.execution import mode
from switchgear.foreign.keys import ZERO
from switchgear.foreign.modular import Execution
from switchgear.policy import to_selector
from switchgear.types import Reason, Scope
from tests.support.guarded import refuses
from tests.threats.accounts import (
    ALLOWANCES,
    FOR_ALL,
    HUB_APPROVE,
    KINDS,
    PERMIT,
    POKE,
    SafeSide,
    Side,
    prepare,
)
from tests.wallets.conftest import AGENT, refused
from tests.wallets.guarded import CALL_CAP, CAP, DAY, OUTSIDER, WEEK, Charged, reverts, transfer, undone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

LOOT = 5 * CAP
"""What the attacks take from the naive guards, whose cap is the account's limit."""
CAP_EXCEEDED = keccak(text="CapExceeded(uint256)")[:4]
NEVER = 2**40
NOTHING = Charged(0, 0)


@pytest.fixture(scope="module", params=KINDS)
def name(request: Any) -> str:
    """Of the kind of account."""
    return str(request.param)


@pytest.fixture(autouse=True)
def fresh(chain: Chain, naive: Side, ours: Side) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Each test begins anew."""
    with undone(chain):
        yield


# ------------------------------------------------------------------ allowances


def permit(side: Side, amount: int, by: str) -> Execution:
    """An allowance for the thief that the account hands in itself, signed for it by the agent or by people."""
    token, chain, thief = side.grounds.token, side.chain, side.grounds.thief.address
    kind = keccak(text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
    words = (int(side.address, 16), int(thief, 16), amount, 0, NEVER)
    message = keccak(kind + b"".join(word.to_bytes(32, "big") for word in words))
    domain = bytes(chain.call(token.token, "DOMAIN_SEPARATOR"))
    digest = keccak(b"\x19\x01" + domain + message)
    signature = side.signature(digest) if by == "agent" else side.signature_of_people(digest)
    return Execution(token.address, token.encode(PERMIT, side.address, thief, amount, NEVER, signature))


def allow(side: Side, function: str, amount: int, by: str = "agent") -> Execution:
    """What grants the thief an allowance."""
    grounds = side.grounds
    if function == PERMIT:
        return permit(side, amount, by)
    if function == HUB_APPROVE:
        arguments = (grounds.token.address, grounds.thief.address, amount, NEVER)
        return Execution(grounds.hub.address, grounds.hub.interface.encode("approve", arguments))
    return Execution(grounds.token.address, grounds.token.encode(function, grounds.thief.address, amount))


def pull(side: Side, function: str, amount: int) -> None:
    """Takes it, from outside."""
    grounds, token = side.grounds, side.grounds.token.address
    arguments: tuple[Any, ...] = ("pull", token, side.address, amount)
    if function == HUB_APPROVE:
        arguments = ("pullByHub", grounds.hub.address, token, side.address, amount)
    side.chain.send(grounds.thief, *arguments, sender=OUTSIDER)


@pytest.mark.parametrize("function", [*ALLOWANCES, HUB_APPROVE])
def test_allowance__pulled_from_outside__charged_when_given(naive: Side, ours: Side, function: str) -> None:
    """WP-3: approve, increaseAllowance, permit, Permit2: what others may take from now on is spent when granted."""
    token, thief = naive.grounds.token, naive.grounds.thief.address
    for side in (naive, ours):
        everything = (side.grounds.hub.address, 2**160 - 1)
        side.chain.send(token.token, "approve", *everything, sender=side.address)
    by = "agent" if naive.signs else "people"
    naive.act(allow(naive, function, LOOT, by))
    with token.moves(LOOT, naive.address, to=thief):
        pull(naive, function, LOOT)

    refused_call = allow(ours, function, LOOT)
    aim = {"wallet": AGENT.address, "target": refused_call.target, "selector": refused_call.data[:4]}
    with reverts(CallCapExceeded, **aim, amount=LOOT, cap=CALL_CAP):
        ours.act(refused_call)
    if function == PERMIT:
        # The agent's key signs nothing for the account; what people signed is charged. On a Safe nobody signs.
        invalid = to_selector("ERC2612InvalidSigner(address,address)")
        with ours.fails(invalid):
            ours.act(allow(ours, function, CALL_CAP))
        assert ours.charged(token) == NOTHING
        if isinstance(ours, SafeSide):
            return
    ours.act(allow(ours, function, CALL_CAP, "people"))
    assert ours.charged(token) == Charged(1, CALL_CAP)
    with token.moves(CALL_CAP, ours.address, to=thief):
        pull(ours, function, CALL_CAP)
    ours.act(transfer(token, CAP - CALL_CAP))
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_LIMIT, scope=Scope.AGENT):
        ours.act(transfer(token, 1))


def test_approval_for_all__taken_from_outside__is_everything(naive: Side, ours: Side) -> None:
    """WP-3: an operator may take every token there is, so no finite cap lets one pass."""
    registry, chain = naive.grounds.registry, naive.chain
    give = Execution(registry.address, registry.interface.encode(FOR_ALL, (OUTSIDER, True)))
    token_id = int(chain.call(registry, "register()", sender=OUTSIDER))
    chain.send(registry, "register()", sender=OUTSIDER)
    chain.send(registry, "transferFrom", OUTSIDER, naive.address, token_id, sender=OUTSIDER)
    naive.act(give)
    chain.send(registry, "transferFrom", naive.address, OUTSIDER, token_id, sender=OUTSIDER)
    assert chain.call(registry, "ownerOf", token_id) == OUTSIDER
    aim = {"wallet": AGENT.address, "target": registry.address, "selector": give.data[:4]}
    with reverts(CallCapExceeded, **aim, amount=2**256 - 1, cap=1):
        ours.act(give)
    assert chain.call(registry, "isApprovedForAll", ours.address, OUTSIDER) is False


# ------------------------------------------------------------------ tokens


def test_fee_on_top__of_a_transfer__is_charged(naive: Side, ours: Side) -> None:
    """WP-3: the balance tells what the call does not say."""
    fee = naive.grounds.fee
    before = fee.of(naive.address)
    naive.act(transfer(fee, CAP))
    assert before - fee.of(naive.address) == 10 * CAP
    aim = {"wallet": AGENT.address, "target": fee.address, "selector": bytes(4)}
    with reverts(CallCapExceeded, **aim, amount=10 * CALL_CAP, cap=CALL_CAP):
        ours.act(transfer(fee, CALL_CAP))
    ours.act(transfer(fee, 10))
    assert ours.charged(fee) == Charged(2, 100)


def test_rebase__in_the_midst_of_a_transfer__is_charged(naive: Side, ours: Side, chain: Chain) -> None:
    """WP-3: a balance that drops during the execution counts as taken, whoever made it drop."""
    rebasing = naive.grounds.rebasing
    before = rebasing.of(naive.address)
    with undone(chain):
        chain.send(rebasing.token, "rebase", 50, True)
        naive.act(transfer(rebasing, 10))
        assert rebasing.of(naive.address) == (before - 10) // 2
    before = rebasing.of(ours.address)
    chain.send(rebasing.token, "rebase", 50, True)
    aim = {"wallet": AGENT.address, "target": rebasing.address, "selector": bytes(4)}
    with reverts(CallCapExceeded, **aim, amount=before - (before - 10) // 2, cap=CALL_CAP):
        ours.act(transfer(rebasing, 10))
    assert (rebasing.of(ours.address), ours.charged(rebasing)) == (before, NOTHING)


# ------------------------------------------------------------------ re-entry


def taken_within(side: Side, amount: int, inner: Execution | None) -> Execution:
    """The account pokes a target that takes what it was allowed to, then has the account execute again."""
    token, target = side.grounds.token, side.grounds.target
    side.chain.send(token.token, "approve", target.address, 2**256 - 1, sender=side.address)
    calls = [(token.address, token.encode("transferFrom", side.address, OUTSIDER, amount))]
    prepare(side, [*calls, side.within(inner)] if inner else calls)
    return Execution(target.address, to_selector(POKE))


def test_reentry__between_the_two_checks__resets_nothing(naive: Side, ours: Side, chain: Chain) -> None:
    """WP-8: what is remembered from one check to the other is each execution's own: one within another is another."""
    token = naive.grounds.token
    naive.tune(measured=token.address)
    # A guard that compares balances, and keeps the one from before in one place for each account.
    with undone(chain), refused(CAP_EXCEEDED):
        naive.act(taken_within(naive, LOOT, None))
    with token.moves(LOOT, naive.address, to=OUTSIDER):
        naive.act(taken_within(naive, LOOT, transfer(token, 0)))
    with undone(chain), token.moves(0, ours.address, to=OUTSIDER):
        aim = {"wallet": AGENT.address, "target": token.address, "selector": bytes(4)}
        with reverts(CallCapExceeded, **aim, amount=LOOT + 7, cap=CALL_CAP):
            ours.act(taken_within(ours, LOOT, transfer(token, 7)))
    assert ours.charged(token) == NOTHING
    with token.moves(407, ours.address, to=OUTSIDER):
        ours.act(taken_within(ours, 400, transfer(token, 7)))
    # What both see is charged twice: to who acts within, and to who lets it happen.
    if ours.nested == AGENT:
        assert ours.charged(token) == Charged(2, 414)
    else:
        assert (ours.charged(token), ours.charged(token, ours.nested)) == (Charged(1, 407), Charged(1, 7))


def test_reentry__with_what_nobody_permitted__moves_nothing(ours: Side) -> None:
    """WP-8: an execution within an execution needs permissions of its own."""
    token, other = ours.grounds.token, ours.grounds.fee
    with other.moves(0, ours.address, to=OUTSIDER), token.moves(400, ours.address, to=OUTSIDER):
        ours.act(taken_within(ours, 400, Execution(other.address, other.encode("approve", OUTSIDER, 1))))
    assert int(ours.chain.call(other.token, "allowance", ours.address, OUTSIDER)) == 0
    assert ours.charged(token) == Charged(1, 400)


def test_reentry__by_people__is_charged_to_whoever_lets_it_happen(ours: Side, chain: Chain) -> None:
    """WP-8: nor does what people execute within take away what the agent's execution is measured by."""
    token, target = ours.grounds.token, ours.grounds.target

    def paid_within(amount: int) -> Execution:
        taken_within(ours, amount, None)
        prepare(ours, [ours.within_by_people(transfer(token, 40))])
        return Execution(target.address, to_selector(POKE))

    aim = {"wallet": AGENT.address, "target": token.address, "selector": bytes(4)}
    with undone(chain), reverts(CallCapExceeded, **aim, amount=LOOT + 40, cap=CALL_CAP):
        ours.act(paid_within(LOOT))
    with token.moves(440, ours.address, to=OUTSIDER):
        ours.act(paid_within(400))
    assert ours.charged(token) == Charged(1, 440)


# ------------------------------------------------------------------ failures, time, company


def test_failed_call__on_purpose__uses_up_no_budget(naive: Side, ours: Side) -> None:
    """WP-5: a call that fails without reverting has cost the naive guard its cap; ours undoes all of it."""
    token = naive.grounds.token
    failing = transfer(token, CAP, to=ZERO)
    with token.moves(0, naive.address, to=OUTSIDER):
        naive.act(failing, attempt=True)
        with refused(CAP_EXCEEDED):
            naive.act(transfer(token, 1))
    failing = transfer(token, CALL_CAP, to=ZERO)
    kind, fields = (InnerCallFailed, {}) if isinstance(ours, SafeSide) else (ModeRefused, {"mode": mode(attempt=True)})
    with reverts(kind, **fields):
        ours.act(failing, attempt=True)
    with pytest.raises(ContractReverted):
        ours.act(failing)
    assert ours.charged(token) == NOTHING
    with token.moves(CALL_CAP, ours.address, to=OUTSIDER):
        ours.act(transfer(token, CALL_CAP))


def test_end_of_a_period__two_budgets_in_a_second__only_where_periods_end(
    naive: Side, ours: Side, chain: Chain
) -> None:
    """BR-2: a budget that is whole again at midnight is spent twice around it; ours flows back evenly."""
    token = naive.grounds.token
    naive.tune(period=DAY)
    midnight = (chain.now // DAY + 2) * DAY
    chain.now = midnight - 2
    with token.moves(2 * CAP, naive.address, to=OUTSIDER):
        naive.act(transfer(token, CAP))
        with undone(chain), refused(CAP_EXCEEDED):
            chain.now -= 1
            naive.act(transfer(token, 1))
        naive.act(transfer(token, CAP))
    assert chain.now == midnight

    chain.now = (chain.now // WEEK + 2) * WEEK - 3
    with token.moves(CAP, ours.address, to=OUTSIDER):
        ours.act(transfer(token, CALL_CAP))
        ours.act(transfer(token, CAP - CALL_CAP))
        with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_LIMIT, scope=Scope.AGENT):
            ours.act(transfer(token, 1))
    assert chain.now % WEEK == 0


def test_two_agents__of_one_account__share_its_budget(naive: Side, ours: Side) -> None:
    """BR-2: where each who acts has a budget, two have two; with `lineage=True` they have the account's."""
    token = naive.grounds.token
    naive.tune(per_actor=True)
    with token.moves(2 * CAP, naive.address, to=OUTSIDER):
        naive.act(transfer(token, CAP))
        naive.act_second(transfer(token, CAP))
    ours.share()
    with token.moves(CAP, ours.address, to=OUTSIDER):
        ours.act(transfer(token, CALL_CAP))
        ours.act_second(transfer(token, CAP - CALL_CAP - 1))
        for one in (ours.act, ours.act_second):
            with refuses(AgentDenied, lane=int(token.address, 16), reason=Reason.VALUE_LIMIT, scope=Scope.LINEAGE):
                one(transfer(token, 2))
        ours.act(transfer(token, 1))
