"""Executions of Safes and ERC-7579 accounts, each case against the library and against its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from switchgear import decoder
from switchgear.decoder import NATIVE, Call, Standard
from switchgear.errors import (
    DelegateCallRefused,
    InvalidInput,
    MalformedExecution,
    ModeRefused,
    SwitchgearError,
)
from tests.decoder import hostile
from tests.decoder.conftest import SAFE_1_5
from tests.decoder.hostile import BATCH, SINGLE, batch, multi_send, packed, word

if TYPE_CHECKING:
    from tests.decoder.conftest import Bench

ACCOUNT, TOKEN, POOL, LIBRARY, ATTACKER = (to_checksum_address(f"0x{digit * 40}") for digit in "12345")
DATA = bytes.fromhex("a9059cbb") + word(POOL) + word(7)
CALL, PLAIN = Call(TOKEN, 0, DATA), Call(POOL, 5, b"")


def offset_word(at: int, value: int, data: bytes) -> bytes:
    """The data with another word there."""
    return data[:at] + word(value % 2**256) + data[at + 32 :]


# ------------------------------------------------------------------------------------------------- Safe


@pytest.mark.parametrize("target", [TOKEN, ACCOUNT, NATIVE])
def test_safe__plain_call__is_itself_and_zero_is_the_account(either: Any, target: str) -> None:
    """WP-2: a target of zero is the account."""
    [call] = either.safe(ACCOUNT, target, 5, DATA, 0, LIBRARY)

    assert call == Call(ACCOUNT if target == NATIVE else target, 5, DATA)


def test_safe__multisend__is_its_items_in_order(either: Any) -> None:
    """WP-4: MultiSendCallOnly is decoded; zero inside is the account; what follows the bytes does not matter."""
    data = multi_send(packed(CALL, PLAIN, (NATIVE, 0, b"")))

    for tail in (b"", bytes(32), b"\1\2\3"):
        assert either.safe(ACCOUNT, LIBRARY, 0, data + tail, 1, LIBRARY) == [CALL, PLAIN, Call(ACCOUNT, 0, b"")]
    assert either.safe(ACCOUNT, LIBRARY, 0, multi_send(b""), 1, LIBRARY) == []


def test_safe__multisend_by_plain_call__is_one_call(either: Any) -> None:
    """WP-4: called plainly, the library acts for itself; the pack is none of the account's calls."""
    data = multi_send(packed(CALL))

    assert either.safe(ACCOUNT, LIBRARY, 0, data, 0, LIBRARY) == [Call(LIBRARY, 0, data)]
    assert either.safe(ACCOUNT, LIBRARY, 0, multi_send(packed((LIBRARY, 0, data))), 1, LIBRARY) == [
        Call(LIBRARY, 0, data)
    ]


@pytest.mark.parametrize(("target", "library"), [(ATTACKER, LIBRARY), (NATIVE, NATIVE), (ATTACKER, NATIVE)])
def test_safe__other_delegatecall__is_refused(either: Any, target: str, library: str) -> None:
    """WP-4: nothing but the one library is called by delegatecall, and no library is not the zero address."""
    with pytest.raises(DelegateCallRefused) as refused:
        either.safe(ACCOUNT, target, 0, multi_send(packed(CALL)), 1, library)

    assert refused.value.target == target


def test_safe__delegatecall_inside_the_pack__is_refused(either: Any) -> None:
    """WP-4: an item that asks for a delegatecall is refused, wherever it stands."""
    with pytest.raises(DelegateCallRefused) as refused:
        either.safe(ACCOUNT, LIBRARY, 0, multi_send(packed(CALL) + packed((ATTACKER, 0, b""), operation=1)), 1, LIBRARY)

    assert refused.value.target == ATTACKER


PACK = packed(CALL, PLAIN)
MALFORMED_PACKS = {
    "an operation of 2": multi_send(packed(CALL, operation=2)),
    "an item one byte short of its header": multi_send(PACK + bytes(84)),
    "data one byte longer than what is left": multi_send(PACK[:-1]),
    "a length that wraps": multi_send(offset_word(53, -85, packed(CALL))),
    "an offset beyond the end": offset_word(4, 2**16, multi_send(PACK)),
    "an offset that wraps back to the beginning": offset_word(4, -4, multi_send(PACK)),
    "a length one byte beyond the end": multi_send(PACK)[: 4 + 64 + len(PACK) - 1],
    "another function": b"\0\0\0\1" + multi_send(PACK)[4:],
    "no function": b"",
    "no arguments": multi_send(PACK)[:4],
}


@pytest.mark.parametrize("data", MALFORMED_PACKS.values(), ids=MALFORMED_PACKS.keys())
def test_safe__malformed_pack__is_refused(either: Any, data: bytes) -> None:
    """WP-2: what the library would read otherwise, or not execute, is refused."""
    with pytest.raises(MalformedExecution):
        either.safe(ACCOUNT, LIBRARY, 0, data, 1, LIBRARY)


