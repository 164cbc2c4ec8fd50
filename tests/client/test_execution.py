"""What an agent sends so that its account executes calls, read back by the decoder (WP-2, WP-7)."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode, encode

from switchgear import decoder
from switchgear.countersign import Call
from switchgear.errors import InvalidInput
from switchgear.execution import execute_calldata, execution, safe_transaction

ACCOUNT, TOKEN, PAYEE, MULTI_SEND = ("0x" + byte * 20 for byte in ("aa", "bb", "cc", "dd"))
ONE = [Call(TOKEN, 0, bytes.fromhex("a9059cbb") + encode(["address", "uint256"], [PAYEE, 7]))]
MANY = [*ONE, Call(PAYEE, 5, b""), Call(TOKEN, 2**256 - 1, b"\1\2\3\4\5")]


def _read(calls: list[decoder.Call]) -> list[tuple[str, int, bytes]]:
    return [(one.target.lower(), one.value, one.data) for one in calls]


@pytest.mark.parametrize("calls", [ONE, MANY], ids=["one", "many"])
def test_safe_transaction__any_calls__read_back_by_the_decoder(calls: list[Call]) -> None:
    """WP-2: what is sent to a Safe is what its guard reads."""
    target, value, data, operation = safe_transaction(calls, MULTI_SEND)
    found = decoder.safe(ACCOUNT, target, value, data, operation, MULTI_SEND)
    assert _read(found) == [tuple(one) for one in calls]


@pytest.mark.parametrize("calls", [ONE, MANY], ids=["one", "many"])
def test_execution__any_calls__read_back_by_the_decoder(calls: list[Call]) -> None:
    """WP-2: what is sent to an ERC-7579 account, or by a delegation, is what hook and caveat read."""
    mode, data = execution(calls)
    assert _read(decoder.erc7579(ACCOUNT, mode, data)) == [tuple(one) for one in calls]
    calldata = execute_calldata(calls)
    assert calldata[:4].hex() == "e9ae5c53"
    assert decode(["bytes32", "bytes"], calldata[4:]) == (mode, data)


def test_execution__of_nothing__is_refused() -> None:
    """WP-2: an empty execution is a mistake of whoever sends it."""
    for make in (safe_transaction, execution, execute_calldata):
        with pytest.raises(InvalidInput, match="no calls"):
            make([])


@pytest.mark.parametrize("multi_send", [None, "0x" + "00" * 20])
def test_safe_transaction__many_calls_without_multi_send__is_refused(multi_send: str | None) -> None:
    """WP-4: a Safe that may not delegatecall executes one call at a time."""
    with pytest.raises(InvalidInput, match="one by one"):
        safe_transaction(MANY, multi_send)


SHORT, LONG, TOO_MUCH = Call("0x" + "11" * 19, 1, b""), Call("0x" + "11" * 21, 1, b""), Call(TOKEN, 2**256, b"")


@pytest.mark.parametrize("bad", [SHORT, LONG, TOO_MUCH], ids=["short", "long", "too much"])
def test_execution__of_a_call_that_is_none__is_refused(bad: Call) -> None:
    """WP-7: a target of another length would shift all that follows it, and so send other calls than were given."""
    for make in (
        lambda: execution([bad]),
        lambda: execute_calldata([bad]),
        lambda: safe_transaction([bad, Call(TOKEN, 0, b"")], MULTI_SEND),
    ):
        with pytest.raises(InvalidInput):
            make()
