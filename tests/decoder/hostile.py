"""Encodings, honest and bent: whatever an attacker might do to offsets, lengths, padding and tails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from eth_abi.abi import encode
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from random import Random

SINGLE = bytes(32)
BATCH = bytes([1]) + bytes(31)
MULTI_SEND = bytes.fromhex("8d80ff0a")
EXECUTIONS = "(address,uint256,bytes)[]"
MAX = 2**256 - 1
EDGES = (0, 1, 2, 31, 32, 33, 64, 85, 96, 160, 2**64 - 1, 2**64, 2**160, 2**255, MAX - 31, MAX - 95, MAX)
"""Numbers that bounds checks go wrong at."""

SIGNATURES = (
    "transfer(address,uint256)",
    "approve(address,uint256)",
    "transferFrom(address,address,uint256)",
    "increaseAllowance(address,uint256)",
    "increaseApproval(address,uint256)",
    "decreaseAllowance(address,uint256)",
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "permit(address,address,uint256,uint256,bytes)",
    "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
    "transferAndCall(address,uint256)",
    "transferAndCall(address,uint256,bytes)",
    "transferFromAndCall(address,address,uint256)",
    "transferFromAndCall(address,address,uint256,bytes)",
    "approveAndCall(address,uint256)",
    "approveAndCall(address,uint256,bytes)",
    "send(address,uint256,bytes)",
    "authorizeOperator(address)",
    "burn(uint256)",
    "burn(uint256,bytes)",
    "safeTransferFrom(address,address,uint256)",
    "safeTransferFrom(address,address,uint256,bytes)",
    "setApprovalForAll(address,bool)",
    "permit(address,uint256,uint256,bytes)",
    "permit(address,uint256,uint256,uint8,bytes32,bytes32)",
    "safeTransferFrom(address,address,uint256,uint256,bytes)",
    "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
    "deposit(uint256,address)",
    "mint(uint256,address)",
    "withdraw(uint256,address,address)",
    "redeem(uint256,address,address)",
    "approve(address,address,uint160,uint48)",
    "transferFrom(address,address,uint160,address)",
    "permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)",
)
"""Every function that the decoder is to know, and no other."""

Item = tuple[str, int, bytes]


def word(value: int | str) -> bytes:
    """A number or an address as 32 bytes."""
    return value.to_bytes(32, "big") if isinstance(value, int) else bytes.fromhex(value[2:]).rjust(32, b"\0")


def batch(*items: Item) -> bytes:
    """An ERC-7579 batch as everybody encodes it."""
    return encode([EXECUTIONS], [items])


def packed(*items: Item, operation: int = 0) -> bytes:
    """What MultiSendCallOnly unpacks."""
    return b"".join(
        bytes([operation]) + bytes.fromhex(target[2:]) + word(value) + word(len(data)) + data
        for target, value, data in items
    )


def multi_send(items: bytes) -> bytes:
    """Its calldata."""
    return MULTI_SEND + encode(["bytes"], [items])


def items_of(random: Random, targets: list[str], most: int = 4) -> list[Item]:
    """A few calls."""
    return [
        (random.choice(targets), random.choice((0, 0, 1, 10**18)), random.randbytes(random.choice((0, 1, 4, 36, 68))))
        for _ in range(random.randrange(most + 1))
    ]


def bend(random: Random, data: bytes, times: int) -> bytes:
    """Changes so many things, most of them words: numbers at the edge, neighbours, copies of other words."""
    bent = bytearray(data)
    for _ in range(times):
        at = random.randrange(0, max(len(bent), 1), random.choice((1, 32, 32, 32)))
        old = int.from_bytes(bent[at : at + 32].ljust(32, b"\0"), "big")
        there = random.randrange(0, max(len(bent), 1), 32)
        other = int.from_bytes(bent[there : there + 32].ljust(32, b"\0"), "big")
        match random.randrange(8):
            case 0:
                del bent[random.randrange(len(bent) + 1) :]
            case 1:
                bent += random.choice((bytes(32), bytes(1), random.randbytes(40), bytes(bent)))
            case 2:
                bent[at:at] = random.choice((bytes(32), word(other), random.randbytes(1)))
            case 3:
                bent[at : at + 32] = word(random.choice(EDGES))
            case 4:
                bent[at : at + 32] = word(
                    (old + random.choice((-32, -1, 1, 32, 64, 2**160, 2**255, len(bent)))) % 2**256
                )
            case 5:
                bent[at : at + 32] = word(other)
            case 6:
                bent[at : at + 32] = word(random.randrange(len(bent) + 64))
            case 7:
                bent[at : at + 1] = random.randbytes(1)
    return bytes(bent)


def calldata(random: Random, signature: str, parties: list[str]) -> bytes:
    """A call with arguments at random."""
    name, _, types = signature.partition("(")
    nested = re.findall(r"[a-z0-9\[\]]+|[()]", types[:-1])
    values = [_value(random, kind, parties) for kind in nested if kind not in "()"]
    # Laid out flat: a struct of static types is its members, one after the other.
    flat = [kind for kind in nested if kind not in "()"]
    return keccak(text=f"{name}({types}")[:4] + encode(flat, values)


def _value(random: Random, kind: str, parties: list[str]) -> object:
    match kind:
        case "address":
            return random.choice(parties)
        case "bool":
            return random.random() < 0.5
        case "bytes":
            return random.randbytes(random.randrange(70))
        case "bytes32":
            return random.randbytes(32)
        case "uint256[]":
            return [random.choice((0, 1, 5, 2**255, MAX)) for _ in range(random.randrange(4))]
    bits = int(kind.removeprefix("uint"))
    return random.choice((0, 1, random.getrandbits(bits), 2**bits - 1))
