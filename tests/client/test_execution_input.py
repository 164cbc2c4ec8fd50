"""What `switchgear.execution` makes of calls that are none (WP-7)."""

from __future__ import annotations

import pytest

from switchgear.countersign import Call
from switchgear.errors import InvalidInput
from switchgear.execution import execute_calldata, execution, safe_transaction

MULTI_SEND, GOOD = ("0x" + byte * 20 for byte in ("aa", "bb"))
SHORT, LONG, TOO_MUCH = Call("0x" + "11" * 19, 1, b""), Call("0x" + "11" * 21, 1, b""), Call(GOOD, 2**256, b"")


@pytest.mark.parametrize("bad", [SHORT, LONG, TOO_MUCH], ids=["short", "long", "too much"])
def test_execution__of_a_call_that_is_none__is_refused(bad: Call) -> None:
    """WP-7: a target of another length would shift all that follows it, and so send other calls than were given."""
    for make in (
        lambda: execution([bad]),
        lambda: execute_calldata([bad]),
        lambda: safe_transaction([bad, Call(GOOD, 0, b"")], MULTI_SEND),
    ):
        with pytest.raises(InvalidInput):
            make()
