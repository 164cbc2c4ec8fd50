"""`ape agents approvals`: from the proposal to execution or veto, between people who do not trust the file (WP-7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.chain import Node
from switchgear.countersign import Call, Countersign, State, signers_of
from switchgear.decoder import NATIVE
from switchgear.deployment import core_address, deploy
from switchgear.execution import execute_safe
from switchgear.policy import (
    UNLIMITED,
    Permission,
    SessionPolicy,
    Setup,
    deploy_hook,
    deploy_safe_guard,
    safe_installation,
)
from tests.scripts.councils import (
    APPROVE_ABOVE,
    CALL_CAP,
    CAP,
    DELAY_ABOVE,
    PAYEE,
    TOKEN,
    TRANSFER,
    WAIT,
    Council,
    open_council,
)
from tests.support.safes import Safes
from tests.support.world import LIMITS, POLICY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.scripts.conftest import Outcome
    from tests.support.world import World

    Run = Callable[..., Outcome]

OWNER, ALICE, BOB, STRANGER = "TEST::1", "TEST::8", "TEST::9", "TEST::7"


@pytest.fixture(scope="module")
def council(world: World, accounts: Any) -> Council:
    """A Safe's guard whose owner has a council; the agent may move the token and send coins."""
    return open_council(world, accounts)


@pytest.fixture
def file(agents: Run, council: Council, tmp_path: Path) -> Path:
    """A proposal to move 250,000 of the token."""
    path = tmp_path / "proposal.json"
    done = agents("approvals", "propose", *council.place, "--call", council.move(250_000), "--out", path)
    assert done.code == 0, done
    return path


def sign(agents: Run, file: Path, *people: str) -> None:
    """Has these people sign it."""
    for person in people:
        assert agents("approvals", "sign", file, "--account", person, "--yes").code == 0


def id_of(agents: Run, file: Path) -> str:
    """Of a proposal."""
    return str(agents("approvals", "explain", file, "--json").json["id"])


def test_approvals__from_proposal_to_veto__is_followed(agents: Run, council: Council, file: Path) -> None:
    """WP-7: proposed, explained, signed by both, handed in, listed with its countdown, vetoed, listed no more."""
    assert "nothing is pending" in agents("approvals", "list", "--policy", council.policy).out
    first = agents("approvals", "sign", file, "--account", ALICE, text="y\n")
    assert (first.code, "1 of 2 signatures; pass it on" in first.out) == (0, True)
    assert "250,000" in first.err
    second = agents("approvals", "sign", file, "--account", BOB, "--yes", "--json")
    assert second.json["signatures"] == second.json["threshold"] == 2
    dry = agents("approvals", "approve", file)
    assert (dry.code, "nothing was sent" in dry.out) == (0, True)
    assert council.client.pending(council.policy) == []
    assert "Countersigned" in agents("approvals", "approve", file, "--account", STRANGER).out

    name = id_of(agents, file)
    (view,) = council.client.pending(council.policy)
    listed = agents("approvals", "list", "--policy", council.policy)
    for text in (name, council.wallet, council.account, "2 days, 0:00:00 to go", "9 days, 0:00:00 to go"):
        assert text in listed.out
    (one,) = agents("approvals", "list", "--policy", council.policy, "--json").json
    assert (one["agent"], one["approval"]["id"], one["approval"]["state"]) == (council.world.agent, name, "approved")
    council.world.pass_time(WAIT)
    assert "serves what has to wait too" in agents("approvals", "list", "--policy", council.policy).out

    place = ("veto", name, "--policy", council.policy)
    refused = agents("approvals", *place, "--account", STRANGER)
    assert (refused.code, "NotVetoer" in refused.error) == (4, True)
    assert "dry run as the owner of the council" in agents("approvals", *place).err
    assert agents("approvals", *place, "--account", BOB).code == 0
    assert council.client.status(view.id).state is State.VETOED
    assert agents("approvals", "list", "--policy", council.policy, "--json").json == []
    assert "vetoed" in agents("approvals", "explain", file).out


