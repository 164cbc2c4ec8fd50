"""What a token says of itself, so that people read amounts as they are used to.

A token may say anything: a symbol that could be taken for more than one is not shown, and whoever shows an amount in a
token's own unit shows the raw one and the token's address beside it.

>>> Token("0x" + "11" * 20, "USD", 6).show(1_200_000_000)
'1,200 USD (raw 1,200,000,000)'
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import event_signature_to_log_topic, function_signature_to_4byte_selector

from switchgear.display import show_amount
from switchgear.errors import ContractReverted, RPCFailed
from switchgear.values import to_amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchgear.chain import BlockIdentifier, Node

TRANSFER = "0x" + event_signature_to_log_topic("Transfer(address,address,uint256)").hex()
"""First topic of a transfer, as a node gives it."""
_MOST_DECIMALS = 77
"""Digits of a word, less one."""
_WORD = 32
_PARTIES = 2


def is_transfer(log: Mapping[str, Any]) -> bool:
    """Whether a log, of an ERC-20, is a transfer: a token may log what it likes, and an ERC-721's has four topics.

    >>> is_transfer({"topics": [TRANSFER, "0x", "0x"], "data": "0x" + "00" * 32})
    True
    """
    topics = log["topics"]
    return len(topics) == _PARTIES + 1 and topics[0] == TRANSFER and len(log["data"]) == len("0x") + 2 * _WORD


class Token(NamedTuple):
    """An ERC-20, or what passes for one."""

    address: str
    symbol: str
    decimals: int

    def show(self, raw: int) -> str:
        """An amount in its unit, with the raw one beside it."""
        return f"{self.brief(raw)} (raw {show_amount(raw)})"

    def brief(self, raw: int) -> str:
        """An amount in its unit alone, where the raw one stands elsewhere."""
        return f"{show_amount(to_amount(raw, decimals=self.decimals))} {self.symbol}"


def read_token(node: Node, address: str, *, block_identifier: BlockIdentifier = "latest") -> Token | None:
    """What a token says of itself (``decimals``, ``symbol``); None if it does not say in what unit it counts.

    Args:
        node: A node.
        address: Of the token, or of anything else.
        block_identifier: As of which block.
    """
    decimals = _ask(node, address, "decimals()", block_identifier)
    if len(decimals) != _WORD or int.from_bytes(decimals, "big") > _MOST_DECIMALS:
        return None
    try:
        symbol = str(decode(["string"], _ask(node, address, "symbol()", block_identifier))[0])
    except (DecodingError, UnicodeDecodeError, OverflowError):
        symbol = ""
    known = re.fullmatch(r"[A-Za-z][A-Za-z0-9.$_-]{0,10}", symbol)
    return Token(address, symbol if known else "tokens", int.from_bytes(decimals, "big"))


def _ask(node: Node, address: str, function: str, block: BlockIdentifier) -> bytes:
    data = "0x" + function_signature_to_4byte_selector(function).hex()
    try:
        return node.call({"to": address, "data": data}, block)
    except (ContractReverted, RPCFailed):
        return b""
