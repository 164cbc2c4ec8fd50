"""Safe 1.5.0 and 1.4.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from eth_abi.abi import encode
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.crypto import keccak

from switchgear.execution import SAFE_TRANSACTION
from switchgear.foreign.keys import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth_account.messages import SignableMessage
    from eth_account.signers.local import LocalAccount

    from switchgear.gas.chain import Chain, Deployed

CALL, DELEGATECALL = 0, 1
LATEST = "1.5.0"
"""The version with module guards."""

_TRANSACTION = (*SAFE_TRANSACTION, ("nonce", "uint256"))
# Of a signature with data of its own: r is the owner, s where the data begin, v is 0.
_STATIC = 65


class Call(NamedTuple):
    """One call of a MultiSend."""

    to: str
    data: bytes = b""
    value: int = 0
    operation: int = CALL


@dataclass(frozen=True, kw_only=True)
class SafeTransaction:
    """What the owners sign, all but the nonce."""

    to: str
    value: int = 0
    data: bytes = b""
    operation: int = CALL
    safe_tx_gas: int = 0
    base_gas: int = 0
    gas_price: int = 0
    gas_token: str = ZERO
    refund_receiver: str = ZERO

    @property
    def fields(self) -> tuple[Any, ...]:
        """In the order of the Safe's functions."""
        return tuple(vars(self).values())


class Signer(Protocol):
    """An owner's way to agree."""

    @property
    def address(self) -> str:
        """The owner."""

    def sign(self, message: SignableMessage, *, hashed: bool) -> tuple[bytes, bytes]:
        """The 65 bytes of it without the place of its data, and its data, if it has any.

        Args:
            message: EIP-712, of the transaction.
            hashed: Whether contracts are asked about the hash alone, as ERC-1271 has it, or about its whole pre-image.
        """


@dataclass(frozen=True)
class Sender:
    """Agrees by sending the transaction itself, or has approved its hash before (v = 1)."""

    address: str

    def sign(self, message: SignableMessage, *, hashed: bool) -> tuple[bytes, bytes]:  # noqa: ARG002
        """Its address only."""
        return encode(["address", "uint256"], [self.address, 0]) + b"\x01", b""


@dataclass(frozen=True)
class TypedKey:
    """Signs the EIP-712 message (v = 27, 28)."""

    key: LocalAccount

    @property
    def address(self) -> str:
        """Of the key."""
        return str(self.key.address)

    def sign(self, message: SignableMessage, *, hashed: bool) -> tuple[bytes, bytes]:  # noqa: ARG002
        """ECDSA."""
        return bytes(self.key.sign_message(message).signature), b""


@dataclass(frozen=True)
class PrefixedKey(TypedKey):
    """Signs the hash by `eth_sign`, as wallets do that know no EIP-712 (v = 31, 32)."""

    def sign(self, message: SignableMessage, *, hashed: bool) -> tuple[bytes, bytes]:  # noqa: ARG002
        """ECDSA over the prefixed hash, v raised by 4."""
        signature = bytes(self.key.sign_message(encode_defunct(_digest(message))).signature)
        return signature[:64] + bytes([signature[64] + 4]), b""


@dataclass(frozen=True)
class SafeOwner:
    """Another Safe as owner: its own owners sign (v = 0, ERC-1271 by its fallback handler)."""

    safe: Safe
    signers: tuple[Signer, ...]

    @property
    def address(self) -> str:
        """Of that Safe."""
        return self.safe.address

    def sign(self, message: SignableMessage, *, hashed: bool) -> tuple[bytes, bytes]:
        """The signatures of its owners under its SafeMessage."""
        asked = _digest(message) if hashed else _preimage(message)
        inner = self.safe.message("SafeMessage", (("message", "bytes"),), (asked,))
        return encode(["address", "uint256"], [self.address, 0]) + b"\x00", self.safe.signatures(inner, self.signers)


class Safes:
    """All that one version of Safe needs, deployed once."""

    def __init__(self, chain: Chain, version: str = LATEST, *, label: str = "") -> None:
        """Deploys it; a second time needs a label."""
        self.chain = chain
        self.version = version
        self._created = 0
        self.singleton, self._factory, self.multi_send, self.multi_send_call_only, self.handler = (
            chain.deploy(f"{name} {version}", label=label)
            for name in (
                "Safe",
                "SafeProxyFactory",
                "MultiSend",
                "MultiSendCallOnly",
                "CompatibilityFallbackHandler",
            )
        )

    def create(self, owners: Sequence[str], threshold: int = 1) -> Safe:
        """A Safe of these owners; its fallback handler answers ERC-1271."""
        setup = self.singleton.interface.encode(
            "setup", (owners, threshold, ZERO, b"", self.handler.address, ZERO, 0, ZERO)
        )
        self._created += 1
        args = (self.singleton.address, setup, self._created)
        address = str(self.chain.call(self._factory, "createProxyWithNonce", *args))
        self.chain.send(self._factory, "createProxyWithNonce", *args)
        return Safe(self, self.chain.at(address, f"Safe {self.version}"))


