"""The pages on modular accounts and delegations: their code runs, and each row of the table has its test."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.errors import NotPermitted
from switchgear.execution import mode, single
from switchgear.foreign.delegation import Caveat, Delegation, Delegations
from switchgear.foreign.modular import HOOK, VALIDATOR, EntryPoint, OpenZeppelin
from switchgear.gas.chain import account
from tests.wallets.conftest import AGENT, Money
from tests.wallets.guarded import (
    DAY,
    FUNDS,
    LIMITS,
    OUTSIDER,
    OWNER,
    PEOPLE,
    POLICY,
    Place,
    reverts,
    succeed,
    transfer,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\|.*\| (`test_.*`) \|$", re.MULTILINE)
MOVE = bytes.fromhex("a9059cbb")


@pytest.fixture(scope="module")
def place(chain: Chain) -> Place:
    """A core with an agent."""
    made = Place(chain, "pages")
    made.enroll(AGENT)
    return made


@pytest.fixture(autouse=True)
def fresh(chain: Chain, place: Place) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Whoever sends through a client has coin, which it insists on."""
    with undone(chain):
        for sender in (OWNER, OUTSIDER):
            chain.node.request("anvil_setBalance", sender, hex(10**18))
        yield


class Page:
    """A page's blocks, run one after the other with the same names."""

    def __init__(self, name: str, place: Place, money: Money, guarded: str, **names: Any) -> None:
        self.blocks = FENCE.findall((ROOT / "docs" / name).read_text())
        self.name, self.chain = name, place.chain
        self.names: dict[str, Any] = {
            "web3": place.chain.node.web3,
            "core": place.core.address,
            "account": guarded,
            "owner": OWNER,
            "anyone": OUTSIDER,
            "wallet": AGENT.address,
            "token": money.address,
            "limits": LIMITS,
            "lanes": POLICY,
            "next_week": datetime.fromtimestamp(place.chain.now + 7 * DAY, tz=timezone.utc),
            **names,
        }

    def run(self) -> None:
        """The next block."""
        block = self.blocks.pop(0)
        self.chain.now += 1
        self.chain.node.request("evm_setNextBlockTimestamp", self.chain.now)
        exec(compile(block, self.name, "exec"), self.names)  # noqa: S102 - the page is ours
        self.chain.now = int(self.chain.node.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def test_page__modular_account__runs_as_shown(chain: Chain, place: Place, money: Money) -> None:
    """WP-1, WP-6: deployed, installed, tightened, retired and removed by the code of the page."""
    point = EntryPoint(chain)
    people = OpenZeppelin.create(point, chain.deploy("KeyValidator", label="page"), PEOPLE, label="page")
    money.give(people.address, FUNDS)
    executor = account("executor of the page")
    page = Page("erc7579.md", place, money, people.address, executor=executor, entry_point=point.address)
    page.run()
    page.run()
    for call in page.names["calls"]:
        succeed(people.operate(call))
    hook = chain.at(page.names["hook"], "AgentHook7579")
    agent = OpenZeppelin(point, people.contract, hook, AGENT)
    with money.moves(500, people.address, to=OUTSIDER):
        succeed(agent.execute(transfer(money, 500)))
    page.run()
    handled = agent.execute(transfer(money, 1))
    assert not handled.success
    page.run()
    chain.later(DAY)
    page.run()
    assert not page.blocks
    succeed(people.uninstall(VALIDATOR, hook.address))
    succeed(people.uninstall(HOOK, hook.address))
    with money.moves(501, people.address, to=OUTSIDER):
        succeed(people.execute(transfer(money, 501)))


def test_page__delegations__runs_as_shown(chain: Chain, place: Place, money: Money) -> None:
    """WP-1: deployed, delegated with and tightened by the code of the page."""
    delegations = Delegations(EntryPoint(chain, "0.7"), label="page")
    delegator = delegations.create([PEOPLE.address], label="page").address
    money.give(delegator, FUNDS)
    page = Page("erc7710.md", place, money, delegator, manager=delegations.manager.address)
    page.run()
    shown = page.names["delegation"]
    caveats = tuple(Caveat(one["enforcer"], one["terms"]) for one in shown["caveats"])
    plain = Delegation(shown["delegate"], shown["delegator"], caveats, bytes.fromhex(shown["authority"][2:]))
    held = delegations.sign(plain, PEOPLE)
    with money.moves(500, delegator, to=OUTSIDER):
        delegations.redeem([held], mode(), single(transfer(money, 500)), sender=AGENT.address)
    page.run()
    assert not page.blocks
    with reverts(NotPermitted, wallet=AGENT.address, target=money.address, selector=MOVE):
        delegations.redeem([held], mode(), single(transfer(money, 1)), sender=AGENT.address)


def test_page__each_row_of_the_table__has_its_test() -> None:
    """Every row names tests that exist here or among the threats."""
    rows = ROW.findall((ROOT / "docs" / "erc7579.md").read_text())
    assert len(rows) >= 15
    sources = "".join(path.read_text() for path in (ROOT / "tests").glob("*/test_*.py"))
    for row in rows:
        for name in re.findall(r"`(\w+)`", row):
            assert f"def {name}(" in sources, name


@pytest.mark.parametrize("page", ["erc7579.md", "erc7710.md"])
def test_page__names_in_text__exist(page: str) -> None:
    """What the pages call by name is in the contracts, the client, or the accounts' ABIs."""
    paths = [
        *(ROOT / "contracts").rglob("*.sol"),
        *(ROOT / "switchgear").rglob("*.py"),
        Path(__file__).with_name("guarded.py"),
    ]
    sources = "".join(path.read_text() for path in paths)
    text = re.sub(r"`test_\w+`", "", re.sub(FENCE, "", (ROOT / "docs" / page).read_text()))
    names = set(re.findall(r"`([A-Za-z]\w+)(?:\(\))?`", text)) - {"limits", "lanes"}
    assert len(names) >= 3
    assert not {name for name in names if not re.search(rf"\b{name}\b", sources)}