def test_safe__value_with_a_delegatecall_or_unknown_operation__is_refused(either: Any) -> None:
    """WP-2: a Safe ignores a delegatecall's value, so that it cannot be meant; there are two operations."""
    for value, operation in ((1, 1), (0, 2), (0, 255)):
        with pytest.raises(MalformedExecution):
            either.safe(ACCOUNT, LIBRARY, value, multi_send(PACK), operation, LIBRARY)


# ---------------------------------------------------------------------------------------------- ERC-7579


def test_erc7579__single_call__is_unpacked(either: Any) -> None:
    """WP-2: target 20, value 32, and the rest; zero is the account; one byte less is refused."""
    single = bytes.fromhex(TOKEN[2:]) + word(5) + DATA

    assert either.erc7579(ACCOUNT, SINGLE, single) == [Call(TOKEN, 5, DATA)]
    assert either.erc7579(ACCOUNT, SINGLE, bytes(52)) == [Call(ACCOUNT, 0, b"")]
    with pytest.raises(MalformedExecution):
        either.erc7579(ACCOUNT, SINGLE, single[:51])


def test_erc7579__batch__is_its_calls_in_order(either: Any) -> None:
    """WP-2: a batch as everybody encodes it; an empty one does nothing."""
    assert either.erc7579(ACCOUNT, BATCH, batch(CALL, PLAIN, (NATIVE, 0, b""))) == [CALL, PLAIN, Call(ACCOUNT, 0, b"")]
    assert either.erc7579(ACCOUNT, BATCH, batch()) == []


@pytest.mark.parametrize(
    "mode",
    [
        *(bytes([kind, 1]) + bytes(30) for kind in (0, 1)),
        *(bytes([kind]) + bytes(31) for kind in (2, 0xFE, 0xFF)),
        *(BATCH[:at] + b"\1" + BATCH[at + 1 :] for at in (2, 5, 6, 9, 10, 31)),
        bytes.fromhex("01000000000078210001").ljust(32, b"\0"),
    ],
    ids=bytes.hex,
)
def test_erc7579__other_mode__is_refused(either: Any, mode: bytes) -> None:
    """WP-2, WP-4: try, static and delegate are refused, and so is whatever selector or payload may mean (ERC-7821)."""
    with pytest.raises(ModeRefused) as refused:
        either.erc7579(ACCOUNT, mode, batch(CALL))

    assert refused.value.mode == mode


ONE = batch(CALL)
# Offset, count, offset of the element; then the element: target, value, offset, length, data.
MALFORMED_BATCHES = {
    "nothing": b"",
    "an offset one byte too far": offset_word(0, len(ONE) - 31, ONE),
    "an offset backward": offset_word(0, -32, ONE),
    "a count one too high": word(32) + word(2) + word(64),
    "a count that overflows": offset_word(32, 2**251, ONE),
    "an element one byte too far": offset_word(64, len(ONE) - 64 - 95, ONE),
    "an element before the array": offset_word(64, -32, ONE),
    "a target with dirty bits": offset_word(96, int(TOKEN, 16) | 1 << 160, ONE),
    "data before the element": offset_word(160, -32, ONE),
    "data one byte too far": offset_word(160, len(ONE) - 96 - 31, ONE),
    "a length one byte beyond the end": ONE[: 224 + len(DATA) - 1],
    "a length that overflows": offset_word(192, -1, ONE),
}


@pytest.mark.parametrize("execution", MALFORMED_BATCHES.values(), ids=MALFORMED_BATCHES.keys())
def test_erc7579__malformed_batch__is_refused(either: Any, execution: bytes) -> None:
    """WP-2: an offset that leads out of the execution, or back, is refused, and so are dirty bits."""
    with pytest.raises(MalformedExecution):
        either.erc7579(ACCOUNT, BATCH, execution)


def test_erc7579__elements_that_overlap__are_read_as_often_as_they_are_executed(either: Any, bench: Bench) -> None:
    """WP-2: two offsets to one element are two calls, as they are to accounts."""
    call = Call(bench.targets[0], 1, DATA)
    one = batch(call)
    execution = word(32) + word(2) + word(64) + word(64) + one[96:]

    calls = either.erc7579(bench.account.address, BATCH, execution)

    assert calls == [call, call] == bench.account.executed("execute", BATCH, execution)


def test_erc7579__mode_of_another_length__is_no_mode() -> None:
    """A mode has 32 bytes."""
    with pytest.raises(InvalidInput, match="32 bytes"):
        decoder.erc7579(ACCOUNT, BATCH[:31], ONE)


# ---------------------------------------------------------------------------------------------- the decoy


