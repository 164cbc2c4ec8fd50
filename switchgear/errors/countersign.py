"""What the council refuses, and what an agent is told that needs it (WP-7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from switchgear.display import show
from switchgear.errors.base import ContractReverted, SwitchgearError


@dataclass(eq=False)
class SignaturesMissing(SwitchgearError):
    """Too few have signed a proposal yet."""

    given: int
    threshold: int
    missing: tuple[bytes, ...]
    """Who else could sign."""

    def __str__(self) -> str:
        """How many signatures are missing, and whose they could be."""
        names = ", ".join(map(show, self.missing))
        return f"{self.given} of {self.threshold} signatures: ask {self.threshold - self.given} of {names}"


class _Countersignable:
    """An execution was refused for want of signatures."""

    payload: dict[str, Any] | None = None
    """What has to be signed, as EIP-712 typed data; `Countersign.propose_for` puts it here."""


@dataclass(eq=False)
class NeedsCountersignature(_Countersignable, ContractReverted):
    """The action needs countersignatures, and the policy names no council (WP-7)."""

    signature = "NeedsCountersignature(address,bytes32)"
    text = "{wallet} needs countersignatures for the execution {calls}, and the policy has no council: give it one"
    wallet: str
    calls: bytes


@dataclass(eq=False)
class NotCountersigned(_Countersignable, ContractReverted):
    """The council has not approved this, or the approval expired, was vetoed, was used, or waits until `eta` (WP-7)."""

    signature = "NotCountersigned(address,address,bytes32,uint40)"
    policy: str
    wallet: str
    calls: bytes
    eta: datetime | None

    def __str__(self) -> str:
        """What to do next: wait, or collect signatures."""
        if self.eta is not None and self.eta.timestamp():
            return f"the approval of {show(self.calls)} still waits: execute it from {show(self.eta)} on"
        return f"{self.wallet} has no approval that counts for {show(self.calls)}: propose it and collect signatures"


@dataclass(eq=False)
class ActionExpired(ContractReverted):
    """The proposal's expiry has passed (WP-7)."""

    signature = "ActionExpired(uint40)"
    text = "the proposal expired at {expiry}: propose it anew"
    expiry: datetime | None


@dataclass(eq=False)
class NonceUsed(ContractReverted):
    """A nonce of a policy serves one approval, whatever became of it (WP-7)."""

    signature = "NonceUsed(address,uint256)"
    text = "nonce {nonce} of policy {policy} was approved or vetoed before: propose with another"
    policy: str
    nonce: int


@dataclass(eq=False)
class AlreadyApproved(ContractReverted):
    """An equal action is approved and unused (WP-7)."""

    signature = "AlreadyApproved(bytes32)"
    text = "an equal action is approved as {id} and unused: consume it, veto it, or let it expire first"
    id: bytes


@dataclass(eq=False)
class NotSigner(ContractReverted):
    """A signature is of somebody who is not in the council (WP-7)."""

    signature = "NotSigner(bytes)"
    text = "{signer} is no signer of this council: leave the signature out"
    signer: bytes


@dataclass(eq=False)
class TooFewSignatures(ContractReverted):
    """Fewer signatures than the threshold (WP-7)."""

    signature = "TooFewSignatures(uint256,uint256)"
    text = "{given} of {threshold} signatures: collect more"
    given: int
    threshold: int


@dataclass(eq=False)
class InvalidSignatures(ContractReverted):
    """A signature is not its signer's, or a signer is there twice (WP-7)."""

    signature = "InvalidSignatures(bytes32)"
    text = "a signature over {digest} is not its signer's, or a signer is there twice: compare what each has signed"
    digest: bytes


@dataclass(eq=False)
class NotVetoer(ContractReverted):
    """Owner, signers and the policy's guardians veto; nobody else (WP-7)."""

    signature = "NotVetoer(address)"
    text = "{caller} is neither owner nor signer of the council nor a guardian of the approval's policy"
    caller: str


@dataclass(eq=False)
class NotVetoable(ContractReverted):
    """It was consumed or vetoed already (WP-7)."""

    signature = "NotVetoable(bytes32,uint8)"
    text = "{id} is over (state {state}: 2 consumed, 3 vetoed): nothing is left to veto"
    id: bytes
    state: int


@dataclass(eq=False)
class MultiSignerERC7913AlreadyExists(ContractReverted):
    """Nobody is a signer twice."""

    signature = "MultiSignerERC7913AlreadyExists(bytes)"
    text = "{signer} is a signer already"
    signer: bytes


@dataclass(eq=False)
class MultiSignerERC7913NonexistentSigner(ContractReverted):
    """Only signers can be removed."""

    signature = "MultiSignerERC7913NonexistentSigner(bytes)"
    text = "{signer} is no signer"
    signer: bytes


@dataclass(eq=False)
class MultiSignerERC7913InvalidSigner(ContractReverted):
    """A signer is an address, or a verifier with code and its key."""

    signature = "MultiSignerERC7913InvalidSigner(bytes)"
    text = "{signer} cannot sign: give 20 bytes of an address, or a deployed ERC-7913 verifier and a key"
    signer: bytes


@dataclass(eq=False)
class MultiSignerERC7913ZeroThreshold(ContractReverted):
    """A council that nobody signs for approves everything."""

    signature = "MultiSignerERC7913ZeroThreshold()"
    text = "at least one must sign"


@dataclass(eq=False)
class MultiSignerERC7913UnreachableThreshold(ContractReverted):
    """More signatures than there are signers."""

    signature = "MultiSignerERC7913UnreachableThreshold(uint64,uint64)"
    text = "{threshold} signatures of {signers} signers: add signers, or lower the threshold first"
    signers: int
    threshold: int