@pytest.mark.parametrize(
    ("amount", "need"),
    [
        (APPROVE_ABOVE, "which needs no approval"),
        (APPROVE_ABOVE + 1, "which needs approval"),
        (DELAY_ABOVE, "which needs approval"),
        (DELAY_ABOVE + 1, "which has to wait"),
        (CALL_CAP, "which has to wait"),
        (CALL_CAP + 1, "above the 900,000 of one call: approved or not, it is denied"),
    ],
)
def test_explain__amount__is_judged_as_the_policy_does(
    agents: Run, council: Council, tmp_path: Path, amount: int, need: str
) -> None:
    """WP-2, WP-7: in words, with who gets it, what it needs, and what is left of the budget."""
    # Thresholds keep 56 bits: these are exact.
    file = tmp_path / "p.json"
    options = ("--token", TOKEN, "--to", PAYEE, "--amount", str(amount))
    shown = agents("approvals", "propose", *council.place, *options, "--out", file)

    assert f"to the policy: {amount:,} of {TOKEN} for {PAYEE}, {need}" in shown.out
    assert f"budget of {TOKEN}: {CAP:,} left of {CAP:,}" in shown.out
    assert f"agent {council.world.agent}, by its wallet {council.wallet}" in shown.out
    assert "signed by nobody (0 of 2)" in agents("approvals", "explain", file).out


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--to", PAYEE, "--amount", "1.5", "--decimals", "3"), f"1,500 wei for {PAYEE}, which has to wait"),
        (
            ("--call", f"{TOKEN}:0:{keccak(text='poke()')[:4].hex()}"),
            "an amount that the policy cannot tell, which has",
        ),
        (("--call", f"{PAYEE}:0:0xdeadbeef"), "no permission for it: approved or not, it is denied"),
        (("--call", f"{TOKEN}:0:0xa9"), "approved or not, it is denied"),
        (("--call", f"{TOKEN}:0:0x{keccak(text=TRANSFER)[:4].hex()}"), "approved or not, it is denied"),
    ],
    ids=["coin", "unknown", "not-permitted", "no-selector", "malformed"],
)
def test_explain__call_that_is_no_plain_transfer__says_what_the_policy_makes_of_it(
    agents: Run, council: Council, tmp_path: Path, options: tuple[str, ...], text: str
) -> None:
    """WP-2: coins, what cannot be read, and what is denied whatever is signed."""
    shown = agents("approvals", "propose", *council.place, *options, "--out", tmp_path / "p.json")
    assert (shown.code, text in shown.out) == (0, True), shown


def test_sign__answer_is_no__leaves_the_file(agents: Run, council: Council, file: Path) -> None:
    """WP-7: who does not say yes has not signed."""
    assert council.policy
    before = file.read_text()
    refused = agents("approvals", "sign", file, "--account", ALICE, text="n\n")

    assert (refused.code, file.read_text()) == (1, before)
    assert "sign it?" in refused.err


def test_sign__who_is_no_signer_or_what_is_used__is_refused(agents: Run, council: Council, file: Path) -> None:
    """WP-7: no signature that would count for nothing."""
    nobody = agents("approvals", "sign", file, "--account", STRANGER, "--yes")
    assert (nobody.code, f"no signer of the council {council.client.address}" in nobody.error) == (2, True)
    sign(agents, file, ALICE, ALICE, BOB)
    assert len(json.loads(file.read_text())["signatures"]) == 2
    assert agents("approvals", "approve", file, "--account", STRANGER).code == 0
    used = agents("approvals", "sign", file, "--account", ALICE, "--yes")
    assert (used.code, "its nonce is approved" in used.error) == (2, True)
    again = agents("approvals", "approve", file, "--account", STRANGER)
    assert (again.code, "NonceUsed" in again.error) == (4, True)


