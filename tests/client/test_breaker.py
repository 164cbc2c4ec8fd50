"""The client of the core: every function of the contract, read and written, right and wrong."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from switchgear import (
    LANE,
    UNDECLARED_LINEAGE,
    UNKNOWN_WALLETS,
    Breaker,
    Cause,
    Causes,
    InvalidInput,
    LanePolicy,
    Limits,
    Query,
    Reason,
    Scope,
    Setting,
    State,
    Subject,
    Target,
    UnknownPolicy,
    errors,
    signing,
    types,
)
from switchgear.artifacts import load
from switchgear.breaker import CONSTANTS
from switchgear.types import (
    LOOSENING_DELAY,
    LOOSENING_WINDOW,
    REBIND_DELAY,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    ZERO_ADDRESS,
)
from switchgear.views import LimitsView
from tests.support.world import DAY, DECIMALS, HOUR, LANE_ID, LIMITS, POLICY, UNIT, WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

UNKNOWN = 999
BOUND = timedelta(hours=3)


def snake(name: str) -> str:
    """A Solidity name as Python has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def instant(seconds: int) -> datetime:
    """Unix time as the client has it."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def test_client__each_function_of_the_core__is_offered() -> None:
    """No function of the core is left without a method, under its name in Python."""
    renamed = {
        "identityOf": "agent",
        "agentWord": "agent",
        "beatDelegateOf": "agent",
        "walletWord": "wallet",
        "laneWord": "lane",
        "overrideWord": "override",
        "breakerWord": "breaker",
        "eip712Domain": "eip712_domain",
    }
    unneeded = {"onAgentTransfer", "administration"}  # for registries; of the deployment, see `ape run check`

    functions = {entry["name"] for entry in load("CircuitBreaker").abi if entry["type"] == "function"} - unneeded
    constants = {name for name in functions if name.isupper()}
    methods = {renamed.get(name) or snake(name) for name in functions - constants}

    assert {name for name in methods if not hasattr(Breaker, name)} == set()
    assert set(CONSTANTS) == constants


# ---------------------------------------------------------------------------------------------- the question


def test_preview__wallet_in_good_order__is_admitted_with_its_agent(world: World) -> None:
    """BR-13: a preview is a verdict, in this package's types."""
    verdict = world.breaker.preview(*world.place, world.wallet.address, 1)

    assert verdict.admitted
    assert (verdict.reason, verdict.scope, verdict.agent) == (Reason.NONE, Scope.NONE, world.agent)


def test_preview__amount_with_decimals__is_scaled(world: World) -> None:
    """1,000 of the lane's unit fits the cap exactly; one millionth more does not."""
    preview = world.breaker.preview
    assert preview(*world.place, world.wallet.address, 1_000, decimals=DECIMALS).admitted
    assert preview(*world.place, world.wallet.address, 1_000 * UNIT).admitted
    oversized = preview(*world.place, world.wallet.address, Decimal("1000.000001"), decimals=DECIMALS)
    assert oversized.reason == Reason.VALUE_OVERSIZED


def test_preview__unknown_wallet_and_unopened_lane__are_verdicts(world: World) -> None:
    """BR-4: policy outcomes are values, not errors."""
    protocol, _ = world.place
    unknown = world.breaker.preview(*world.place, world.stranger.address)
    assert (unknown.reason, unknown.scope, unknown.agent) == (Reason.WALLET_UNKNOWN, Scope.WALLET, 0)
    unopened = world.breaker.preview(protocol, 77, world.wallet.address)
    assert (unopened.reason, unopened.scope) == (Reason.LANE_UNOPENED, Scope.LANE)


def test_preview_batch__many_questions__answer_in_order_and_like_preview(world: World) -> None:
    """Four hundred and fifty questions go in three calls and keep their order."""
    questions = [Query(*world.place, world.wallet.address, value * UNIT * 5) for value in range(450)]
    verdicts = world.breaker.preview_batch(questions)

    assert [verdict.admitted for verdict in verdicts] == [value * 5 <= 1_000 for value in range(450)]
    assert verdicts[300] == world.breaker.preview(*questions[300])
    assert world.breaker.preview_batch([]) == []


def test_preview__same_as_admit__for_an_action_that_is_denied(world: World) -> None:
    """BR-13: what admit returned in simulation is what preview had said, and the denial is an event."""
    asked = (world.wallet.address, 1_001 * UNIT)
    before = world.breaker.preview(*world.place, *asked)
    sent = world.breaker.admit(LANE_ID, *asked, sender=world.protocol)

    assert sent.event("Denied").args["verdict"] == sent.result == before
    assert before.reason == Reason.VALUE_OVERSIZED


def test_status__bound_unbound_and_tripped__says_so(world: World) -> None:
    """Identity and kill switches alone: admitted, unknown, open."""
    breaker = world.breaker
    assert breaker.status(world.wallet.address).admitted
    assert breaker.status_of(world.agent).admitted
    assert breaker.statuses([world.wallet.address, world.stranger.address])[1].reason == Reason.WALLET_UNKNOWN

    breaker.trip_agent(world.agent, "rogue", sender=world.owner)

    assert breaker.status(world.wallet.address).scope == Scope.KILL_SWITCH
    assert breaker.status_of(world.agent).reason == Reason.BREAKER_OPEN


