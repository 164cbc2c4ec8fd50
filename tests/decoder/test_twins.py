"""Solidity against Python, and both against what accounts execute, on thousands of encodings, honest and bent."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from switchgear import decoder
from switchgear.decoder import NATIVE, UNDERLYING, Call, Standard
from switchgear.errors import SwitchgearError
from tests.decoder import hostile
from tests.decoder.conftest import SAFE_1_4, SAFE_1_5

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.decoder.conftest import Bench

CASES = 1_500
RICH = 10**20
"""More than any honest value, in wei; what the account has lasts for every case."""
BENT = (0, 1, 1, 2, 3)
"""How often an encoding is bent."""


def outcome(function: Callable[..., Any], *arguments: object) -> tuple[str, Any]:
    """What it returns or raises, comparable."""
    try:
        return "accepted", function(*arguments)
    except SwitchgearError as error:
        return type(error).__name__, error.fields()


def assert_mixed(seen: Counter[str], *names: str) -> None:
    """The inputs were worth it: each of these came up in at least one case of a hundred."""
    for name in names:
        assert seen[name] > seen.total() / 100, f"{name} came up too seldom: {seen}"


def possible(calls: Any, recording: list[str]) -> bool:
    """Whether the calls can succeed and are recorded; bending makes up targets, and values that nobody has."""
    return all(call.target in recording and call.value <= RICH for call in calls)


def test_erc7579__batches_honest_and_bent__twins_agree_and_accounts_execute_what_was_seen(bench: Bench) -> None:
    """WP-2: what is accepted of a batch is just what OpenZeppelin's library and one without bounds checks execute."""
    chance, seen = Random(1), Counter[str]()  # noqa: S311 - no secret
    account = bench.account.address
    recording = [*bench.targets, account]
    for _ in range(CASES):
        items = hostile.items_of(chance, [*recording, NATIVE])
        execution = hostile.bend(chance, hostile.batch(*items), chance.choice(BENT))
        result = outcome(bench.solidity.erc7579, account, hostile.BATCH, execution)
        assert result == outcome(decoder.erc7579, account, hostile.BATCH, execution), execution.hex()
        seen[result[0]] += 1
        executed = bench.account.executed("execute", hostile.BATCH, execution)
        if result[0] != "accepted":
            seen["stricter"] += executed is not None
        elif possible(result[1], recording):
            seen["executed"] += 1
            assert executed == result[1], execution.hex()
            assert bench.account.executed("executeLoosely", execution) == result[1], execution.hex()
    assert_mixed(seen, "accepted", "executed", "MalformedExecution", "stricter")


def test_erc7579__single_calls_honest_and_bent__twins_agree_and_accounts_execute_what_was_seen(bench: Bench) -> None:
    """WP-2: a single call is the packed one that OpenZeppelin's library executes."""
    chance, seen = Random(2), Counter[str]()  # noqa: S311 - no secret
    account = bench.account.address
    for _ in range(CASES // 4):
        target, value, data = next(iter(hostile.items_of(chance, [*bench.targets, NATIVE]) or [(account, 0, b"")]))
        packed = bytes.fromhex(target[2:]) + hostile.word(value) + data
        execution = packed[: chance.choice((len(packed), len(packed), 52, 51, 20, 0))]
        mode = chance.choice((hostile.SINGLE, hostile.SINGLE, hostile.bend(chance, hostile.SINGLE, 1)[:32].ljust(32)))
        result = outcome(bench.solidity.erc7579, account, mode, execution)
        assert result == outcome(decoder.erc7579, account, mode, execution), execution.hex()
        seen[result[0]] += 1
        if result[0] == "accepted" and mode == hostile.SINGLE:
            assert bench.account.executed("execute", mode, execution) == result[1], execution.hex()
    assert_mixed(seen, "accepted", "MalformedExecution", "ModeRefused")


@pytest.mark.parametrize("version", [SAFE_1_4, SAFE_1_5])
def test_safe__packed_calls_honest_and_bent__twins_agree_and_multisend_executes_what_was_seen(
    bench: Bench, version: str
) -> None:
    """WP-2, WP-4: what is accepted of a MultiSend is what Safe's own MultiSendCallOnly executes."""
    chance, seen = Random(3), Counter[str]()  # noqa: S311 - no secret
    account, library = bench.account.address, bench.multi_sends[version]
    # 1.4.1 calls the zero address where 1.5.0 calls the account, which the decoder sees in both.
    recording = [*bench.targets, account] if version == SAFE_1_5 else bench.targets
    for _ in range(CASES):
        items = hostile.packed(*hostile.items_of(chance, [*recording, NATIVE]), operation=int(chance.random() < 0.05))
        data = hostile.multi_send(hostile.bend(chance, items, chance.choice((0, 0, 1))))
        data = data[:4] + hostile.bend(chance, data[4:], chance.choice(BENT))
        result = outcome(bench.solidity.safe, account, library, 0, data, 1, library)
        assert result == outcome(decoder.safe, account, library, 0, data, 1, library), data.hex()
        seen[result[0]] += 1
        executed = bench.account.executed("delegate", library, data)
        if result[0] != "accepted":
            seen["stricter"] += executed is not None
        elif possible(result[1], recording):
            seen["executed"] += 1
            assert executed == result[1], data.hex()
    assert_mixed(seen, "accepted", "executed", "MalformedExecution", "DelegateCallRefused")


def test_spend__arguments_honest_and_bent__twins_agree(bench: Bench) -> None:
    """WP-3: Solidity and Python read the same spend from every known function, or refuse alike."""
    chance, seen = Random(4), Counter[str]()  # noqa: S311 - no secret
    account = bench.account.address
    parties = [account, account, bench.targets[0], bench.targets[1], NATIVE, UNDERLYING]
    for _ in range(3 * CASES):
        standard = chance.choice(list(Standard))
        signature = chance.choice(hostile.SIGNATURES)
        data = hostile.calldata(chance, signature, parties)
        data = data[:4] + hostile.bend(chance, data[4:], chance.choice((0, 0, 0, *BENT)))
        if chance.random() < 0.05:
            data = chance.choice((data[:3], bytes(4) + data[4:], b"", chance.randbytes(4) + data[4:]))
        call = Call(bench.targets[2], chance.randrange(3), data)
        result = outcome(bench.solidity.spend, standard, account, call)
        assert result == outcome(decoder.spend, standard, account, call), (standard, signature, data.hex())
        seen[result[0] if result[0] != "accepted" else f"known: {result[1].known}"] += 1
    assert_mixed(seen, "known: True", "known: False", "MalformedArguments", "NoSelector")
