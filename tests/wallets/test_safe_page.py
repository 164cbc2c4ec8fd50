"""The page on Safes: its code runs, in order, on a real one, and prints what is shown."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchgear.errors import AgentDenied, RuleViolated
from switchgear.foreign.safe import Safes, SafeTransaction, Sender
from switchgear.gas.chain import account
from switchgear.types import Reason
from tests.support.guarded import AGENT, BOB, EVE, HUMAN, Field, refuses

if TYPE_CHECKING:
    from switchgear.gas.chain import Chain

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "safe.md").read_text()
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_page__every_block_in_order__runs_and_prints_what_is_shown(chain: Chain) -> None:
    """S6: install, read, change and remove, as the page has it; in between the agent is held to it."""
    field, safes = Field(chain), Safes(chain, label="page")
    safe = safes.create([AGENT.address, HUMAN.address])
    field.fund(safe.address)

    def clock() -> None:
        chain.now = int(chain.node.block()["timestamp"], 16)

    pay = SafeTransaction(to=field.token.address, data=field.encode("transfer", BOB, 1_000))
    elsewhere = SafeTransaction(to=field.token.address, data=field.encode("transfer", EVE, 1))
    agent = [Sender(AGENT.address)]
    blanks = {
        "core": field.core.address,
        "safe": safe.address,
        "token": field.token.address,
        "treasury": account("treasury"),
        "anyone": account("anyone"),
        "alice": HUMAN.address,
        "wallet": AGENT.address,
        "payee": BOB,
        "supplier": account("supplier"),
        "multi_send": safes.multi_send_call_only.address,
    }
    page = PAGE.replace("http://127.0.0.1:8545", chain.node.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
    for name, address in blanks.items():
        page = page.replace(f'\n{name} = "0x..."', f'\n{name} = "{address}"')
    assert '"0x..."' not in page
    names: dict[str, Any] = {}
    for payer in ("treasury", "anyone", "alice"):
        chain.node.request("anvil_setBalance", blanks[payer], hex(10**18))
    printed = ""
    blocks = FENCE.findall(page)
    assert {language for language, _ in blocks} == {"python", "text"}
    for language, block in blocks:
        if language == "text":
            assert printed == block
            continue
        with redirect_stdout(StringIO()) as output:
            exec(block, names)  # noqa: S102 - the page's own code
        printed = output.getvalue()
        clock()
        if "in safe_installation" in block:
            safe.exec(pay, agent, sender=AGENT.address)
            with refuses(RuleViolated, wallet=AGENT.address):
                safe.exec(elsewhere, agent, sender=AGENT.address)
            with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_LIMIT):
                safe.exec(pay, agent, sender=AGENT.address)
    safe.exec(elsewhere, agent, sender=AGENT.address)
    assert field.of(EVE) == 1


def test_page__every_name__exists() -> None:
    """What the page calls by name in its text is in the contracts or in the package."""
    places = [*(ROOT / "contracts").rglob("*.sol"), *(ROOT / "switchgear").rglob("*.py")]
    sources = "".join(path.read_text() for path in places)
    names = set(re.findall(r"`([A-Za-z][\w.]+)`", FENCE.sub("", PAGE))) - {"GS013"}
    assert {"SafeAgentGuard", "HandlerRefused", "ModulesUnguarded", "approveAbove", "measured"} <= names
    assert not {name for name in names if not re.search(rf"\b{name.rpartition('.')[2]}\b", sources)}
