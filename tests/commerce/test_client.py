"""`Commerce`, the client of the escrow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from switchgear import InvalidInput, connect, errors
from switchgear.commerce import PAYMENT_LANE, Commerce, Job, next_address
from switchgear.types import JobState, Reason, Scope
from tests.commerce.market import BUDGET, CAP, FUNDED, SUBMITTED, WHY, WORK, Market, now

if TYPE_CHECKING:
    from ape.api import ChainManager

UNIT = Decimal("1e-18")


@pytest.fixture(scope="module")
def commerce(chain: ChainManager, plain: Market) -> Commerce:
    """Of the escrow in which clients choose the hook."""
    return Commerce(connect(chain.provider.http_uri), plain.jobs.address)


@pytest.fixture(scope="module")
def under_hook(chain: ChainManager, guarded: Market) -> Commerce:
    """Of the escrow that insists on the hook."""
    return Commerce(connect(chain.provider.http_uri), guarded.jobs.address)


def test_commerce__job_by_its_methods__goes_the_whole_way(commerce: Commerce, plain: Market) -> None:
    """S13: a job from its creation to the payment through the client alone, with amounts, times and events."""
    expires = datetime.fromtimestamp(now() + 3600, tz=timezone.utc)
    created = commerce.create_job(plain.evaluator.address, expires=expires, description="ships", sender=plain.client)
    job_id = created.event("JobCreated").args["jobId"]
    assert created.result == job_id == commerce.job_count()
    opened = Job(
        job_id, JobState.OPEN, plain.client.address, None, plain.evaluator.address, None, Decimal(0), expires, "ships"
    )
    assert commerce.job(job_id) == opened
    commerce.set_provider(job_id, plain.provider.address, data=b"x", sender=plain.client)
    commerce.set_budget(job_id, BUDGET * UNIT, sender=plain.provider)
    commerce.approve(BUDGET * UNIT, sender=plain.client)
    assert commerce.allowance(plain.client.address) == BUDGET * UNIT
    commerce.fund(job_id, BUDGET * UNIT, sender=plain.client)
    assert commerce.allowance(plain.client.address) == 0
    commerce.submit(job_id, WORK, sender=plain.provider)
    paid = commerce.complete(job_id, WHY, sender=plain.evaluator)
    assert paid.event("PaymentReleased").args == {
        "jobId": job_id,
        "provider": plain.provider.address,
        "amount": BUDGET,
    }
    done = opened._replace(state=JobState.COMPLETED, provider=plain.provider.address, budget=BUDGET * UNIT)
    assert commerce.job(job_id) == done
    assert [event.args["jobId"] for event in commerce.events("JobCompleted")] == [job_id]
    assert list(commerce.events("JobRejected")) == []
    assert (commerce.token, commerce.decimals, commerce.required_hook) == (plain.token.address, 18, None)


def test_commerce__refunds__by_evaluator_and_by_anyone(
    commerce: Commerce, plain: Market, stranger: Any, chain: ChainManager
) -> None:
    """CM-5: both ways back, and what comes too early or twice."""
    rejected, expired = plain.at(FUNDED), plain.at(SUBMITTED)
    commerce.reject(rejected, sender=plain.evaluator)
    assert commerce.job(rejected).state == JobState.REJECTED
    expires = commerce.job(expired).expires
    with pytest.raises(errors.JobNotExpired) as early:
        commerce.claim_refund(expired, sender=stranger)
    assert (early.value.job_id, early.value.expired_at) == (expired, expires)
    assert expires is not None
    chain.pending_timestamp = int(expires.timestamp())
    chain.mine()
    commerce.claim_refund(expired, sender=stranger)
    with pytest.raises(errors.WrongJobState) as twice:
        commerce.claim_refund(expired, sender=stranger)
    assert twice.value.state is JobState.EXPIRED
    assert str(twice.value) == f"job {expired} does not allow this now: it is expired"


def test_fund__refused_by_the_hook__tells_the_verdict(under_hook: Commerce, guarded: Market, hook: Any) -> None:
    """S13: what the breaker says comes through the escrow's error, typed and in words; nothing is sent."""
    job = guarded.priced(CAP + 1)
    with pytest.raises(errors.HookRefused) as raised:
        under_hook.fund(job, (CAP + 1) * UNIT, sender=guarded.client)
    refusal = raised.value.refusal
    assert isinstance(refusal, errors.AgentDenied)
    assert (raised.value.hook, refusal.lane) == (hook.address, PAYMENT_LANE)
    assert (refusal.verdict.reason, refusal.verdict.scope) == (Reason.VALUE_OVERSIZED, Scope.AGENT)
    assert str(refusal) in str(raised.value)
    assert under_hook.job(job).state == JobState.OPEN


