"""`ape run enroll`, `status`, `trip` and `reset`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from switchgear import LANE, Causes, State, Subject
from switchgear.types import UNDECLARED_LINEAGE, UNKNOWN_WALLETS
from tests.support.world import HOUR, LANE_ID, LIMITS, POLICY, UNIT

if TYPE_CHECKING:
    from tests.scripts.conftest import Scripts
    from tests.support.world import World

OWNER, WALLET, PROTOCOL, ADMIN, GUARDIAN, STRANGER = "TEST::1", "TEST::2", "TEST::3", "TEST::4", "TEST::5", "TEST::7"


def head(world: World) -> str:
    """Number of the newest block."""
    return str(world.node.block()["number"])


# ---------------------------------------------------------------------------------------------- trip


def test_trip__kill_switch_by_its_owner__opens_it(run: Scripts, world: World) -> None:
    """BR-8: --agent alone is the kill switch, and the note goes on record."""
    done = run("trip", "--agent", world.agent, "--note", "drains the pool", "--account", OWNER)

    assert done.code == 0
    assert "AgentTripped" in done.out
    assert "'drains the pool'" in done.out
    assert world.breaker.agent(world.agent).state(world.now) == State.OPEN


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        (("--agent", "1"), Subject.of_agent(1)),
        (("--lineage", "0"), UNDECLARED_LINEAGE),
        (("--unknown-wallets",), UNKNOWN_WALLETS),
        (("--whole-lane",), LANE),
    ],
    ids=["agent", "lineage", "unknown", "lane"],
)
def test_trip_and_reset__each_breaker_of_a_protocol__opens_and_closes(
    run: Scripts, world: World, options: tuple[str, ...], subject: Subject
) -> None:
    """BR-8: the admin trips, and a reset without causes clears what holds it open."""
    place = ("--protocol", world.protocol.address, *options, "--account", ADMIN)

    assert run("trip", *place, "--note", "why").code == 0
    assert world.breaker.usage(*world.place, subject).state == State.OPEN
    done = run("reset", *place, "--json")
    assert (done.code, done.json["events"][0]["args"]["causes"]) == (0, ["admin"])
    assert world.breaker.usage(*world.place, subject).state != State.OPEN


@pytest.mark.parametrize("options", [(), ("--account", OWNER, "--dry-run")], ids=["no-account", "dry-run"])
def test_trip__dry__simulates_and_sends_nothing(run: Scripts, world: World, options: tuple[str, ...]) -> None:
    """OP-3: without an account it is a dry run as the owner, and says so; nothing changes."""
    before = head(world)
    dry = run("trip", "--agent", world.agent, "--note", "why", *options)

    assert dry.code == 0
    assert "nothing was sent" in dry.out
    assert (f"dry run as the owner, {world.owner.address}" in dry.err) == (not options)
    assert head(world) == before
    assert world.breaker.status_of(world.agent).admitted


def test_trip__dry_run_as_somebody_without_power__is_refused(run: Scripts, world: World) -> None:
    """A dry run can be made as anybody, and tells what would happen."""
    refused = run("trip", "--agent", world.agent, "--note", "why", "--as", world.stranger.address)

    assert refused.code == 4
    assert refused.error.startswith(f"error: NotAuthorized: {world.stranger.address}")


@pytest.mark.parametrize("note", ["", "   ", "x" * 33])
def test_trip__note_that_says_nothing_or_too_much__is_a_usage_error(run: Scripts, world: World, note: str) -> None:
    """A trip says why."""
    assert run("trip", "--agent", world.agent, "--note", note, "--account", OWNER).code == 2
    assert world.breaker.status_of(world.agent).admitted


def test_trip__without_a_note__is_a_usage_error(run: Scripts, world: World) -> None:
    """The note is mandatory."""
    missing = run("trip", "--agent", world.agent, "--account", OWNER)

    assert missing.code == 2
    assert "--note" in missing.err


def test_trip__note_given_as_hash__is_recorded_as_it_is(run: Scripts, world: World) -> None:
    """A 32-byte hash stands for a longer reason."""
    digest = "0x" + "ab" * 32
    done = run("trip", "--agent", world.agent, "--note", digest, "--account", OWNER, "--json")

    assert done.json["events"][0]["args"]["note"] == digest


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--agent", "1", "--whole-lane"),
        ("--whole-lane",),
        ("--lineage", "0"),
        ("--protocol", "0x" + "00" * 20, "--whole-lane"),
        ("--protocol", "0x1234", "--whole-lane"),
        ("--agent", "1x"),
        ("--agent", "0x1234"),
        ("--agent", "0x" + "11" * 20 + ":x"),
        ("--protocol", "0x" + "11" * 20, "--lane", "-1", "--whole-lane"),
        ("--protocol", "0x" + "11" * 20, "--lineage", str(2**32)),
        ("--agent", "1", "--as", "0x" + "11" * 20),
    ],
    ids=lambda options: " ".join(options) or "nothing",
)
@pytest.mark.parametrize("script", ["trip", "reset"])
def test_trip_and_reset__options_that_name_no_one_breaker__are_usage_errors(
    run: Scripts, world: World, script: str, options: tuple[str, ...]
) -> None:
    """Nothing is guessed, and nothing sent: --as with an account included."""
    before = head(world)
    note = ("--note", "why") if script == "trip" else ()

    assert run(script, *options, *note, "--account", OWNER).code == 2
    assert head(world) == before


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("999", "UnknownAgent"),
        ("0", "UnknownAgent"),
        (":999", "NotEnrolled"),
        ("0x" + "11" * 20, "WalletNotBound"),
    ],
)
@pytest.mark.parametrize("script", ["trip", "reset", "status"])
def test_scripts__unknown_agent__is_told_by_type(
    run: Scripts, world: World, script: str, reference: str, error: str
) -> None:
    """An agent that is not there is an error of its own, in every script."""
    assert world.agent
    arguments = {
        "trip": ("--agent", reference, "--note", "why"),
        "reset": ("--agent", reference),
        "status": (reference,),
    }
    refused = run(script, *arguments[script])

    assert refused.code == 4
    assert refused.error.startswith(f"error: {error}: ")


def test_trip__by_the_wrong_account__is_refused_and_costs_nothing(run: Scripts, world: World) -> None:
    """BR-8: who has no power is told, and nothing is sent."""
    before = head(world)
    refused = run("trip", "--agent", world.agent, "--note", "why", "--account", STRANGER, "--json")

    assert refused.code == 4
    assert refused.json == {
        "error": {
            "type": "NotAuthorized",
            "message": refused.json["error"]["message"],
            "fields": {"actor": world.stranger.address},
        }
    }
    assert head(world) == before


def test_trip__account_that_does_not_exist__is_a_usage_error(run: Scripts, world: World) -> None:
    """OP-4: an account is one of Ape's; a key in its place is not taken, nor repeated."""
    key = "0x" + "42" * 32
    refused = run("trip", "--agent", world.agent, "--note", "why", "--account", "nobody")
    assert refused.code == 2
    assert "nobody" in refused.err
    assert run("trip", "--agent", world.agent, "--note", "why", "--account", key).code == 2


