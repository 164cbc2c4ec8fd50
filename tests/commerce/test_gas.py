"""What the hook costs: whole transactions, beside the same ones without it; `docs/commerce.md` has the figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.commerce import ERC_TEXT, next_address
from tests.commerce.market import BUDGET, COMPLETED, FUNDED, FUNDS, WHY, WORK, Market
from tests.commerce.page import costs

if TYPE_CHECKING:
    from switchgear.commerce import Lane
    from tests.adapters.world import World

STEPS = ("createJob", "setProvider", "setBudget", "fund", "submit", "complete", "reject", "claimRefund")
ZERO = "0x" + "00" * 20


def run(market: Market) -> dict[str, int]:
    """Gas of each step of a job, and of the two refunds of others; everybody acted before."""
    jobs, client, provider, evaluator = market.jobs, market.client, market.provider, market.evaluator
    market.token.approve(jobs, FUNDS, sender=client)
    job = int(jobs.jobCount()) + 1
    receipts = [
        jobs.createJob(ZERO, evaluator, 2**47, "count the ships", market.hook, sender=client),
        jobs.setProvider(job, provider, b"", sender=client),
        jobs.setBudget(job, BUDGET // 10, b"", sender=client),
        jobs.fund(job, BUDGET // 10, b"", sender=client),
        jobs.submit(job, WORK, b"", sender=provider),
        jobs.complete(job, WHY, b"", sender=evaluator),
    ]
    rejected, expired = market.at(FUNDED, BUDGET // 10), market.at(FUNDED, BUDGET // 10)
    receipts.append(jobs.reject(rejected, WHY, b"", sender=evaluator))
    market.jobs.provider.make_request("evm_setNextBlockTimestamp", [jobs.getJob(expired).expiredAt])
    receipts.append(jobs.claimRefund(expired, sender=client))
    return dict(zip(STEPS, (int(receipt.gas_used) for receipt in receipts), strict=True))


@pytest.fixture(scope="module")
def measured(
    project: Any, deployer: Any, admin: Any, world: World, lanes: list[Lane], plain: Market, guarded: Market
) -> dict[str, tuple[int, int]]:
    """Without the hook and with it, for agents that acted under it before; no reputation registry."""
    jobs = deployer.deploy(project.AgenticCommerce, plain.token, next_address(deployer.address, deployer.nonce + 1))
    hook = deployer.deploy(
        project.CommerceHook, ERC_TEXT.setup(world.core.address, admin.address, [jobs.address], lanes)
    )
    silent = replace(guarded, jobs=jobs, hook=hook.address)
    for market in (plain, silent):
        market.at(COMPLETED, BUDGET // 10)
        market.at(FUNDED, BUDGET // 10)  # so that the escrow is never empty
    return {
        step: (without, with_) for (step, without), with_ in zip(run(plain).items(), run(silent).values(), strict=True)
    }


def test_gas__of_each_step__as_the_page_says(measured: dict[str, tuple[int, int]]) -> None:
    """The page's figures are those measured, rounded to a hundred; addresses differ between runs by a few bytes."""
    told = costs()
    assert list(told) == list(STEPS)
    for step, (without, with_) in measured.items():
        assert told[step] == pytest.approx((without, with_), abs=200), (step, without, with_)


def test_gas__of_the_exits__hook_costs_them_little(measured: dict[str, tuple[int, int]]) -> None:
    """CM-1: a refund after expiry costs the same with a hook as without, and a rejection no more than the two calls."""
    without, with_ = measured["claimRefund"]
    assert without == pytest.approx(with_, abs=200)
    without, with_ = measured["reject"]
    assert 0 < with_ - without < 10_000
