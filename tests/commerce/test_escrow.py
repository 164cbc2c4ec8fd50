"""AgenticCommerce: every state by caller by function, the money, and what would break it (CM-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.abi import function_signature_to_4byte_selector

from tests.commerce.market import (
    BUDGET,
    COMPLETED,
    EXPIRED,
    FUNDED,
    FUNDS,
    GAS,
    OPEN,
    REJECTED,
    SUBMITTED,
    WHY,
    WORK,
    Market,
    expiry,
    now,
)
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from ape.api import ChainManager

ZERO = "0x" + "00" * 20
SELECTORS = {
    "createJob(address,address,uint256,string,address)": "41528812",
    "setProvider(uint256,address,bytes)": "c9a84bb9",
    "setBudget(uint256,uint256,bytes)": "dd4ae9d4",
    "fund(uint256,uint256,bytes)": "d2e13f50",
    "submit(uint256,bytes32,bytes)": "9e63798d",
    "complete(uint256,bytes32,bytes)": "d75bbdf3",
    "reject(uint256,bytes32,bytes)": "41dd26f5",
    "claimRefund(uint256)": "5b7baf64",
}

CALLS: dict[str, tuple[Any, ...]] = {
    "setProvider": ("0x" + "77" * 20, b""),
    "setBudget": (BUDGET, b""),
    "fund": (BUDGET, b""),
    "submit": (WORK, b""),
    "complete": (WHY, b""),
    "reject": (WHY, b""),
}
"""Everything but the refund, which has no caller of its own."""
ALLOWED = {
    (OPEN, "setBudget", "client"): OPEN,
    (OPEN, "setBudget", "provider"): OPEN,
    (OPEN, "fund", "client"): FUNDED,
    (OPEN, "reject", "client"): REJECTED,
    (FUNDED, "submit", "provider"): SUBMITTED,
    (FUNDED, "reject", "evaluator"): REJECTED,
    (SUBMITTED, "complete", "evaluator"): COMPLETED,
    (SUBMITTED, "reject", "evaluator"): REJECTED,
}
STATES = {
    "setProvider": {OPEN},
    "setBudget": {OPEN},
    "fund": {OPEN},
    "submit": {FUNDED},
    "complete": {SUBMITTED},
    "reject": {OPEN, FUNDED, SUBMITTED},
}


def party(function: str, state: int, market: Market) -> Any:
    """Who is named as the one who may."""
    if function == "submit":
        return market.provider
    if function == "complete" or (function == "reject" and state != OPEN):
        return market.evaluator
    return market.client


def test_selectors__of_the_interface__are_the_ercs(project: Any) -> None:
    """CM-5: the functions are those of the ERC's text, by selector."""
    methods = {
        method.selector: function_signature_to_4byte_selector(method.selector).hex()
        for method in project.IAgenticCommerce.contract_type.mutable_methods
    }
    assert methods == SELECTORS


def test_interface_id__of_the_hook__is_0x7ff6bc9e(project: Any) -> None:
    """The hook's interface id is its two selectors together."""
    ids = [
        int.from_bytes(function_signature_to_4byte_selector(method.selector), "big")
        for method in project.IERC8183Hook.contract_type.mutable_methods
    ]
    assert sorted(ids) == [0xA3FE4783, 0xDC08FB1D]
    assert ids[0] ^ ids[1] == 0x7FF6BC9E


# ------------------------------------------------------------------------------- the way of a job


def test_job__from_creation_to_payment__tells_and_pays(plain: Market) -> None:
    """A job that goes well: each step is told as the ERC has it, and the provider gets the whole budget."""
    jobs, token, client, provider, evaluator = plain.jobs, plain.token, plain.client, plain.provider, plain.evaluator
    expires = expiry()
    created = jobs.createJob(ZERO, evaluator, expires, "count the ships", ZERO, sender=client)
    job = jobs.jobCount()
    assert jobs.JobCreated.from_receipt(created) == [
        jobs.JobCreated(jobId=job, client=client, provider=ZERO, evaluator=evaluator, expiredAt=expires, hook=ZERO)
    ]
    assert jobs.descriptionOf(job) == "count the ships"
    named = jobs.setProvider(job, provider, b"", sender=client)
    assert jobs.ProviderSet.from_receipt(named) == [jobs.ProviderSet(jobId=job, provider=provider)]
    offered = jobs.setBudget(job, BUDGET, b"", sender=provider)
    assert jobs.BudgetSet.from_receipt(offered) == [jobs.BudgetSet(jobId=job, amount=BUDGET)]
    funded = jobs.fund(job, BUDGET, b"", sender=client)
    assert jobs.JobFunded.from_receipt(funded) == [jobs.JobFunded(jobId=job, client=client, amount=BUDGET)]
    assert plain.held == BUDGET
    submitted = jobs.submit(job, WORK, b"", sender=provider)
    assert jobs.JobSubmitted.from_receipt(submitted) == [
        jobs.JobSubmitted(jobId=job, provider=provider, deliverable=WORK)
    ]
    completed = jobs.complete(job, WHY, b"", sender=evaluator)
    assert jobs.JobCompleted.from_receipt(completed) == [jobs.JobCompleted(jobId=job, evaluator=evaluator, reason=WHY)]
    assert jobs.PaymentReleased.from_receipt(completed) == [
        jobs.PaymentReleased(jobId=job, provider=provider, amount=BUDGET)
    ]
    assert (plain.held, token.balanceOf(provider)) == (0, BUDGET)
    assert tuple(jobs.getJob(job)) == (client, COMPLETED, expires, provider, evaluator, ZERO, BUDGET)


