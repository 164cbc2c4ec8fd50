"""Events of the core in words, for the report and the live page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear.display import show
from switchgear.types import LANE, UNDECLARED_LINEAGE, UNKNOWN_WALLETS, ZERO_ADDRESS, Kind, Setting, Subject, Target
from switchgear.values import from_note, to_address

if TYPE_CHECKING:
    from switchgear.interface import Event

_WORD = 2**64
"""From here on a number is a packed word."""


def subject_name(subject: Subject) -> str:
    """A subject in words.

    >>> subject_name(Subject.of_lineage(3))
    'lineage 3'
    """
    if subject == LANE:
        return "the lane itself"
    if subject == UNKNOWN_WALLETS:
        return "unknown wallets"
    if subject == UNDECLARED_LINEAGE:
        return "undeclared lineage"
    return f"{'agent' if subject.kind is Kind.AGENT else 'lineage'} {subject.id}"


def event_words(event: Event) -> dict[str, str]:
    """Its fields in words, without those that say nothing; addresses stay whole."""
    return {name: _field(event, name, value) for name, value in event.args.items() if _says(event, name, value)}


def target_name(target: Target) -> str:  # noqa: PLR0911 - one for each setting
    """A setting in words.

    >>> target_name(Target.heartbeat(7))
    'heartbeat of agent 7'
    """
    subject = subject_name(Subject(target.subject))
    place = f"lane {target.key} of {target.protocol}"
    match target.setting:
        case Setting.LANE:
            return f"limits and policy of {place}"
        case Setting.OVERRIDE:
            return f"limits of {subject} in {place}"
        case Setting.ACCEPTANCE:
            return f"breaker of its own for {subject} in {place}"
        case Setting.PROTOCOL_GUARDIAN:
            return f"guardian {_address(target.key)} of {target.protocol}"
        case Setting.AGENT_GUARDIAN:
            return f"guardian {_address(target.key)} of {subject}"
        case Setting.ATTESTATION:
            return f"attestation of lineage {target.key} for {subject}"
        case _:
            return f"{show(target.setting)} of {subject}"


def _says(event: Event, name: str, value: Any) -> bool:
    if name == "subject":
        return event.args.get("setting") != Setting.PROTOCOL_GUARDIAN
    return bool(value != ZERO_ADDRESS)


def _address(key: int) -> str:
    return to_address(f"0x{key:040x}")


def _field(event: Event, name: str, value: Any) -> str:
    if name == "note":
        return from_note(value) or "none"
    if name == "key" and event.args.get("setting") in (Setting.AGENT_GUARDIAN, Setting.PROTOCOL_GUARDIAN):
        return _address(value)
    if isinstance(value, Subject):
        return subject_name(value)
    if type(value) is int and value >= _WORD:
        return f"0x{value:x}"
    return show(value)
