"""What every error is, and what goes wrong before a contract answers: input, signer, node, chain."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar

from switchgear.display import show


class SwitchgearError(Exception):
    """Root of all errors of this package.

    Those with fields are dataclasses; `text`, with the fields filled in, is what they say.
    """

    text: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Makes the fields the exception's `args` too, so that it can be copied and pickled."""
        self.args = tuple(self.fields().values())

    def fields(self) -> dict[str, Any]:
        """The fields by name, in order."""
        return {field.name: getattr(self, field.name) for field in fields(self)} if is_dataclass(self) else {}

    def __str__(self) -> str:
        """What went wrong, and what to do next."""
        return self.text.format(**{k: show(v) for k, v in self.fields().items()}) if self.text else super().__str__()


class InvalidInput(SwitchgearError, ValueError):
    """An argument that no contract would take: of the wrong type, out of range, not an address..."""


class SignerRequired(SwitchgearError):
    """Something was to be sent, and nobody is there to sign it; give `sender`, or `dry_run=True`."""


class SignatureRefused(SwitchgearError):
    """The account was asked for a signature and gave none."""


class UnsupportedSender(SwitchgearError, TypeError):
    """`sender` is no LocalAccount, no Ape account and no address."""


class ChainError(SwitchgearError):
    """The chain could not be read or written."""


class NoConnection(ChainError):
    """No node answers."""


@dataclass(eq=False)
class WrongChain(ChainError):
    """The node serves another chain than the one expected."""

    text = "the node is on chain {actual}, not {expected}: connect to the right network"
    expected: int
    actual: int


@dataclass(eq=False)
class ContractAbsent(ChainError):
    """There is no code at an address."""

    text = "no {name} at {address} on chain {chain_id}: check network and address, or deploy it (`ape run deploy`)"
    name: str
    address: str
    chain_id: int


@dataclass(eq=False)
class WrongCode(ChainError):
    """There is code at an address, but not the contract's."""

    text = (
        "the code at {address} is not this version's {name} (hash {actual}, expected {expected}): check the "
        "address, and the version of switchgear installed here"
    )
    name: str
    address: str
    expected: str
    """keccak-256 of the code that should be there."""
    actual: str
    """Of the code that is."""


@dataclass(eq=False)
class HalvesDiffer(ChainError):
    """The two halves of a policy were put together by hand, for different cores, accounts or councils."""

    text = "the policy at {address} is for {hot} and its other half for {cold}: somebody made it by hand, do not use it"
    address: str
    hot: tuple[str, ...]
    """Core, account and council."""
    cold: tuple[str, ...]


@dataclass(eq=False)
class AnswerInvalid(ChainError):
    """A contract answered with data that its interface does not promise."""

    text = "the answer to {function} cannot be read: {address} is not the contract that it is taken for"
    function: str
    address: str


@dataclass(eq=False)
class DeployerAbsent(ChainError):
    """The network lacks the proxy through which contracts get the same address everywhere."""

    text = (
        "chain {chain_id} lacks the deterministic deployment proxy at {address}: fund "
        "0x3fAB184622Dc19b6109349B94811493BF2a45362, broadcast the signed transaction of "
        "github.com/Arachnid/deterministic-deployment-proxy once, and try again"
    )
    address: str
    chain_id: int


@dataclass(eq=False)
class RPCFailed(ChainError):
    """The node answered a request with an error of its own."""

    text = "the node refused {method}: {reason}"
    method: str
    code: int | None
    reason: str


@dataclass(eq=False)
class InsufficientFunds(ChainError):
    """The sender cannot pay for the transaction."""

    text = "{sender} has {balance} wei and needs up to {needed}: fund it"
    sender: str
    balance: int
    """In wei."""
    needed: int
    """In wei: gas limit times the highest fee, and the value sent."""


@dataclass(eq=False)
class TransactionTimeout(ChainError):
    """A transaction was broadcast and not seen mined in time; it may be later."""

    text = "transaction {hash} was not mined within {seconds} s: look for it before sending another"
    hash: str
    seconds: float


@dataclass(eq=False)
class TransactionFailed(ChainError):
    """A transaction was mined and failed, and no revert data could be had (it ran out of gas, for one)."""

    text = "transaction {hash} was mined and failed without revert data"
    hash: str


class ContractReverted(SwitchgearError):
    """A contract refused. Itself, for revert data that no class below knows."""

    signature: ClassVar[str] = ""
    """The error in Solidity."""
    data: bytes = b""
    """All of the revert data."""
    tx_hash: str | None = None
    """The failed transaction; None if a simulation told, and nothing was sent."""

    def __str__(self) -> str:
        """The revert data, where nothing better is known."""
        if self.text:
            return super().__str__()
        return (
            f"the contract reverted with unknown data 0x{self.data.hex()}"
            if self.data
            else "the contract reverted without data"
        )


@dataclass(eq=False)
class SafeNotSigned(SignatureRefused):
    """A Safe of the plugin ape-safe did not get to act: too few of its owners are here, for one."""

    text = (
        "the Safe {safe} did not act: {reason}. Have its owners' accounts here, or let them execute it from their own "
        "interface: to {to}, value 0, data {data}"
    )
    safe: str
    reason: str
    to: str
    data: str