class Safe:
    """One Safe."""

    def __init__(self, safes: Safes, contract: Deployed) -> None:
        """Of a version, at an address."""
        self.safes = safes
        self.chain = safes.chain
        self.contract = contract
        self.address = contract.address

    @property
    def nonce(self) -> int:
        """Of the next transaction."""
        return int(self.chain.call(self.contract, "nonce"))

    def exec(
        self, transaction: SafeTransaction, signers: Sequence[Signer], *, sender: str, nonce: int | None = None
    ) -> dict[str, Any]:
        """Executes what the signers agree to; its receipt.

        A failing inner call reverts the whole, unless `safe_tx_gas` or `gas_price` is set: then the receipt has a log
        ExecutionFailure.
        """
        data = self.exec_data(transaction, signers, nonce=nonce)
        return self.chain.send(self.contract, "execTransaction", *data, sender=sender)

    def exec_data(
        self, transaction: SafeTransaction, signers: Sequence[Signer], *, nonce: int | None = None
    ) -> tuple[Any, ...]:
        """Arguments of `execTransaction`, signed for the next nonce or another."""
        signed = (*transaction.fields, self.nonce if nonce is None else nonce)
        message = self.message("SafeTx", _TRANSACTION, signed)
        return (*transaction.fields, self.signatures(message, signers))

    def transact(self, function: str, *args: Any, signers: Sequence[Signer], sender: str) -> dict[str, Any]:
        """Calls a function of the Safe that only the Safe may call."""
        data = self.contract.interface.encode(function, args)
        return self.exec(SafeTransaction(to=self.address, data=data), signers, sender=sender)

    def set_guard(self, guard: str, *, signers: Sequence[Signer], sender: str) -> dict[str, Any]:
        """Sets the transaction guard; zero removes it."""
        return self.transact("setGuard", guard, signers=signers, sender=sender)

    def set_module_guard(self, guard: str, *, signers: Sequence[Signer], sender: str) -> dict[str, Any]:
        """Sets the guard of modules, which 1.5.0 brought."""
        return self.transact("setModuleGuard", guard, signers=signers, sender=sender)

    def enable_module(self, module: str, *, signers: Sequence[Signer], sender: str) -> dict[str, Any]:
        """Lets an address execute without signatures."""
        return self.transact("enableModule", module, signers=signers, sender=sender)

    def exec_from_module(self, call: Call, *, module: str) -> dict[str, Any]:
        """What a module does: the node impersonates it. A failing inner call is no revert, but a log."""
        return self.chain.send(
            self.contract,
            "execTransactionFromModule",
            call.to,
            call.value,
            call.data,
            call.operation,
            sender=module,
        )

    def multi_send(self, calls: Sequence[Call], *, call_only: bool = True) -> SafeTransaction:
        """Several calls as one transaction, by MultiSendCallOnly or by MultiSend."""
        to = self.safes.multi_send_call_only if call_only else self.safes.multi_send
        packed = b"".join(
            bytes([call.operation])
            + bytes.fromhex(call.to[2:])
            + call.value.to_bytes(32, "big")
            + len(call.data).to_bytes(32, "big")
            + call.data
            for call in calls
        )
        return SafeTransaction(to=to.address, data=to.interface.encode("multiSend", (packed,)), operation=DELEGATECALL)

    def message(self, kind: str, fields: tuple[tuple[str, str], ...], values: tuple[Any, ...]) -> SignableMessage:
        """An EIP-712 message under the Safe's domain."""
        return encode_typed_data(
            domain_data={"chainId": self.chain.node.chain_id, "verifyingContract": self.address},
            message_types={kind: [{"name": name, "type": of} for name, of in fields]},
            message_data={name: value for (name, _), value in zip(fields, values, strict=True)},
        )

    def signatures(self, message: SignableMessage, signers: Sequence[Signer]) -> bytes:
        """Everybody's, in the order of addresses that the Safe demands, the contracts' data behind all."""
        hashed = self.safes.version == LATEST
        ordered = sorted(signers, key=lambda signer: int(signer.address, 16))
        statics, datas = b"", b""
        for static, data in (signer.sign(message, hashed=hashed) for signer in ordered):
            if data:
                place = _STATIC * len(ordered) + len(datas)
                statics += static[:32] + place.to_bytes(32, "big") + static[64:]
                datas += len(data).to_bytes(32, "big") + data
            else:
                statics += static
        return statics + datas


def _preimage(message: SignableMessage) -> bytes:
    return b"\x19" + message.version + message.header + message.body


def _digest(message: SignableMessage) -> bytes:
    return keccak(_preimage(message))
