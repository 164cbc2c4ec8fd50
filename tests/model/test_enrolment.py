"""Who: enrolment, binding, revocation, change of owner, spawn, lineages."""

import pytest

from switchgear.model import CoreRevert, ParentConsent, Signature, WalletBinding
from switchgear.types import LOOSENING_DELAY, NO_EXPIRY, REBIND_DELAY, Reason, Scope, Target
from switchgear.words import AgentWord, WalletWord
from tests.model.build import NOW, OWNER, REGISTRY, STRANGER, WALLET, bind, core, enroll


def refused(name, *arguments):
    """The call is refused with exactly this error."""
    return pytest.raises(CoreRevert, match="^" + f"{name}({', '.join(map(str, arguments))})".translate(ESCAPES) + "$")


CHILD = f"0x{99:040x}"
ESCAPES = str.maketrans({"(": r"\(", ")": r"\)"})


def test_enroll__first_agent__has_handle_one_and_its_word():
    """ID-2, ID-9: handles are dense from 1; the word is written once."""
    model = core()
    assert enroll(model, 2, OWNER, parent=1) == 2
    assert model.agent(2) == AgentWord(parent=1, registry=1, depth=1, enrolled_at=NOW)
    assert model.events == [("AgentEnrolled", (2, REGISTRY, 2, OWNER, 1, 0, OWNER))]


@pytest.mark.parametrize(
    ("sender", "agent_id", "parent", "lineage", "error"),
    [
        (STRANGER, 2, 0, 0, ("NotAuthorized", STRANGER)),
        (OWNER, 3, 0, 0, ("OwnerUnavailable", REGISTRY, 3)),
        (OWNER, 1, 0, 0, ("AlreadyEnrolled", 1)),
        (OWNER, 2, 0, 1, ("UnknownLineage", 1)),
        (OWNER, 2, 2, 0, ("UnknownAgent", 2)),
        (WALLET, 4, 0, 0, ("BoundWalletHasNoAuthority", WALLET, 1)),
    ],
)
def test_enroll__something_missing__is_refused_by_name(sender, agent_id, parent, lineage, error):
    """ID-7, ID-9: only the live owner, never a bound wallet, under a known parent and lineage."""
    model = core()
    model.owners |= {(REGISTRY, 2): OWNER, (REGISTRY, 4): WALLET}
    with refused(*error):
        model.enroll(sender, REGISTRY, agent_id, parent, lineage, 0, None)
    assert model.agent_count == 1


def test_enroll__fifth_generation__is_too_deep():
    """ID-6: depth is at most 4, root = 0."""
    model = core()
    for depth in range(1, 5):
        assert model.agent(enroll(model, depth + 1, OWNER, parent=depth)).depth == depth
    with refused("DepthExceeded", 5):
        enroll(model, 9, OWNER, parent=5)


def test_enroll__parent_of_another_owner__needs_his_signature_in_time():
    """ID-9: the parent's owner consents, until the deadline's last second."""
    model = core()
    model.owners[REGISTRY, 2] = STRANGER
    message = ParentConsent(REGISTRY, 2, STRANGER, 1, NOW)
    arguments = (STRANGER, REGISTRY, 2, 1, 0)
    with refused("InvalidSignature", OWNER):
        model.enroll(*arguments, NOW, Signature(STRANGER, message))
    with refused("InvalidSignature", OWNER):
        model.enroll(*arguments, NOW + 1, Signature(OWNER, message))
    model.now += 1
    with refused("DeadlineExpired", NOW):
        model.enroll(*arguments, NOW, Signature(OWNER, message))
    model.now -= 1
    assert model.enroll(*arguments, NOW, Signature(OWNER, message)) == 2


@pytest.mark.parametrize(("seconds", "bound"), [(REBIND_DELAY - 1, False), (REBIND_DELAY, True)])
def test_bind_wallet__to_another_agent__only_thirty_days_after(seconds, bound):
    """ID-1: a tombstone holds a wallet for 30 days."""
    model = core()
    enroll(model, 2, OWNER)
    with refused("WalletBoundElsewhere", WALLET, 1, 2**256 - 1):
        bind(model, 2, WALLET)
    model.revoke_wallet(WALLET, WALLET)
    model.now += seconds
    if bound:
        bind(model, 2, WALLET)
        assert model.wallet(WALLET) == WalletWord(agent=2, expiry=NO_EXPIRY, nonce=2)
    else:
        with refused("WalletBoundElsewhere", WALLET, 1, NOW + REBIND_DELAY):
            bind(model, 2, WALLET)