def test_sign__expired__is_refused_at_the_second(agents: Run, council: Council, file: Path) -> None:
    """WP-7: an expiry is the first instant at which it counts no longer."""
    expiry = json.loads(file.read_text())["action"]["expiry"]
    council.world.move_to(expiry - 1)
    sign(agents, file, ALICE)
    council.world.pass_time(1)
    late = agents("approvals", "sign", file, "--account", BOB, "--yes")
    assert (late.code, "it expired at" in late.error) == (2, True)


def test_approve__copies_signed_apart__are_joined(agents: Run, council: Council, file: Path, tmp_path: Path) -> None:
    """WP-7: each signs an own copy; too few say who is missing, another proposal is no copy."""
    copy = tmp_path / "copy.json"
    copy.write_text(file.read_text())
    sign(agents, file, ALICE)
    alone = agents("approvals", "approve", file, "--account", STRANGER)
    assert "SignaturesMissing" in alone.error
    other = tmp_path / "other.json"
    assert agents("approvals", "propose", *council.place, "--call", council.move(1), "--out", other).code == 0
    assert "not copies of one proposal" in agents("approvals", "approve", file, other).error
    sign(agents, copy, BOB)
    assert agents("approvals", "approve", file, copy, "--account", STRANGER).code == 0


@pytest.mark.parametrize("field", ["calls", "council", "account", "policy", "text"])
def test_sign__file_that_somebody_changed__is_refused(agents: Run, council: Council, file: Path, field: str) -> None:
    """WP-7: what is signed is derived from the calls, and belongs to the policy's own account and council."""
    data = json.loads(file.read_text())
    match field:
        case "calls":
            data["calls"][0]["value"] = "1"
        case "council":
            data["council"] = council.world.breaker.address
        case "account":
            data["action"]["account"] = PAYEE
        case "policy":
            data["action"]["policy"] = PAYEE
    file.write_text("{" if field == "text" else json.dumps(data))
    for words in (("explain", file), ("sign", file, "--account", ALICE, "--yes"), ("approve", file)):
        refused = agents("approvals", *words)
        assert (refused.code, "InvalidInput" in refused.error) == (2, True)


