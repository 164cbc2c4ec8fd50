"""Every field of a permission, at its boundaries (WP-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchgear.decoder import Standard
from switchgear.display import to_instant
from switchgear.errors import (
    AgentDenied,
    BalanceUnavailable,
    CallCapExceeded,
    CoolingDown,
    InvalidPermission,
    LifetimeCapExceeded,
    NativeCapExceeded,
    NoSelector,
    NotPermitted,
    PermissionExpired,
    PermissionUsedUp,
    RuleViolated,
    TargetRefused,
    TooManyWatches,
)
from switchgear.foreign.keys import ZERO
from switchgear.foreign.safe import Call
from switchgear.gas.chain import account
from switchgear.policy import RECIPIENT, UNLIMITED, Rule, between, equal, one_of, to_selector
from switchgear.types import Reason, Scope
from tests.support.guarded import (
    AGENT,
    APPROVE,
    BOB,
    CAP,
    CHIEF,
    COUNT,
    EVE,
    HUMAN,
    LIMITS,
    OTHER,
    POLICY,
    TRANSFER,
    Field,
    Guarded,
    refuses,
)

if TYPE_CHECKING:
    from switchgear.gas.chain import Chain

MINUTE = 60
POKE = "poke()"


def test_act__no_permission__denied(guarded: Guarded, field: Field) -> None:
    """WP-1: nothing is permitted but what is: not to another agent, of another target, or another function."""
    with refuses(NotPermitted, wallet=AGENT.address, target=field.token.address, selector=to_selector(TRANSFER)):
        guarded.transfer()
    guarded.grant()
    guarded.transfer()
    with refuses(NotPermitted, wallet=OTHER.address, target=field.token.address, selector=to_selector(TRANSFER)):
        guarded.transfer(by=OTHER)
    with refuses(NotPermitted, target=field.token.address, selector=to_selector(APPROVE)):
        guarded.act(field.token.address, field.encode("approve", BOB, 1))
    with refuses(NotPermitted, target=BOB, selector=to_selector(TRANSFER)):
        guarded.act(BOB, field.encode("transfer", BOB, 1))
    with refuses(NotPermitted, target=BOB, selector=bytes(4)):
        guarded.act(BOB, value=1)


@pytest.mark.parametrize("data", [b"\x01", b"\x01\x02\x03", bytes(4), bytes(36)])
def test_act__no_selector__refused(guarded: Guarded, data: bytes) -> None:
    """WP-2: data that name no function match no permission, that of a plain transfer neither."""
    guarded.grant(target=BOB, selector=b"", standard=Standard.NONE)
    with refuses(NoSelector):
        guarded.act(BOB, data)


@pytest.mark.parametrize("early", [2, 1, 0, -1])
@pytest.mark.parametrize("lifetime_cap", [0, CAP])
def test_act__expiry__last_second_before_counts(guarded: Guarded, field: Field, early: int, lifetime_cap: int) -> None:
    """WP-1: a permission counts until the second before its expiry, in short and in full."""
    permission = guarded.grant(lasts=MINUTE, lifetime_cap=lifetime_cap)
    expiry = int(permission.expiry)  # type: ignore[call-overload]
    field.chain.now = expiry - early - 1
    if early > 0:
        guarded.transfer()
    else:
        with refuses(PermissionExpired, wallet=AGENT.address, expiry=to_instant(expiry)):
            guarded.transfer()


def test_act__uses__n_and_no_more(guarded: Guarded) -> None:
    """WP-1: it may be used so often; granting it again starts anew."""
    guarded.grant(uses=3)
    for _ in range(3):
        guarded.transfer()
    with refuses(PermissionUsedUp, wallet=AGENT.address, selector=to_selector(TRANSFER)):
        guarded.transfer()
    guarded.grant(uses=1)
    guarded.transfer()
    with refuses(PermissionUsedUp):
        guarded.transfer()


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_act__cooldown__to_the_second(guarded: Guarded, field: Field, late: int) -> None:
    """WP-1: the next use waits until the cool-down is over, exactly."""
    guarded.grant(cooldown=MINUTE)
    guarded.transfer()
    first = field.chain.now
    field.chain.now = first + MINUTE + late - 1
    if late < 0:
        with refuses(CoolingDown, wallet=AGENT.address, until=to_instant(first + MINUTE)):
            guarded.transfer()
    else:
        guarded.transfer()


def test_batch__cooldown__no_second_use(guarded: Guarded, field: Field) -> None:
    """WP-1: two uses in one batch are two."""
    guarded.grant(cooldown=MINUTE)
    call = Call(field.token.address, field.encode("transfer", BOB, 1))
    guarded.batch(call)
    field.chain.later(MINUTE)
    with refuses(CoolingDown):
        guarded.batch(call, call)


def test_grant__again__cooldown_goes_on(guarded: Guarded, field: Field) -> None:
    """WP-1: granting anew does not end a cool-down."""
    guarded.grant(cooldown=2**24 - 1)
    guarded.transfer()
    until = field.chain.now + 2**24 - 1
    guarded.grant(cooldown=2**24 - 1, uses=9)
    with refuses(CoolingDown, until=to_instant(until)):
        guarded.transfer()


@pytest.mark.parametrize("measured", [False, True])
def test_act__call_cap__n_and_no_more(guarded: Guarded, measured: bool) -> None:
    """WP-1: one call takes so much at most, in short and in full."""
    guarded.grant(call_cap=100, measured=measured)
    with guarded.takes(100):
        guarded.transfer(100)
    with refuses(CallCapExceeded, amount=101, cap=100):
        guarded.transfer(101)
    assert guarded.charged() == 100


def test_act__lifetime_cap__n_and_no_more(guarded: Guarded) -> None:
    """WP-1: all calls together take so much at most; a refused one takes nothing."""
    guarded.grant(lifetime_cap=100)
    guarded.transfer(60)
    with refuses(LifetimeCapExceeded, amount=41, left=40):
        guarded.transfer(41)
    guarded.transfer(40)
    with refuses(LifetimeCapExceeded, amount=1, left=0):
        guarded.transfer(1)


@pytest.mark.parametrize("cap", [0, 5])
def test_act__native_cap__n_and_no_more(guarded: Guarded, chain: Chain, cap: int) -> None:
    """WP-1: with a call goes so much of the chain's coin at most, which is charged to its own lane."""
    target = chain.deploy("ReentrantTarget")
    poke = target.interface.encode("poke", ())
    guarded.grant(target=target.address, selector=POKE, standard=Standard.NONE, native_cap=cap)
    guarded.act(target.address, poke, cap)
    assert guarded.charged(ZERO) == cap
    with refuses(NativeCapExceeded, value=cap + 1, cap=cap):
        guarded.act(target.address, poke, cap + 1)


