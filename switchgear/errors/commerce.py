"""What ERC-8183 escrow and hook refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from switchgear.errors.base import ContractReverted
from switchgear.errors.revert import from_revert
from switchgear.types import JobState


@dataclass(eq=False)
class UnknownJob(ContractReverted):
    """There is no such job."""

    signature = "UnknownJob(uint256)"
    text = "there is no job {job_id}: check the id"
    job_id: int


@dataclass(eq=False)
class WrongJobState(ContractReverted):
    """The job is not in a state that allows this."""

    signature = "WrongJobState(uint256,uint8)"
    text = "job {job_id} does not allow this now: it is {state}"
    job_id: int
    state: JobState


@dataclass(eq=False)
class WrongJobParty(ContractReverted):
    """This is another party's part."""

    signature = "WrongJobParty(uint256,address,address)"
    text = "{caller} may not do this to job {job_id}: {expected} may"
    job_id: int
    caller: str
    expected: str


@dataclass(eq=False)
class InvalidExpiry(ContractReverted):
    """A job was to expire in the past, or never."""

    signature = "InvalidExpiry(uint256)"
    text = "a job cannot expire at {expired_at}: give a time in the future, in Unix seconds below 2**48"
    expired_at: int


@dataclass(eq=False)
class EvaluatorIsProvider(ContractReverted):
    """The provider would judge its own work."""

    signature = "EvaluatorIsProvider(address)"
    text = "{evaluator} cannot both do the work and judge it: name another"
    evaluator: str


@dataclass(eq=False)
class ProviderAlreadySet(ContractReverted):
    """The job has a provider."""

    signature = "ProviderAlreadySet(uint256,address)"
    text = "job {job_id} has provider {provider} already: reject it and create another"
    job_id: int
    provider: str


@dataclass(eq=False)
class ProviderNotSet(ContractReverted):
    """The job has no provider yet."""

    signature = "ProviderNotSet(uint256)"
    text = "job {job_id} has no provider: name one first"
    job_id: int


@dataclass(eq=False)
class BudgetNotSet(ContractReverted):
    """The job pays nothing yet."""

    signature = "BudgetNotSet(uint256)"
    text = "job {job_id} has no budget: set one first"
    job_id: int


@dataclass(eq=False)
class BudgetMismatch(ContractReverted):
    """The budget is not what the client agreed to."""

    signature = "BudgetMismatch(uint256,uint256,uint256)"
    text = "job {job_id} pays {budget} (smallest unit), not the {expected} agreed to: somebody changed it"
    job_id: int
    expected: int
    budget: int


@dataclass(eq=False)
class JobHasExpired(ContractReverted):
    """The job takes no money any more."""

    signature = "JobHasExpired(uint256,uint256)"
    text = "job {job_id} expired at {expired_at}: create another"
    job_id: int
    expired_at: datetime | None


@dataclass(eq=False)
class JobNotExpired(ContractReverted):
    """A refund comes too early."""

    signature = "JobNotExpired(uint256,uint256)"
    text = "job {job_id} can be refunded from {expired_at} on; until then its evaluator can reject it"
    job_id: int
    expired_at: datetime | None


@dataclass(eq=False)
class FundingMismatch(ContractReverted):
    """The token delivered another amount than it was asked for."""

    signature = "FundingMismatch(uint256,uint256,uint256)"
    text = "job {job_id} got {received} for {expected} (smallest unit): a token that charges for transfers will not do"
    job_id: int
    expected: int
    received: int


@dataclass(eq=False)
class NotHook(ContractReverted):
    """The address is no hook."""

    signature = "NotHook(address)"
    text = "{hook} does not say by ERC-165 that it is a hook of ERC-8183"
    hook: str


@dataclass(eq=False)
class HookRequired(ContractReverted):
    """Every job has a certain hook here."""

    signature = "HookRequired(address)"
    text = "every job here has the hook {hook}: name it"
    hook: str


@dataclass(eq=False)
class HookRefused(ContractReverted):
    """The job's hook refused; `refusal` says why."""

    signature = "HookRefused(address,bytes)"
    text = "the job's hook {hook} refuses: {reason}"
    hook: str
    reason: bytes

    @property
    def refusal(self) -> ContractReverted:
        """What the hook reverted with."""
        return from_revert(self.reason, self.tx_hash)

    def __str__(self) -> str:
        """Who refused, and why in words."""
        return self.text.format(hook=self.hook, reason=self.refusal)


@dataclass(eq=False)
class NotJobContract(ContractReverted):
    """The hook answers other contracts."""

    signature = "NotJobContract(address)"
    text = "{caller} is no job contract of this hook: use one that it was deployed for"
    caller: str


@dataclass(eq=False)
class UnknownAction(ContractReverted):
    """The hook does not know this function of the job contract."""

    signature = "UnknownAction(bytes4)"
    text = "the hook does not know the function {selector}: deploy one whose table has it"
    selector: bytes


@dataclass(eq=False)
class InvalidJobWords(ContractReverted):
    """The hook was to read a job too far behind its beginning."""

    signature = "InvalidJobWords()"
    text = "the hook reads the first 16 words of a job: give places below 16"


@dataclass(eq=False)
class JobUnreadable(ContractReverted):
    """The hook cannot read the job."""

    signature = "JobUnreadable(address,uint256)"
    text = "the hook cannot read job {job_id} of {job_contract}: it was deployed for another version"
    job_contract: str
    job_id: int