def test_trip__guardian_twice__is_spent_until_reset(run: Scripts, world: World) -> None:
    """BR-8: the second trip is refused with what to do, and a reset re-arms."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 7_201, sender=world.owner)
    trip = ("trip", "--agent", world.agent, "--note", "why", "--account", GUARDIAN)
    assert run(*trip).code == 0
    spent = run(*trip)
    assert (spent.code, "reset of the cause guardian" in spent.error) == (4, True)

    assert run("reset", "--agent", world.agent, "--account", OWNER).code == 0
    assert run(*trip).code == 0


def test_reset__nothing_open__is_refused(run: Scripts, world: World) -> None:
    """Nothing to reset is told, whether causes are named or not."""
    assert "NothingToReset" in run("reset", "--agent", world.agent, "--account", OWNER).error
    assert "NothingToReset" in run("reset", "--agent", world.agent, "--cause", "owner", "--account", OWNER).error


def test_reset__named_cause__leaves_the_others(run: Scripts, world: World) -> None:
    """BR-7: clearing one cause leaves the rest."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 7_201, sender=world.owner)
    world.breaker.trip_agent(world.agent, "a", sender=world.guardian)
    world.breaker.trip_agent(world.agent, "b", sender=world.owner)

    assert run("reset", "--agent", world.agent, "--cause", "owner", "--account", OWNER).code == 0
    assert world.breaker.agent(world.agent).causes(world.now) == Causes.GUARDIAN
    assert run("reset", "--agent", world.agent, "--cause", "gravity").code == 2


def test_scripts__contract_absent__end_with_the_chain_code(run: Scripts, world: World) -> None:
    """A core that is not there is told by address, in JSON too."""
    nobody = Account.create().address
    failed = run("trip", "--agent", world.agent, "--note", "why", "--core", nobody, "--json")

    assert failed.code == 3
    assert failed.json["error"]["type"] == "ContractAbsent"
    assert failed.json["error"]["fields"]["address"] == nobody
    assert run("status", world.agent, "--core", world.registry.address).error.startswith("error: WrongCode")