def test_erc7579__offset_decoy__is_seen_through(either: Any, bench: Bench) -> None:
    """WP-2: the honest call lies where it always does, the offset leads to another: the account executes that one."""
    honest, theft = Call(bench.targets[0], 0, DATA), Call(bench.targets[1], 10**18, b"steal")
    decoy, real = batch(honest), batch(theft)
    execution = word(len(decoy)) + decoy[32:] + real[32:]

    executed = bench.account.executed("execute", BATCH, execution)

    assert bench.naive.call("batch", execution) == (honest.target.lower(), honest.data), "the naive one is fooled"
    assert executed == [theft], "the account is not"
    assert either.erc7579(bench.account.address, BATCH, execution) == [theft]


def test_erc7579__decoy_of_an_element__is_seen_through(either: Any, bench: Bench) -> None:
    """WP-2: likewise one level deeper, where the element's own offset leads elsewhere."""
    honest, theft = Call(bench.targets[0], 0, DATA), Call(bench.targets[1], 0, b"steal")
    decoy = batch(honest)
    execution = offset_word(64, len(decoy) - 64, decoy) + batch(theft)[96:]

    assert bench.naive.call("batch", execution) == (honest.target.lower(), honest.data), "the naive one is fooled"
    assert bench.account.executed("execute", BATCH, execution) == [theft], "the account is not"
    assert either.erc7579(bench.account.address, BATCH, execution) == [theft]


def test_erc7579__decoy_of_the_data__is_seen_through(either: Any, bench: Bench) -> None:
    """WP-2: likewise for the data of the call alone."""
    theft = b"\xde\xad\xbe\xef stolen"
    honest = Call(bench.targets[0], 0, DATA)
    decoy = batch(honest)
    execution = offset_word(160, len(decoy) - 96, decoy) + word(len(theft)) + theft.ljust(32, b"\0")

    assert bench.naive.call("batch", execution) == (honest.target.lower(), honest.data), "the naive one is fooled"
    assert bench.account.executed("execute", BATCH, execution) == [Call(honest.target, 0, theft)], "the account is not"
    assert either.erc7579(bench.account.address, BATCH, execution) == [Call(honest.target, 0, theft)]


def test_safe__offset_decoy__is_seen_through(either: Any, bench: Bench) -> None:
    """WP-2: the same for the argument of `multiSend`, executed by Safe's own MultiSendCallOnly."""
    library = bench.multi_sends[SAFE_1_5]
    honest, theft = Call(bench.targets[0], 0, DATA), Call(bench.targets[1], 10**18, b"steal")
    decoy = encode(["bytes"], [packed(honest)])
    data = hostile.MULTI_SEND + word(len(decoy)) + decoy[32:] + encode(["bytes"], [packed(theft)])[32:]

    assert bench.naive.call("multiSend", data) == (honest.target.lower(), honest.data), "the naive one is fooled"
    assert bench.account.executed("delegate", library, data) == [theft], "the library is not"
    assert either.safe(bench.account.address, library, 0, data, 1, library) == [theft]


def test_erc7579__offset_backward_that_openzeppelin_follows__is_refused(either: Any, bench: Bench) -> None:
    """WP-2: an element in front of its array lies elsewhere in every calldata, so that it is refused, not read."""
    call = Call(bench.targets[0], 0, DATA)
    element = batch(call)[96:]
    execution = word(32 + len(element)) + element + word(1) + word(-len(element) - 32 + 2**256)

    assert bench.account.executed("execute", BATCH, execution) == [call]
    with pytest.raises(SwitchgearError) as refused:
        either.erc7579(bench.account.address, BATCH, execution)
    assert isinstance(refused.value, MalformedExecution)


# ------------------------------------------------------------------------------------------------- gas

BUDGET = 1_250
"""Gas for a plain call of a Safe that transfers tokens: decoded, and its spend read."""
ITEM_BUDGET = 600
"""Gas for each further item of a MultiSend."""


def test_safe__token_transfer__stays_within_its_budget(bench: Bench) -> None:
    """WP-2: looking does not cost much (no storage is touched, so that warm and cold are the same)."""
    decoding, reading, _ = bench.solidity.probe.call("gasOf", Standard.ERC20, ACCOUNT, TOKEN, 0, DATA, 0, LIBRARY)

    assert decoding + reading <= BUDGET


def test_safe__multisend__stays_within_its_budget_an_item(bench: Bench) -> None:
    """WP-2: the cost of a pack is in proportion to its items."""
    one, many = (
        bench.solidity.probe.call(
            "gasOf", Standard.ERC20, ACCOUNT, LIBRARY, 0, multi_send(packed(*[CALL] * count)), 1, LIBRARY
        )[0]
        for count in (1, 101)
    )

    assert many - one <= 100 * ITEM_BUDGET