def test_act__plain_transfer__capped_and_charged_as_an_asset(guarded: Guarded) -> None:
    """WP-1: a call without data moves the chain's coin, within call cap and lane."""
    guarded.grant(target=BOB, selector=b"", standard=Standard.NONE, call_cap=5)
    guarded.act(BOB, value=5)
    assert guarded.charged(ZERO) == 5
    with refuses(CallCapExceeded, target=BOB, selector=bytes(4), amount=6, cap=5):
        guarded.act(BOB, value=6)


# ------------------------------------------------------------------ rules


def test_act__equal__that_word_alone(guarded: Guarded) -> None:
    """WP-1: an argument is one value."""
    guarded.grant(rules=(equal(0, BOB),))
    guarded.transfer(to=BOB)
    with refuses(RuleViolated, target=guarded.field.token.address, selector=to_selector(TRANSFER), word=0):
        guarded.transfer(to=EVE)


@pytest.mark.parametrize(("amount", "kept"), [(9, False), (10, True), (20, True), (21, False)])
def test_act__between__both_ends_included(guarded: Guarded, amount: int, kept: bool) -> None:
    """WP-1: an argument is in a range."""
    guarded.grant(rules=(between(1, 10, 20),))
    if kept:
        guarded.transfer(amount)
    else:
        with refuses(RuleViolated, word=1):
            guarded.transfer(amount)


def test_act__sets_of_two_words__one_of_each(guarded: Guarded) -> None:
    """WP-1: rules of one word are alternatives, those of two words hold together."""
    guarded.grant(rules=(*one_of(0, [BOB, EVE]), equal(1, 1), between(1, 5, 6)))
    for to, amount in ((BOB, 1), (EVE, 5), (BOB, 6)):
        guarded.transfer(amount, to)
    with refuses(RuleViolated, word=0):
        guarded.transfer(1, CHIEF)
    for amount in (0, 2, 4, 7):
        with refuses(RuleViolated, word=1):
            guarded.transfer(amount)


def test_act__recipient__wherever_it_stands(guarded: Guarded, field: Field) -> None:
    """WP-1: the recipient of a standard's function, not a word that looks like it."""
    selector = "transferFrom(address,address,uint256)"
    guarded.grant(selector=selector, rules=one_of(RECIPIENT, [BOB, EVE]))
    with refuses(RuleViolated, word=RECIPIENT):
        guarded.act(field.token.address, field.encode("transferFrom", BOB, CHIEF, 1))
    guarded.act(field.token.address, field.encode("transferFrom", BOB, EVE, 0))