@pytest.mark.parametrize("state", [FUNDED, SUBMITTED])
def test_reject__by_the_evaluator__refunds(state: int, plain: Market) -> None:
    """A refused job pays the client back in full, and says so."""
    before = plain.token.balanceOf(plain.client)
    job = plain.at(state)
    receipt = plain.jobs.reject(job, WHY, b"", sender=plain.evaluator)
    assert plain.jobs.JobRejected.from_receipt(receipt) == [
        plain.jobs.JobRejected(jobId=job, rejector=plain.evaluator, reason=WHY)
    ]
    assert plain.jobs.Refunded.from_receipt(receipt) == [
        plain.jobs.Refunded(jobId=job, client=plain.client, amount=BUDGET)
    ]
    assert (plain.held, plain.token.balanceOf(plain.client)) == (0, before)


def test_reject__open_job__pays_nobody(plain: Market) -> None:
    """CM-5: a job that was never funded refunds nothing, even while others' money is there."""
    plain.at(FUNDED)
    job = plain.priced()
    receipt = plain.jobs.reject(job, WHY, b"", sender=plain.client)
    assert plain.jobs.Refunded.from_receipt(receipt) == []
    assert (plain.state(job), plain.held) == (REJECTED, BUDGET)


# ------------------------------------------------------------------------------- who, when, what


@pytest.mark.parametrize("state", [OPEN, FUNDED, SUBMITTED, COMPLETED, REJECTED, EXPIRED])
def test_matrix__state_by_caller_by_function__as_the_erc_has_it(state: int, plain: Market, stranger: Any) -> None:
    """CM-5: of all states, callers and functions just the ERC's transitions succeed; the rest name state or party."""
    job = plain.at(state)
    jobs = plain.jobs
    callers = {"client": plain.client, "provider": plain.provider, "evaluator": plain.evaluator, "stranger": stranger}
    plain.token.approve(jobs, BUDGET, sender=plain.client)
    for function, args in CALLS.items():
        for name, caller in callers.items():
            if (state, function, name) in ALLOWED:
                continue
            method = getattr(jobs, function)
            if state not in STATES[function]:
                error, fields = "WrongJobState", {"jobId": job, "state": state}
            elif (function, name) == ("setProvider", "client"):
                error, fields = "ProviderAlreadySet", {"jobId": job, "provider": plain.provider}
            else:
                expected = party(function, state, plain)
                error, fields = "WrongJobParty", {"jobId": job, "caller": caller, "expected": expected}
            with reverts_with(jobs, error, **fields):
                method.call(job, *args, sender=caller)


@pytest.mark.parametrize(
    ("step", "after"), ALLOWED.items(), ids=lambda one: "-".join(map(str, one)) if isinstance(one, tuple) else ""
)
def test_matrix__allowed_step__leads_to_its_state(step: tuple[int, str, str], after: int, plain: Market) -> None:
    """CM-5: each of the ERC's transitions ends where the ERC says."""
    state, function, name = step
    job = plain.at(state)
    getattr(plain.jobs, function)(job, *CALLS[function], sender=getattr(plain, name))
    assert plain.state(job) == after


@pytest.mark.parametrize("function", [*CALLS, "claimRefund"])
def test_unknown_job__any_function__reverts(function: str, plain: Market) -> None:
    """There is no job 0, and none beyond the last."""
    for job in (0, plain.jobs.jobCount() + 1):
        with reverts_with(plain.jobs, "UnknownJob", jobId=job):
            getattr(plain.jobs, function).call(job, *CALLS.get(function, ()), sender=plain.client)
    assert plain.jobs.getJob(0).client == ZERO


def test_create_job__nobody_to_judge__reverts(plain: Market) -> None:
    """An evaluator is named at creation."""
    with reverts_with(plain.jobs, "ZeroAddress"):
        plain.create(evaluator=ZERO)