def test_usage__after_charges__tells_what_is_used_of_what(world: World) -> None:
    """Consumption is in actions and in the lane's unit, raw beside it."""
    world.breaker.admit(LANE_ID, world.wallet.address, 250, decimals=DECIMALS, sender=world.protocol)
    usage = world.breaker.usage(*world.place, world.agent, decimals=DECIMALS)

    assert usage.state == State.CLOSED
    assert (usage.count_cap, usage.count_used) == (10, 1)
    assert (usage.value_cap, usage.value_used) == (Decimal(1_000), Decimal(250))
    assert usage.raw.value_used == 250 * UNIT


# ---------------------------------------------------------------------------------------------- who


def test_agent__enrolled__has_everything_in_python_types(world: World) -> None:
    """ID-2, ID-3: an agent is read whole, by handle and by identity."""
    view = world.breaker.agent(world.agent)

    assert (view.registry, view.agent_id) == (world.registry.address, 0)
    assert view.recorded_owner == world.owner.address == world.breaker.owner_of(world.agent)
    assert view.enrolled_at is not None
    assert abs(view.enrolled_at - instant(world.now)) < timedelta(hours=1)
    assert (view.parent, view.depth, view.lineage, view.attested) == (0, 0, 0, False)
    assert (view.beat_interval, view.guardian_until, view.spawn_expiry) == (None, None, None)
    assert world.breaker.agent_of(world.registry.address, 0) == world.agent
    assert world.breaker.agent_count() == world.agent


@pytest.mark.parametrize("agent", [0, UNKNOWN])
def test_agent__unknown_handle__raises_unknown_agent(world: World, agent: int) -> None:
    """ID-2: handle 0 is nobody, and so is one that was not given out."""
    for ask in (world.breaker.agent, world.breaker.status_of, world.breaker.owner_of, world.breaker.ancestors):
        with pytest.raises(errors.UnknownAgent) as raised:
            ask(agent)
        assert raised.value.agent == agent


def test_agent_of__identity_that_is_not_enrolled__raises_not_enrolled(world: World) -> None:
    """An identity without a handle is told, never given as 0."""
    with pytest.raises(errors.NotEnrolled) as raised:
        world.breaker.agent_of(world.registry.address, UNKNOWN)
    assert raised.value.agent_id == UNKNOWN


def test_wallet__bound_revoked_and_bound_again__is_read(world: World) -> None:
    """ID-1: a binding, its end by the wallet itself, and its renewal to the same agent."""
    breaker, wallet = world.breaker, world.wallet
    bound = breaker.wallet(wallet.address)
    assert (bound.agent, bound.expiry, bound.nonce, bound.revoked_at) == (world.agent, None, 1, None)

    breaker.revoke_wallet(wallet.address, sender=wallet)
    assert breaker.wallet(wallet.address).revoked_at == instant(world.now)
    assert breaker.status(wallet.address).reason == Reason.WALLET_REVOKED
    with pytest.raises(errors.WalletAlreadyRevoked):
        breaker.revoke_wallet(wallet.address, sender=world.owner)

    ends = instant(world.now + DAY)
    world.bind(world.agent, wallet, world.owner, expiry=ends)
    assert breaker.wallet(wallet.address).expiry == ends
    assert breaker.status(wallet.address).admitted


def test_wallets_of__agent_with_several__lists_each_once_with_tombstones(world: World) -> None:
    """Wallets come from events, and are read as they are now."""
    world.bind(world.agent, world.stranger, world.owner)
    world.bind(world.agent, world.stranger, world.owner)
    world.breaker.revoke_wallet(world.wallet.address, sender=world.owner)

    views = world.breaker.wallets_of(world.agent)

    assert [view.address for view in views] == [world.wallet.address, world.stranger.address]
    assert [view.revoked_at is None for view in views] == [False, True]


def test_bind_wallet__each_thing_wrong__raises_its_error(world: World) -> None:
    """ID-1, ID-7: every way in which a binding can fail has a type and the fields to act on."""
    breaker, other = world.breaker, world.enroll(world.stranger)
    late = instant(world.now - 1)

    with pytest.raises(errors.WalletBoundElsewhere) as elsewhere:
        world.bind(other, world.wallet, world.stranger)
    assert (elsewhere.value.agent, elsewhere.value.free_at) == (world.agent, None)
    breaker.revoke_wallet(world.wallet.address, sender=world.wallet)
    with pytest.raises(errors.WalletBoundElsewhere) as elsewhere:
        world.bind(other, world.wallet, world.stranger)
    assert elsewhere.value.free_at == instant(world.now) + timedelta(seconds=REBIND_DELAY)

    with pytest.raises(errors.WalletIsOwner):
        world.bind(world.agent, world.owner, world.owner)
    with pytest.raises(errors.ExpiryNotInFuture):
        world.bind(world.agent, world.guardian, world.owner, expiry=late)
    with pytest.raises(errors.NotAuthorized):
        world.bind(world.agent, world.guardian, world.stranger)
    with pytest.raises(errors.UnknownAgent):
        world.bind(UNKNOWN, world.guardian, world.owner)
    with pytest.raises(errors.WalletNotBound):
        breaker.revoke_wallet(world.deployer.address, sender=world.deployer)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"wallet": ZERO_ADDRESS}, "wallet is the zero address"),
        ({"wallet": "0x12"}, "wallet .* is no address"),
        ({"agent": 2**32}, "agent .* does not fit 32 bits"),
        ({"agent": -1}, "agent"),
        ({"expiry": 2**40}, "expiry .* does not fit 40 bits"),
        ({"expiry": datetime(2027, 1, 1)}, "expiry has no time zone"),  # noqa: DTZ001 - to be refused
        ({"deadline": -1}, "deadline"),
        ({"signature": "0x12"}, "arguments of bindWallet"),
    ],
    ids=str,
)
def test_bind_wallet__argument_that_does_not_fit__is_refused(world: World, changes: dict[str, Any], text: str) -> None:
    """Bad input is told by the name of the argument, before anything is asked."""
    arguments = {"agent": world.agent, "wallet": world.stranger.address, "deadline": 1, "signature": b""} | changes
    with pytest.raises(InvalidInput, match=text):
        world.breaker.bind_wallet(**arguments, sender=world.owner)


