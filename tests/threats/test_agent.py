"""The agent's key is hostile: it acts as fast as it can, changes its clothes, and spawns children."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from switchgear import signing
from switchgear.types import (
    LANE,
    NEVER_TRIP,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    Causes,
    Reason,
    Scope,
    State,
    Subject,
    Target,
    UnknownPolicy,
    Usage,
)
from switchgear.words import load_value_cap
from tests.support.core import BOUND, DAY, HOUR, LIMITS, NEVER_EXPIRES, NOTE, POLICY, WINDOW, World
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from switchgear.types import Verdict

CAP = 1_000


class Ledger:
    """What an agent took, and when, each as a part of the cap that was in force."""

    def __init__(self, world: World, lane: int = 1) -> None:
        """Of the world's agent in a lane."""
        self.world = world
        self.lane = lane
        self.taken: list[tuple[int, Fraction]] = []

    def caps(self) -> int:
        """The effective value cap at the newest block."""
        return Usage.of(self.world.core.usage(self.world.protocol, self.lane, self.world.subject)).value_cap

    def drain(self, seconds: int, step: int) -> None:
        """Takes all there is every `step` seconds, found by bisection over `preview`."""
        world = self.world
        end = world.now + seconds
        while world.now + step <= end:
            now = world.wait(step)
            cap = self.caps()
            low, high = 0, cap
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if world.preview(middle, lane=self.lane).admitted else (low, middle - 1)
            if low and world.admit(low, lane=self.lane, when=now + 1).admitted:
                self.taken.append((now + 1, Fraction(low, cap)))

    def check(self) -> Fraction:
        """BR-2 for every interval between two actions; returns the most that one interval of no length took."""
        for first in range(len(self.taken)):
            total = Fraction(0)
            for when, part in self.taken[first:]:
                total += part
                bound = 1 + Fraction(when - self.taken[first][0], WINDOW)
                assert total <= bound, f"{total} of the cap in {when - self.taken[first][0]} s"
        return max(part for _, part in self.taken)


