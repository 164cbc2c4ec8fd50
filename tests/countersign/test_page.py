"""The page on countersigning: its code runs, in order, and its figures are measured."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear import connect
from tests.countersign.council import CONSUMED, VETOED, Council, party
from tests.support.core import DAY, LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.core import World

PAGE = (Path(__file__).parents[2] / "docs" / "countersign.md").read_text()
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (.+?) \| ([\d,]+) \|$", re.MULTILINE)
TOKEN = "0x" + "70" * 20
TOLERANCE = 0.01


def test_page__every_block_in_order__runs_and_prints_what_is_shown(council: Council, world: World, chain: Any) -> None:
    """WP-7, S7, S8: set up, propose, explain, sign, approve, veto and change, as the page has it."""
    lane = int(TOKEN, 16)
    world.open_lane(lane, LIMITS._replace(value_cap=1_000_000))
    world.admit(400_000, lane=lane)
    names: dict[str, Any] = {
        "web3": connect(chain.provider.http_uri),
        "core": world.core.address,
        "chief": council.chief,
        "alice": council.alice,
        "bob": council.bob,
        "carol": council.carol,
        "anyone": world.stranger,
        "policy": council.policy.address,
        "account": council.account.address,
        "wallet": council.wallet.address,
        "payee": world.spare.address,
        "token": TOKEN,
        "next_week": datetime.fromtimestamp(world.now + 7 * DAY, tz=timezone.utc),
    }
    printed = ""
    blocks = FENCE.findall(PAGE)
    assert {language for language, _ in blocks} == {"python", "text"}
    for language, block in blocks:
        if language == "text":
            shown = [".*".join(map(re.escape, line.split("..."))) for line in block.splitlines()]
            assert len(shown) == len(printed.splitlines())
            for pattern, line in zip(shown, printed.splitlines(), strict=True):
                assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}"
            continue
        with redirect_stdout(StringIO()) as out:
            exec(compile(block, "docs/countersign.md", "exec"), names)  # noqa: S102 - the page is ours
        printed = out.getvalue()
        # Whoever reads takes more than a second from one block to the next.
        world.wait(1)
    made, approved = names["council"], names["approved"]
    assert approved.event("Countersigned").args["id"] == names["proposal"].id
    assert made.status(names["proposal"].id).state == VETOED
    assert made.threshold() == 3
    world.wait(DAY)
    made.execute("setThreshold", 2, sender=council.chief)
    made.execute("removeSigners", [bytes.fromhex(council.bob.address[2:])], sender=council.chief)
    assert (made.threshold(), len(made.signers())) == (2, 2)


def test_page__names_in_text__exist() -> None:
    """What the page calls by name is in the contracts, or in the clients."""
    root = Path(__file__).parents[2]
    sources = "".join(path.read_text() for path in (root / "contracts").rglob("*.sol"))
    sources += "".join((root / "switchgear" / name).read_text() for name in ("countersign.py", "execution.py"))
    names = set(re.findall(r"`([A-Za-z][\w.]+)`", FENCE.sub("", PAGE)))
    assert {"Countersign", "approveAbove", "delayAbove", "explain"} <= names
    assert not {name for name in names if not re.search(rf"\b{name.rpartition('.')[2]}\b", sources)}


def approve_with(number: int) -> Callable[[Council], int]:
    """Gas of an approval by so many keys, in the order that costs least."""

    def measure(council: Council) -> int:
        people = council.people[:number]
        action = council.action(calls=b"\x01" * 32)
        ordered = sorted(people, key=lambda one: keccak(party(one)))
        return int(council.approve(action, ordered).gas_used)

    return measure


def consume(council: Council) -> int:
    """What consuming adds to an execution of a policy."""
    world = council.world
    probe = world.deployer.deploy(council.project.PolicyProbe, council.contract)
    action = council.action(policy=probe.address)
    arguments = (action.account, action.wallet, action.calls, False)
    probe.executeFreely(*arguments, sender=world.stranger)
    without = probe.executeFreely(*arguments, sender=world.stranger).gas_used
    council.approve(action)
    with_it = probe.execute(*arguments, sender=world.stranger).gas_used
    assert council.state(action) == CONSUMED
    return int(with_it - without)


def veto_by(name: str) -> Callable[[Council], int]:
    """Gas of a veto."""

    def measure(council: Council) -> int:
        action = council.action()
        council.approve(action)
        vetoer = getattr(council, name, None) or getattr(council.world, name)
        return int(council.contract.veto(council.id(action), sender=vetoer).gas_used)

    return measure


MEASURES: dict[str, Callable[[Council], int]] = {
    "approve with two keys, whole transaction": approve_with(2),
    "approve with three keys, whole transaction": approve_with(3),
    "consume, on top of the execution": consume,
    "veto by a signer, whole transaction": veto_by("alice"),
    "veto by a guardian, whole transaction": veto_by("guardian"),
}


@pytest.mark.parametrize("what", MEASURES)
def test_page__each_figure__is_measured(council: Council, what: str) -> None:
    """WP-7: what the page says it costs, within a percent."""
    shown = {name: int(figure.replace(",", "")) for name, figure in ROW.findall(PAGE)}
    assert shown.keys() == MEASURES.keys()
    measured = MEASURES[what](council)
    assert abs(shown[what] - measured) <= measured * TOLERANCE, f"{what}: {measured:,}, the page says {shown[what]:,}"
