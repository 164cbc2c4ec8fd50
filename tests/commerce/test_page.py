"""`docs/commerce.md` shows code that runs, and tables that are those of the package."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from eth_utils.abi import function_signature_to_4byte_selector

from switchgear import commerce, connect
from switchgear.types import JobState
from tests.commerce.market import FUNDS, WORK, now
from tests.commerce.page import blocks, rows

if TYPE_CHECKING:
    from tests.adapters.world import World

CHARGED = {2: commerce.Role.FUND, 3: commerce.Role.HIRE, 4: commerce.Role.DELIVER}


def test_page__its_code__installs_and_uses_a_market(
    project: Any,
    chain: Any,
    world: World,
    token: Any,
    deployer: Any,
    admin: Any,
    client: Any,
    provider: Any,
    evaluator: Any,
    client_agent: int,
    provider_agent: int,
) -> None:
    """S13: the page's blocks, run as they stand, set a market up and bring a job to its payment."""
    token.mint(client, FUNDS * 10**18, sender=client)
    names = {
        "project": project,
        "web3": connect(chain.provider.http_uri),
        "core": world.core,
        "token": token,
        "deployer": deployer,
        "admin": admin,
        "client": client,
        "provider": provider,
        "evaluator": evaluator,
        "deliverable": WORK,
        "tomorrow": datetime.fromtimestamp(now(), tz=timezone.utc) + timedelta(days=1),
    }
    code = blocks("python")
    assert len(code) == 2
    for block in code:
        exec(compile(block, "docs/commerce.md", "exec"), names)  # noqa: S102 - our own page
    assert names["hook"].address == names["hook_address"] == names["jobs"].required_hook
    job = names["jobs"].job(names["job_id"])
    assert (job.state, job.provider) == (JobState.COMPLETED, provider.address)
    assert token.balanceOf(provider) == 250_500_000_000_000_000_000
    hook = names["hook"]
    assert world.core.usage(hook, commerce.PAYMENT_LANE, client_agent).countUsed == 1
    assert world.core.usage(hook, commerce.DELIVERY_LANE, provider_agent).countUsed == 1


def test_page__families__are_those_of_the_package() -> None:
    """CM-2: the table has each family with its selectors and words, and no other."""
    table = rows("Other job contracts")
    assert [row[0].split("`")[1] for row in table] == ["ERC_TEXT", "KERNEL", "UNGUARDED_FUND", "CLAIMS"]
    for row in table:
        family = getattr(commerce, row[0].split("`")[1])
        for column, role in CHARGED.items():
            named = [
                f"`{text.partition('(')[0]}` 0x{function_signature_to_4byte_selector(text).hex()}"
                for text, taken in family.functions.items()
                if taken == role
            ]
            assert sorted(row[column - 1].split(", ")) == sorted(named or ["-"])
        words = [str(word) if word or place < 3 else "-" for place, word in enumerate(family.words)]
        assert row[4] == ", ".join(words)
