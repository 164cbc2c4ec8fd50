"""What a wallet is about to do: its execution as a list of calls, and what each call takes, to show it to who signs.

The twin of ``contracts/libraries/ActionDecoder.sol``, written apart from it; tests compare the two on thousands of
inputs. It refuses whatever the contract refuses, with the same errors (WP-2, WP-3).

>>> token, friend = "0x" + "22" * 20, "0x" + "33" * 20
>>> data = bytes.fromhex("a9059cbb") + bytes.fromhex(friend[2:]).rjust(32, bytes(1)) + (5).to_bytes(32, "big")
>>> [call] = safe("0x" + "11" * 20, token, 0, data)
>>> spend(Standard.ERC20, "0x" + "11" * 20, call)
Spend(known=True, asset='0x2222222222222222222222222222222222222222', amount=5, \
recipient='0x3333333333333333333333333333333333333333')
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache, lru_cache
from typing import NamedTuple

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from switchgear.errors import (
    DelegateCallRefused,
    InvalidInput,
    MalformedArguments,
    MalformedExecution,
    ModeRefused,
    NoSelector,
)
from switchgear.values import to_address, to_uint

NATIVE = "0x" + "00" * 20
"""The chain's own coin, as an asset."""
UNDERLYING = "0x" + "00" * 19 + "01"
"""The asset of the ERC-4626 vault that is called."""
PLAIN_TRANSFER = bytes(4)
"""Selector of a call without data."""
EVERYTHING = 2**256 - 1
"""The amount of an approval for all tokens."""

_WORD = 32
_ADDRESS_BOUND = 1 << 160
_ITEM = 85
"""Bytes of a packed item before its data: operation 1, target 20, value 32, length 32."""
_PACKED = 52
"""Bytes of a packed single call before its data: target 20, value 32."""
_SINGLE = bytes(32)
_BATCH = bytes([1]) + bytes(31)


class Standard(IntEnum):
    """How a target's calldata are read; the wallet's owner says it."""

    NONE = 0
    ERC20 = 1
    ERC721 = 2
    ERC1155 = 3
    ERC4626 = 4
    PERMIT2 = 5


class Call(NamedTuple):
    """One call of an execution."""

    target: str
    """Who is called; never zero, which stands for the account."""
    value: int
    """In wei."""
    data: bytes

    @property
    def selector(self) -> bytes:
        """The function that is called; `PLAIN_TRANSFER` if there are no data.

        Raises:
            NoSelector: If the data name none.
        """
        if not self.data:
            return PLAIN_TRANSFER
        selector = self.data[:4]
        if len(selector) < len(PLAIN_TRANSFER) or selector == PLAIN_TRANSFER:
            raise NoSelector
        return selector


class Spend(NamedTuple):
    """What one call takes from the account, or lets others take."""

    known: bool
    """Whether asset and amount could be read."""
    asset: str
    """The token, `NATIVE` or `UNDERLYING`."""
    amount: int
    """In the asset's smallest unit; for ERC-721 the number of tokens, or `EVERYTHING`."""
    recipient: str
    """Who receives it or may take it from now on; the zero address if nobody, or nobody knows."""


def single(account: str, target: str, value: int, data: bytes) -> list[Call]:
    """One plain call.

    Args:
        account: The wallet.
        target: Who is called; zero for the wallet itself.
        value: In wei.
        data: Calldata.
    """
    account, target = to_address(account, name="account"), to_address(target, name="target", zero=True)
    return [_call(account, target, to_uint(value), bytes(data))]


def safe(
    account: str, target: str, value: int, data: bytes, operation: int = 0, multi_send: str = NATIVE
) -> list[Call]:
    """What a Safe executes.

    Args:
        account: The Safe.
        target: Field `to` of the Safe's transaction.
        value: In wei.
        data: Calldata.
        operation: 0 for a call, 1 for a delegatecall.
        multi_send: The MultiSendCallOnly that the Safe uses; the zero address for none.

    Raises:
        DelegateCallRefused: If something else is called by delegatecall, or a packed item asks for it.
        MalformedExecution: If the items cannot be read without doubt.
    """
    if operation == 0:
        return single(account, target, value, data)
    account, target = to_address(account, name="account"), to_address(target, name="target", zero=True)
    if operation != 1:
        raise MalformedExecution
    if target == NATIVE or target != to_address(multi_send, name="multi_send", zero=True):
        raise DelegateCallRefused(target)
    if value or data[:4] != _selector("multiSend(bytes)"):
        raise MalformedExecution
    try:
        items = _Frame(data[4:]).content(0)
    except _Outside:
        raise MalformedExecution from None
    calls = []
    while items:
        header, items = items[:_ITEM], items[_ITEM:]
        if len(header) < _ITEM:
            raise MalformedExecution
        inner = _address(header[1:21])
        if header[0] == 1:
            raise DelegateCallRefused(inner)
        length = int.from_bytes(header[53:], "big")
        if header[0] or length > len(items):
            raise MalformedExecution
        calls.append(_call(account, inner, int.from_bytes(header[21:53], "big"), items[:length]))
        items = items[length:]
    return calls