def test_void_binding__after_signing__makes_the_signature_stale(world: World) -> None:
    """ID-1: a wallet takes back what it signed."""
    deadline = world.now + HOUR
    signature = signing.sign(
        world.breaker.wallet_binding(world.agent, world.stranger.address, deadline), world.stranger
    )
    sent = world.breaker.void_binding(sender=world.stranger)

    assert sent.event("BindingVoided").args == {"wallet": world.stranger.address, "nonce": 1}
    with pytest.raises(errors.InvalidSignature):
        world.breaker.bind_wallet(
            world.agent, world.stranger.address, deadline=deadline, signature=signature, sender=world.owner
        )


def test_enroll__each_thing_wrong__raises_its_error(world: World) -> None:
    """Enrolment fails by typed errors, and leaves no agent behind."""
    breaker, registry = world.breaker, world.registry.address
    fresh = world.register(world.stranger)
    count = breaker.agent_count()

    with pytest.raises(errors.AlreadyEnrolled) as already:
        breaker.enroll(registry, world.agent_id, sender=world.owner)
    assert already.value.agent == world.agent
    with pytest.raises(errors.NotAuthorized):
        breaker.enroll(registry, fresh, sender=world.owner)
    with pytest.raises(errors.OwnerUnavailable):
        breaker.enroll(registry, UNKNOWN, sender=world.owner)
    with pytest.raises(errors.OwnerUnavailable):
        breaker.enroll(world.stranger.address, fresh, sender=world.stranger)
    with pytest.raises(errors.UnknownLineage):
        breaker.enroll(registry, fresh, lineage=UNKNOWN, sender=world.stranger)
    with pytest.raises(errors.UnknownAgent):
        breaker.enroll(registry, fresh, parent=UNKNOWN, sender=world.stranger)
    with pytest.raises(errors.DeadlineExpired):
        breaker.enroll(registry, fresh, parent=world.agent, sender=world.stranger)
    with pytest.raises(InvalidInput, match="registry is the zero address"):
        breaker.enroll(ZERO_ADDRESS, fresh, sender=world.stranger)
    assert breaker.agent_count() == count


def test_enroll__child_of_anothers_agent__needs_and_takes_the_consent(world: World) -> None:
    """ID-9: the parent's live owner signs ParentConsent, and the child stands below."""
    fresh, deadline = world.register(world.stranger), world.now + HOUR
    message = world.breaker.parent_consent(world.registry.address, fresh, world.agent, deadline)
    options = {"parent": world.agent, "deadline": deadline, "sender": world.stranger}

    with pytest.raises(errors.InvalidSignature) as raised:
        world.breaker.enroll(world.registry.address, fresh, consent=signing.sign(message, world.guardian), **options)
    assert raised.value.signer == world.owner.address
    sent = world.breaker.enroll(world.registry.address, fresh, consent=signing.sign(message, world.owner), **options)

    child = sent.event("AgentEnrolled").args["agent"]
    assert [one.agent for one in world.breaker.ancestors(child)] == [world.agent]
    assert world.breaker.agent(child).depth == 1


def test_ancestors__five_generations__are_nearest_first_and_end(world: World) -> None:
    """ID-6: at most four above, and a fifth is refused."""
    line = [world.agent]
    for _ in range(4):
        line.append(world.enroll(world.owner, parent=line[-1]))

    assert [one.agent for one in world.breaker.ancestors(line[-1])] == line[-2::-1]
    with pytest.raises(errors.DepthExceeded) as raised:
        world.enroll(world.owner, parent=line[-1])
    assert raised.value.parent == line[-1]


def test_spawn__within_the_grant__enrols_and_binds_a_child(world: World) -> None:
    """ID-9: a wallet spawns within the owner's grant, and not beyond."""
    breaker, child_wallet = world.breaker, world.stranger
    child, deadline = world.register(world.owner), world.now + HOUR
    message = breaker.child_binding(world.registry.address, child, child_wallet.address, deadline)
    spawn = {
        "deadline": deadline,
        "signature": signing.sign(message, child_wallet),
        "sender": world.wallet,
    }
    with pytest.raises(errors.SpawnNotGranted):
        breaker.spawn(world.registry.address, child, child_wallet.address, **spawn)

    breaker.grant_spawn(world.agent, 1, instant(world.now + DAY), sender=world.owner)
    assert breaker.agent(world.agent).spawns_left == 1
    sent = breaker.spawn(world.registry.address, child, child_wallet.address, **spawn)

    handle = sent.event("AgentEnrolled").args["agent"]
    assert breaker.agent(handle).parent == world.agent
    assert breaker.wallet(child_wallet.address).agent == handle
    assert breaker.agent(world.agent).spawns_left == 0