def test_provider__who_is_the_evaluator__refused_at_both_doors(plain: Market) -> None:
    """CM-5: whoever is paid does not judge: neither at creation nor when named later."""
    with reverts_with(plain.jobs, "EvaluatorIsProvider", evaluator=plain.provider):
        plain.create(evaluator=plain.provider)
    job = plain.create(provider=ZERO)
    with reverts_with(plain.jobs, "EvaluatorIsProvider", evaluator=plain.evaluator):
        plain.jobs.setProvider(job, plain.evaluator, b"", sender=plain.client, gas=GAS)


def test_create_job__client_judges__is_allowed(plain: Market) -> None:
    """The ERC's case without a third party: the client completes its own job."""
    job = plain.at(SUBMITTED, evaluator=plain.client)
    plain.jobs.complete(job, WHY, b"", sender=plain.client)
    assert plain.state(job) == COMPLETED


def test_create_job__expiry__from_the_next_second_to_48_bits(plain: Market, chain: ChainManager) -> None:
    """CM-5: an expiry now or past 2**48 is refused; one second ahead, and the last one that fits, are taken."""
    for when, error in ((0, True), (1, False)):
        start = now() + 10
        chain.pending_timestamp = start
        if error:
            with reverts_with(plain.jobs, "InvalidExpiry", expiredAt=start + when):
                plain.create(expires=start + when)
        else:
            plain.create(expires=start + when)
    plain.create(expires=2**48 - 1)
    with reverts_with(plain.jobs, "InvalidExpiry", expiredAt=2**48):
        plain.create(expires=2**48)


def test_set_provider__zero__reverts(plain: Market) -> None:
    """Nobody is no provider."""
    job = plain.create(provider=ZERO)
    with reverts_with(plain.jobs, "ZeroAddress"):
        plain.jobs.setProvider(job, ZERO, b"", sender=plain.client, gas=GAS)


def test_fund__without_provider_budget_or_agreement__reverts(plain: Market) -> None:
    """CM-5: money goes in only for a named provider, a budget, and the very one that the client agreed to."""
    jobs, client = plain.jobs, plain.client
    nobody = plain.create(provider=ZERO)
    with reverts_with(jobs, "ProviderNotSet", jobId=nobody):
        jobs.fund(nobody, 0, b"", sender=client, gas=GAS)
    job = plain.create()
    with reverts_with(jobs, "BudgetNotSet", jobId=job):
        jobs.fund(job, 0, b"", sender=client, gas=GAS)
    jobs.setBudget(job, BUDGET + 1, b"", sender=plain.provider)  # in front of the client's transaction
    with reverts_with(jobs, "BudgetMismatch", jobId=job, expected=BUDGET, budget=BUDGET + 1):
        jobs.fund(job, BUDGET, b"", sender=client, gas=GAS)
    assert plain.held == 0


def test_fund__around_the_expiry__until_the_second_before(plain: Market, chain: ChainManager) -> None:
    """CM-5: a job takes money in its last second, and none from its expiry on."""
    expires = expiry()
    late, last = plain.priced(expires=expires), plain.priced(expires=expires)
    chain.pending_timestamp = expires - 1
    plain.jobs.fund(last, BUDGET, b"", sender=plain.client)
    for when in (expires, expires + 1):
        chain.pending_timestamp = when
        with reverts_with(plain.jobs, "JobHasExpired", jobId=late, expiredAt=expires):
            plain.jobs.fund(late, BUDGET, b"", sender=plain.client, gas=GAS)


@pytest.mark.parametrize("state", [FUNDED, SUBMITTED])
def test_claim_refund__around_the_expiry__from_that_second_by_anyone(
    state: int, plain: Market, stranger: Any, chain: ChainManager
) -> None:
    """CM-5: nobody gets a refund a second early, anyone sees to it from the expiry on, and it goes to the client."""
    before = plain.token.balanceOf(plain.client)
    job = plain.at(state)
    expires = plain.jobs.getJob(job).expiredAt
    chain.pending_timestamp = expires - 1
    with reverts_with(plain.jobs, "JobNotExpired", jobId=job, expiredAt=expires):
        plain.jobs.claimRefund(job, sender=stranger, gas=GAS)
    chain.pending_timestamp = expires
    receipt = plain.jobs.claimRefund(job, sender=stranger)
    assert plain.jobs.JobExpired.from_receipt(receipt) == [plain.jobs.JobExpired(jobId=job)]
    assert plain.jobs.Refunded.from_receipt(receipt) == [
        plain.jobs.Refunded(jobId=job, client=plain.client, amount=BUDGET)
    ]
    assert (plain.token.balanceOf(plain.client), plain.state(job)) == (before, EXPIRED)