def erc7579(account: str, mode: bytes, execution: bytes) -> list[Call]:
    """What an ERC-7579 account executes.

    Args:
        account: The account.
        mode: Of 32 bytes, as handed to ``execute``.
        execution: The execution's calldata.

    Raises:
        ModeRefused: If the mode is neither a single call nor a batch that reverts on failure.
        MalformedExecution: If the calls cannot be read without doubt.
    """
    if len(mode) != len(_SINGLE):
        message = f"a mode has 32 bytes, not {len(mode)}"
        raise InvalidInput(message)
    account = to_address(account, name="account")
    if mode == _BATCH:
        try:
            return _batch(account, _Frame(execution))
        except _Outside:
            raise MalformedExecution from None
    if mode != _SINGLE:
        raise ModeRefused(bytes(mode))
    if len(execution) < _PACKED:
        raise MalformedExecution
    target, value = _address(execution[:20]), int.from_bytes(execution[20:_PACKED], "big")
    return [_call(account, target, value, execution[_PACKED:])]


def spend(standard: Standard, account: str, call: Call) -> Spend:
    """What one call takes from the account, or lets others take.

    Args:
        standard: How the target's calldata are read.
        account: The wallet.
        call: One of its calls.

    Raises:
        NoSelector: If there are data that name no function.
        MalformedArguments: If the standard has the function, and its arguments are not canonical.
    """
    selector = call.selector
    if selector == PLAIN_TRANSFER:
        return Spend(known=True, asset=NATIVE, amount=call.value, recipient=call.target)
    function = _functions(standard).get(selector)
    if function is None:
        return Spend(known=False, asset=NATIVE, amount=0, recipient=NATIVE)
    try:
        return function.spend(to_address(account, name="account"), call.target, _Frame(call.data[4:]))
    except _Outside:
        raise MalformedArguments(call.target, selector) from None


# ------------------------------------------------------------------------------------------------- reading


class _Outside(Exception):
    """Something does not lie where it should, or has bits where none should be."""


class _Frame(NamedTuple):
    """Bytes that offsets count from; nothing outside them is read."""

    data: bytes

    def word(self, at: int) -> int:
        """32 bytes."""
        word = self.data[at : at + _WORD]
        if len(word) < _WORD:
            raise _Outside
        return int.from_bytes(word, "big")

    def below(self, at: int, bound: int) -> int:
        """A word of fewer bits."""
        value = self.word(at)
        if value >= bound:
            raise _Outside
        return value

    def address(self, at: int) -> str:
        """An address, canonical."""
        return _address(self.below(at, _ADDRESS_BOUND).to_bytes(20, "big"))

    def array(self, at: int) -> tuple[int, _Frame]:
        """Length of what the offset there leads to, and everything behind the length."""
        target = _Frame(self.data[self.word(at) :])
        return target.word(0), _Frame(target.data[_WORD:])

    def content(self, at: int) -> bytes:
        """An argument of type `bytes`."""
        length, rest = self.array(at)
        if length > len(rest.data):
            raise _Outside
        return rest.data[:length]

    def numbers(self, at: int) -> list[int]:
        """An argument of type `uint256[]`."""
        length, rest = self.array(at)
        if length * _WORD > len(rest.data):
            raise _Outside
        return [rest.word(index * _WORD) for index in range(length)]


def _call(account: str, target: str, value: int, data: bytes) -> Call:
    return Call(account if target == NATIVE else target, value, data)


def _batch(account: str, execution: _Frame) -> list[Call]:
    """`abi.encode(Execution[])`."""
    count, elements = execution.array(0)
    if count * _WORD > len(elements.data):
        raise _Outside
    calls = []
    for index in range(count):
        element = _Frame(elements.data[elements.word(index * _WORD) :])
        calls.append(_call(account, element.address(0), element.word(_WORD), element.content(2 * _WORD)))
    return calls


@lru_cache(maxsize=4096)
def _address(data: bytes) -> str:
    return to_checksum_address(data)


@cache
def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


# ----------------------------------------------------------------------------------- the functions that spend