def test_act__word_beyond_the_arguments__keeps_no_rule(guarded: Guarded, field: Field) -> None:
    """WP-1: what is not there is nothing, whatever the rule; with further bytes it is there."""
    guarded.grant(rules=(Rule(2, bytes(32), b"\xff" * 32),))
    with refuses(RuleViolated, word=2):
        guarded.transfer()
    short = field.encode("transfer", BOB, 1) + bytes(31)
    with refuses(RuleViolated, word=2):
        guarded.act(field.token.address, short)
    guarded.act(field.token.address, short + bytes(1))


def test_act__recipient_that_nobody_knows__keeps_no_rule(guarded: Guarded, field: Field) -> None:
    """WP-1: where a function is not of the standard, its recipient is unknown."""
    guarded.grant(selector="mint(address,uint256)", rules=one_of(RECIPIENT, [BOB, ZERO]))
    with refuses(RuleViolated, word=RECIPIENT):
        guarded.act(field.token.address, field.encode("mint", BOB, 1))


# ------------------------------------------------------------------ amounts


def test_act__unknown_amount__above_every_finite_cap(guarded: Guarded, field: Field) -> None:
    """WP-1: what cannot be decoded passes no cap, and without one it is counted, not valued."""
    mint = field.encode("mint", BOB, 1)
    selector = "mint(address,uint256)"
    guarded.grant(selector=selector, call_cap=CAP)
    with refuses(CallCapExceeded, amount=UNLIMITED, cap=CAP):
        guarded.act(field.token.address, mint)
    guarded.grant(selector=selector, lifetime_cap=CAP)
    with refuses(LifetimeCapExceeded, amount=UNLIMITED, left=CAP):
        guarded.act(field.token.address, mint)
    guarded.grant(selector=selector)
    for _ in range(COUNT):
        guarded.act(field.token.address, mint)
    assert (guarded.charged(ZERO), guarded.charged()) == (0, 0)
    with refuses(AgentDenied, lane=0, wallet=AGENT.address, reason=Reason.COUNT_LIMIT, scope=Scope.AGENT):
        guarded.act(field.token.address, mint)


@pytest.mark.parametrize("measured", [False, True])
def test_act__fee_on_top__charged_if_measured(guarded: Guarded, chain: Chain, field: Field, measured: bool) -> None:
    """WP-3: the larger of decoded amount and drop is charged, within the cap."""
    fee = chain.deploy("FeeToken", 50, True, label=f"policy {measured}")
    field.fund(guarded.address, fee)
    guarded.loosen("openAsset", (fee.address, LIMITS, POLICY))
    guarded.grant(target=fee.address, measured=measured, call_cap=150, lifetime_cap=303)
    with guarded.takes(150, fee):
        guarded.act(fee.address, field.encode("transfer", BOB, 100))
    assert guarded.charged(fee.address) == (150 if measured else 100)
    if measured:
        with refuses(CallCapExceeded, target=fee.address, selector=bytes(4), amount=151, cap=150):
            guarded.act(fee.address, field.encode("transfer", BOB, 101))
        guarded.act(fee.address, field.encode("transfer", BOB, 100))
        with refuses(LifetimeCapExceeded, target=fee.address, selector=bytes(4), amount=1, left=0):
            guarded.act(fee.address, field.encode("transfer", BOB, 3))


def test_act__watched_assets__drops_are_charged(guarded: Guarded, chain: Chain, field: Field) -> None:
    """WP-3: a target that takes by an allowance of people's is charged what it took, in the asset's lane."""
    thief = chain.deploy("AllowanceThief", label="watched")
    token = field.token.address
    guarded.by_people([(token, field.encode("approve", thief.address, 2**256 - 1))])
    pull = "pull(address,address,uint256)"
    guarded.grant(target=thief.address, selector=pull, standard=Standard.NONE, assets=(token,), call_cap=300)
    with guarded.takes(300):
        guarded.act(thief.address, thief.interface.encode("pull", (token, guarded.address, 300)))
    assert guarded.charged() == 300
    with refuses(CallCapExceeded, target=token, amount=301, cap=300):
        guarded.act(thief.address, thief.interface.encode("pull", (token, guarded.address, 301)))


def test_batch__approved_and_spent_at_once__measured_once(guarded: Guarded, chain: Chain, field: Field) -> None:
    """WP-3: an approval that the same execution spends is one charge if it is measured, and two if not."""
    token, thief = field.token.address, chain.deploy("AllowanceThief", label="swap")
    pull = "pull(address,address,uint256)"
    calls = (
        Call(token, field.encode("approve", thief.address, 100)),
        Call(thief.address, thief.interface.encode("pull", (token, guarded.address, 100))),
    )
    guarded.grant(target=thief.address, selector=pull, standard=Standard.NONE, assets=(token,))
    guarded.grant(selector=APPROVE, measured=True, rules=(equal(0, thief.address),))
    guarded.batch(*calls)
    assert guarded.charged() == 100
    guarded.grant(selector=APPROVE, rules=(equal(0, thief.address),))
    before = guarded.charged()
    guarded.batch(*calls)
    assert guarded.charged() - before == 200