def test_bind_wallet__same_agent_again__is_free_at_once():
    """ID-1: after a revocation, or while bound."""
    model = core()
    model.revoke_wallet(OWNER, WALLET)
    bind(model, 1, WALLET)
    bind(model, 1, WALLET, NOW + 1)
    assert model.wallet(WALLET) == WalletWord(agent=1, expiry=NOW + 1, nonce=3)


def test_bind_wallet__spent_or_voided_nonce__is_an_invalid_signature():
    """ID-1: a signature counts once, and a wallet can void those it gave."""
    model = core()
    message = WalletBinding(REGISTRY, 1, OWNER, STRANGER, 0, NOW)
    model.void_binding(STRANGER)
    with refused("InvalidSignature", STRANGER):
        model.bind_wallet(OWNER, 1, STRANGER, NO_EXPIRY, NOW, Signature(STRANGER, message))
    fresh = Signature(STRANGER, message._replace(nonce=1))
    model.bind_wallet(OWNER, 1, STRANGER, NO_EXPIRY, NOW, fresh)
    with refused("InvalidSignature", STRANGER):
        model.bind_wallet(OWNER, 1, STRANGER, NO_EXPIRY, NOW, fresh)


@pytest.mark.parametrize(("seconds", "reason"), [(4, Reason.NONE), (5, Reason.WALLET_EXPIRED)])
def test_status__binding_second_before_and_at_expiry__expires_there(seconds, reason):
    """ID-1: expiry is the first second at which the binding no longer counts."""
    model = core()
    with refused("ExpiryNotInFuture", NOW):
        bind(model, 1, WALLET, NOW)
    bind(model, 1, WALLET, NOW + 5)
    model.now += seconds
    assert model.status(WALLET).reason is reason


def test_status__unknown_revoked_stale__say_which():
    """ID-1, ID-4: a tombstone is never unknown; a new epoch makes bindings stale."""
    model = core()
    assert model.status(STRANGER).reason is Reason.WALLET_UNKNOWN
    model.on_agent_transfer(REGISTRY, 1, OWNER)
    assert model.status(WALLET).reason is Reason.WALLET_STALE
    model.revoke_wallet(WALLET, WALLET)
    assert model.status(WALLET).reason is Reason.WALLET_REVOKED
    assert model.status(WALLET).agent == 1


def test_sync__another_owner_or_none__changes_or_refuses():
    """ID-4: sync acts only on a live owner that differs from the recorded one."""
    model = core()
    with refused("OwnerUnchanged", OWNER):
        model.sync(REGISTRY, 1)
    model.owners[REGISTRY, 1] = None
    with refused("OwnerUnavailable", REGISTRY, 1):
        model.sync(REGISTRY, 1)
    with refused("NotEnrolled", REGISTRY, 2):
        model.sync(REGISTRY, 2)
    model.owners[REGISTRY, 1] = STRANGER
    model.sync(REGISTRY, 1)
    assert model.agent(1).epoch == 1
    assert model.identities[1].recorded_owner == STRANGER
    assert model.events[-1] == ("OwnerChanged", (1, OWNER, STRANGER, 1))


def test_bind_wallet__owner_not_yet_recorded__changes_the_owner_first():
    """ID-4: a new owner's first binding ends the old owner's."""
    model = core()
    model.owners[REGISTRY, 1] = STRANGER
    bind(model, 1, CHILD)
    assert model.status(WALLET).reason is Reason.WALLET_STALE
    assert model.status(CHILD).admitted


def test_on_agent_transfer__not_enrolled_or_another_registry__is_quiet():
    """ID-4: the caller names its own namespace."""
    model = core()
    model.on_agent_transfer(REGISTRY, 7, STRANGER)
    model.on_agent_transfer(STRANGER, 1, STRANGER)
    assert model.events == []
    assert model.agent(1).epoch == 0


