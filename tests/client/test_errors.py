"""Revert data to exceptions."""

from __future__ import annotations

import pickle
import re
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from switchgear import errors
from switchgear.artifacts import load, names
from switchgear.types import Field, JobState, Reason, Scope, Subject, Verdict
from switchgear.words import encode_verdict

ADDRESS = "0x" + "aB" * 20
UNREACHABLE = {
    "InvalidShortString",  # of OpenZeppelin's EIP712, for names of more than 31 bytes: ours are shorter
    "StringTooLong",
}
ABI_ERRORS = [
    (contract, entry)
    for contract in sorted(set(names()) - {"IERC8004Identity"})
    for entry in load(contract).abi
    if entry["type"] == "error" and entry["name"] not in UNREACHABLE
]


def snake(name: str) -> str:
    """A Solidity name as Python has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def revert_data(signature: str, *values: Any) -> bytes:
    """What a contract reverts with."""
    types = signature.partition("(")[2][:-1]
    return function_signature_to_4byte_selector(signature) + encode(types.split(",") if types else [], values)


@pytest.mark.parametrize(
    ("contract", "entry"), ABI_ERRORS, ids=lambda one: one if isinstance(one, str) else one["name"]
)
def test_errors__each_error_of_the_abis__has_a_class_with_its_fields(contract: str, entry: dict[str, Any]) -> None:
    """Every custom error of core, registry and guarded protocols is an exception of its name with its fields."""
    kind = getattr(errors, entry["name"], None)
    assert kind is not None, f"{contract} can revert with {entry['name']}, which has no class"

    assert kind.signature == f"{entry['name']}({','.join(field['type'] for field in entry['inputs'])})"
    assert [field.name for field in fields(kind)] == [snake(field["name"]) for field in entry["inputs"]]


def test_errors__each_class__belongs_to_an_error_of_the_abis() -> None:
    """No class is left over from an error that no contract has any more."""
    named = {entry["name"] for _, entry in ABI_ERRORS} | {"RevertedWithReason", "Panicked"}

    assert {kind.__name__ for kind in errors.known().values()} == named


@pytest.mark.parametrize("kind", errors.known().values(), ids=lambda kind: kind.__name__)
def test_from_revert__data_of_each_class__gives_it_with_a_text(kind: type[errors.ContractReverted]) -> None:
    """Each class decodes from its own revert data, keeps them, and says something with every field filled in."""
    samples = {"address": ADDRESS, "string": "text", "bytes32": b"\x01" * 32, "bytes4": b"\x01" * 4, "bytes": b"\x01"}
    types = kind.signature.partition("(")[2][:-1].split(",")
    data = revert_data(kind.signature, *(samples.get(one, 5) for one in types if one))

    error = errors.from_revert(data, "0xhash")

    assert type(error) is kind
    assert (error.data, error.tx_hash) == (data, "0xhash")
    assert "{" not in str(error)
    assert len(str(error)) > 2


def test_from_revert__instants_durations_and_enums__have_python_types() -> None:
    """Fields have the types that the clients use everywhere."""
    not_ready = errors.from_revert(revert_data("LooseningNotReady(uint40)", 1_800_000_000))
    assert isinstance(not_ready, errors.LooseningNotReady)
    assert not_ready.eta == datetime(2027, 1, 15, 8, 0, tzinfo=timezone.utc)
    assert str(not_ready) == "this loosening still waits: execute it from 2027-01-15 08:00:00 UTC on"

    duration = errors.from_revert(revert_data("InvalidDuration(uint256,uint256,uint256)", 7_200, 7_200, 2_592_000))
    assert duration.fields() == {
        "duration": timedelta(hours=2),
        "above": timedelta(hours=2),
        "maximum": timedelta(days=30),
    }

    assert errors.from_revert(revert_data("InvalidLimits(uint8)", 7)).fields() == {"field": Field.WINDOW}
    job_state = errors.from_revert(revert_data("WrongJobState(uint256,uint8)", 4, 2)).fields()["state"]
    assert job_state is JobState.SUBMITTED
    subject = errors.from_revert(revert_data("InvalidSubject(uint64)", (1 << 32) + 4)).fields()["subject"]
    assert subject == Subject.of_lineage(4)
    assert isinstance(subject, Subject)


def test_from_revert__verdict_of_a_guarded_protocol__is_decoded() -> None:
    """AgentDenied carries the verdict, and its text says where and how long to wait."""
    verdict = Verdict(False, Reason.COUNT_LIMIT, Scope.LINEAGE, 0, 90, 7)

    error = errors.from_revert(revert_data("AgentDenied(uint256,address,uint256)", 3, ADDRESS, encode_verdict(verdict)))

    assert isinstance(error, errors.AgentDenied)
    assert (error.lane, error.verdict) == (3, verdict)
    assert "again in 0:01:30" in str(error)


def test_from_revert__a_wallet_that_is_still_bound__is_never_free() -> None:
    """A time past the calendar is None, and reads `never`."""
    error = errors.from_revert(revert_data("WalletBoundElsewhere(address,uint32,uint256)", ADDRESS, 2, 2**256 - 1))

    assert isinstance(error, errors.WalletBoundElsewhere)
    assert error.free_at is None
    assert "free for another: never" in str(error)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x01", b"\xde\xad\xbe\xef" + b"\x00" * 32, revert_data("UnknownAgent(uint32)", 5)[:20]],
    ids=["none", "short", "unknown-selector", "truncated"],
)
def test_from_revert__data_that_no_class_knows__keeps_them_raw(data: bytes) -> None:
    """Unknown revert data is a plain ContractReverted that has all of it, never another error."""
    error = errors.from_revert(data)

    assert type(error) is errors.ContractReverted
    assert error.data == data
    assert (data.hex() in str(error)) if data else str(error) == "the contract reverted without data"


def test_from_revert__solidity_own_errors__are_read() -> None:
    """A require with a text, and a panic, are told as such."""
    assert str(errors.from_revert(revert_data("Error(string)", "no way"))) == "no way"
    panic = errors.from_revert(revert_data("Panic(uint256)", 0x11))
    assert isinstance(panic, errors.Panicked)
    assert panic.code == 0x11


def test_from_revert__refusal_of_a_hook__is_read_through() -> None:
    """What a hook reverted with is within the escrow's error, cut at 256 bytes, and is told in its words."""
    verdict = Verdict(False, Reason.VALUE_LIMIT, Scope.AGENT, 0, 90, 7)
    inner = revert_data("AgentDenied(uint256,address,uint256)", 0, ADDRESS, encode_verdict(verdict))
    error = errors.from_revert(revert_data("HookRefused(address,bytes)", ADDRESS, inner), "0xhash")

    assert isinstance(error, errors.HookRefused)
    assert isinstance(error.refusal, errors.AgentDenied)
    assert (error.refusal.verdict, error.refusal.tx_hash) == (verdict, "0xhash")
    assert "again in 0:01:30" in str(error)
    cut = errors.HookRefused(hook=ADDRESS, reason=inner[:50])
    assert type(cut.refusal) is errors.ContractReverted
    assert cut.refusal.data == inner[:50]


def test_errors__pickled_and_back__are_the_same() -> None:
    """An error crosses process borders with its fields."""
    error = errors.GuardianSpent(guardian=ADDRESS)

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - of our own making

    assert (type(again), again.fields()) == (errors.GuardianSpent, {"guardian": ADDRESS})
