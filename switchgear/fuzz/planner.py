"""Chooses the next step: mostly one that makes sense now, near a boundary if there is one, sometimes a hostile one."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from switchgear.fuzz.machine import WRONG_ANSWERS
from switchgear.fuzz.steps import Cast, Step, cast
from switchgear.model import ParentConsent, Signature, WalletBinding
from switchgear.model.breaker import beat_missed
from switchgear.types import (
    LANE,
    LOOSENING_DELAY,
    LOOSENING_WINDOW,
    MAX_GUARDIAN_BOUND,
    NEVER,
    NEVER_STRIKE,
    NEVER_TRIP,
    NO_EXPIRY,
    OUTAGE_ALLOWANCE,
    REBIND_DELAY,
    UNDECLARED_LINEAGE,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    VALUE_CAP_BOUND,
    ZERO_ADDRESS,
    LanePolicy,
    Limits,
    Query,
    Reason,
    Setting,
    Target,
    UnknownPolicy,
    Verdict,
)
from switchgear.words import load_value_cap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from switchgear.fuzz.machine import Machine

T = TypeVar("T")

AGENT_IDS = (0, 1, 2, 3, 4, 5, 2**256 - 1)
LANES = (0, 1, 2**255 + 7)
WINDOWS = (1, 7, 60, 97, 600, 3_600, 7_200, 86_400)
LONG_WINDOWS = (10**6, 2**24 - 1)
COUNT_CAPS = (0, 1, 2, 3, 4, 5, 7, 10, 50, 1_000, UNLIMITED_COUNT - 1, UNLIMITED_COUNT)
VALUE_CAPS = (
    0,
    1,
    2,
    3,
    100,
    101,
    1_000,
    65_537,
    10**18,
    2**56 - 1,
    2**56,
    2**56 + 1,
    2**192 + 7,
    2**200 + 1,
    2**235 + 2**190,
)
LONGEST_WAITS = (3 * 10**7, 10**6, 10**5)
END_OF_TIME = 2**32 - 2 * 10**7
"""Waits do not go past this, but in a late run."""
LATE = 2**32 - 90_000
"""Where a late run ends: the longest cooldowns, bounds and intervals saturate there."""

BAD_LIMITS: tuple[dict[str, int], ...] = (
    {"value_cap": VALUE_CAP_BOUND},
    {"value_cap": VALUE_CAP_BOUND - 1},
    {"value_cap": UNLIMITED_VALUE - 1},
    {"trip_level": 0},
    {"trip_level": 101},
    {"trip_level": 126},
    {"trip_level": 128},
    {"strikes": 0},
    {"strikes": 64},
    {"cooldown": OUTAGE_ALLOWANCE},
    {"max_backoff": 9},
    {"half_open_scale": 0},
    {"half_open_scale": 16},
    {"probation": 16},
)
"""Fields out of range, or on the edge of it."""

BAD_POLICIES: tuple[dict[str, Any], ...] = (
    {"window": 0},
    {"lineage_count": 0},
    {"lineage_count": 4_096},
    {"lineage_value": 0},
    {"lineage_value": 4_096},
    {"share": 0},
    {"share": 101},
)

BAIT: tuple[dict[str, int], ...] = (
    {"count_cap": 0},
    {"value_cap": 0},
    {"value_cap": 1},
    {"count_cap": UNLIMITED_COUNT},
)
"""Overrides of which something follows."""

NOTE = b"fuzz".ljust(32, b"\0")

WEIGHTS = {
    "admit": 60.0,
    "wait": 17.0,
    "preview": 1.0,
    "preview_batch": 0.1,
    "usage": 0.5,
    "status": 0.4,
    "status_of": 0.4,
    "transfer": 0.7,
    "answer": 0.4,
    "enroll": 1.0,
    "spawn": 1.8,
    "grant_spawn": 0.9,
    "bind_wallet": 2.0,
    "revoke_wallet": 0.6,
    "void_binding": 0.2,
    "on_agent_transfer": 0.1,
    "sync": 0.8,
    "register_lineage": 0.2,
    "transfer_lineage": 0.4,
    "attest_lineage": 1.4,
    "set_admin": 0.2,
    "open_lane": 0.7,
    "transfer_admin": 0.2,
    "accept_admin": 0.2,
    "set_lane": 1.2,
    "set_override": 1.5,
    "clear_override": 0.4,
    "accept_lineage": 0.6,
    "set_guardian": 1.4,
    "reset": 3.0,
    "trip": 2.0,
    "reset_agent": 2.0,
    "set_agent_guardian": 0.7,
    "set_heartbeat": 0.6,
    "set_lineage": 0.4,
    "trip_agent": 0.9,
    "beat": 0.9,
    "execute_loosening": 1.2,
    "cancel_loosening": 0.3,
}
OPENING = (
    *("register_lineage",) * 2,
    *("set_admin",) * 3,
    *("transfer",) * 8,
    *("open_lane",) * 3,
    *("enroll", "bind_wallet") * 7,
    *("grant_spawn",) * 2,
)
"""How a run begins: with somebody to play."""

SWARM = (0.1, 0.3, 1.0, 1.0, 3.0)
"""Factors, one drawn for each operation of a run: what is rare in one run is common in another (swarm testing)."""


class Moment(NamedTuple):
    """A time at which something may change."""

    time: int
    op: str | None = None
    """What to do then."""
    focus: tuple[str, int, str] | None = None
    """Protocol, lane and wallet that it concerns."""


class Planner:
    """Draws steps for a machine from a source of randomness; the same source gives the same steps."""

    def __init__(self, random: Random, machine: Machine) -> None:
        self.random = random
        self.machine = machine
        self.model = machine.model
        self.cast: Cast = cast()
        self.everybody = self.cast.everybody
        self._opening = list(reversed(OPENING))
        self._ops = list(WEIGHTS)
        calm = self._one((0.15, 0.5, 1.0))
        weights = (w if op in {"admit", "wait"} else w * calm * self._one(SWARM) for op, w in WEIGHTS.items())
        self._weights = list(accumulate(weights))
        self._longest_wait = self._one(LONGEST_WAITS)
        self._hostile = self._one((0.0, 0.02, 0.06))
        self._shadow = self._one((0.0, 0.1, 0.6))
        self._family = self._one((0.2, 0.6, 0.95))
        self._special = self._one((0.0, 1.0, 1.0))
        self._late = self._chance(0.05)
        self._end = LATE if self._late else END_OF_TIME
        self._focus: tuple[str, int, str] | None = None
        self._due: str | None = None

    def step(self) -> Step:
        """The next step."""
        due, self._due = self._due, None
        if self._late and not self._opening and self.model.now < END_OF_TIME:
            return Step("wait", (LATE - int(self.random.random() ** 4 * 2 * 10**7) - self.model.now,))
        if self._opening:
            return self.plan(self._opening.pop())
        if due and self._chance(0.7):
            return self.plan(due)
        outcome = self.machine.outcome
        if isinstance(outcome, Verdict) and 0 < outcome.retry_after < self._longest_wait and self._chance(0.25):
            self._due, seconds = "admit", self._near(outcome.retry_after)
            return Step("wait", (max(0, min(seconds, self._end - self.model.now)),))
        return self.plan(self.random.choices(self._ops, cum_weights=self._weights)[0])

    def plan(self, op: str) -> Step:
        """A step of one kind; before a spawn, mostly, the registration of the child."""
        if op == "spawn" and self._chance(0.7):
            parents = [self.model.identities[self.model.wallet(wallet).agent] for wallet in self._spawners()]
            free = [(r, i) for r in self.machine.registries for i in AGENT_IDS if (r, i) not in self.model.handles]
            if parents and free:
                self._due = "spawn"
                return Step("transfer", (*self._one(free), self._one(parents).recorded_owner))
        make: Callable[[], tuple[object, ...]] = getattr(self, f"_{op}")
        return Step(op, make())

    # ------------------------------------------------------------------ choices

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _one(self, choices: Sequence[T]) -> T:
        return choices[int(self.random.random() * len(choices))]

    def _anybody(self) -> str:
        return self._one(self.everybody)

    def _or_anybody(self, address: str) -> str:
        return self._anybody() if self._chance(self._hostile) else address

    def _agent(self) -> int:
        count = self.model.agent_count
        if not count or self._chance(0.02):
            return self._one((0, count + 1, NEVER))
        return 1 + int(self.random.random() * count)

    def _lineage(self) -> int:
        count = len(self.model.providers)
        return count if self._chance(0.02) else int(self.random.random() * count)

    def _registry(self) -> str:
        return self._anybody() if self._chance(0.01) else self._one(self.machine.registries)

    def _owner(self, agent: int) -> str:
        """Live owner of an agent, mostly."""
        if not 0 < agent <= self.model.agent_count:
            return self._anybody()
        identity = self.model.identities[agent]
        owner = self.model.owners.get((identity.registry, identity.agent_id)) or identity.recorded_owner
        return self._or_anybody(owner)

    def _place(self) -> tuple[str, int]:
        """Protocol and lane."""
        lanes = list(self.model.lanes)
        if lanes and not self._chance(0.03):
            return self._one(lanes)
        return self._one(self.cast.protocols), self._one(LANES)

    def _admin(self, protocol: str) -> str:
        admin, _ = self.model.admin_of(protocol)
        return self._anybody() if admin == ZERO_ADDRESS else self._or_anybody(admin)

    def _subject(self, *, lane: bool = True) -> int:
        draw = self.random.random()
        if draw < 0.6:  # noqa: PLR2004
            return self._agent()
        if draw < 0.7:  # noqa: PLR2004
            return 0
        if draw < 0.9 or not lane:  # noqa: PLR2004
            return UNDECLARED_LINEAGE + self._lineage()
        return self._one((LANE, LANE, LANE, LANE + 1, 3 << 32, 2**64 - 1))

    def _causes(self) -> int:
        return self._one((1, 1, 2, 4, 8, 16, 32, 63, 63, 63, 63, 255, int(self.random.random() * 256)))

    def _near(self, moment: int) -> int:
        """That second, the one before or the one after."""
        return max(0, moment + self._one((-1, 0, 0, 1)))

    # ------------------------------------------------------------------ time

    def _wait(self) -> tuple[int]:
        draw = self.random.random()
        now = self.model.now
        if draw < 0.3:  # noqa: PLR2004
            seconds = self._one((1, 1, 2, 5, 13))
        elif draw < 0.5:  # noqa: PLR2004
            lane = self.model.lane(*self._place())
            seconds = self._near(self._one((lane.window, lane.window, lane.window // 2, lane.window * lane.probation)))
        elif draw < 0.6:  # noqa: PLR2004
            seconds = self._near(self._one((OUTAGE_ALLOWANCE, 3_600, LOOSENING_DELAY, LOOSENING_WINDOW, REBIND_DELAY)))
            seconds = min(seconds, self._longest_wait)
        else:
            ahead = [moment for moment in self._moments() if 0 < moment.time - now + 1 <= self._longest_wait]
            seconds = 1
            if ahead:
                moment = self._one(ahead)
                seconds = self._near(moment.time - now)
                self._due, self._focus = moment.op, moment.focus or self._focus
        return (max(0, min(seconds, self._end - now)),)

    def _moments(self) -> list[Moment]:
        """Times at which something may change, of a few things drawn by lot."""
        model = self.model
        moments = []
        if isinstance(self.machine.outcome, Verdict) and self.machine.outcome.retry_after != NEVER:
            moments += [Moment(model.now + self.machine.outcome.retry_after, "admit", self._focus)] * 10
        if model.breakers:
            place = self._one(list(model.breakers))
            word = model.breakers[place]
            lane = model.lane(place[0], place[1])
            rules = model.override(*place) if word.overridden else lane
            focus = (place[0], place[1], self._wallet_of(place[2]))
            moments += [
                Moment(word.auto_until, "admit", focus),
                Moment(word.auto_until + rules.probation * lane.window, self._one(("admit", "reset")), focus),
                Moment(word.guardian_until, "admit", focus),
                Moment(word.strike_since + lane.window, "admit", focus),
                Moment(lane.guardian_until, "admit", focus),
            ]
        if model.loosenings and self._chance(0.5):
            eta = self._one(list(model.loosenings.values())).eta
            moments += [Moment(eta, "execute_loosening"), Moment(eta + LOOSENING_WINDOW, "execute_loosening")]
        agent = self._agent()
        switch = model.agent(agent)
        focus = (*self._place(), self._wallet_of(agent))
        moments += [Moment(switch.guardian_until, "admit", focus), Moment(switch.beat_deadline, "beat")]
        if model.wallets:
            wallet = self._one(list(model.wallets))
            focus = (*self._place(), wallet)
            moments += [
                Moment(model.wallets[wallet].expiry, "admit", focus),
                Moment(model.wallets[wallet].revoked_at + REBIND_DELAY, "bind_wallet", focus),
            ]
        return moments

    def _wallet_of(self, subject: int) -> str:
        """A wallet that the subject's breaker has a say about."""
        model = self.model
        if subject == LANE:
            return self._one(list(model.wallets) or self.everybody)
        bound = [
            wallet
            for wallet, word in model.wallets.items()
            if not word.revoked_at
            and (
                word.agent == subject
                or subject in {UNDECLARED_LINEAGE, UNDECLARED_LINEAGE + model.agent(word.agent).lineage}
            )
        ]
        return self._one(bound or self.everybody)

    # ------------------------------------------------------------------ questions

    def _admit(self) -> tuple[str, int, str, int]:
        outcome = self.machine.outcome
        if isinstance(outcome, Verdict) and not outcome.admitted and outcome.reason < Reason.ZERO_LIMIT:
            self._focus = None
        if self._focus is None or self._chance(0.2):
            self._focus = self._promising()
        return *self._focus, self._value(*self._focus)

    def _promising(self) -> tuple[str, int, str]:
        """Protocol, lane and wallet, of which nothing is open that one look shows, mostly."""
        for _ in range(4):
            protocol, lane = self._place()
            bound = list(self.model.wallets)
            wallet = self._one(bound) if bound and self._chance(0.93) else self._anybody()
            word = self.model.lane(protocol, lane)
            agent = self.model.agent(self.model.wallet(wallet).agent)
            if word.latched or word.registry not in {0, agent.registry}:
                continue
            if self.model.status(wallet).admitted:
                break
        return protocol, lane, wallet

    def _value(self, protocol: str, lane: int, wallet: str) -> int:
        model = self.model
        agent = model.wallet(wallet).agent
        word = model.breaker(protocol, lane, agent)
        rules = model.override(protocol, lane, agent) if word.overridden else model.lane(protocol, lane)
        cap = load_value_cap(rules.value_cap)
        if cap == UNLIMITED_VALUE:
            return self._one((0, 1, 10**6, UNLIMITED_VALUE))
        draw = self.random.random()
        if draw < 0.25:  # noqa: PLR2004
            return 0
        if draw < 0.75:  # noqa: PLR2004
            return cap // self._one((2, 3, 4, 7, 16, 100)) + self._one((0, 0, 1))
        if draw < 0.94:  # noqa: PLR2004
            scale = rules.half_open_scale
            lineage = cap * max(1, rules.lineage_value) * max(1, rules.share) // 100
            return max(0, self._one((cap, cap, cap * scale // 16, lineage)) + self._one((-1, 0, 0, 1)))
        # Amounts that would wrap if anything multiplied them carelessly.
        power = 1 << int(self.random.random() * 256)
        return self._one(
            (2**256 - 1, VALUE_CAP_BOUND, self.random.getrandbits(256), power, power + cap // 2, power - 1)
        )

    _preview = _admit

    def _preview_batch(self) -> tuple[list[Query]]:
        return ([Query(*self._admit()) for _ in range(int(self.random.random() * 4))],)

    def _usage(self) -> tuple[str, int, int]:
        protocol, lane = self._place()
        return protocol, lane, LANE if self._chance(0.15) else self._subject()

    def _status(self) -> tuple[str]:
        return (self._one(list(self.model.wallets) or self.everybody),)

    def _status_of(self) -> tuple[int]:
        return (self._agent(),)

    # ------------------------------------------------------------------ who

    def _transfer(self) -> tuple[str, int, str]:
        owner = self._one(self.cast.owners)
        if self._chance(0.12):
            owner = self._one(self._one((self.cast.guardians, self.cast.wallets, self.everybody)))
        return self._one(self.machine.registries), self._one(AGENT_IDS), owner

    def _answer(self) -> tuple[str, int, int]:
        answer = 0 if self._chance(0.7) else 1 + int(self.random.random() * WRONG_ANSWERS)
        return self._one(self.machine.registries), self._one(AGENT_IDS), answer

    def _deadline(self) -> int:
        return max(0, self.model.now + self._one((0, 1, 3_600, 3_600, 10**6, -1 if self._chance(0.2) else 60)))

    def _expiry(self) -> int:
        if self._chance(0.8):
            return NO_EXPIRY
        return self.model.now + self._one((1, 60, 10_000, 10**6, 10**7))

    def _bad_expiry(self) -> int:
        return self.model.now - self._one((0, 1)) if self._chance(0.04) else self._expiry()

    def _enroll(self) -> tuple[object, ...]:
        registry, agent_id = self._identity()
        owner = self._or_anybody(self.model.owners.get((registry, agent_id)) or self._anybody())
        parent = 0
        if self.model.agent_count and self._chance(self._family):
            parent = self.model.agent_count if self._chance(0.5) else self._agent()
            if self._chance(0.1):
                owned = [agent for agent in range(1, self.model.agent_count + 1) if self._is_owner_bound(agent)]
                parent = self._one(owned or [parent])
        deadline = self._deadline()
        consent = None
        if not self._chance(0.05):
            message = ParentConsent(registry, agent_id, owner, parent, deadline)
            consent = self._by(self._owner(parent), message)
        return owner, registry, agent_id, parent, self._lineage(), deadline, consent

    def _identity(self) -> tuple[str, int]:
        """One that is not enrolled, mostly."""
        free = [identity for identity in self.model.owners if identity not in self.model.handles]
        return self._one(free) if free and self._chance(0.9) else (self._registry(), self._one(AGENT_IDS))

    def _by(self, signer: str, message: WalletBinding | ParentConsent) -> Signature:
        """Signed, now and then by another, or something else."""
        if self._chance(0.03):
            field = self._one(message._fields)
            changed = {field: self._anybody() if isinstance(getattr(message, field), str) else 7}
            message = message._replace(**changed)  # type: ignore[arg-type]
        if signer not in self.everybody:
            signer = self._anybody()
        return Signature(self._or_anybody(signer), message)

    def _binding(self, agent_owner: str, registry: str, agent_id: int) -> tuple[str, int, int, Signature | None]:
        fresh = [wallet for wallet in self.cast.wallets if not self.model.wallet(wallet).agent]
        wallet = self._one(fresh if fresh and self._chance(0.4) else self.cast.wallets)
        if self._focus and self._chance(0.3):
            wallet = self._focus[2]
        elif self._chance(0.1):
            cast_ = self.cast
            roles = (cast_.owners, cast_.delegates, cast_.guardians, cast_.admins, cast_.providers, self.everybody)
            wallet = self._one(self._one(roles))
        deadline = self._deadline()
        nonce = self.model.wallet(wallet).nonce
        message = WalletBinding(registry, agent_id, agent_owner, wallet, nonce, deadline)
        signature = None if self._chance(0.03) else self._by(wallet, message)
        return ZERO_ADDRESS if self._chance(0.01) else wallet, self._bad_expiry(), deadline, signature

    def _spawn(self) -> tuple[object, ...]:
        bound = self._spawners()
        wallet = self._one(bound) if bound and self._chance(0.95) else self._anybody()
        registry, agent_id = self._identity()
        parent = self.model.identities[self.model.wallet(wallet).agent]
        owner = self.model.owners.get((parent.registry, parent.agent_id)) or ZERO_ADDRESS
        mine = [
            identity for identity, of in self.model.owners.items() if of == owner and identity not in self.model.handles
        ]
        if mine and not self._chance(0.1):
            registry, agent_id = self._one(mine)
        return wallet, registry, agent_id, *self._binding(owner, registry, agent_id)

    def _spawners(self) -> list[str]:
        """Wallets that may spawn now."""
        model = self.model
        granted = {
            agent for agent, one in enumerate(model.identities) if one.spawns_left and model.now < one.spawn_expiry
        }
        return [w for w, word in model.wallets.items() if word.agent in granted and model.status(w).admitted]

    def _is_owner_bound(self, agent: int) -> bool:
        identity = self.model.identities[agent]
        owner = self.model.owners.get((identity.registry, identity.agent_id))
        return owner is not None and self.model.wallet(owner).agent != 0

    def _grant_spawn(self) -> tuple[str, int, int, int]:
        agent = self._agent()
        return self._owner(agent), agent, self._one((0, 1, 2, 3, 2**16 - 1)), self._bad_expiry()

    def _bind_wallet(self) -> tuple[object, ...]:
        agent = self._agent()
        identity = self.model.identities[agent] if agent <= self.model.agent_count else self.model.identities[0]
        owner = self._owner(agent)
        return owner, agent, *self._binding(owner, identity.registry, identity.agent_id)

    def _revoke_wallet(self) -> tuple[str, str]:
        wallet = self._one(list(self.model.wallets) or self.everybody)
        sender = wallet if self._chance(0.5) else self._owner(self.model.wallet(wallet).agent)
        return self._or_anybody(sender), self._or_anybody(wallet)

    def _void_binding(self) -> tuple[str]:
        return (self._anybody(),)

    def _on_agent_transfer(self) -> tuple[str, int, str]:
        return self._anybody(), self._one(AGENT_IDS), self._anybody()

    def _sync(self) -> tuple[str, str, int]:
        moved = [
            (identity.registry, identity.agent_id)
            for identity in self.model.identities[1:]
            if self.model.owners.get((identity.registry, identity.agent_id)) != identity.recorded_owner
        ]
        registry, agent_id = self._one(moved) if moved else (self._registry(), self._one(AGENT_IDS))
        return self._anybody(), registry, agent_id

    def _register_lineage(self) -> tuple[str, str]:
        return self._or_anybody(self._one(self.cast.providers)), self._one(("atlas", "boreas", ""))

    def _transfer_lineage(self) -> tuple[str, int, str]:
        lineage = self._lineage()
        new = ZERO_ADDRESS if self._chance(0.05) else self._or_anybody(self._one(self.cast.providers))
        return self._provider(lineage), lineage, new

    def _provider(self, lineage: int) -> str:
        known = lineage < len(self.model.providers)
        return self._or_anybody(self.model.providers[lineage]) if known else self._anybody()

    def _attest_lineage(self) -> tuple[str, int, int, bool]:
        agent = self._agent()
        lineage = self.model.agent(agent).lineage if self._chance(0.95) else self._lineage()
        return self._provider(lineage), agent, lineage, self._chance(0.6)

    # ------------------------------------------------------------------ by whom

    def _set_admin(self) -> tuple[str, str]:
        named = self.model.admins
        free = [protocol for protocol in self.cast.protocols if protocol not in named]
        admin = ZERO_ADDRESS if self._chance(0.03) else self._or_anybody(self._one(self.cast.admins))
        return self._one(free or self.cast.protocols), admin

    def _limits(self, like: Limits | None = None) -> Limits:
        """Fresh ones, or some a little tighter or looser than others."""
        limits = like or Limits(
            self._one(COUNT_CAPS[1:]) if self._chance(0.95) else 0,
            self._one(VALUE_CAPS[1:]) if self._chance(0.8) else self._one((0, UNLIMITED_VALUE)),
            self._one((NEVER_TRIP, 1, 50, 80, 99, 100, 100)),
            self._one((1, 2, 3, 5, 62, NEVER_STRIKE)),
            self._one((OUTAGE_ALLOWANCE + 1, OUTAGE_ALLOWANCE + 2, 10_000, 2**16 - 1)),
            self._one((0, 1, 2, 3, 8)),
            self._one((1, 4, 8, 15)),
            self._one((0, 1, 2, 15)),
        )
        if like:
            for _ in range(self._one((0, 1, 1, 2))):
                limits = self._moved(limits)
        if self._chance(0.04):
            limits = limits._replace(**self._one(BAD_LIMITS))
        return limits

    def _moved(self, limits: Limits) -> Limits:
        """One field changed."""
        field = self._one(limits._fields)
        value = getattr(limits, field)
        if field == "value_cap" and self._chance(0.3):
            return limits._replace(value_cap=self._one((*VALUE_CAPS, UNLIMITED_VALUE)))
        if field == "count_cap" and self._chance(0.3):
            return limits._replace(count_cap=self._one(COUNT_CAPS))
        changed = limits._replace(**{field: max(0, value + self._one((-1, 1, -(value // 2), value)))})
        fits = all(0 <= number <= most for number, most in zip(changed, _MOST, strict=True))
        return changed if fits else limits

    def _policy(self, like: LanePolicy | None = None) -> LanePolicy:
        policy = like or LanePolicy(
            self._one(LONG_WINDOWS if self._chance(0.1) and not self._late else WINDOWS),
            self._one((1, 2, 3, 4_095)),
            self._one((1, 2, 3, 4_095)),
            self._one((1, 10, 50, 100, 100)),
            self._chance(0.6),
            self._chance(0.3 * self._special),
            self._chance(0.25 * self._special),
            self._chance(self._shadow * self._special),
            self._one((UnknownPolicy.DENY, UnknownPolicy.SHARED, UnknownPolicy.EXEMPT)),
            self._one(self.machine.registries) if self._chance(0.4 * self._special) else ZERO_ADDRESS,
        )
        if like and self._chance(0.7):
            field = self._one(policy._fields)
            policy = policy._replace(**{field: getattr(self._policy(), field)})
        if self._chance(0.04):
            policy = policy._replace(**self._one(BAD_POLICIES))
        if self._chance(0.01):
            policy = policy._replace(registry=self._anybody())
        return policy

    def _open_lane(self) -> tuple[object, ...]:
        ready = list(self.model.admins) or list(self.cast.protocols)
        free = [(p, lane) for p in ready for lane in LANES if (p, lane) not in self.model.lanes]
        protocol, lane = self._one(free) if free and self._chance(0.9) else self._place()
        known = range(0 if self._chance(0.05) else 1, len(self.model.providers))
        accepted = [self._one(known) for _ in range(int(self.random.random() * 3)) if known]
        return self._or_anybody(protocol), lane, self._limits(), self._policy(), accepted

    def _transfer_admin(self) -> tuple[str, str, str]:
        protocol, _ = self._place()
        draw = self.random.random()
        new = ZERO_ADDRESS if draw < 0.1 else self._one(self.cast.guardians if draw < 0.4 else self.cast.admins)  # noqa: PLR2004
        return self._admin(protocol), protocol, self._or_anybody(new)

    def _accept_admin(self) -> tuple[str, str]:
        offered = [protocol for protocol, (_, pending) in self.model.admins.items() if pending != ZERO_ADDRESS]
        protocol = self._one(offered) if offered and self._chance(0.9) else self._one(self.cast.protocols)
        pending = self.model.admin_of(protocol)[1]
        return self._or_anybody(self._one(self.cast.admins) if pending == ZERO_ADDRESS else pending), protocol

    def _set_lane(self) -> tuple[object, ...]:
        protocol, lane = self._place()
        word = self.model.lane(protocol, lane)
        if not word.window:
            return self._admin(protocol), protocol, lane, self._limits(), self._policy()
        registries = {index: registry for registry, index in self.model.registries.items()}
        policy = LanePolicy(
            word.window,
            word.lineage_count,
            word.lineage_value,
            word.share,
            word.lineage,
            word.attested,
            word.live,
            word.shadow,
            word.unknown,
            registries.get(word.registry, ZERO_ADDRESS),
        )
        limits = word.limits() if self._chance(0.4) else self._limits(word.limits())
        return self._admin(protocol), protocol, lane, limits, self._policy(policy)

    def _set_override(self) -> tuple[object, ...]:
        protocol, lane = self._place()
        subject = self._subject()
        parents = [word.parent for word in self.model.agents if word.parent]
        if parents and self._chance(0.3):
            subject = self._one(parents)
        word = self.model.breaker(protocol, lane, subject)
        like = self.model.override(protocol, lane, subject) if word.overridden else self.model.lane(protocol, lane)
        limits = self._limits(like.limits()) if like.window or word.overridden else self._limits()
        if self._chance(0.2):
            limits = limits._replace(**self._one(BAIT))
        return self._admin(protocol), protocol, lane, subject, limits

    def _clear_override(self) -> tuple[object, ...]:
        overrides = [place for place, word in self.model.breakers.items() if word.overridden]
        if overrides and self._chance(0.9):
            protocol, lane, subject = self._one(overrides)
        else:
            protocol, lane, subject = *self._place(), self._subject()
        return self._admin(protocol), protocol, lane, subject

    def _accept_lineage(self) -> tuple[object, ...]:
        protocol, lane = self._place()
        return self._admin(protocol), protocol, lane, self._lineage(), self._chance(0.7)

    def _bound(self) -> int:
        return self._one(
            (
                OUTAGE_ALLOWANCE + 1,
                10_000,
                20_000,
                MAX_GUARDIAN_BOUND,
                0,
                self._one((OUTAGE_ALLOWANCE, MAX_GUARDIAN_BOUND + 1, 1, 2**32 - 1)) if self._chance(0.2) else 9_000,
            )
        )

    def _set_guardian(self) -> tuple[object, ...]:
        protocol = self.cast.protocols[0] if self._chance(0.5) else self._place()[0]
        known = self.model.guardians.get(protocol, {})
        return self._admin(protocol), protocol, self._guardian(known), self._bound()

    def _guardian(self, known: Mapping[int, object]) -> str:
        if known and self._chance(0.3):
            return f"0x{self._one(list(known)):040x}"
        return ZERO_ADDRESS if self._chance(0.02) else self._or_anybody(self._one(self.cast.guardians))

    def _reset(self) -> tuple[object, ...]:
        """Of something that can be reset, mostly."""
        model = self.model
        tripped = [
            place
            for place, word in model.breakers.items()
            if word.latched or word.spent or word.auto_until > model.now or self._is_half_open(place)
        ]
        lanes = [(*place, int(LANE)) for place, word in model.lanes.items() if word.latched or word.spent]
        if self._focus and self._chance(0.4):
            protocol, lane, wallet = self._focus
            subject = model.wallet(wallet).agent
        elif (tripped or lanes) and self._chance(0.9):
            protocol, lane, subject = self._one(tripped + lanes)
        else:
            protocol, lane, subject = *self._place(), self._one((LANE, self._subject()))
        return self._admin(protocol), protocol, lane, subject, self._causes()

    def _is_half_open(self, place: tuple[str, int, int]) -> bool:
        """Or was until this second."""
        word, lane = self.model.breakers[place], self.model.lane(place[0], place[1])
        rules = self.model.override(*place) if word.overridden else lane
        return word.auto_until <= self.model.now <= word.auto_until + rules.probation * lane.window

    def _trip(self) -> tuple[object, ...]:
        focus = self._focus if self._focus and self._chance(0.5) else None
        protocol, lane = focus[:2] if focus else self._place()
        guardians = [f"0x{guardian:040x}" for guardian in self.model.guardians.get(protocol, {})]
        draw = self.random.random()
        if guardians and draw < 0.5:  # noqa: PLR2004
            sender = self._one(guardians)
        else:
            sender = protocol if draw < 0.75 else self._admin(protocol)  # noqa: PLR2004
        subject = LANE if self._chance(0.2) else self._subject()
        if focus and self._chance(0.7):
            subject = self.model.wallet(focus[2]).agent
        if self._chance(0.4):
            self._due, self._focus = "admit", (protocol, lane, self._wallet_of(subject))
        return self._or_anybody(sender), protocol, lane, subject, NOTE

    def _reset_agent(self) -> tuple[object, ...]:
        tripped = [
            agent
            for agent, word in enumerate(self.model.agents)
            if agent and (word.latched or word.spent or beat_missed(word, self.model.now))
        ]
        agent = self._one(tripped) if tripped and self._chance(0.8) else self._agent()
        return self._owner(agent), agent, self._causes()

    def _set_agent_guardian(self) -> tuple[object, ...]:
        agent = 1 if self._chance(0.5) else self._agent()
        known = self.model.agent_guardians.get(agent, {})
        return self._owner(agent), agent, self._guardian(known), self._bound()

    def _set_heartbeat(self) -> tuple[object, ...]:
        beating = [agent for agent, word in enumerate(self.model.agents) if word.beat_interval]
        agent = self._one(beating) if beating and self._chance(0.5) else self._agent()
        interval = self._one((OUTAGE_ALLOWANCE + 1, 10_000, 80_000, 2**24 - 1, 0, 0))
        delegate = self._one((ZERO_ADDRESS, *self.cast.delegates))
        if self._chance(0.04):
            interval = self._one((1, OUTAGE_ALLOWANCE))
        return self._owner(agent), agent, interval, self._or_anybody(delegate)

    def _set_lineage(self) -> tuple[object, ...]:
        agent = self._agent()
        return self._owner(agent), agent, self._lineage()

    def _trip_agent(self) -> tuple[object, ...]:
        agent = 1 if self._chance(0.3) else self._agent()
        guardians = [f"0x{guardian:040x}" for guardian in self.model.agent_guardians.get(agent, {})]
        sender = self._one(guardians) if guardians and self._chance(0.6) else self._owner(agent)
        draw = self.random.random()
        if draw < 0.2:  # noqa: PLR2004
            self._due = "trip_agent"  # again, with luck by the same one
        elif draw < 0.6:  # noqa: PLR2004
            self._due, self._focus = "admit", (*self._place(), self._wallet_of(agent))
        return self._or_anybody(sender), agent, NOTE

    def _beat(self) -> tuple[object, ...]:
        beating = [agent for agent, word in enumerate(self.model.agents) if word.beat_interval]
        agent = self._one(beating) if beating and self._chance(0.9) else self._agent()
        delegate = self.model.delegates.get(agent, ZERO_ADDRESS)
        sender = delegate if delegate != ZERO_ADDRESS and self._chance(0.5) else self._owner(agent)
        return self._or_anybody(sender), agent

    def _execute_loosening(self) -> tuple[object, ...]:
        target = self._target()
        if target.protocol != ZERO_ADDRESS:
            return self._admin(target.protocol), target
        if target.setting is Setting.ATTESTATION:
            return self._provider(target.key), target
        return self._owner(target.subject), target

    _cancel_loosening = _execute_loosening

    def _target(self) -> Target:
        scheduled = self.model.loosenings
        if scheduled and self._chance(0.95):
            ready = [target for target, item in scheduled.items() if item.eta <= self.model.now]
            return self._one(ready) if ready and self._chance(0.7) else self._one(list(scheduled))
        protocol, lane = self._place()
        agent = self._agent()
        return self._one(
            (
                Target.lane(protocol, lane),
                Target.override(protocol, lane, agent),
                Target.heartbeat(agent),
                Target.lineage(agent),
                Target.attestation(agent, self._lineage()),
                Target.heartbeat(agent)._replace(subject=UNDECLARED_LINEAGE + agent),
                Target.lane(protocol, lane)._replace(subject=agent),
            )
        )


_MOST = (UNLIMITED_COUNT, UNLIMITED_VALUE, 2**8 - 1, 2**8 - 1, 2**16 - 1, 2**8 - 1, 2**8 - 1, 2**8 - 1)
