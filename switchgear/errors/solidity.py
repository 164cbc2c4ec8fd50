"""What any contract may revert with: reasons, panics, and errors of OpenZeppelin's bases."""

from __future__ import annotations

from dataclasses import dataclass

from switchgear.errors.base import ContractReverted


@dataclass(eq=False)
class RevertedWithReason(ContractReverted):
    """A contract refused with a text."""

    signature = "Error(string)"
    text = "{message}"
    message: str


@dataclass(eq=False)
class Panicked(ContractReverted):
    """A contract met a condition that its author took for impossible."""

    signature = "Panic(uint256)"
    text = "panic {code} (Solidity's codes): report it to the contract's author"
    code: int


@dataclass(eq=False)
class OwnableInvalidOwner(ContractReverted):
    """There is always an owner."""

    signature = "OwnableInvalidOwner(address)"
    text = "{owner} cannot be the owner"
    owner: str


@dataclass(eq=False)
class OwnableUnauthorizedAccount(ContractReverted):
    """Only who was named accepts ownership."""

    signature = "OwnableUnauthorizedAccount(address)"
    text = "{account} was not named as the next owner"
    account: str


@dataclass(eq=False)
class FailedCall(ContractReverted):
    """A scheduled call failed and did not say why: there is no such function, most likely."""

    signature = "FailedCall()"
    text = "the call failed without a reason: compare it with the contract's functions"


@dataclass(eq=False)
class ReentrancyGuardReentrantCall(ContractReverted):
    """Something called back in the middle of an action."""

    signature = "ReentrancyGuardReentrantCall()"
    text = "a token or hook called back in the middle of an action: do not use it"


@dataclass(eq=False)
class SafeERC20FailedOperation(ContractReverted):
    """A token did not do what it was asked for."""

    signature = "SafeERC20FailedOperation(address)"
    text = "the token {token} refused: check balance and allowance"
    token: str