@pytest.mark.parametrize("state", [OPEN, COMPLETED, REJECTED, EXPIRED])
def test_claim_refund__nothing_in_escrow__reverts(state: int, plain: Market, chain: ChainManager) -> None:
    """CM-5: a job that was never funded, or is over, refunds nothing, though others' money is there."""
    plain.at(FUNDED)
    job = plain.at(state)
    chain.pending_timestamp = plain.jobs.getJob(job).expiredAt + 1
    with reverts_with(plain.jobs, "WrongJobState", jobId=job, state=state):
        plain.jobs.claimRefund(job, sender=plain.client, gas=GAS)
    assert plain.held == BUDGET


def test_submit_and_complete__after_the_expiry__until_somebody_refunds(plain: Market, chain: ChainManager) -> None:
    """The ERC's text ends neither at the expiry: it opens the refund, and whoever comes first decides."""
    job = plain.at(FUNDED)
    chain.pending_timestamp = plain.jobs.getJob(job).expiredAt + 1
    plain.jobs.submit(job, WORK, b"", sender=plain.provider)
    plain.jobs.complete(job, WHY, b"", sender=plain.evaluator)
    assert plain.state(job) == COMPLETED


# ------------------------------------------------------------------------------- hostile tokens


@pytest.fixture(scope="module")
def hostile(project: Any, deployer: Any, plain: Market) -> Market:
    """An escrow of a token that obeys a script."""
    token = deployer.deploy(project.HostileToken)
    jobs = deployer.deploy(project.AgenticCommerce, token, ZERO)
    token.mint(plain.client, FUNDS, sender=deployer)
    return Market(jobs, token, plain.client, plain.provider, plain.evaluator, ZERO)


def test_constructor__no_token__reverts(project: Any, deployer: Any, plain: Market) -> None:
    """CM-5: the token is bound at deployment, to something."""
    with reverts_with(plain.jobs, "ZeroAddress"):
        deployer.deploy(project.AgenticCommerce, ZERO, ZERO, gas=5_000_000)


@pytest.mark.parametrize("fee", [1, BUDGET])
def test_fund__fee_on_transfer__reverts(fee: int, hostile: Market) -> None:
    """CM-5: what arrives is compared with what was asked for, to the last unit."""
    job = hostile.priced()
    hostile.token.script(fee, ZERO, b"", sender=hostile.client)
    with reverts_with(hostile.jobs, "FundingMismatch", jobId=job, expected=BUDGET, received=BUDGET - fee):
        hostile.jobs.fund(job, BUDGET, b"", sender=hostile.client, gas=GAS)
    assert (hostile.state(job), hostile.held) == (OPEN, 0)


def test_fund__tokens_given_meanwhile__do_not_count(hostile: Market) -> None:
    """CM-5: a gift in the middle of the transfer is not taken for the payment."""
    job = hostile.priced()
    gift = hostile.token.mint.encode_input(hostile.jobs.address, 1)
    hostile.token.script(1, hostile.token, gift, sender=hostile.client)
    hostile.jobs.fund(job, BUDGET, b"", sender=hostile.client)  # fee 1, gift 1: all there
    assert hostile.held == BUDGET
    another = hostile.priced()
    hostile.token.script(0, hostile.token, gift, sender=hostile.client)
    with reverts_with(hostile.jobs, "FundingMismatch", jobId=another, expected=BUDGET, received=BUDGET + 1):
        hostile.jobs.fund(another, BUDGET, b"", sender=hostile.client, gas=GAS)


@pytest.mark.parametrize("function", ["fund", "complete", "reject", "claimRefund"])
def test_token__calls_back_in_a_transfer__finds_every_door_locked(
    function: str, hostile: Market, chain: ChainManager
) -> None:
    """CM-5: while money moves, a token can do nothing to any job, the moving one included."""
    states = {"fund": OPEN, "complete": SUBMITTED, "reject": FUNDED, "claimRefund": FUNDED}
    job, other = hostile.at(states[function]), hostile.at(FUNDED)
    hostile.token.approve(hostile.jobs, BUDGET, sender=hostile.client)
    expires = hostile.jobs.getJob(other).expiredAt
    attack = hostile.jobs.claimRefund.encode_input(other)
    hostile.token.script(0, hostile.jobs, attack, sender=hostile.client)
    chain.pending_timestamp = expires if function != "fund" else now() + 1
    caller = hostile.client if function in ("fund", "claimRefund") else hostile.evaluator
    receipt = getattr(hostile.jobs, function)(job, *CALLS.get(function, ()), sender=caller)
    locked = function_signature_to_4byte_selector("ReentrancyGuardReentrantCall()")
    assert hostile.token.Reentered.from_receipt(receipt) == [hostile.token.Reentered(success=False, result=locked)]
    assert hostile.state(other) == FUNDED