# The names say what an argument is to the spend; those without one matter only by being there.
#   from      whose tokens are moved: nothing is spent if they are another's and come to the account
#   owner     whose tokens may be moved by a permit: nothing is spent if they are another's
#   to        who receives them, or may take them
#   token     the asset, where it is not the target
#   amount    the amount; assets: of the vault's underlying asset; amounts: their sum
#   all       whether it is about everything
#   id        one token; approved: one token, unless it is for nobody
#   less      an allowance that shrinks, shares: an amount of assets that only the vault knows
# A function that names nothing of the kind gives `to` power over everything.
_ERC20 = (
    "transfer(address to,uint256 amount)",
    "transferFrom(address from,address to,uint256 amount)",
    "approve(address to,uint256 amount)",
    "increaseAllowance(address to,uint256 amount)",
    "increaseApproval(address to,uint256 amount)",
    "decreaseAllowance(address to,uint256 less)",
    "permit(address owner,address to,uint256 amount,uint256,uint8,bytes32,bytes32)",
    "permit(address owner,address to,uint256 amount,uint256,bytes)",
    "permit(address owner,address to,uint256,uint256,bool all,uint8,bytes32,bytes32)",
    "transferAndCall(address to,uint256 amount)",
    "transferAndCall(address to,uint256 amount,bytes)",
    "transferFromAndCall(address from,address to,uint256 amount)",
    "transferFromAndCall(address from,address to,uint256 amount,bytes)",
    "approveAndCall(address to,uint256 amount)",
    "approveAndCall(address to,uint256 amount,bytes)",
    "send(address to,uint256 amount,bytes)",
    "authorizeOperator(address to)",
    "burn(uint256 amount)",
    "burn(uint256 amount,bytes)",
)
_KNOWN = {
    Standard.NONE: (),
    Standard.ERC20: _ERC20,
    Standard.ERC721: (
        "transferFrom(address from,address to,uint256 id)",
        "safeTransferFrom(address from,address to,uint256 id)",
        "safeTransferFrom(address from,address to,uint256 id,bytes)",
        "approve(address to,uint256 approved)",
        "permit(address to,uint256 id,uint256,bytes)",
        "permit(address to,uint256 id,uint256,uint8,bytes32,bytes32)",
        "setApprovalForAll(address to,bool all)",
        "burn(uint256 id)",
    ),
    Standard.ERC1155: (
        "safeTransferFrom(address from,address to,uint256,uint256 amount,bytes)",
        "safeBatchTransferFrom(address from,address to,uint256[],uint256[] amounts,bytes)",
        "setApprovalForAll(address to,bool all)",
    ),
    Standard.ERC4626: (
        "deposit(uint256 assets,address to)",
        "mint(uint256 shares,address to)",
        "withdraw(uint256 assets,address to,address)",
        "redeem(uint256 amount,address to,address)",
        *_ERC20,
    ),
    Standard.PERMIT2: (
        "approve(address token,address to,uint160 amount,uint48)",
        "transferFrom(address from,address to,uint160 amount,address token)",
        "permit(address owner,((address token,uint160 amount,uint48,uint48),address to,uint256),bytes)",
    ),
}


_FIXED = {"id": 1, "less": 0, "shares": None}


class _Function(NamedTuple):
    """A function that spends."""

    places: dict[str, int]
    """Where its named arguments stand, in bytes."""
    head: int
    """Bytes of all its arguments, those of dynamic type counted by their offsets."""
    amount_bound: int

    @classmethod
    def of(cls, declaration: str) -> _Function:
        """From one of the lines above."""
        arguments = re.sub("[()]", "", declaration.partition("(")[2]).split(",")
        places = {argument.split()[1]: _WORD * at for at, argument in enumerate(arguments) if " " in argument}
        return cls(places, _WORD * len(arguments), _ADDRESS_BOUND if "uint160 amount" in declaration else 1 << 256)

    def spend(self, account: str, target: str, arguments: _Frame) -> Spend:
        """Reads the arguments; raises `_Outside`."""
        if len(arguments.data) < self.head:
            raise _Outside
        recipient = self._address(arguments, "to")
        amount = self._amount(arguments, recipient)
        if (self._address(arguments, "from", account) != account and recipient == account) or (
            self._address(arguments, "owner", account) != account
        ):
            amount = 0
        asset = UNDERLYING if "assets" in self.places else self._address(arguments, "token", target)
        if "token" in self.places and asset in {NATIVE, UNDERLYING}:
            raise _Outside
        if amount is None:
            return Spend(known=False, asset=NATIVE, amount=0, recipient=recipient)
        return Spend(known=True, asset=asset, amount=amount, recipient=recipient)

    def _address(self, arguments: _Frame, name: str, default: str = NATIVE) -> str:
        return arguments.address(self.places[name]) if name in self.places else default

    def _amount(self, arguments: _Frame, recipient: str) -> int | None:
        """Of whoever's tokens they are; None if only the vault knows."""
        for name, at in self.places.items():
            if name in {"amount", "assets"}:
                return arguments.below(at, self.amount_bound)
            if name == "amounts":
                return min(sum(arguments.numbers(at)), EVERYTHING)
            if name == "all":
                return EVERYTHING * arguments.below(at, 2)
            if name == "approved":
                return int(recipient != NATIVE)
            if name in _FIXED:
                return _FIXED[name]
        return EVERYTHING


@cache
def _functions(standard: Standard) -> dict[bytes, _Function]:
    return {_selector(re.sub(r" \w+", "", line)): _Function.of(line) for line in _KNOWN[standard]}
