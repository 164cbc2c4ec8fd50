"""The hook with job contracts of the draft's other versions (CM-2); their tables are those of `switchgear.commerce`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from switchgear.commerce import CLAIMS, DELIVERY_LANE, ERC_TEXT, KERNEL, PAYMENT_LANE, UNGUARDED_FUND, Family, Lane
from tests.adapters.world import World, deny
from tests.commerce.market import BUDGET, CAP, GAS, WHY, WORK, expiry
from tests.support.reverts import check_revert, reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

ZERO = "0x" + "00" * 20
LONG = "x" * 2_000
"""A description: its length costs the hook nothing but the job contract's own reading."""


class Jobs(NamedTuple):
    """A job contract of one family under a hook."""

    contract: Any
    hook: Any
    lane: int
    """In which payments are charged."""
    create: Callable[..., int]
    """An open job with this provider, without a budget; under another hook if one is given."""
    price: Callable[[int, int], Any]
    """Sets a budget."""
    fund: Callable[[int, int], Any]
    """Pays it in."""


@pytest.fixture(scope="module", params=["kernel", "unguarded fund", "claims"])
def jobs(
    request: Any,
    project: Any,
    deployer: Any,
    admin: Any,
    world: World,
    lanes: list[Lane],
    token: Any,
    client: Any,
    evaluator: Any,
    provider: Any,
    client_agent: int,
    provider_agent: int,
) -> Jobs:
    """A job contract of each family, and a hook with the family's table."""
    assert client_agent != provider_agent

    def deploy(container: Any, family: Family, lane: int) -> tuple[Any, Any]:
        contract = deployer.deploy(container)
        payment, delivery = lanes
        opened = [payment._replace(lane=lane), delivery]
        setup = family.setup(world.core.address, admin.address, [contract.address], opened)
        return contract, deployer.deploy(project.CommerceHook, setup)

    if request.param == "claims":
        lane = int(token.address, 16)
        contract, hook = deploy(project.ClaimJobs, CLAIMS, lane)

        def create(who: Any, under: Any = hook) -> int:
            contract.createJob(who, evaluator, expiry(), LONG, under, 0, sender=client)
            return int(contract.jobCounter())

        return Jobs(
            contract,
            hook,
            lane,
            create,
            lambda job, amount: contract.setBudget(job, token, amount, b"", sender=provider),
            lambda job, amount: contract.fund(job, token, amount, b"", sender=client, gas=GAS),
        )

    kernel = request.param == "kernel"
    families = (project.KernelJobs, KERNEL) if kernel else (project.UnguardedFundJobs, UNGUARDED_FUND)
    contract, hook = deploy(*families, PAYMENT_LANE)

    def create_plain(who: Any, under: Any = hook) -> int:
        contract.createJob(who, evaluator, expiry(), LONG, under, sender=client, gas=4 * GAS)
        return int(contract.jobCounter())

    def fund(job: int, amount: int) -> Any:
        amounts = (amount,) if kernel else ()
        return contract.fund(job, *amounts, b"", sender=client, gas=GAS)

    return Jobs(
        contract,
        hook,
        PAYMENT_LANE,
        create_plain,
        lambda job, amount: contract.setBudget(job, amount, b"", sender=provider),
        fund,
    )


def test_job__of_the_family__charges_what_the_job_says(
    jobs: Jobs, world: World, provider: Any, evaluator: Any, client_agent: int, provider_agent: int
) -> None:
    """CM-2, CM-4: payment and delivery are charged by reading the job, wherever this family has them."""
    job = jobs.create(provider)
    jobs.price(job, BUDGET)
    jobs.fund(job, BUDGET)
    assert jobs.contract.escrowed() == BUDGET
    assert world.core.usage(jobs.hook, jobs.lane, client_agent).valueUsed == BUDGET
    jobs.contract.submit(job, WORK, b"", sender=provider)
    assert world.core.usage(jobs.hook, DELIVERY_LANE, provider_agent).countUsed == 1
    if hasattr(jobs.contract, "complete"):
        jobs.contract.complete(job, WHY, b"", sender=evaluator)
        assert jobs.contract.escrowed() == 0


def test_fund__beyond_the_limit__denied(
    jobs: Jobs, world: World, provider: Any, client: Any, client_agent: int
) -> None:
    """CM-4: the limit holds in each family; of a budget raised in front of the client, too, no more is lost."""
    job = jobs.create(provider)
    jobs.price(job, CAP + 1)
    verdict = deny("ValueOversized", "Agent", agent=client_agent)
    with reverts_with(jobs.hook, "AgentDenied", lane=jobs.lane, wallet=client, verdict=verdict):
        jobs.fund(job, CAP + 1)
    assert jobs.contract.escrowed() == 0
    jobs.price(job, CAP)
    jobs.fund(job, CAP)
    assert world.core.usage(jobs.hook, jobs.lane, client_agent).valueUsed == CAP