def test_act__asset_without_a_lane__denied(guarded: Guarded, chain: Chain, field: Field) -> None:
    """BR-10: without limits nothing of an asset moves; with its lane opened, a day later, it does."""
    other = chain.deploy("ExampleToken", "Other", "OTH")
    field.fund(guarded.address, other)
    guarded.grant(target=other.address)
    transfer = field.encode("transfer", BOB, 1)
    with refuses(AgentDenied, lane=int(other.address, 16), reason=Reason.LANE_UNOPENED, scope=Scope.LANE):
        guarded.act(other.address, transfer)
    guarded.loosen("openAsset", (other.address, LIMITS, POLICY))
    guarded.act(other.address, transfer)


def test_act__asset_that_is_no_token__cannot_be_measured(guarded: Guarded, field: Field) -> None:
    """WP-3: a balance that cannot be read is no balance of zero."""
    guarded.grant(assets=(BOB,))
    with refuses(BalanceUnavailable, asset=BOB):
        guarded.transfer()
    guarded.grant(assets=(field.core.address,))
    with refuses(BalanceUnavailable, asset=field.core.address):
        guarded.transfer()


def test_batch__too_many_assets__refused(guarded: Guarded, chain: Chain) -> None:
    """WP-3: one execution measures 16 assets, not 17."""
    tokens = [chain.deploy("ExampleToken", "T", "T", label=f"many {number}").address for number in range(20)]
    calls = []
    for start in range(0, 20, 4):
        spender = account(f"spender {start}")
        guarded.grant(target=spender, selector=POKE, standard=Standard.NONE, assets=tuple(tokens[start : start + 4]))
        calls.append(Call(spender, to_selector(POKE)))
    guarded.batch(*calls[:4])
    with refuses(TooManyWatches):
        guarded.batch(*calls)


# ------------------------------------------------------------------ what cannot be granted


@pytest.mark.parametrize("name", ["account", "policy", "core", "zero"])
def test_grant__what_guards__refused(guarded: Guarded, field: Field, name: str) -> None:
    """WP-4: account, policy, core and nothing are out of reach, whoever grants."""
    target = {
        "account": guarded.address,
        "policy": guarded.guard.address,
        "core": field.core.address,
        "zero": ZERO,
    }[name]
    with refuses(TargetRefused, target=target):
        raw = (AGENT.address, target, *guarded.permission().arguments[2:])
        guarded.loosen("grant", raw)


BAD = {
    "wallet is the owner": {"wallet": CHIEF},
    "wallet is trusted": {"wallet": HUMAN.address},
    "5 assets": {"assets": tuple(account(f"asset {number}") for number in range(5))},
    "rules out of order": {"rules": (equal(1, 1), equal(0, 1))},
    "empty range": {"rules": (between(0, 2, 1),)},
    "33 rules": {"rules": tuple(equal(0, number) for number in range(33))},
    "a function of tokens, unread": {"standard": Standard.NONE},
    "recipient of nothing known": {"standard": Standard.NONE, "rules": (equal(RECIPIENT, BOB),)},
    "thresholds crossed": {"approve_above": 2, "delay_above": 1},
    "measured ERC-1155": {"standard": Standard.ERC1155, "measured": True},
    "over at once": {"lasts": 2},
}


@pytest.mark.parametrize("what", BAD)
def test_grant__that_cannot_be__refused(guarded: Guarded, what: str) -> None:
    """WP-1: a permission that contradicts itself or reaches people is none."""
    with refuses(InvalidPermission):
        guarded.grant(**BAD[what])


def test_grant__account_as_wallet__refused(guarded: Guarded) -> None:
    """WP-1: the account is not its own agent."""
    with refuses(InvalidPermission):
        guarded.grant(wallet=guarded.address)


GOOD = {
    "4 assets": {"assets": tuple(account(f"asset {number}") for number in range(4))},
    "32 rules": {"rules": tuple(equal(0, number) for number in range(32))},
    "equal thresholds": {"approve_above": 2, "delay_above": 2},
    "one second": {"lasts": 3},
}


@pytest.mark.parametrize("what", GOOD)
def test_grant__at_the_bounds__granted(guarded: Guarded, field: Field, what: str) -> None:
    """WP-1: one step within the bound it can be; what is read is what was granted."""
    permission = guarded.grant(**GOOD[what])
    found, used, spent, last = field.chain.call(
        guarded.guard, "permissionOf", AGENT.address, field.token.address, to_selector(TRANSFER)
    )
    assert (used, spent, last) == (0, 0, 0)
    assert [list(rule) for rule in found[-1]] == [list(rule) for rule in permission.rules]
    assert [asset.lower() for asset in found[-2]] == [asset.lower() for asset in permission.assets]