def test_create_job__required_hook__is_named_unasked(under_hook: Commerce, guarded: Market) -> None:
    """Where the escrow insists on a hook, the client names it."""
    expires = now() + 3600
    job = under_hook.create_job(
        guarded.client.address,
        expires=expires,
        description="",
        provider=guarded.provider.address,
        sender=guarded.client,
    ).result
    assert under_hook.job(job).hook == under_hook.required_hook == guarded.hook
    with pytest.raises(errors.HookRequired):
        under_hook.create_job(
            guarded.client.address, expires=expires, description="", hook=guarded.client.address, sender=guarded.client
        )


def test_create_job__past_expiry__typed_error(commerce: Commerce, plain: Market) -> None:
    """Errors of the escrow have classes of their own."""
    with pytest.raises(errors.InvalidExpiry) as raised:
        commerce.create_job(plain.client.address, expires=1, description="", sender=plain.client)
    assert raised.value.expired_at == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_send__dry_run__changes_nothing(dry_run: bool, commerce: Commerce, plain: Market) -> None:
    """OP-3: a dry run simulates, and sends nothing."""
    job = plain.priced()
    told = commerce.fund(job, BUDGET * UNIT, sender=plain.client, dry_run=dry_run)
    assert told.sent is not dry_run
    assert commerce.job(job).state == (JobState.OPEN if dry_run else JobState.FUNDED)


def test_job__unknown__typed_error(commerce: Commerce) -> None:
    """There is no job 0, and none beyond the last."""
    for job in (0, commerce.job_count() + 1):
        with pytest.raises(errors.UnknownJob) as raised:
            commerce.job(job)
        assert raised.value.job_id == job


def test_inputs__that_no_contract_takes__are_refused_here(commerce: Commerce, plain: Market) -> None:
    """What cannot be is refused before a node is asked."""
    client = plain.client
    with pytest.raises(InvalidInput, match="deliverable has 3 bytes"):
        commerce.submit(1, b"abc", sender=client)
    with pytest.raises(InvalidInput, match="more than 18 decimals"):
        commerce.set_budget(1, Decimal("1e-19"), sender=client)
    with pytest.raises(InvalidInput, match="zero address"):
        commerce.set_provider(1, "0x" + "00" * 20, sender=client)
    naive = datetime.now() + timedelta(days=1)  # noqa: DTZ005 - that is the point
    with pytest.raises(InvalidInput, match="no time zone"):
        commerce.create_job(client.address, expires=naive, description="", sender=client)


@pytest.mark.parametrize("nonce", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 2**32])
def test_next_address__of_any_nonce__is_where_the_contract_comes_to_be(
    nonce: int, project: Any, accounts: Any, chain: ChainManager
) -> None:
    """The formula holds at every length that a nonce has."""
    deployer = accounts[9]
    assert deployer.nonce <= nonce
    chain.provider.make_request("anvil_setNonce", [deployer.address, hex(nonce)])
    there = next_address(deployer.address, nonce)
    assert deployer.deploy(project.ExampleToken, "A", "A").address == there