def test_spawn__by_a_stranger_or_for_anothers_child__raises_its_error(world: World) -> None:
    """ID-9: only a wallet in good order spawns, and only its owner's agents."""
    breaker = world.breaker
    breaker.grant_spawn(world.agent, 2, instant(world.now + DAY), sender=world.owner)
    foreign = world.register(world.stranger)
    options = {"deadline": 0, "signature": b""}

    with pytest.raises(errors.SpawnerFrozen):
        breaker.spawn(world.registry.address, foreign, world.guardian.address, **options, sender=world.stranger)
    with pytest.raises(errors.SpawnOwnerMismatch) as raised:
        breaker.spawn(world.registry.address, foreign, world.guardian.address, **options, sender=world.wallet)
    assert raised.value.child_owner == world.stranger.address
    with pytest.raises(InvalidInput, match="count"):
        breaker.grant_spawn(world.agent, 2**16, 0, sender=world.owner)


def test_sync__no_change_and_no_agent__raise_their_errors(world: World) -> None:
    """ID-4: sync acts only on a change of owner; a registry that tells the core leaves nothing to sync."""
    with pytest.raises(errors.OwnerUnchanged) as raised:
        world.breaker.sync(world.registry.address, world.agent_id, sender=world.stranger)
    assert raised.value.owner == world.owner.address
    with pytest.raises(errors.NotEnrolled):
        world.breaker.sync(world.registry.address, UNKNOWN, sender=world.stranger)


def test_lineages__registered_attested_and_handed_on__are_read(world: World) -> None:
    """ID-8: a provider creates a lineage, attests its members and hands it on."""
    breaker = world.breaker
    lineage = breaker.register_lineage("model", sender=world.provider).event("LineageRegistered").args["lineage"]
    member = world.enroll(world.stranger, lineage=lineage)
    assert breaker.provider_of(lineage) == world.provider.address
    assert breaker.provider_of(UNKNOWN) is None

    with pytest.raises(errors.NotAuthorized):
        breaker.attest_lineage(member, lineage, True, sender=world.stranger)
    breaker.attest_lineage(member, lineage, True, sender=world.provider)
    assert breaker.agent(member).attested

    breaker.transfer_lineage(lineage, world.guardian.address, sender=world.provider)
    assert breaker.provider_of(lineage) == world.guardian.address
    with pytest.raises(errors.NotAuthorized):
        breaker.transfer_lineage(lineage, world.provider.address, sender=world.provider)


def test_domain_and_constants__of_the_core__are_the_shipped_ones(world: World) -> None:
    """The constants in switchgear.types are those of the deployed core."""
    assert world.breaker.constants() == {name: getattr(types, name) for name in world.breaker.constants()}
    assert world.breaker.eip712_domain()["chainId"] == world.node.chain_id
    assert world.breaker.registry_index(world.registry.address) == 1
    assert world.breaker.registry_index(world.stranger.address) == 0


# ---------------------------------------------------------------------------------------------- trip and reset


def test_trip_agent__by_the_owner__is_open_until_reset(world: World) -> None:
    """BR-8: the owner's trip is latched, its cause is told, and its reset closes it."""
    sent = world.breaker.trip_agent(world.agent, "rogue", sender=world.owner)
    assert sent.event("AgentTripped").args == {
        "agent": world.agent,
        "actor": world.owner.address,
        "cause": Cause.OWNER,
        "until": None,
        "note": b"rogue".ljust(32, b"\0"),
    }
    view = world.breaker.agent(world.agent)
    assert (view.state(world.now), view.causes(world.now)) == (State.OPEN, Causes.OWNER)

    world.breaker.reset_agent(world.agent, Causes.OWNER, sender=world.owner)

    assert world.breaker.agent(world.agent).state(world.now) == State.CLOSED
    with pytest.raises(errors.NothingToReset):
        world.breaker.reset_agent(world.agent, Causes.ALL, sender=world.owner)


def test_trip_agent__by_a_guardian__lasts_its_bound_and_is_spent(world: World) -> None:
    """BR-8: a guardian trips once, for its bound, until re-armed."""
    breaker = world.breaker
    breaker.set_agent_guardian(world.agent, world.guardian.address, BOUND, sender=world.owner)
    assert breaker.agent_guardian_of(world.agent, world.guardian.address) == BOUND
    assert breaker.guardians(world.agent) == {world.guardian.address: BOUND}

    sent = breaker.trip_agent(world.agent, "rogue", sender=world.guardian)
    until = instant(world.now) + BOUND
    assert (sent.event("AgentTripped").args["until"], breaker.agent(world.agent).guardian_until) == (until, until)
    with pytest.raises(errors.GuardianSpent) as raised:
        breaker.trip_agent(world.agent, "again", sender=world.guardian)
    assert raised.value.guardian == world.guardian.address

    breaker.reset_agent(world.agent, Causes.GUARDIAN, sender=world.owner)
    assert breaker.status_of(world.agent).admitted
    assert breaker.trip_agent(world.agent, "again", sender=world.guardian).sent


