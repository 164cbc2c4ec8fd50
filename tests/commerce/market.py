"""An escrow with three parties, and a job brought as far as a test needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ape

BUDGET = 1_000
CAP = 1_500
"""What the client's agent may pay in an hour."""
FUNDS = 10**9
DAY = 86_400
GAS = 2_000_000
WORK, WHY = b"w" * 32, b"y" * 32

OPEN, FUNDED, SUBMITTED, COMPLETED, REJECTED, EXPIRED = range(6)


def now() -> int:
    """Time of the newest block."""
    return int(ape.chain.provider.get_block("latest").timestamp)


def expiry() -> int:
    """A day from now."""
    return now() + DAY


@dataclass(frozen=True)
class Market:
    """An escrow (by its Ape contract) and the parties to the jobs in it."""

    jobs: Any
    token: Any
    client: Any
    provider: Any
    evaluator: Any
    hook: str

    def create(self, **changed: Any) -> int:
        """An open job; it has a provider unless told otherwise."""
        terms = {"provider": self.provider, "evaluator": self.evaluator, "expires": None, "hook": self.hook, **changed}
        sender = terms.pop("sender", self.client)
        expires = terms["expires"] or expiry()
        receipt = self.jobs.createJob(
            terms["provider"], terms["evaluator"], expires, "count the ships", terms["hook"], sender=sender
        )
        return int(self.jobs.JobCreated.from_receipt(receipt)[0].jobId)

    def priced(self, budget: int = BUDGET, **changed: Any) -> int:
        """An open job with a budget that the client has approved."""
        job = self.create(**changed)
        sender = changed.get("sender", self.client)
        self.jobs.setBudget(job, budget, b"", sender=sender)
        self.token.approve(self.jobs, budget, sender=sender)
        return job

    def at(self, state: int, budget: int = BUDGET, **changed: Any) -> int:
        """A job that was brought to a state."""
        job = self.priced(budget, **changed)
        sender = changed.get("sender", self.client)
        if state in (FUNDED, SUBMITTED, COMPLETED, EXPIRED):
            self.jobs.fund(job, budget, b"", sender=sender)
        if state in (SUBMITTED, COMPLETED):
            self.jobs.submit(job, WORK, b"", sender=self.provider)
        if state == COMPLETED:
            self.jobs.complete(job, WHY, b"", sender=self.evaluator)
        if state == REJECTED:
            self.jobs.reject(job, WHY, b"", sender=sender)
        if state == EXPIRED:
            ape.chain.pending_timestamp = self.jobs.getJob(job).expiredAt
            self.jobs.claimRefund(job, sender=self.client)
        assert self.state(job) == state
        return job

    def state(self, job: int) -> int:
        """Where a job stands."""
        return int(self.jobs.getJob(job).state)

    @property
    def held(self) -> int:
        """Tokens in escrow."""
        return int(self.token.balanceOf(self.jobs))
