"""What an agent sends so that an account executes calls: a Safe that it owns, an ERC-7579 account, a delegator.

What people approved is executed by the agent itself, exactly as it was refused before (WP-7):

>>> execute_safe(web3, safe, proposal.calls, sender=agent)                                       # doctest: +SKIP

>>> mode(BATCH).hex()[:8]
'01000000'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from switchgear.chain import Contract, Transaction, sender_address
from switchgear.errors import InvalidInput
from switchgear.interface import Interface
from switchgear.values import to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3 import Web3

SINGLE, BATCH = 0, 1
"""Call types of ERC-7579."""
_CALL, _DELEGATECALL = 0, 1
_WORD = 32
_EXECUTE, _MULTI_SEND = map(function_signature_to_4byte_selector, ("execute(bytes32,bytes)", "multiSend(bytes)"))
SAFE_TRANSACTION = (
    ("to", "address"),
    ("value", "uint256"),
    ("data", "bytes"),
    ("operation", "uint8"),
    ("safeTxGas", "uint256"),
    ("baseGas", "uint256"),
    ("gasPrice", "uint256"),
    ("gasToken", "address"),
    ("refundReceiver", "address"),
)
"""Fields of a Safe transaction and their types, in the order of the Safe's functions."""
_SAFE = [
    {
        "type": "function",
        "name": "execTransaction",
        "inputs": [{"name": name, "type": kind} for name, kind in (*SAFE_TRANSACTION, ("signatures", "bytes"))],
        "outputs": [{"name": "success", "type": "bool"}],
    }
]
_NOBODY = "0x" + "00" * 20


class Called(Protocol):
    """One call, such as `countersign.Call`."""

    @property
    def target(self) -> str:
        """Who is called."""

    @property
    def value(self) -> int:
        """Wei."""

    @property
    def data(self) -> bytes:
        """Calldata."""


def mode(call_type: int = SINGLE, *, attempt: bool = False) -> bytes:
    """An execution mode of ERC-7579; `attempt` lets calls fail."""
    return bytes([call_type, attempt]) + bytes(30)


def single(call: Called) -> bytes:
    """The executionCalldata of one call (ERC-7579).

    Raises:
        InvalidInput: The target is no address, or the value no uint256.
    """
    return _head(call) + call.data


def batch(calls: Sequence[Called]) -> bytes:
    """The executionCalldata of many calls (ERC-7579).

    Raises:
        InvalidInput: A target is no address, or a value no uint256.
    """
    checked = [(_target(one), to_uint(one.value, name="value"), one.data) for one in calls]
    return encode(["(address,uint256,bytes)[]"], [checked])


def execution(calls: Sequence[Called]) -> tuple[bytes, bytes]:
    """Mode and executionCalldata of calls, as ``redeemDelegations`` of ERC-7710 takes them.

    Raises:
        InvalidInput: There are none.
    """
    _require_some(calls)
    return (mode(), single(calls[0])) if len(calls) == 1 else (mode(BATCH), batch(calls))


def execute_calldata(calls: Sequence[Called]) -> bytes:
    """The callData of a user operation that executes calls: ``execute(bytes32,bytes)`` of ERC-7579."""
    return _EXECUTE + encode(["bytes32", "bytes"], execution(calls))


def safe_transaction(calls: Sequence[Called], multi_send: str | None = None) -> tuple[str, int, bytes, int]:
    """Target, value, data and operation of the Safe transaction that executes calls.

    Args:
        calls: At least one.
        multi_send: The MultiSendCallOnly that the Safe's guard allows, which many calls need.

    Raises:
        InvalidInput: There are no calls, or several and no `multi_send`.
    """
    _require_some(calls)
    if len(calls) == 1:
        return _target(calls[0]), to_uint(calls[0].value, name="value"), calls[0].data, _CALL
    if multi_send is None or int(multi_send, 16) == 0:
        message = (
            f"a Safe executes {len(calls)} calls by MultiSendCallOnly, and the guard allows none: send them one by one"
        )
        raise InvalidInput(message)
    items = b"".join(map(_item, calls))
    return to_address(multi_send, name="multi_send"), 0, _MULTI_SEND + encode(["bytes"], [items]), _DELEGATECALL


def execute_safe(
    web3: Web3,
    safe: str,
    calls: Sequence[Called],
    *,
    sender: Any,
    multi_send: str | None = None,
    dry_run: bool = False,
) -> Transaction:
    """Has a Safe execute calls; the sender is an owner of it, and enough by itself (``execTransaction``).

    Args:
        web3: A node.
        safe: The Safe.
        calls: At least one.
        sender: The agent, who signs by sending.
        multi_send: The MultiSendCallOnly that the Safe's guard allows, which many calls need.
        dry_run: Simulate only.

    Raises:
        InvalidInput: See `safe_transaction`.
        ContractReverted: Guard or Safe refuse; `NotCountersigned` says until when it waits, if it does.
    """
    signature = bytes.fromhex(sender_address(sender)[2:]).rjust(_WORD, b"\0") + bytes(_WORD) + b"\1"
    transaction = safe_transaction(calls, multi_send)
    contract = Contract(web3, safe, Interface(_SAFE))
    fields = (*transaction, 0, 0, 0, _NOBODY, _NOBODY, signature)
    return contract.send("execTransaction", *fields, sender=sender, dry_run=dry_run)


def _item(call: Called) -> bytes:
    """Of a MultiSend: operation, target, value, length, data."""
    return bytes([_CALL]) + _head(call) + len(call.data).to_bytes(_WORD, "big") + call.data


def _head(call: Called) -> bytes:
    return bytes.fromhex(_target(call)[2:]) + to_uint(call.value, name="value").to_bytes(_WORD, "big")


def _target(call: Called) -> str:
    return to_address(call.target, name="target", zero=True)


def _require_some(calls: Sequence[Called]) -> None:
    if not calls:
        message = "there are no calls to execute"
        raise InvalidInput(message)