@pytest.mark.parametrize("subject", [LANE, UNKNOWN_WALLETS, UNDECLARED_LINEAGE, Subject.of_agent(1)], ids=str)
def test_trip__each_kind_of_breaker__opens_and_closes(world: World, subject: Subject) -> None:
    """BR-8: the admin opens and closes any breaker of its protocol."""
    breaker, place = world.breaker, (*world.place, subject)
    sent = breaker.trip(*place, "incident", sender=world.admin)
    event = sent.event("BreakerTripped").args
    assert (event["subject"], event["cause"], event["until"]) == (subject, Cause.ADMIN, None)
    assert breaker.usage(*place).state == State.OPEN
    view: Any = breaker.lane(*world.place) if subject == LANE else breaker.breaker(*place)
    assert view.causes(world.now) == Causes.ADMIN

    breaker.reset(*place, Causes.ADMIN, sender=world.admin)
    assert breaker.usage(*place).state != State.OPEN


def test_trip__by_the_protocol_itself__only_the_admin_resets(world: World) -> None:
    """BR-8: trip and reset are different powers."""
    place = (*world.place, LANE)
    world.breaker.trip(*place, "incident", sender=world.protocol)
    assert world.breaker.lane(*world.place).latched == Causes.PROTOCOL

    with pytest.raises(errors.NotAuthorized):
        world.breaker.reset(*place, Causes.PROTOCOL, sender=world.protocol)
    with pytest.raises(errors.NothingToReset):
        world.breaker.reset(*place, Causes.ADMIN, sender=world.admin)
    world.breaker.reset(*place, Causes.PROTOCOL, sender=world.admin)


def test_trip__wrong_subject_lane_or_caller__raises_its_error(world: World) -> None:
    """Every wrong target of a trip is told by type."""
    breaker, (protocol, lane) = world.breaker, world.place
    with pytest.raises(errors.UnknownAgent):
        breaker.trip(protocol, lane, Subject.of_agent(UNKNOWN), "why", sender=world.admin)
    with pytest.raises(errors.UnknownLineage):
        breaker.trip(protocol, lane, Subject.of_lineage(UNKNOWN), "why", sender=world.admin)
    with pytest.raises(errors.InvalidSubject) as raised:
        breaker.trip(protocol, lane, 3 << 32, "why", sender=world.admin)
    assert raised.value.subject == 3 << 32
    with pytest.raises(errors.LaneNotOpen):
        breaker.trip(protocol, 77, LANE, "why", sender=world.admin)
    with pytest.raises(errors.NotAuthorized):
        breaker.trip(protocol, lane, LANE, "why", sender=world.stranger)
    with pytest.raises(errors.NotAuthorized):
        breaker.trip_agent(world.agent, "why", sender=world.wallet)


@pytest.mark.parametrize(
    "call",
    [
        lambda w, s: w.breaker.trip(ZERO_ADDRESS, 0, LANE, "why", sender=s),
        lambda w, s: w.breaker.trip(*w.place, 2**64, "why", sender=s),
        lambda w, s: w.breaker.trip(*w.place, LANE, "", sender=s),
        lambda w, s: w.breaker.trip(*w.place, LANE, "x" * 33, sender=s),
        lambda w, s: w.breaker.trip(w.place[0], -1, LANE, "why", sender=s),
        lambda w, s: w.breaker.reset(*w.place, LANE, Causes(0), sender=s),
        lambda w, s: w.breaker.reset(*w.place, LANE, 64, sender=s),
        lambda w, s: w.breaker.reset_agent(1, 256, sender=s),
        lambda w, s: w.breaker.trip_agent(1, b"short", sender=s),
        lambda w, s: w.breaker.admit(0, w.wallet.address, -1, sender=s),
        lambda w, s: w.breaker.admit(0, w.wallet.address, 2**256, sender=s),
        lambda w, s: w.breaker.admit(0, w.wallet.address, 2**250, decimals=18, sender=s),
        lambda w, s: w.breaker.admit(0, ZERO_ADDRESS, 1, sender=s),
        lambda w, s: w.breaker.set_guardian(w.place[0], ZERO_ADDRESS, BOUND, sender=s),
        lambda w, s: w.breaker.set_guardian(w.place[0], w.guardian.address, 2**32, sender=s),
        lambda w, s: w.breaker.set_heartbeat(1, timedelta(days=365), sender=s),
        lambda w, s: w.breaker.set_lineage(1, 2**32, sender=s),
        lambda w, s: w.breaker.set_admin(ZERO_ADDRESS, sender=s),
        lambda w, s: w.breaker.open_lane(1, LIMITS._replace(count_cap=2**24), POLICY, sender=s),
        lambda w, s: w.breaker.open_lane(1, LIMITS._replace(cooldown=2**16), POLICY, sender=s),
        lambda w, s: w.breaker.open_lane(1, LIMITS, POLICY._replace(window=2**24), sender=s),
        lambda w, s: w.breaker.open_lane(1, LIMITS, POLICY._replace(registry="0x1"), sender=s),
        lambda w, s: w.breaker.open_lane(1, LIMITS, POLICY, [2**32], sender=s),
        lambda w, s: w.breaker.open_lane(2**256, LIMITS, POLICY, sender=s),
    ],
)
def test_transactions__argument_that_does_not_fit__are_refused(world: World, call: Callable[..., Any]) -> None:
    """Nothing that no contract could take is simulated, let alone sent."""
    before = world.node.block()["number"]
    with pytest.raises(InvalidInput):
        call(world, world.admin)
    assert world.node.block()["number"] == before