def test_sign__file_for_another_account_or_council__is_refused(agents: Run, council: Council, file: Path) -> None:
    """WP-7: a proposal that is whole, but that the policy would never consume."""
    guard = SessionPolicy(council.world.web3, council.policy)
    others = {
        "account": council.client.propose(guard.address, PAYEE, council.wallet, [(PAYEE, 1, b"")], expiry=2**39),
        "council": Countersign(council.world.web3, council.world.breaker.address).propose(
            guard.address, council.account, council.wallet, [(PAYEE, 1, b"")], expiry=2**39
        ),
    }
    for name, proposal in others.items():
        file.write_text(proposal.to_json())
        refused = agents("approvals", "sign", file, "--account", ALICE, "--yes")
        assert (refused.code, f"the {name} of the policy" in refused.error) == (2, True)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--to", PAYEE),
        ("--amount", "1"),
        ("--token", TOKEN),
        ("--call", f"{PAYEE}:0:", "--to", PAYEE, "--amount", "1"),
        ("--call", PAYEE),
        ("--call", f"{PAYEE}:0:0x1"),
        ("--call", f"{PAYEE}:-1:"),
        ("--to", "0x12", "--amount", "1"),
        ("--to", PAYEE, "--amount", "0.5"),
    ],
    ids=lambda options: " ".join(options).replace(PAYEE, "P") or "nothing",
)
def test_propose__options_that_make_no_sense__are_usage_errors(
    agents: Run, council: Council, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """OP-3: nothing is guessed, and no file is left."""
    out = tmp_path / "p.json"
    assert agents("approvals", "propose", *council.place, *options, "--out", out).code == 2
    assert not out.exists()


def test_propose__file_that_is_there__is_kept(agents: Run, council: Council, file: Path) -> None:
    """WP-7: signatures are not overwritten; a nonce given replaces another proposal."""
    before = file.read_text()
    call = ("--call", council.move(1))
    taken = agents("approvals", "propose", *council.place, *call, "--out", file)
    assert (taken.code, "name another --out" in taken.error, file.read_text()) == (2, True, before)
    nonce = json.loads(before)["action"]["nonce"]
    other = file.with_name("other.json")
    made = agents("approvals", "propose", *council.place, *call, "--nonce", nonce, "--expiry", "3h", "--out", other)
    assert made.code == 0
    assert id_of(agents, other) == id_of(agents, file)


def test_approvals__policy_without_council_or_bad_id__is_told(agents: Run, council: Council) -> None:
    """WP-7: nothing to list where nobody is asked; an id has 32 bytes."""
    setup = Setup(core_address(), council.account, council.world.owner.address)
    guard = deploy_safe_guard(council.world.web3, setup, sender=council.world.deployer)
    none = agents("approvals", "list", "--policy", guard.address)
    assert (none.code, "asks no council" in none.error) == (2, True)
    assert agents("approvals", "veto", "0x12", "--policy", council.policy).code == 2
    assert agents("approvals", "list", "--policy", council.world.stranger.address).code == 3


def test_execute__on_a_real_safe__by_the_agent_once_it_is_approved(
    agents: Run, world: World, project: Any, accounts: Any, tmp_path: Path
) -> None:
    """WP-7: refused by the agent, proposed, signed, handed in, and then executed as it was refused."""
    human, index = accounts[9], [one.address for one in accounts].index(world.wallet.address)
    node, web3 = Node(world.web3), world.web3
    safe = Safes(web3, project, "1.5.0", world.deployer.address).create([world.wallet.address, human.address])
    council = (core_address(), world.owner.address, signers_of([human.address]), 1, WAIT)
    made = deploy(node, "Countersign", *council, sender=human)
    setup = Setup(core_address(), safe, world.owner.address, made.address, trusted=(human.address,))
    setup = setup.asset(NATIVE, LIMITS._replace(value_cap=CAP), POLICY)
    setup = setup.permit(Permission(world.wallet.address, PAYEE, b"", approve_above=0, delay_above=UNLIMITED))
    guard = deploy_safe_guard(web3, setup, sender=human)
    for to, data in safe_installation(safe, guard.address):
        execute_safe(web3, safe, [Call(to, 0, data)], sender=human)
    node.request("anvil_setBalance", safe, hex(CAP))

    file = tmp_path / "pay.json"
    place = ("--policy", guard.address, "--wallet", world.wallet.address)
    assert agents("approvals", "propose", *place, "--to", PAYEE, "--amount", 700, "--out", file).code == 0
    execute = ("approvals", "execute", file, "--account", f"TEST::{index}")
    early = agents(*execute)
    assert (early.code, "NotCountersigned" in early.error) == (4, True)
    sign(agents, file, BOB)
    assert agents("approvals", "approve", file, "--account", STRANGER).code == 0
    before = int(node.request("eth_getBalance", PAYEE, "latest"), 16)
    assert agents("approvals", "execute", file).code == 0
    assert int(node.request("eth_getBalance", PAYEE, "latest"), 16) == before
    done = agents(*execute)
    assert done.code == 0, done
    assert int(node.request("eth_getBalance", PAYEE, "latest"), 16) == before + 700
    again = agents(*execute)
    assert (again.code, "NotCountersigned" in again.error) == (4, True)


def test_execute__of_a_policy_that_guards_no_safe__says_where_to_look(
    agents: Run, council: Council, tmp_path: Path
) -> None:
    """WP-7: an operation or a redemption is not this command's to send."""
    world = council.world
    setup = Setup(core_address(), council.account, world.owner.address, council.client.address)
    hook = deploy_hook(world.web3, setup, wallet=council.wallet, entry_point=PAYEE, sender=world.deployer)
    file = tmp_path / "hook.json"
    place = ("--policy", hook.address, "--wallet", council.wallet)
    assert agents("approvals", "propose", *place, "--to", PAYEE, "--amount", 1, "--out", file).code == 0
    refused = agents("approvals", "execute", file)
    assert (refused.code, "guards no Safe" in refused.error) == (2, True)