def test_provider__tripped__stopped_at_every_door_of_the_family(
    jobs: Jobs, world: World, owner: Any, client: Any, provider: Any, provider_agent: int
) -> None:
    """CM-3: where the family skips one door, the next one holds."""
    contract = jobs.contract
    named, free, paid = (jobs.create(provider) for _ in range(3))
    for job in (named, paid):
        jobs.price(job, 100)
    jobs.fund(paid, 100)
    world.core.tripAgent(provider_agent, b"", sender=owner)
    verdict = deny("BreakerOpen", "KillSwitch", agent=provider_agent)
    doors = [
        lambda: jobs.fund(named, 100),
        lambda: contract.submit(paid, WORK, b"", sender=provider, gas=GAS),
    ]
    if hasattr(contract, "submitClaim"):
        doors.append(lambda: contract.submitClaim(paid, 50, WORK, b"", sender=provider, gas=GAS))
    else:  # a job that pays nothing is submitted unfunded
        doors.append(lambda: contract.submit(free, WORK, b"", sender=provider, gas=GAS))
    if contract.contract_type.name == "KernelJobs":
        vacant = jobs.create(ZERO)
        doors.append(lambda: contract.setProvider(vacant, provider, b"", sender=client, gas=GAS))
    if contract.contract_type.name == "UnguardedFundJobs":
        doors.append(lambda: jobs.create(provider))
    for door in doors:
        with reverts_with(jobs.hook, "AgentDenied", lane=DELIVERY_LANE, wallet=provider, verdict=verdict):
            door()


def test_exits__agents_tripped__stay_open(
    jobs: Jobs,
    world: World,
    owner: Any,
    client: Any,
    provider: Any,
    evaluator: Any,
    client_agent: int,
    provider_agent: int,
) -> None:
    """CM-1: reject and rejectClaim work in each family, whatever is open."""
    job = jobs.create(provider)
    jobs.price(job, 100)
    jobs.fund(job, 100)
    for agent in (client_agent, provider_agent):
        world.core.tripAgent(agent, b"", sender=owner)
    if hasattr(jobs.contract, "rejectClaim"):
        jobs.contract.rejectClaim(job, 50, WORK, WHY, b"", sender=client)
    else:
        jobs.contract.reject(job, WHY, b"", sender=evaluator)
        assert jobs.contract.escrowed() == 0


@pytest.mark.parametrize("jobs", ["claims"], indirect=True)
def test_fund__in_a_token_without_a_lane__denied(
    jobs: Jobs, world: World, client: Any, provider: Any, client_agent: int
) -> None:
    """BR-10: where jobs choose their token, one that no lane was opened for pays for nothing."""
    job, other = jobs.create(provider), world.registry.address
    jobs.contract.setBudget(job, other, 1, b"", sender=provider)
    verdict = deny("LaneUnopened", "Lane", agent=client_agent)
    with reverts_with(jobs.hook, "AgentDenied", lane=int(other, 16), wallet=client, verdict=verdict):
        jobs.contract.fund(job, other, 1, b"", sender=client, gas=GAS)


def test_hook__configured_for_another_family__fails_closed(
    project: Any, deployer: Any, admin: Any, world: World, lanes: list[Lane], jobs: Jobs, provider: Any
) -> None:
    """CM-2: a hook with another family's table refuses the first forward function that it does not know."""
    kind = jobs.contract.contract_type.name
    family = UNGUARDED_FUND if kind == "KernelJobs" else ERC_TEXT  # the text's selectors are the kernel's too
    setup = family.setup(world.core.address, admin.address, [jobs.contract.address], lanes)
    wrong = deployer.deploy(project.CommerceHook, setup)
    steps: tuple[Callable[[], Any], ...] = (
        lambda: jobs.create(provider, wrong),
        lambda: jobs.price(jobs.contract.jobCounter(), 100),
        lambda: jobs.fund(jobs.contract.jobCounter(), 100),
    )
    refused, selector = {
        "UnguardedFundJobs": (0, "41528812"),
        "ClaimJobs": (1, "f3302b89"),
        "KernelJobs": (2, "d2e13f50"),
    }[kind]
    for step in steps[:refused]:
        step()
    with reverts_with(wrong, "UnknownAction", selector=bytes.fromhex(selector)):
        steps[refused]()
    assert jobs.contract.escrowed() == 0


def test_hook__job_too_short_to_read__reverts(
    project: Any, deployer: Any, admin: Any, world: World, lanes: list[Lane], plain: Any, client: Any
) -> None:
    """CM-2: an answer with fewer words than the layout names is no answer."""
    family = ERC_TEXT._replace(words=ERC_TEXT.words._replace(budget=7))  # its jobs have seven words
    jobs = plain.jobs
    hook = deployer.deploy(project.CommerceHook, family.setup(world.core.address, admin.address, [jobs.address], lanes))
    job = plain.priced(hook=hook)
    with reverts_with(jobs, "HookRefused", hook=hook, reason=...) as revert:
        jobs.fund(job, BUDGET, b"", sender=client, gas=GAS)
    check_revert(bytes(revert.fields["reason"]), hook, "JobUnreadable", jobContract=jobs, jobId=job)