@pytest.mark.parametrize(
    ("limits", "policy", "field"),
    [
        ({}, {"window": 0}, "window"),
        ({}, {"share": 0}, "share"),
        ({}, {"share": 101}, "share"),
        ({}, {"lineage_count": 0}, "lineage_count"),
        ({}, {"lineage_value": 4_096}, "lineage_value"),
        ({"trip_level": 0}, {}, "trip_level"),
        ({"trip_level": 101}, {}, "trip_level"),
        ({"strikes": 0}, {}, "strikes"),
        ({"strikes": 64}, {}, "strikes"),
        ({"cooldown": 7_200}, {}, "cooldown"),
        ({"max_backoff": 9}, {}, "max_backoff"),
        ({"half_open_scale": 16}, {}, "half_open_scale"),
        ({"probation": 16}, {}, "probation"),
        ({"value_cap": 2**236}, {}, "value_cap"),
    ],
    ids=str,
)
def test_open_lane__field_out_of_its_range__raises_invalid_limits(
    world: World, limits: dict[str, int], policy: dict[str, int], field: str
) -> None:
    """BR-17 and the ranges of Types.sol: the error names the field."""
    with pytest.raises(errors.InvalidLimits) as raised:
        world.breaker.open_lane(1, LIMITS._replace(**limits), POLICY._replace(**policy), sender=world.protocol)
    assert raised.value.field.name.lower() == field
    assert str(raised.value).startswith(field)


def test_beat__in_time_late_and_without_heartbeat__is_told(world: World) -> None:
    """BR-14: a beat in time moves the deadline; a late one raises, and only the owner's reset restores."""
    breaker = world.breaker
    with pytest.raises(errors.NoHeartbeat):
        breaker.beat(world.agent, sender=world.owner)
    with pytest.raises(errors.InvalidDuration) as duration:
        breaker.set_heartbeat(world.agent, timedelta(hours=2), sender=world.owner)
    assert duration.value.above == timedelta(hours=2)
    breaker.set_heartbeat(world.agent, BOUND, world.guardian.address, sender=world.owner)

    sent = breaker.beat(world.agent, sender=world.guardian)
    deadline = instant(world.now) + BOUND
    assert sent.event("HeartBeat").args["deadline"] == deadline
    view = breaker.agent(world.agent)
    assert (view.beat_interval, view.beat_deadline, view.beat_delegate) == (BOUND, deadline, world.guardian.address)

    world.pass_time(int(BOUND.total_seconds()) + 1)
    with pytest.raises(errors.HeartbeatMissed) as missed:
        breaker.beat(world.agent, sender=world.guardian)
    assert missed.value.deadline == deadline
    assert breaker.agent(world.agent).causes(world.now) == Causes.HEARTBEAT
    breaker.reset_agent(world.agent, Causes.HEARTBEAT, sender=world.owner)
    assert breaker.status_of(world.agent).admitted


# ---------------------------------------------------------------------------------------------- settings


def test_lane__open__has_limits_and_policy_as_they_were_set(world: World) -> None:
    """A lane reads back as it was opened."""
    view = world.breaker.lane(*world.place, decimals=DECIMALS)

    assert view.limits.raw == LIMITS
    assert view.policy == POLICY
    assert (view.limits.count_cap, view.limits.value_cap) == (10, Decimal(1_000))
    assert (view.limits.trip_level, view.limits.strikes) == (None, None)
    assert (view.window, view.limits.cooldown) == (timedelta(hours=1), timedelta(seconds=7_201))
    assert view.state(world.now) == State.CLOSED
    assert world.breaker.lanes() == [world.place]
    assert world.breaker.lanes(world.stranger.address) == []


def test_lane__unopened__raises_lane_not_open(world: World) -> None:
    """BR-10: a lane that was never opened has no limits to show."""
    with pytest.raises(errors.LaneNotOpen) as raised:
        world.breaker.lane(world.protocol.address, 77)
    assert raised.value.fields() == {"protocol": world.protocol.address, "lane": 77}


def test_lane__every_policy__round_trips(world: World) -> None:
    """Every flag and the registry come back as they were given, and can be set again as they are."""
    policy = LanePolicy(
        window=60,
        lineage_count=4_095,
        lineage_value=7,
        share=25,
        lineage=True,
        attested=True,
        live=True,
        shadow=True,
        unknown=UnknownPolicy.SHARED,
        registry=world.registry.address,
    )
    limits = Limits(UNLIMITED_COUNT, UNLIMITED_VALUE, 80, 5, 65_535, 8, 15, 15)
    world.breaker.open_lane(9, limits, policy, sender=world.protocol)
    view = world.breaker.lane(world.protocol.address, 9)

    assert (view.policy, view.limits.raw) == (policy, limits)
    assert (view.limits.count_cap, view.limits.value_cap, view.limits.trip_level) == (None, None, 80)
    again = world.breaker.set_lane(world.protocol.address, 9, view.limits.raw, view.policy, sender=world.admin)
    assert again.event("SettingChanged").args["previous"] == again.event("SettingChanged").args["value"]


def test_lane__registry_that_the_client_does_not_know__is_not_guessed(world: World) -> None:
    """A policy whose registry is unknown is not given out, lest setting it again open the lane to any."""
    other = Account.create().address
    world.breaker.open_lane(9, LIMITS, POLICY._replace(registry=other), sender=world.protocol)
    view = world.breaker.lane(world.protocol.address, 9)

    assert view.registry is None
    with pytest.raises(InvalidInput, match="registry"):
        view.policy  # noqa: B018 - the access is the test
    assert world.breaker.lane(world.protocol.address, 9, registries=[other]).policy.registry == other


