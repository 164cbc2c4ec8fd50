"""Limits, breakers and a small world for the model's tests; every argument can be told apart."""

from __future__ import annotations

from fractions import Fraction

from switchgear.model import Breaker, Core, Signature, WalletBinding
from switchgear.model.breaker import COUNT_UNIT, VALUE_UNIT
from switchgear.types import NEVER_STRIKE, NEVER_TRIP, NO_EXPIRY, LanePolicy, Limits
from switchgear.words import BreakerWord, LimitsWord

NOW = 1_000_000
WINDOW = 60
COOLDOWN = 7_201
REGISTRY, PROTOCOL, ADMIN, OWNER, WALLET, GUARDIAN, STRANGER = (f"0x{number:040x}" for number in range(1, 8))
LIMITS = Limits(6, 6_000, NEVER_TRIP, NEVER_STRIKE, COOLDOWN, 3, 8, 0)
POLICY = LanePolicy(WINDOW)


def limits(**changed: int) -> Limits:
    """Six actions and 6,000 of value a minute; nothing trips, no half-open."""
    return LIMITS._replace(**changed)


def breaker(word: BreakerWord | None = None, subject: int = 1, window: int = WINDOW, **changed: int) -> Breaker:
    """A breaker of an agent with those limits."""
    lane = LimitsWord.of(limits(**changed), LanePolicy(window))
    return Breaker.of(subject, word or BreakerWord(), lane)


def used_count(part: Fraction, now: int = NOW, window: int = WINDOW) -> int:
    """Count TAT of a meter of which that part is used (GCRA: that part of the window lies ahead)."""
    return _tat(part, now, window, COUNT_UNIT)


def used_value(part: Fraction, now: int = NOW, window: int = WINDOW) -> int:
    """Value TAT of a meter of which that part is used."""
    return _tat(part, now, window, VALUE_UNIT)


def _tat(part: Fraction, now: int, window: int, unit: int) -> int:
    tat = (now + part * window) * 2**unit
    assert tat.denominator == 1, "choose a part that is exact"
    return tat.numerator


def core(now: int = NOW, policy: LanePolicy = POLICY, **changed: int) -> Core:
    """A core with one open lane 0, and agent 1 of OWNER with WALLET bound."""
    model = Core(now)
    model.set_admin(PROTOCOL, ADMIN)
    enroll(model, 1, OWNER)
    bind(model, 1, WALLET)
    model.open_lane(PROTOCOL, 0, limits(**changed), policy, [])
    model.events.clear()
    return model


def enroll(model: Core, agent_id: int, owner: str, parent: int = 0, lineage: int = 0) -> int:
    """Enrol an identity of an owner; a parent must have the same one."""
    model.owners[REGISTRY, agent_id] = owner
    return model.enroll(owner, REGISTRY, agent_id, parent, lineage, 0, None)


def bind(model: Core, agent: int, wallet: str, expiry: int = NO_EXPIRY) -> None:
    """Bind a wallet with both consents."""
    identity = model.identities[agent]
    owner = model.live_owner(identity.registry, identity.agent_id)
    nonce = model.wallet(wallet).nonce
    message = WalletBinding(identity.registry, identity.agent_id, owner, wallet, nonce, model.now)
    model.bind_wallet(owner, agent, wallet, expiry, model.now, Signature(wallet, message))