def test_admit__drained_as_fast_as_possible__stays_within_the_loss_bound(world: World) -> None:
    """BR-2: value over cap never exceeds 1 + t / window, in exact fractions."""
    limits = LIMITS._replace(count_cap=UNLIMITED_COUNT, value_cap=CAP, probation=2, strikes=3)
    world.open_lane(1, limits)
    ledger = Ledger(world)
    ledger.drain(WINDOW, 10 * 60)
    assert ledger.caps() == CAP // 2, "in probation"
    for _ in range(3):
        world.admit(CAP + 1, lane=1)
    world.core.setLane(world.protocol, 1, limits._replace(value_cap=CAP // 5), POLICY, sender=world.admin)
    world.move_to(world.breaker(lane=1).auto_until)
    assert ledger.caps() == CAP // 10, "half-open, and tightened"
    ledger.drain(WINDOW, 10 * 60)
    eta = world.soon() + DAY
    world.core.setLane(world.protocol, 1, limits, POLICY, sender=world.admin)
    world.move_to(eta - WINDOW // 2)
    ledger.drain(WINDOW // 3, 10 * 60)
    world.at(eta)
    world.core.executeLoosening(Target.lane(world.protocol.address, 1), sender=world.admin)
    assert ledger.caps() == CAP, "closed, and loosened"
    ledger.drain(2 * WINDOW, 20 * 60)
    assert len(ledger.taken) >= 15
    assert ledger.check() == 1, "a drain that took no full burst proves nothing"


def test_admit__steady_drain_without_trips__reaches_the_bound_and_stops_there(world: World) -> None:
    """BR-2: the bound is sharp: a drain of three windows takes between 3 and 4 caps, and no more."""
    world.open_lane(1, LIMITS._replace(count_cap=UNLIMITED_COUNT, value_cap=CAP))
    ledger = Ledger(world)
    ledger.drain(3 * WINDOW, 15 * 60)
    ledger.check()
    assert 3 <= sum(part for _, part in ledger.taken) <= 4


def _used(world: World) -> tuple[int, int]:
    word = world.breaker()
    return word.count_tat, word.value_tat


@pytest.mark.parametrize(
    "attack", ["second wallet", "re-binding", "self-transfer", "sold and bought back", "new wallet"]
)
def test_admit__clothes_changed__never_refills_a_meter(world: World, attack: str) -> None:
    """ID-3: meters are the agent's, whatever wallet or owner acts."""
    assert world.admit(900).admitted
    used = _used(world)
    wallet = _change(world, attack)
    assert _used(world) == used
    verdict = world.admit(200, wallet)
    assert (verdict.reason, verdict.scope) == (Reason.VALUE_LIMIT, Scope.AGENT)


@pytest.mark.parametrize(
    "attack", ["second wallet", "re-binding", "self-transfer", "sold and bought back", "new wallet"]
)
def test_admit__clothes_changed__never_closes_a_breaker(world: World, attack: str) -> None:
    """ID-3: neither the protocol's trip nor the kill switch is lost by a change of wallet or owner."""
    world.core.trip(world.protocol, 0, world.subject, NOTE, sender=world.admin)
    world.core.tripAgent(world.agent, NOTE, sender=world.owner)
    wallet = _change(world, attack)
    assert world.admit(0, wallet).scope is Scope.KILL_SWITCH
    world.core.resetAgent(world.agent, Causes.ALL, sender=world.owner)
    assert world.admit(0, wallet).scope is Scope.AGENT


def _change(world: World, attack: str) -> object:
    """Does it, and returns the wallet that acts afterwards."""
    if attack == "re-binding":
        world.core.revokeWallet(world.wallet, sender=world.wallet)
        world.bind(world.agent, world.wallet)
        return world.wallet
    if attack == "self-transfer":
        world.registry.transferFrom(world.owner, world.owner, world.agent_id, sender=world.owner)
        world.bind(world.agent, world.wallet)
        return world.wallet
    if attack == "sold and bought back":
        world.registry.transferFrom(world.owner, world.buyer, world.agent_id, sender=world.owner)
        world.registry.transferFrom(world.buyer, world.owner, world.agent_id, sender=world.buyer)
    if attack == "new wallet":
        world.core.revokeWallet(world.wallet, sender=world.owner)
    world.bind(world.agent, world.spare)
    return world.spare


def test_admit__revoked_wallet__is_no_fresh_key(world: World) -> None:
    """ID-1, ID-5: a tombstone is denied where unknown wallets are let pass."""
    world.open_lane(1, policy=POLICY._replace(unknown=UnknownPolicy.EXEMPT))
    assert world.admit(10**9, world.spare, lane=1).admitted
    world.core.revokeWallet(world.wallet, sender=world.wallet)
    assert world.admit(0, lane=1).reason is Reason.WALLET_REVOKED


@pytest.mark.parametrize("power", ["guardian", "agent guardian", "admin", "next admin", "delegate", "provider"])
def test_appointment__of_a_bound_wallet__is_refused(world: World, power: str) -> None:
    """ID-7: an address that is, or ever was, an agent's wallet can be given no power at all, of any agent."""
    core, wallet = world.core, world.wallet
    core.revokeWallet(wallet, sender=wallet)
    other = world.enroll(world.buyer)
    with reverts_with(core, "BoundWalletHasNoAuthority", wallet=wallet, agent=world.agent):
        if power == "guardian":
            core.setGuardian(world.protocol, wallet, BOUND, sender=world.admin)
        elif power == "agent guardian":
            core.setAgentGuardian(other, wallet, BOUND, sender=world.buyer)
        elif power == "admin":
            core.setAdmin(wallet, sender=world.stranger)
        elif power == "next admin":
            core.transferAdmin(world.protocol, wallet, sender=world.admin)
        elif power == "delegate":
            core.setHeartbeat(other, 6 * HOUR, wallet, sender=world.buyer)
        else:
            core.transferLineage(world.lineage, wallet, sender=world.provider)


def test_powers__of_a_party_that_becomes_a_wallet__are_gone(world: World) -> None:
    """ID-7: checked when used too: owner, guardians, admin, delegate and provider lose every power by being bound."""
    core = world.core
    core.setHeartbeat(world.agent, 6 * HOUR, world.delegate, sender=world.owner)
    other = world.enroll(world.buyer)
    for party in (world.admin, world.guardian, world.agent_guardian, world.delegate, world.provider, world.owner):
        world.bind(other, party, world.buyer)
    calls = [
        (world.owner, "tripAgent", (world.agent, NOTE)),
        (world.owner, "resetAgent", (world.agent, 63)),
        (world.owner, "grantSpawn", (world.agent, 1, NEVER_EXPIRES)),
        (world.owner, "setLineage", (world.agent, 0)),
        (world.owner, "revokeWallet", (world.wallet,)),
        (world.agent_guardian, "tripAgent", (world.agent, NOTE)),
        (world.delegate, "beat", (world.agent,)),
        (world.admin, "trip", (world.protocol, 0, LANE, NOTE)),
        (world.admin, "reset", (world.protocol, 0, LANE, 63)),
        (world.admin, "transferAdmin", (world.protocol, world.spare)),
        (world.guardian, "trip", (world.protocol, 0, LANE, NOTE)),
        (world.provider, "transferLineage", (world.lineage, world.spare)),
        (world.provider, "registerLineage", ("mine",)),
    ]
    for actor, function, arguments in calls:
        with reverts_with(core, "BoundWalletHasNoAuthority", wallet=actor, agent=other):
            getattr(core, function)(*arguments, sender=actor)
    child = world.register(world.buyer)
    with reverts_with(core, "BoundWalletHasNoAuthority", wallet=world.owner, agent=other):
        core.enroll(world.registry, child, world.agent, 0, 0, b"", sender=world.buyer)


def test_bindWallet__the_owner_itself__is_refused(world: World) -> None:
    """ID-7: an owner cannot be its own agent's wallet."""
    with reverts_with(world.core, "WalletIsOwner", wallet=world.owner):
        world.bind(world.agent, world.owner)


def test_admit__children_of_a_spent_parent__get_nothing(world: World) -> None:
    """ID-6, S10: each generation draws on every ancestor, so a swarm has one budget."""
    family = world.family(5, limits=LIMITS)
    wallets = [wallet for _, wallet in family]
    assert world.admit(600, wallets[-1], lane=1).admitted
    for agent, _ in family:
        usage = Usage.of(world.core.usage(world.protocol, 1, Subject.of_agent(agent)))
        assert (usage.count_used, usage.value_used) == (1, 600)
    for distance, wallet in enumerate(wallets):
        verdict = world.admit(500, wallet, lane=1)
        assert not verdict.admitted
        assert verdict.scope is Scope.AGENT, "its own meter carries the grandchild's charge"
        assert distance == wallets.index(wallet)
    sibling = world.enroll(world.owner, parent=family[0][0])
    world.bind(sibling, world.spare)
    verdict = world.admit(500, world.spare, lane=1)
    assert (verdict.reason, verdict.scope, verdict.distance) == (Reason.VALUE_LIMIT, Scope.ANCESTOR, 1)
    assert world.breaker(sibling, lane=1).encode() == 0, (
        "BR-1: a denial charges nothing, and strikes only for its own meter"
    )


def test_admit__ancestor_stopped__stops_every_generation_at_one_price(world: World) -> None:
    """ID-6, BR-12: one trip of the root stops all, and costs the same however many there are."""
    family = world.family(5)
    costs = []
    for _ in range(2):
        for _, wallet in family:
            assert world.admit(0, wallet).admitted
        receipt = world.core.tripAgent(family[0][0], NOTE, sender=world.owner)
        costs.append(receipt.gas_used)
        for distance, (agent, wallet) in enumerate(family):
            verdict = world.admit(0, wallet)
            scope = Scope.ANCESTOR_KILL_SWITCH if distance else Scope.KILL_SWITCH
            assert (verdict.reason, verdict.scope, verdict.distance) == (Reason.BREAKER_OPEN, scope, distance)
            assert verdict == world.status(wallet)
            assert verdict.agent == agent
        world.core.resetAgent(family[0][0], Causes.OWNER, sender=world.owner)
        for _ in range(8):
            world.enroll(world.owner, parent=family[0][0])
    assert costs[0] == costs[1]


def test_enroll__child_of_the_fourth_generation__is_the_last(world: World) -> None:
    """ID-6: depth 4 is the deepest; an attempt at 5 is refused."""
    family = world.family(5)
    deepest = family[-1][0]
    assert world.agent_word(deepest).depth == 4
    child = world.register(world.owner)
    with reverts_with(world.core, "DepthExceeded", parent=deepest):
        world.core.enroll(world.registry, child, deepest, 0, 0, b"", sender=world.owner)


def _spawn(world: World, parent_wallet: object, child: int, wallet: object, owner: str) -> None:
    message = world.child_binding(world.registry, child, wallet, world.now + HOUR, owner)
    deadline = message["message"]["deadline"]
    signature = signing.sign(message, wallet)
    world.core.spawn(world.registry, child, wallet, NEVER_EXPIRES, deadline, signature, sender=parent_wallet)


def test_spawn__by_a_frozen_wallet__is_refused(world: World) -> None:
    """ID-9, S9: an agent that is stopped cannot go on as its own child."""
    world.core.grantSpawn(world.agent, 5, NEVER_EXPIRES, sender=world.owner)
    child = world.register(world.owner)
    world.core.tripAgent(world.agent, NOTE, sender=world.agent_guardian)
    with reverts_with(world.core, "SpawnerFrozen", wallet=world.wallet):
        _spawn(world, world.wallet, child, world.spare, world.owner.address)


def test_spawn__beyond_the_grant__is_refused(world: World) -> None:
    """ID-9: n children of a grant of n; the next is refused, and so is one of another owner."""
    world.core.grantSpawn(world.agent, 2, NEVER_EXPIRES, sender=world.owner)
    foreign = world.register(world.wallet)
    with reverts_with(world.core, "SpawnOwnerMismatch", childOwner=world.wallet, parentOwner=world.owner):
        _spawn(world, world.wallet, foreign, world.spare, world.owner.address)
    for number in range(2):
        _spawn(world, world.wallet, world.register(world.owner), world.fresh(number), world.owner.address)
    third = world.register(world.owner)
    with reverts_with(world.core, "SpawnNotGranted", parent=world.agent):
        _spawn(world, world.wallet, third, world.spare, world.owner.address)


def test_admit__fresh_identities__earn_their_limit(world: World) -> None:
    """ID-9: a new identity has half-open limits until its probation is over, from its first action on."""
    world.open_lane(1, LIMITS._replace(probation=2))
    assert world.admit(501, lane=1).reason is Reason.VALUE_LIMIT
    first = world.breaker(lane=1).auto_until
    assert first == world.now
    assert Usage.of(world.core.usage(world.protocol, 1, world.subject)).state is State.HALF_OPEN
    world.move_to(first + 2 * WINDOW)
    assert world.admit(501, lane=1).admitted


def _declare(world: World, lineage: int) -> None:
    world.core.setLineage(world.agent, lineage, sender=world.owner)
    world.wait(DAY)
    world.core.executeLoosening(Target.lineage(world.agent), sender=world.owner)


def test_setLineage__hopping__waits_and_lands_on_undeclared(world: World) -> None:
    """ID-8: fresh lineages are free, so they share one breaker; a hop waits a day and refills nothing."""
    policy = POLICY._replace(lineage=True)
    world.open_lane(1, LIMITS, policy, [world.lineage])
    assert world.admit(900, lane=1).admitted
    undeclared = world.breaker(Subject.of_lineage(0), lane=1).value_tat
    own = world.breaker(lane=1).value_tat
    world.core.registerLineage("mine-1b", sender=world.stranger)
    world.core.setLineage(world.agent, 2, sender=world.owner)
    with reverts_with(world.core, "LooseningNotReady", eta=world.core.looseningOf(Target.lineage(world.agent))[1]):
        world.core.executeLoosening(Target.lineage(world.agent), sender=world.owner)
    assert (world.breaker(lane=1).value_tat, world.breaker(Subject.of_lineage(0), lane=1).value_tat) == (
        own,
        undeclared,
    )
    _declare(world, 2)
    assert world.admit(1, lane=1).admitted
    assert world.breaker(Subject.of_lineage(2), lane=1).encode() == 0
    assert world.breaker(Subject.of_lineage(0), lane=1).value_tat > undeclared


def test_attestLineage__withdrawn_by_the_provider__leaves_no_open_breaker_before_a_day(world: World) -> None:
    """ID-8, BR-9: a provider cannot lift its agent out of the tripped breaker of their lineage."""
    world.open_lane(1, LIMITS, POLICY._replace(lineage=True, attested=True), [world.lineage])
    _declare(world, world.lineage)
    world.core.attestLineage(world.agent, world.lineage, True, sender=world.provider)
    world.core.trip(world.protocol, 1, Subject.of_lineage(world.lineage), NOTE, sender=world.admin)
    world.core.attestLineage(world.agent, world.lineage, False, sender=world.provider)
    verdict = world.admit(1, lane=1)
    assert (verdict.reason, verdict.scope) == (Reason.BREAKER_OPEN, Scope.LINEAGE)
    target = Target.attestation(world.agent, world.lineage)
    (_, eta) = world.core.looseningOf(target)
    world.at(eta - 1)
    with reverts_with(world.core, "LooseningNotReady", eta=eta):
        world.core.executeLoosening(target, sender=world.provider)
    world.at(eta)
    world.core.executeLoosening(target, sender=world.provider)
    assert world.admit(1, lane=1).admitted


def test_attestLineage__withdrawal_that_waited_for_another_lineage__is_refused(world: World) -> None:
    """ID-8: a provider speaks of its own lineage only, also by a word it gave before the agent left."""
    _declare(world, world.lineage)
    world.core.attestLineage(world.agent, world.lineage, True, sender=world.provider)
    world.core.attestLineage(world.agent, world.lineage, False, sender=world.provider)
    world.core.registerLineage("other", sender=world.stranger)
    _declare(world, 2)
    world.core.attestLineage(world.agent, 2, True, sender=world.stranger)
    with reverts_with(world.core, "LineageNotDeclared", agent=world.agent, lineage=world.lineage):
        world.core.executeLoosening(Target.attestation(world.agent, world.lineage), sender=world.provider)
    assert world.agent_word().attested


def test_acceptLineage__withdrawn_while_its_breaker_is_open__waits(world: World) -> None:
    """ID-8, BR-9: withdrawing an acceptance would let the whole lineage go on in the undeclared breaker."""
    world.open_lane(1, LIMITS, POLICY._replace(lineage=True), [world.lineage])
    _declare(world, world.lineage)
    world.core.trip(world.protocol, 1, Subject.of_lineage(world.lineage), NOTE, sender=world.admin)
    world.core.acceptLineage(world.protocol, 1, world.lineage, False, sender=world.admin)
    verdict = world.admit(1, lane=1)
    assert (verdict.reason, verdict.scope) == (Reason.BREAKER_OPEN, Scope.LINEAGE)


def test_setLineage__to_an_attested_one__needs_the_provider_again(world: World) -> None:
    """ID-8: an attestation is for the lineage declared then; after a hop it is gone."""
    policy = POLICY._replace(lineage=True, attested=True)
    world.open_lane(1, LIMITS, policy, [world.lineage])
    _declare(world, world.lineage)
    world.core.attestLineage(world.agent, world.lineage, True, sender=world.provider)
    world.admit(1, lane=1)
    assert world.breaker(Subject.of_lineage(world.lineage), lane=1).value_tat
    _declare(world, world.lineage)
    assert not world.agent_word().attested
    before = world.breaker(Subject.of_lineage(world.lineage), lane=1)
    world.admit(1, lane=1)
    assert world.breaker(Subject.of_lineage(world.lineage), lane=1) == before


def test_admit__one_member__cannot_take_the_lineages_meter(world: World) -> None:
    """BR-11: a member takes at most its share of the lineage's caps."""
    world.open_lane(1, LIMITS, POLICY._replace(lineage=True, share=30))
    verdict = world.admit(301, lane=1)
    assert (verdict.reason, verdict.scope) == (Reason.VALUE_OVERSIZED, Scope.AGENT)
    assert world.admit(300, lane=1).admitted


def test_admit__unlimited_member_of_a_vast_lineage__keeps_to_its_share(world: World) -> None:
    """BR-1, BR-11: a member without a value cap is bound by its share, also where that is above 128 bits."""
    cap = 2**150
    world.open_lane(1, LIMITS._replace(value_cap=cap), POLICY._replace(lineage=True, share=30))
    unlimited = LIMITS._replace(value_cap=UNLIMITED_VALUE)
    world.core.setOverride(world.protocol, 1, world.subject, unlimited, sender=world.admin)
    world.wait(DAY)
    world.core.executeLoosening(Target.override(world.protocol.address, 1, world.subject), sender=world.admin)
    assert world.admit(cap * 29 // 100, lane=1).admitted
    verdict = world.admit(cap * 2 // 100, lane=1)
    assert (verdict.reason, verdict.scope) == (Reason.VALUE_LIMIT, Scope.AGENT)


@pytest.mark.parametrize("value", [2**256 - 1, 2**255, 2**236, CAP + 1])
def test_admit__enormous_value__is_a_denial_and_charges_nothing(world: World, value: int) -> None:
    """BR-1, BR-4: no value overflows into an admission or a revert."""
    verdict = world.admit(value)
    assert (verdict.reason, verdict.scope, verdict.retry_after) == (Reason.VALUE_OVERSIZED, Scope.AGENT, 2**32 - 1)
    word = world.breaker()
    assert (word.count_tat, word.value_tat, word.strikes) == (0, 0, 1)
    assert load_value_cap(world.lane_word().value_cap) == CAP


def test_admit__last_straw__survives_where_strikes_do_not(world: World) -> None:
    """BR-5: an agent that never gets denied is stopped all the same, by the action that reaches the trip level."""
    world.open_lane(1, LIMITS._replace(trip_level=95))
    verdicts: list[Verdict] = [world.admit(0, lane=1) for _ in range(10)]
    assert all(verdict.admitted for verdict in verdicts)
    assert world.admit(0, lane=1).reason is Reason.BREAKER_OPEN


@pytest.mark.parametrize(
    ("window", "cap", "level", "value"),
    [
        (7 * DAY, 1, NEVER_TRIP, 0x4703C178D96E2FCDD338ADBD6045F97363543ED29A8F609932),
        (7 * DAY, 3, 100, 0xD50B446A8C4A8F6979AA093820D1EC5A29FCBC77CFAE21CB96),
        (30 * DAY, 15, 80, 0xF88D2526F901A75063466016D0F4E913DBA6DBE11CF5D2182F),
        (2**22, 1, NEVER_TRIP, 2**200),
        (90 * DAY, 1, 100, 0x8A15866AFC1D5CF3C55FFC7E741648994123CF7D1016CA0D70),
        (2**24 - 1, 1, 100, 2**256 - 1),
        (2**24 - 1, 1, NEVER_TRIP, 2**192),
    ],
)
def test_admit__value_whose_product_wraps__is_oversized_and_corrupts_nothing(
    world: World, window: int, cap: int, level: int, value: int
) -> None:
    """BR-1, BR-2: an amount far above a tiny cap, in a long window, is refused by both ways through the core alike."""
    limits = LIMITS._replace(value_cap=cap, trip_level=level)
    world.open_lane(77, limits, POLICY._replace(window=window))
    # The first action touches the breaker: only then is the short way open to the next.
    assert world.admit(1, lane=77).admitted
    world.wait(window)
    before = world.breaker(lane=77)
    assert world.preview(value, lane=77).reason is Reason.VALUE_OVERSIZED
    assert world.admit(value, lane=77).reason is Reason.VALUE_OVERSIZED
    after = world.breaker(lane=77)
    assert after._replace(strikes=before.strikes, strike_since=before.strike_since) == before, (
        "only a strike is written"
    )