def test_set_lane__tighter__lands_at_once(world: World) -> None:
    """BR-9: no field looser lands at once."""
    tighter = LIMITS._replace(count_cap=9, cooldown=8_000)
    sent = world.breaker.set_lane(*world.place, tighter, POLICY, sender=world.admin)

    assert sent.event("SettingChanged").args["setting"] == Setting.LANE
    assert world.breaker.lane(*world.place).limits.raw == tighter


def test_set_lane__looser__waits_executes_and_expires(world: World) -> None:
    """BR-9: a loosening is scheduled, executable from its ETA to its expiry and not a second outside."""
    breaker, target = world.breaker, Target.lane(*world.place)
    looser = LIMITS._replace(count_cap=11)
    sent = breaker.set_lane(*world.place, looser, POLICY, sender=world.admin)
    eta = world.now + LOOSENING_DELAY
    event = sent.event("LooseningScheduled").args
    assert (event["eta"], event["expiry"]) == (instant(eta), instant(eta + LOOSENING_WINDOW))
    pending = breaker.loosening_of(target)
    assert pending is not None
    assert (pending.eta, pending.expiry) == (event["eta"], event["expiry"])
    assert breaker.loosenings(world.protocol.address) == {target: pending}

    world.move_to(eta - 2)
    world.node.request("anvil_setNextBlockTimestamp", eta - 1)
    with pytest.raises(errors.LooseningNotReady) as early:
        breaker.execute_loosening(target, sender=world.admin)
    assert early.value.eta == instant(eta)
    world.move_to(eta)
    breaker.execute_loosening(target, sender=world.admin)
    assert breaker.lane(*world.place).limits.raw == looser
    assert breaker.loosening_of(target) is None
    assert breaker.loosenings(world.protocol.address) == {}

    breaker.set_lane(*world.place, LIMITS._replace(count_cap=12), POLICY, sender=world.admin)
    world.move_to(world.now + LOOSENING_DELAY + LOOSENING_WINDOW + 1)
    with pytest.raises(errors.LooseningExpired):
        breaker.execute_loosening(target, sender=world.admin)


def test_cancel_loosening__by_hand_and_by_tightening__leaves_none(world: World) -> None:
    """BR-9: a loosening is cancelled by its authority, or by any tightening of the same word."""
    breaker, target = world.breaker, Target.lane(*world.place)
    looser = LIMITS._replace(count_cap=11)
    breaker.set_lane(*world.place, looser, POLICY, sender=world.admin)
    with pytest.raises(errors.NotAuthorized):
        breaker.cancel_loosening(target, sender=world.stranger)
    breaker.cancel_loosening(target, sender=world.admin)
    with pytest.raises(errors.NoLoosening):
        breaker.cancel_loosening(target, sender=world.admin)
    with pytest.raises(errors.NoLoosening):
        breaker.execute_loosening(target, sender=world.admin)

    breaker.set_lane(*world.place, looser, POLICY, sender=world.admin)
    sent = breaker.set_lane(*world.place, LIMITS, POLICY, sender=world.admin)
    assert sent.event("LooseningCancelled").args["setting"] == Setting.LANE
    assert breaker.loosening_of(target) is None


def test_set_lane__another_window_or_a_stranger__raises_its_error(world: World) -> None:
    """BR-2: the window is fixed; BR-8: only the admin sets."""
    with pytest.raises(errors.WindowIsFixed) as fixed:
        world.breaker.set_lane(*world.place, LIMITS, POLICY._replace(window=60), sender=world.admin)
    assert fixed.value.window == timedelta(seconds=WINDOW)
    with pytest.raises(errors.NotAuthorized):
        world.breaker.set_lane(*world.place, LIMITS, POLICY, sender=world.protocol)
    with pytest.raises(errors.LaneNotOpen):
        world.breaker.set_lane(world.protocol.address, 77, LIMITS, POLICY, sender=world.admin)
    with pytest.raises(errors.LaneAlreadyOpen):
        world.breaker.open_lane(LANE_ID, LIMITS, POLICY, sender=world.protocol)


def test_override__tighter_for_one_agent__is_its_alone(world: World) -> None:
    """BR-11: an override holds for one subject, and clearing it waits."""
    breaker, subject = world.breaker, Subject.of_agent(world.agent)
    assert breaker.override(*world.place, subject) is None
    with pytest.raises(errors.NoOverride):
        breaker.clear_override(*world.place, subject, sender=world.admin)
    own = LIMITS._replace(count_cap=3)
    breaker.set_override(*world.place, subject, own, sender=world.admin)

    assert breaker.override(*world.place, subject) == LimitsView.of(own)
    assert breaker.breaker(*world.place, subject).overridden
    assert breaker.usage(*world.place, subject).count_cap == 3
    sent = breaker.clear_override(*world.place, subject, sender=world.admin)
    assert sent.event("LooseningScheduled").args["value"] == 0
    assert breaker.loosenings(world.agent).keys() == {Target.override(*world.place, subject)}