@pytest.mark.parametrize(("seconds", "left", "works"), [(4, 1, True), (5, 1, False), (4, 0, False)])
def test_spawn__grant_second_before_and_at_its_end__counts_until_then(seconds, left, works):
    """ID-9: a bound wallet enrols children within its owner's grant; the child's wallet is bound with it."""
    model = core()
    model.grant_spawn(OWNER, 1, left, NOW + 5)
    model.owners[REGISTRY, 2] = OWNER
    model.now += seconds
    message = WalletBinding(REGISTRY, 2, OWNER, CHILD, 0, model.now)
    arguments = (WALLET, REGISTRY, 2, CHILD, NO_EXPIRY, model.now, Signature(CHILD, message))
    if not works:
        with refused("SpawnNotGranted", 1):
            model.spawn(*arguments)
        return
    assert model.spawn(*arguments) == 2
    assert model.identities[1].spawns_left == 0
    assert model.status(CHILD).agent == 2
    assert [name for name, _ in model.events] == ["SpawnGranted", "AgentEnrolled", "WalletBound"]


def test_spawn__owner_changed_since_the_grant__is_not_granted():
    """ID-4: a grant ends with its owner; a new owner's grant changes the owner first."""
    model = core()
    model.grant_spawn(OWNER, 1, 2, NOW + 5)
    model.owners[REGISTRY, 1] = STRANGER
    with refused("SpawnNotGranted", 1):
        model.spawn(WALLET, REGISTRY, 2, CHILD, NO_EXPIRY, NOW, None)
    model.sync(REGISTRY, 1)
    assert (model.identities[1].spawns_left, model.identities[1].spawn_expiry) == (0, 0)
    model.owners[REGISTRY, 1] = OWNER
    model.events.clear()
    model.grant_spawn(OWNER, 1, 1, NOW + 5)
    assert [name for name, _ in model.events] == ["OwnerChanged", "SpawnGranted"]
    assert model.status(WALLET).reason is Reason.WALLET_STALE


def test_spawn__tripped_spawner_or_other_owner__is_refused():
    """ID-6, ID-9: a stopped agent spawns nothing, and nobody spawns for another owner."""
    model = core()
    model.grant_spawn(OWNER, 1, 2, NOW + 5)
    model.owners[REGISTRY, 2] = STRANGER
    with refused("SpawnOwnerMismatch", STRANGER, OWNER):
        model.spawn(WALLET, REGISTRY, 2, CHILD, NO_EXPIRY, NOW, None)
    model.trip_agent(OWNER, 1, b"")
    with refused("SpawnerFrozen", WALLET):
        model.spawn(WALLET, REGISTRY, 2, CHILD, NO_EXPIRY, NOW, None)


def test_attest_lineage__by_its_provider__sets_the_bit():
    """ID-8: attested by the model's provider, and by nobody else."""
    model = core()
    assert model.register_lineage(STRANGER, "atlas") == 1
    enroll(model, 2, OWNER, lineage=1)
    with refused("NotAuthorized", OWNER):
        model.attest_lineage(OWNER, 2, 1, True)
    model.attest_lineage(STRANGER, 2, 1, True)
    assert model.agent(2).attested == 1
    model.transfer_lineage(STRANGER, 1, OWNER)
    model.attest_lineage(OWNER, 2, 1, False)
    assert model.agent(2).attested == 1
    target = Target.attestation(2, 1)
    with refused("NotAuthorized", STRANGER):
        model.execute_loosening(STRANGER, target)
    model.now += LOOSENING_DELAY
    model.execute_loosening(OWNER, target)
    assert model.agent(2).attested == 0
    with refused("BoundWalletHasNoAuthority", WALLET, 1):
        model.transfer_lineage(OWNER, 1, WALLET)


def test_status__ancestors_kill_switch__stops_the_descendants():
    """ID-6: one trip stops the tree, and the verdict says how far up."""
    model = core()
    for depth in (1, 2):
        enroll(model, depth + 1, OWNER, parent=depth)
    bind(model, 3, STRANGER)
    model.trip_agent(OWNER, 1, b"")
    verdict = model.status(STRANGER)
    assert (verdict.reason, verdict.scope, verdict.distance) == (Reason.BREAKER_OPEN, Scope.ANCESTOR_KILL_SWITCH, 2)
    assert not model.status_of(2).admitted
    with refused("UnknownAgent", 4):
        model.status_of(4)