@pytest.mark.parametrize("script", ["trip", "reset", "status", "enroll"])
def test_scripts__no_node__end_with_the_chain_code(run: Scripts, script: str) -> None:
    """Where no node answers, the code is 3 and nothing else is said."""
    arguments = {
        "trip": ("--agent", "1", "--note", "why"),
        "reset": ("--agent", "1"),
        "status": ("1",),
        "enroll": ("--agent-id", "0"),
    }
    failed = run(script, *arguments[script], network="http://127.0.0.1:9")

    assert failed.code == 3
    assert failed.error


# ---------------------------------------------------------------------------------------------- status


@pytest.mark.parametrize("reference", ["handle", "identity", "default-registry", "wallet"])
def test_status__agent_by_any_of_its_names__is_the_same(run: Scripts, world: World, reference: str) -> None:
    """An agent is named by handle, by identity or by a wallet."""
    names = {
        "handle": str(world.agent),
        "identity": f"{world.registry.address}:{world.agent_id}",
        "default-registry": f":{world.agent_id}",
        "wallet": world.wallet.address,
    }
    assert run("status", names[reference], "--json").json["agent"]["agent"] == world.agent


def test_status__busy_agent__shows_all_that_could_stop_it(run: Scripts, world: World) -> None:
    """Owner, wallets, kill switch, breakers with usage, guardians, ancestors and scheduled loosenings are shown."""
    breaker = world.breaker
    breaker.set_agent_guardian(world.agent, world.guardian.address, 7_201, sender=world.owner)
    breaker.set_agent_guardian(world.agent, world.guardian.address, 0, sender=world.owner)
    breaker.admit(LANE_ID, world.wallet.address, 250 * UNIT, sender=world.protocol)
    breaker.trip(*world.place, Subject.of_agent(world.agent), "why", sender=world.admin)

    shown = run("status", world.agent, "--decimals", "6")
    data = run("status", world.agent, "--decimals", "6", "--json").json

    for text in (
        world.owner.address,
        world.wallet.address,
        f"{world.protocol.address} lane 0: open (admin)",
        "1/10",
        "250/1,000",
        world.guardian.address,
        "agent_guardian of agent 1",
    ):
        assert text in shown.out
    assert data["live_owner"] == world.owner.address
    assert data["kill_switch"] == "closed"
    assert [one["address"] for one in data["wallets"]] == [world.wallet.address]
    (place,) = data["breakers"]
    assert (place["usage"]["value_used"], place["causes"]) == ("250.000000", ["admin"])
    assert data["guardians"] == {world.guardian.address: 7_201}
    assert [one["target"]["setting"] for one in data["loosenings"]] == ["agent_guardian"]


def test_status__owner_changed_in_silence__is_marked(run: Scripts, world: World) -> None:
    """ID-4: a recorded owner that is not the live one is shown as such."""
    world.registry.transfer(world.agent_id, world.stranger.address, sender=world.owner)
    data = run("status", world.agent, "--json").json

    assert (data["live_owner"], data["agent"]["recorded_owner"]) == (world.stranger.address, world.stranger.address)
    assert data["wallet_verdicts"][0]["reason"] == "wallet_stale"


def test_status__protocol_named__shows_its_untouched_lanes_too(run: Scripts, world: World) -> None:
    """By default only breakers with a trace are shown; with --protocol all of its lanes."""
    world.breaker.open_lane(7, LIMITS, POLICY, sender=world.protocol)

    assert run("status", world.agent, "--json").json["breakers"] == []
    lanes = run("status", world.agent, "--protocol", world.protocol.address, "--json").json["breakers"]
    assert [one["lane"] for one in lanes] == [0, 7]


# ---------------------------------------------------------------------------------------------- enroll


def test_enroll__register_enrol_and_bind__is_one_command(run: Scripts, world: World) -> None:
    """A new agent is registered, enrolled and bound to an Ape account's wallet; its status is in order."""
    done = run(
        "enroll", "--register", "ipfs://x", "--wallet", GUARDIAN, "--expiry", "30d", "--account", STRANGER, "--json"
    )

    assert done.code == 0
    assert [one["function"] for one in done.json["transactions"]] == ["register", "enroll", "bindWallet"]
    assert world.breaker.wallet(world.guardian.address).agent == done.json["agent"]
    assert world.breaker.status(world.guardian.address).admitted


def test_enroll__run_again__does_what_is_missing_only(run: Scripts, world: World) -> None:
    """What is done is left as it is: first the identity, then the handle, then the wallet, then nothing."""
    agent_id = world.register(world.stranger)
    base = ("enroll", "--agent-id", agent_id, "--account", STRANGER, "--json")

    assert [one["function"] for one in run(*base).json["transactions"]] == ["enroll"]
    wallet = (*base, "--wallet", GUARDIAN)
    assert [one["function"] for one in run(*wallet).json["transactions"]] == ["bindWallet"]
    assert run(*wallet).json["transactions"] == []