def test_accept_lineage__either_way__waits(world: World) -> None:
    """ID-8: accepting a lineage waits, and so does withdrawing it."""
    breaker = world.breaker
    lineage = breaker.register_lineage("model", sender=world.provider).event("LineageRegistered").args["lineage"]
    subject, target = Subject.of_lineage(lineage), Target.acceptance(*world.place, lineage)
    breaker.accept_lineage(*world.place, lineage, True, sender=world.admin)
    assert not breaker.breaker(*world.place, subject).accepted
    world.pass_time(LOOSENING_DELAY)
    breaker.execute_loosening(target, sender=world.admin)
    assert breaker.breaker(*world.place, subject).accepted

    breaker.accept_lineage(*world.place, lineage, False, sender=world.admin)
    assert breaker.breaker(*world.place, subject).accepted
    world.pass_time(LOOSENING_DELAY)
    breaker.execute_loosening(target, sender=world.admin)
    assert not breaker.breaker(*world.place, subject).accepted
    with pytest.raises(errors.UnknownLineage):
        breaker.accept_lineage(*world.place, UNKNOWN, True, sender=world.admin)


def test_set_guardian__appointed_and_dismissed__is_read(world: World) -> None:
    """BR-8, BR-9: appointing lands at once, dismissing waits; bounds have a range and guardians a number."""
    breaker, protocol = world.breaker, world.protocol.address
    assert breaker.guardian_of(protocol, world.guardian.address) is None
    with pytest.raises(errors.InvalidDuration):
        breaker.set_guardian(protocol, world.guardian.address, timedelta(hours=2), sender=world.admin)
    with pytest.raises(errors.InvalidDuration):
        breaker.set_guardian(protocol, world.guardian.address, timedelta(days=31), sender=world.admin)
    with pytest.raises(errors.NotGuardian):
        breaker.set_guardian(protocol, world.stranger.address, 0, sender=world.admin)
    with pytest.raises(errors.BoundWalletHasNoAuthority):
        breaker.set_guardian(protocol, world.wallet.address, BOUND, sender=world.admin)
    breaker.set_guardian(protocol, world.guardian.address, BOUND, sender=world.admin)
    assert breaker.guardians(protocol) == {world.guardian.address: BOUND}

    breaker.set_guardian(protocol, world.guardian.address, 0, sender=world.admin)
    assert breaker.guardian_of(protocol, world.guardian.address) == BOUND
    world.pass_time(LOOSENING_DELAY)
    breaker.execute_loosening(Target.guardian(protocol, world.guardian.address), sender=world.admin)
    assert breaker.guardians(protocol) == {}

    for _ in range(8):
        breaker.set_guardian(protocol, Account.create().address, BOUND, sender=world.admin)
    with pytest.raises(errors.TooManyGuardians):
        breaker.set_guardian(protocol, world.guardian.address, BOUND, sender=world.admin)


def test_admin__named_offered_and_accepted__moves_in_two_steps(world: World) -> None:
    """BR-11: the admin moves when the new one accepts."""
    breaker, protocol = world.breaker, world.protocol.address
    assert breaker.admin_of(protocol) == (world.admin.address, None)
    assert breaker.admin_of(world.stranger.address) == (None, None)
    with pytest.raises(errors.AdminAlreadySet) as raised:
        breaker.set_admin(world.stranger.address, sender=world.protocol)
    assert raised.value.admin == world.admin.address
    with pytest.raises(errors.NoAdmin):
        breaker.open_lane(0, LIMITS, POLICY, sender=world.stranger)

    breaker.transfer_admin(protocol, world.stranger.address, sender=world.admin)
    assert breaker.admin_of(protocol) == (world.admin.address, world.stranger.address)
    breaker.accept_admin(protocol, sender=world.stranger)
    assert breaker.admin_of(protocol) == (world.stranger.address, None)
    breaker.transfer_admin(protocol, ZERO_ADDRESS, sender=world.stranger)
    with pytest.raises(errors.NotAuthorized):
        breaker.accept_admin(protocol, sender=world.admin)


def test_set_lineage__another__always_waits(world: World) -> None:
    """ID-8: changing lineage waits the loosening delay."""
    breaker = world.breaker
    lineage = breaker.register_lineage("model", sender=world.provider).event("LineageRegistered").args["lineage"]
    breaker.set_lineage(world.agent, lineage, sender=world.owner)
    assert breaker.agent(world.agent).lineage == 0
    assert breaker.loosenings(world.agent).keys() == {Target.lineage(world.agent)}
    world.pass_time(LOOSENING_DELAY)
    breaker.execute_loosening(Target.lineage(world.agent), sender=world.owner)
    assert breaker.agent(world.agent).lineage == lineage


def test_breaker__after_an_automatic_trip__tells_cause_and_end(world: World) -> None:
    """BR-5, BR-6: the last straw opens the breaker behind itself, and the word says why and until when."""
    place = world.protocol.address, 3
    limits = LIMITS._replace(trip_level=50, probation=1)
    world.breaker.open_lane(3, limits, POLICY, sender=world.protocol)
    for _ in range(5):  # half-open at first: half of ten actions is five, of which half is three
        sent = world.breaker.admit(3, world.wallet.address, sender=world.protocol)
        if sent.events:
            break
    event = sent.event("BreakerTripped").args
    until = instant(world.now + 2 * limits.cooldown)  # twice, since a fresh agent is half-open

    assert (event["cause"], event["until"], event["actor"]) == (Cause.COUNT_LAST_STRAW, until, world.wallet.address)
    view = world.breaker.breaker(*place, world.agent)
    assert (view.cause, view.auto_until, view.backoff) == (Cause.COUNT_LAST_STRAW, until, 1)
    assert view.causes(world.now) == Causes.AUTOMATIC
    world.breaker.reset(*place, Subject.of_agent(world.agent), Causes.AUTOMATIC, sender=world.admin)
    assert world.breaker.usage(*place, world.agent).state == State.CLOSED