def test_enroll__wallet_elsewhere__prints_what_to_sign_and_takes_the_signature(run: Scripts, world: World) -> None:
    """A wallet whose key is on another machine signs the printed message, and the second run binds it."""
    key = Account.create()
    deadline = datetime.fromtimestamp(world.now + HOUR, tz=timezone.utc).isoformat()
    base = ("enroll", "--agent-id", world.agent_id, "--wallet", key.address, "--deadline", deadline, "--account", OWNER)
    message = run(*base, "--json").json["to_sign"]
    signature = key.sign_message(encode_typed_data(full_message=message)).signature

    done = run(*base, "--signature", "0x" + signature.hex())

    assert done.code == 0
    assert world.breaker.status(key.address).agent == world.agent


def test_enroll__under_anothers_agent__prints_the_consent_and_takes_it(run: Scripts, world: World) -> None:
    """ID-9: the parent's owner signs the printed message, and the second run enrols the child below."""
    agent_id = world.register(world.stranger)
    deadline = datetime.fromtimestamp(world.now + HOUR, tz=timezone.utc).isoformat()
    base = ("enroll", "--agent-id", agent_id, "--parent", world.agent, "--deadline", deadline, "--account", STRANGER)
    asked = run(*base, "--json").json
    assert (asked["agent"], asked["to_sign"]["primaryType"]) == (None, "ParentConsent")
    signed = world.owner.sign_message(encode_typed_data(full_message=asked["to_sign"]))

    done = run(*base, "--consent", signed.encode_rsv().hex(), "--json")

    assert world.breaker.agent(done.json["agent"]).parent == world.agent


@pytest.mark.parametrize("options", [("--account", STRANGER, "--dry-run"), ()], ids=["dry-run", "no-account"])
def test_enroll__dry__sends_nothing(run: Scripts, world: World, options: tuple[str, ...]) -> None:
    """OP-3: a dry run simulates the first step and says so."""
    before = head(world)
    dry = run("enroll", "--register", "ipfs://x", "--wallet", GUARDIAN, *options)

    assert dry.code == 0
    assert "dry run: register" in dry.out
    assert head(world) == before


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--wallet", STRANGER), "WalletIsOwner"),
        (("--wallet", WALLET), "WalletBoundElsewhere"),
        (("--wallet", GUARDIAN, "--expiry", "2020-01-01"), "ExpiryNotInFuture"),
        (("--lineage", "999"), "UnknownLineage"),
        (("--parent", "999"), "UnknownAgent"),
    ],
    ids=["own", "taken", "expired", "lineage", "parent"],
)
def test_enroll__what_cannot_end_well__is_refused_before_the_first_step(
    run: Scripts, world: World, options: tuple[str, ...], error: str
) -> None:
    """Nothing is half done: what is known beforehand to fail later registers nothing."""
    before = head(world)
    refused = run("enroll", "--register", "ipfs://x", "--account", STRANGER, *options)

    assert refused.code == 4
    assert refused.error.startswith(f"error: {error}: ")
    assert head(world) == before


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--agent-id", "0", "--register", "x"),
        ("--agent-id", "-1"),
        ("--agent-id", "0", "--wallet", "0x12"),
        ("--agent-id", "0", "--wallet", "nobody"),
        ("--agent-id", "0", "--wallet", GUARDIAN, "--signature", "0x12"),
        ("--agent-id", "0", "--wallet", GUARDIAN, "--signature", "zz", "--deadline", "1h"),
        ("--agent-id", "0", "--expiry", "soon"),
        ("--agent-id", "0", "--registry", "0x" + "00" * 20),
        ("--register", "x", "--parent", "1"),
    ],
    ids=lambda options: " ".join(options) or "nothing",
)
def test_enroll__options_that_make_no_sense__are_usage_errors(
    run: Scripts, world: World, options: tuple[Any, ...]
) -> None:
    """Bad options are told with code 2, and nothing is sent."""
    before = head(world)
    account = STRANGER if "--register" in options else OWNER

    assert run("enroll", *options, "--account", account).code == 2
    assert head(world) == before


def test_enroll__by_somebody_else__is_refused(run: Scripts, world: World) -> None:
    """ID-7: only the live owner enrols, and an unknown identity has none."""
    assert "NotAuthorized" in run("enroll", "--agent-id", world.agent_id, "--account", STRANGER).error
    assert "OwnerUnavailable" in run("enroll", "--agent-id", "999", "--account", STRANGER).error
    assert "BoundWalletHasNoAuthority" in run("enroll", "--register", "x", "--account", WALLET).error
