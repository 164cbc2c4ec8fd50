"""`Breaker`: the client of the core, ``CircuitBreaker``, for agents, owners, admins, guardians and whoever watches.

>>> breaker = Breaker(connect("http://127.0.0.1:8545"))                                     # doctest: +SKIP
>>> plan = breaker.headroom(protocol, 0, wallet, Decimal("250"), decimals=6)                # doctest: +SKIP
>>> plan.actions, plan.next_at, plan.narrowest                                              # doctest: +SKIP
>>> breaker.trip(protocol, 0, Subject.of_agent(7), "drains the pool", sender=guardian)      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from switchgear import signing
from switchgear.artifacts import load
from switchgear.chain import BlockIdentifier, Contract, Transaction, code_hash
from switchgear.deployment import CANONICAL_REGISTRIES, check_code, core_address, create_address, identity_address
from switchgear.display import to_instant, to_wait
from switchgear.errors import InvalidInput, LaneNotOpen, NotEnrolled, UnknownAgent, WrongCode
from switchgear.interface import Event, Interface
from switchgear.model.breaker import Breaker as Meters
from switchgear.model.breaker import headroom
from switchgear.registry import Registry
from switchgear.types import (
    NEVER,
    NO_EXPIRY,
    UNDECLARED_LINEAGE,
    ZERO_ADDRESS,
    Cause,
    Causes,
    LanePolicy,
    Limits,
    Query,
    Scope,
    Setting,
    Subject,
    Target,
    UnknownPolicy,
    Usage,
    Verdict,
)
from switchgear.values import from_duration, from_instant, to_address, to_amount, to_note, to_raw, to_uint
from switchgear.views import (
    AgentView,
    BreakerView,
    Headroom,
    LaneView,
    LimitsView,
    Link,
    LooseningView,
    UsageView,
    WalletView,
)
from switchgear.words import AgentWord, BreakerWord, LimitsWord, WalletWord, decode_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from web3 import Web3

Amount = int | str | Decimal
"""In units of ``10**-decimals``, whole parts first: with 6 decimals, 1 is 1_000_000 to the contract; with 0, 1 is 1."""

_COLD_HALF = "Administration"
_QUERIES = 200
"""Questions in one call of ``previewBatch``."""


class Breaker(Contract):
    """Circuit breakers of one chain (``ICircuitBreaker``).

    Every read takes `block_identifier`. Every function that changes state takes `sender` and `dry_run`, simulates
    first, and returns a `Transaction`; see `Contract.send` for the errors. Each error of the core has an exception of
    its own in `switchgear.errors`. Amounts are Decimals in the lane's unit with `decimals` decimals.

    Args:
        web3: A node; see `switchgear.connect`.
        address: Of the core; by default the one it has on every chain.
        chain_id: The chain that the node must serve; any if None.
        verify_code: Whether to compare the code of both halves with what this version ships.
    """

    name = "CircuitBreaker"

    def __init__(
        self, web3: Web3, address: str | None = None, *, chain_id: int | None = None, verify_code: bool = True
    ) -> None:
        super().__init__(web3, address or core_address(), Interface(load(self.name).abi), chain_id=chain_id)
        self._verify_code = verify_code

    def _check_code(self, code: bytes) -> None:
        if not self._verify_code:
            return
        check_code(self.node, self.address, code, (self.name,), _COLD_HALF)
        # The one value in its code is where it looks for that half.
        (stored,) = load(self.name).values(code)
        looks = to_address("0x" + stored[-20:].hex())
        if looks != create_address(self.address, 1):
            there = self.node.code(looks)
            raise WrongCode(_COLD_HALF, looks, load(_COLD_HALF).code_hash or "", code_hash(there))

    def decode_log(self, log: Mapping[str, Any]) -> Event | None:
        """A log of the core as a node gives it (JSON-RPC), in this package's types; None if its event is unknown.

        Enums, subjects and verdicts are such; instants are datetimes, None for never (until reset, no expiry).
        """
        event = super().decode_log(log)
        if event is None:
            return None
        typed = {name: _EVENT_TYPES.get(name, _same)(value) for name, value in event.args.items()}
        return replace(event, args=typed)

    # ------------------------------------------------------------------ the question

    def preview(
        self,
        protocol: str,
        lane: int,
        wallet: str,
        value: Amount = 0,
        *,
        decimals: int = 0,
        block_identifier: BlockIdentifier = "latest",
    ) -> Verdict:
        """What the protocol's ``admit`` would answer (``preview``, BR-13).

        Unknown wallets and unopened lanes are verdicts, not errors.
        """
        query = _query(protocol, lane, wallet, value, decimals)
        return decode_verdict(self.read("preview", *query, block_identifier=block_identifier))

    def preview_batch(
        self, queries: Iterable[Query], *, decimals: int = 0, block_identifier: BlockIdentifier = "latest"
    ) -> list[Verdict]:
        """`preview` of many questions, each on the present state (``previewBatch``), in as few calls as will do."""
        asked = [_query(*query, decimals) for query in queries]
        calls = [("previewBatch", [asked[start : start + _QUERIES]]) for start in range(0, len(asked), _QUERIES)]
        parts = self.read_many(calls, block_identifier=block_identifier) if calls else []
        return [decode_verdict(verdict) for part in parts for verdict in part]

    def status(self, wallet: str, *, block_identifier: BlockIdentifier = "latest") -> Verdict:
        """Identity and kill switches only: is the wallet bound, are its agent and ancestors unbroken (``status``)?"""
        return self.statuses([wallet], block_identifier=block_identifier)[0]

    def statuses(self, wallets: Iterable[str], *, block_identifier: BlockIdentifier = "latest") -> list[Verdict]:
        """`status` of many wallets, asked together."""
        calls = [("status", [to_address(wallet, name="wallet")]) for wallet in wallets]
        return [decode_verdict(word) for word in self.read_many(calls, block_identifier=block_identifier)]

    def status_of(self, agent: int, *, block_identifier: BlockIdentifier = "latest") -> Verdict:
        """Kill switches only, by handle (``statusOf``); `UnknownAgent` if not enrolled."""
        return decode_verdict(self.read("statusOf", _agent(agent), block_identifier=block_identifier))

    def usage(
        self,
        protocol: str,
        lane: int,
        subject: int,
        *,
        decimals: int = 0,
        block_identifier: BlockIdentifier = "latest",
    ) -> UsageView:
        """State and consumption of one breaker now (``usage``); `LaneNotOpen` for a lane that never opened."""
        return self.usages([(protocol, lane, subject)], decimals=decimals, block_identifier=block_identifier)[0]

    def usages(
        self,
        places: Iterable[tuple[str, int, int]],
        *,
        decimals: int = 0,
        block_identifier: BlockIdentifier = "latest",
    ) -> list[UsageView]:
        """`usage` of many breakers, by protocol, lane and subject, asked together."""
        calls = [("usage", (*_lane(protocol, lane), _subject(subject))) for protocol, lane, subject in places]
        answers = self.read_many(calls, block_identifier=block_identifier)
        return [UsageView.of(Usage.of(answer), decimals) for answer in answers]

    def headroom(
        self,
        protocol: str,
        lane: int,
        wallet: str,
        value: Amount = 0,
        *,
        decimals: int = 0,
        block_identifier: BlockIdentifier = "latest",
    ) -> Headroom:
        """What a wallet may still do in a lane, when it may do more, and which breaker is the narrowest.

        Plans with the words of one block, exact to the unit; whoever shares a breaker (lineage, ancestors) may
        use up room meanwhile.

        Args:
            protocol: Who asks.
            lane: Its lane.
            wallet: Who would act.
            value: Of each action planned.
            decimals: Of the lane's unit.
            block_identifier: State to plan on.
        """
        query = _query(protocol, lane, wallet, value, decimals)
        header = self.node.block(block_identifier)
        block, now = header["hash"], int(header["timestamp"], 16)
        verdict, wallet_word, lane_word = self.read_many(
            [("preview", query), ("walletWord", [query.wallet]), ("laneWord", query[:2])], block_identifier=block
        )
        verdict, rules = decode_verdict(verdict), LimitsWord.decode(lane_word)
        agent = WalletWord.decode(wallet_word).agent
        exempt = not agent and rules.unknown == UnknownPolicy.EXEMPT
        members = [] if exempt or not rules.window else self._series(query.protocol, lane, agent, rules, block)

        links = tuple(
            Link(scope, distance, Subject(meters.subject), meters.state(now), room.actions, _cap(room.value, decimals))
            for scope, distance, meters in members
            for room in [headroom([meters], now, query.value)]
        )
        room = headroom([meters for _, _, meters in members], now, query.value)
        admitted = verdict.admitted
        wait = to_wait(verdict.retry_after if not admitted else 0)
        as_of = datetime.fromtimestamp(now, tz=timezone.utc)
        return Headroom(
            as_of=as_of,
            verdict=verdict,
            actions=room.actions if admitted else 0,
            value=_cap(room.value, decimals) if admitted or verdict.scope in _METERED else Decimal(0),
            next_at=None if wait is None else as_of + wait,
            narrowest=min(links, key=_narrowness, default=None),
            series=links,
            shadow=rules.shadow,
        )

    # ------------------------------------------------------------------ who: reads

    def agent_count(self, *, block_identifier: BlockIdentifier = "latest") -> int:
        """Number of agents enrolled; handles are 1 to this (``agentCount``)."""
        return int(self.read("agentCount", block_identifier=block_identifier))

    def agent_of(self, registry: str, agent_id: int, *, block_identifier: BlockIdentifier = "latest") -> int:
        """Handle of an identity (``agentOf``); `NotEnrolled` if it has none."""
        registry, agent_id = to_address(registry, name="registry"), to_uint(agent_id, name="agent_id")
        agent = int(self.read("agentOf", registry, agent_id, block_identifier=block_identifier))
        if not agent:
            raise NotEnrolled(registry, agent_id)
        return agent

    def agent(self, agent: int, *, block_identifier: BlockIdentifier = "latest") -> AgentView:
        """An agent and its kill switch, by handle; `UnknownAgent` if not enrolled."""
        return self.agents([agent], block_identifier=block_identifier)[0]

    def agents(self, agents: Iterable[int], *, block_identifier: BlockIdentifier = "latest") -> list[AgentView]:
        """Many of them, asked together."""
        handles = [_agent(agent) for agent in agents]
        views = ("identityOf", "agentWord", "beatDelegateOf")
        answers = self.read_many([(v, [h]) for h in handles for v in views], block_identifier=block_identifier)
        found = []
        for index, handle in enumerate(handles):
            identity, word, delegate = answers[3 * index : 3 * index + 3]
            if not word:
                raise UnknownAgent(handle)
            found.append(AgentView.of(handle, identity, AgentWord.decode(word), delegate))
        return found

    def ancestors(self, agent: int, *, block_identifier: BlockIdentifier = "latest") -> list[AgentView]:
        """The agents above one, nearest first; at most four (ID-6)."""
        above = []
        parent = self.agent(agent, block_identifier=block_identifier).parent
        while parent:
            above.append(self.agent(parent, block_identifier=block_identifier))
            parent = above[-1].parent
        return above

    def owner_of(self, agent: int, *, block_identifier: BlockIdentifier = "latest") -> str:
        """Live owner of an agent, from its registry: who answers for it now.

        Raises:
            UnknownAgent: Not enrolled.
            OwnerUnavailable: The registry does not answer with one address.
        """
        view = self.agent(agent, block_identifier=block_identifier)
        return self.owner_in(view.registry, view.agent_id, block_identifier=block_identifier)

    def owner_in(self, registry: str, agent_id: int, *, block_identifier: BlockIdentifier = "latest") -> str:
        """Live owner by identity, enrolled or not; `OwnerUnavailable` as the core would raise it."""
        return Registry(self.node.web3, registry).owner_of(agent_id, block_identifier=block_identifier)

    def wallet(self, wallet: str, *, block_identifier: BlockIdentifier = "latest") -> WalletView:
        """A wallet's binding; `agent` is 0 if it was never bound (``walletWord``)."""
        address = to_address(wallet, name="wallet")
        word = self.read("walletWord", address, block_identifier=block_identifier)
        return WalletView.of(address, WalletWord.decode(word))

    def wallets_of(
        self, agent: int, *, from_block: int = 0, block_identifier: BlockIdentifier = "latest"
    ) -> list[WalletView]:
        """Every wallet that was bound to the agent and not to another since, revoked ones included; by its events."""
        bound = self.events("WalletBound", from_block=from_block, to_block=block_identifier, agent=_agent(agent))
        addresses = list(dict.fromkeys(event.args["wallet"] for event in bound))
        words = self.read_many([("walletWord", [a]) for a in addresses], block_identifier=block_identifier)
        views = (WalletView.of(a, WalletWord.decode(word)) for a, word in zip(addresses, words, strict=True))
        return [view for view in views if view.agent == agent]

    def provider_of(self, lineage: int, *, block_identifier: BlockIdentifier = "latest") -> str | None:
        """Provider of a lineage; None if there is no such lineage (``providerOf``)."""
        provider = self.read("providerOf", to_uint(lineage, bits=32, name="lineage"), block_identifier=block_identifier)
        return None if provider == ZERO_ADDRESS else str(provider)

    def registry_index(self, registry: str, *, block_identifier: BlockIdentifier = "latest") -> int:
        """Dense index of a registry; 0 if no agent was enrolled from it and no lane names it (``registryIndex``)."""
        return int(self.read("registryIndex", to_address(registry, name="registry"), block_identifier=block_identifier))

    def domain_separator(self, *, block_identifier: BlockIdentifier = "latest") -> bytes:
        """Of the core's EIP-712 domain, with the live chain id (``domainSeparator``)."""
        return bytes(self.read("domainSeparator", block_identifier=block_identifier))

    def eip712_domain(self, *, block_identifier: BlockIdentifier = "latest") -> dict[str, Any]:
        """The domain of messages that wallets and owners sign (``eip712Domain``, EIP-5267)."""
        _, name, version, chain_id, contract, _, _ = self.read("eip712Domain", block_identifier=block_identifier)
        return {"name": name, "version": version, "chainId": chain_id, "verifyingContract": to_address(contract)}

    def constants(self, *, block_identifier: BlockIdentifier = "latest") -> dict[str, int]:
        """Every constant of the core, by its name in Solidity; seconds, and for MAX_GUARDIANS a number."""
        values = self.read_many([(name, []) for name in CONSTANTS], block_identifier=block_identifier)
        return dict(zip(CONSTANTS, values, strict=True))

    # ------------------------------------------------------------------ what: reads

    def lane(
        self,
        protocol: str,
        lane: int,
        *,
        decimals: int = 0,
        registries: Sequence[str] = (),
        block_identifier: BlockIdentifier = "latest",
    ) -> LaneView:
        """An open lane (``laneWord``); `LaneNotOpen` if it is not.

        Args:
            protocol: Whose lane.
            lane: Its number.
            decimals: Of the lane's unit.
            registries: Identity registries, beside the well-known ones, that the lane may name.
            block_identifier: State to read.
        """
        place = _lane(protocol, lane)
        word = LimitsWord.decode(self.read("laneWord", *place, block_identifier=block_identifier))
        if not word.window:
            raise LaneNotOpen(*place)
        registry: str | None = ZERO_ADDRESS
        if word.registry:
            known = [
                *(to_address(one, zero=True) for one in registries),
                identity_address(self.address),
                *CANONICAL_REGISTRIES,
            ]
            indexes = self.read_many([("registryIndex", [one]) for one in known], block_identifier=block_identifier)
            registry = next((one for one, index in zip(known, indexes, strict=True) if index == word.registry), None)
        return LaneView.of(*place, word, registry, decimals)

    def lanes(
        self, protocol: str | None = None, *, from_block: int = 0, block_identifier: BlockIdentifier = "latest"
    ) -> list[tuple[str, int]]:
        """Protocol and number of every open lane, of one protocol or of all; by their events."""
        chosen = {} if protocol is None else {"protocol": to_address(protocol, name="protocol")}
        opened = self.events("LaneOpened", from_block=from_block, to_block=block_identifier, **chosen)
        return [(event.args["protocol"], event.args["lane"]) for event in opened]

    def breaker(
        self, protocol: str, lane: int, subject: int, *, block_identifier: BlockIdentifier = "latest"
    ) -> BreakerView:
        """The word of one breaker (``breakerWord``); an untouched one is all zero."""
        return self.breakers([(protocol, lane, subject)], block_identifier=block_identifier)[0]

    def breakers(
        self, places: Iterable[tuple[str, int, int]], *, block_identifier: BlockIdentifier = "latest"
    ) -> list[BreakerView]:
        """Many of them, by protocol, lane and subject, asked together."""
        keys = [(*_lane(protocol, lane), _subject(subject)) for protocol, lane, subject in places]
        words = self.read_many([("breakerWord", key) for key in keys], block_identifier=block_identifier)
        return [BreakerView.of(*key, BreakerWord.decode(word)) for key, word in zip(keys, words, strict=True)]

    def override(
        self,
        protocol: str,
        lane: int,
        subject: int,
        *,
        decimals: int = 0,
        block_identifier: BlockIdentifier = "latest",
    ) -> LimitsView | None:
        """Limits of a subject's own, None if the lane's count for it (``overrideWord``)."""
        place = (*_lane(protocol, lane), _subject(subject))
        word, state = self.read_many(
            [("overrideWord", place), ("breakerWord", place)], block_identifier=block_identifier
        )
        overridden = BreakerWord.decode(state).overridden
        return LimitsView.of(LimitsWord.decode(word).limits(), decimals) if overridden else None

    # ------------------------------------------------------------------ by whom: reads

    def admin_of(self, protocol: str, *, block_identifier: BlockIdentifier = "latest") -> tuple[str | None, str | None]:
        """Admin of a protocol and the address it was offered to, None for nobody (``adminOf``)."""
        pair = self.read("adminOf", to_address(protocol, name="protocol"), block_identifier=block_identifier)
        admin, pending = (None if address == ZERO_ADDRESS else to_address(address) for address in pair)
        return admin, pending

    def guardian_of(
        self, protocol: str, guardian: str, *, block_identifier: BlockIdentifier = "latest"
    ) -> timedelta | None:
        """How long a trip by this guardian of a protocol lasts; None if it is none (``guardianOf``)."""
        pair = to_address(protocol, name="protocol"), to_address(guardian, name="guardian")
        bound, _ = self.read("guardianOf", *pair, block_identifier=block_identifier)
        return timedelta(seconds=bound) if bound else None

    def agent_guardian_of(
        self, agent: int, guardian: str, *, block_identifier: BlockIdentifier = "latest"
    ) -> timedelta | None:
        """How long a trip of the kill switch by this guardian lasts; None if it is none (``agentGuardianOf``)."""
        pair = _agent(agent), to_address(guardian, name="guardian")
        bound, _ = self.read("agentGuardianOf", *pair, block_identifier=block_identifier)
        return timedelta(seconds=bound) if bound else None

    def guardians(
        self, scope: str | int, *, from_block: int = 0, block_identifier: BlockIdentifier = "latest"
    ) -> dict[str, timedelta]:
        """Guardians of a protocol (by address) or an agent (by handle), and how long their trips last; by events."""
        if isinstance(scope, int):
            view, setting, chosen = (
                "agentGuardianOf",
                Setting.AGENT_GUARDIAN,
                {"protocol": ZERO_ADDRESS, "subject": _agent(scope)},
            )
        else:
            scope = to_address(scope, name="protocol")
            view, setting, chosen = "guardianOf", Setting.PROTOCOL_GUARDIAN, {"protocol": scope, "subject": 0}
        changed = self.events("SettingChanged", from_block=from_block, to_block=block_identifier, **chosen)
        named = dict.fromkeys(_key_address(event.args["key"]) for event in changed if event.args["setting"] == setting)
        answers = self.read_many([(view, [scope, one]) for one in named], block_identifier=block_identifier)
        return {one: timedelta(seconds=bound) for one, (bound, _) in zip(named, answers, strict=True) if bound}

    def loosening_of(self, target: Target, *, block_identifier: BlockIdentifier = "latest") -> LooseningView | None:
        """A scheduled loosening; None if nothing is scheduled (``looseningOf``)."""
        return LooseningView.of(*self.read("looseningOf", _target(target), block_identifier=block_identifier))

    def loosenings(
        self, scope: str | int, *, from_block: int = 0, block_identifier: BlockIdentifier = "latest"
    ) -> dict[Target, LooseningView]:
        """Everything scheduled for a protocol (by address), or about an agent (by handle); by events."""
        if isinstance(scope, int):
            chosen: dict[str, Any] = {"subject": _agent(scope)}
        else:
            chosen = {"protocol": to_address(scope, name="protocol")}
        scheduled = self.events("LooseningScheduled", from_block=from_block, to_block=block_identifier, **chosen)
        targets = dict.fromkeys(
            Target(a["setting"], a["protocol"], a["key"], a["subject"]) for a in (event.args for event in scheduled)
        )
        answers = self.read_many([("looseningOf", [target]) for target in targets], block_identifier=block_identifier)
        views = {target: LooseningView.of(*answer) for target, answer in zip(targets, answers, strict=True)}
        return {target: view for target, view in views.items() if view}

    # ------------------------------------------------------------------ messages to sign

    def wallet_binding(self, agent: int, wallet: str, deadline: datetime | int) -> signing.TypedData:
        """What a wallet signs to be bound to an agent now, under its live owner and present nonce.

        Raises:
            UnknownAgent: No such handle.
            OwnerUnavailable: The registry does not say who owns the agent.
        """
        view = self.agent(agent)
        return self.child_binding(view.registry, view.agent_id, wallet, deadline)

    def child_binding(self, registry: str, agent_id: int, wallet: str, deadline: datetime | int) -> signing.TypedData:
        """The same for an identity that is yet to be enrolled, as ``spawn`` needs it."""
        owner = self.owner_in(registry, agent_id)
        return signing.wallet_binding(
            chain_id=self.node.chain_id,
            core=self.address,
            registry=registry,
            agent_id=agent_id,
            owner=owner,
            wallet=wallet,
            nonce=self.wallet(wallet).nonce,
            deadline=deadline,
        )

    def parent_consent(self, registry: str, agent_id: int, parent: int, deadline: datetime | int) -> signing.TypedData:
        """What the live owner of `parent` signs so that another owner's agent becomes its child."""
        return signing.parent_consent(
            chain_id=self.node.chain_id,
            core=self.address,
            registry=registry,
            agent_id=agent_id,
            owner=self.owner_in(registry, agent_id),
            parent=parent,
            deadline=deadline,
        )

    # ------------------------------------------------------------------ who: transactions

    def enroll(
        self,
        registry: str,
        agent_id: int,
        *,
        parent: int = 0,
        lineage: int = 0,
        deadline: datetime | int = 0,
        consent: bytes = b"",
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Enrol an agent; its live owner sends (``enroll``). The handle is in the event AgentEnrolled.

        Args:
            registry: ERC-8004 identity registry.
            agent_id: The agent in it.
            parent: Handle of the agent that spawned it; 0 for a root.
            lineage: Declared lineage; 0 for none.
            deadline: Last instant at which `consent` counts.
            consent: The parent owner's signature over `parent_consent`; not needed for a root or one's own agent.
            sender: The agent's live owner.
            dry_run: Simulate only.
        """
        return self.send(
            "enroll",
            to_address(registry, name="registry"),
            to_uint(agent_id, name="agent_id"),
            to_uint(parent, bits=32, name="parent"),
            to_uint(lineage, bits=32, name="lineage"),
            from_instant(deadline, name="deadline"),
            consent,
            sender=sender,
            dry_run=dry_run,
        )

    def spawn(
        self,
        registry: str,
        agent_id: int,
        wallet: str,
        *,
        expiry: datetime | int | None = None,
        deadline: datetime | int,
        signature: bytes,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Enrol a child from a wallet of the parent, and bind its first wallet (``spawn``, ID-9).

        `signature` is the child's wallet's, over `child_binding`; the grant is the owner's (`grant_spawn`).
        """
        binding = (_expiry(expiry), from_instant(deadline, name="deadline"), signature)
        child = (to_address(registry, name="registry"), to_uint(agent_id, name="agent_id"))
        return self.send("spawn", *child, to_address(wallet, name="wallet"), *binding, sender=sender, dry_run=dry_run)

    def grant_spawn(
        self, agent: int, count: int, expiry: datetime | int, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Allow the agent's wallets to enrol `count` children before `expiry`, all told (``grantSpawn``). Owner."""
        count = to_uint(count, bits=16, name="count")
        until = from_instant(expiry, bits=40, name="expiry")
        return self.send("grantSpawn", _agent(agent), count, until, sender=sender, dry_run=dry_run)

    def bind_wallet(
        self,
        agent: int,
        wallet: str,
        *,
        expiry: datetime | int | None = None,
        deadline: datetime | int,
        signature: bytes,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Bind a wallet that signed `wallet_binding` (``bindWallet``, ID-1). Owner.

        Args:
            agent: Handle.
            wallet: Who signed.
            expiry: First instant at which the binding no longer counts; None for never.
            deadline: As signed.
            signature: The wallet's.
            sender: The agent's live owner.
            dry_run: Simulate only.
        """
        binding = (_expiry(expiry), from_instant(deadline, name="deadline"), signature)
        return self.send(
            "bindWallet", _agent(agent), to_address(wallet, name="wallet"), *binding, sender=sender, dry_run=dry_run
        )

    def revoke_wallet(self, wallet: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """End a binding at once, which leaves a tombstone (``revokeWallet``, ID-1). The wallet, or the owner."""
        return self.send("revokeWallet", to_address(wallet, name="wallet"), sender=sender, dry_run=dry_run)

    def void_binding(self, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Void every binding signature that the sending wallet gave and that was not used (``voidBinding``)."""
        return self.send("voidBinding", sender=sender, dry_run=dry_run)

    def sync(self, registry: str, agent_id: int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Report a change of owner: the old owner's bindings end (``sync``, ID-4). Anyone."""
        identity = to_address(registry, name="registry"), to_uint(agent_id, name="agent_id")
        return self.send("sync", *identity, sender=sender, dry_run=dry_run)

    def register_lineage(self, name: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Create a lineage, whose provider the sender becomes (``registerLineage``, ID-8).

        Its id is in the event LineageRegistered.
        """
        return self.send("registerLineage", name, sender=sender, dry_run=dry_run)

    def transfer_lineage(self, lineage: int, provider: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Hand a lineage to another provider (``transferLineage``). Provider."""
        lineage = to_uint(lineage, bits=32, name="lineage")
        return self.send(
            "transferLineage", lineage, to_address(provider, name="provider"), sender=sender, dry_run=dry_run
        )

    def attest_lineage(
        self, agent: int, lineage: int, attested: bool, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Confirm that an agent runs on the lineage it declares; withdrawing waits (``attestLineage``). Provider."""
        lineage = to_uint(lineage, bits=32, name="lineage")
        return self.send("attestLineage", _agent(agent), lineage, bool(attested), sender=sender, dry_run=dry_run)

    # ------------------------------------------------------------------ by whom: transactions

    def admit(
        self,
        lane: int,
        wallet: str,
        value: Amount = 0,
        *,
        decimals: int = 0,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Ask and charge (``admit``). The protocol.

        Protocols are mostly contracts; this is for those that a key runs. The result is the verdict of the simulation,
        the event Denied that of the transaction.
        """
        raw = to_raw(value, decimals=decimals)
        place = to_uint(lane, name="lane"), to_address(wallet, name="wallet")
        asked = self.send("admit", *place, raw, sender=sender, dry_run=dry_run)
        return replace(asked, result=decode_verdict(asked.result))

    def trip(
        self, protocol: str, lane: int, subject: int, note: str | bytes, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Open a breaker or, with `LANE`, a lane (``trip``, BR-8).

        Protocol or admin: until reset; guardian: for its bound.

        Args:
            protocol: Whose breaker.
            lane: In which lane.
            subject: `Subject.of_agent(n)`, `Subject.of_lineage(n)`, `UNKNOWN_WALLETS`, `UNDECLARED_LINEAGE`, `LANE`.
            note: Why, for the record: text of at most 32 bytes, or a 32-byte hash.
            sender: Protocol, admin or guardian.
            dry_run: Simulate only.
        """
        place = (*_lane(protocol, lane), _subject(subject))
        return self.send("trip", *place, to_note(note), sender=sender, dry_run=dry_run)

    def reset(
        self, protocol: str, lane: int, subject: int, causes: Causes, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Clear causes of a breaker or, with `LANE`, of a lane; never refills a meter (``reset``). Admin."""
        place = (*_lane(protocol, lane), _subject(subject))
        return self.send("reset", *place, _causes(causes), sender=sender, dry_run=dry_run)

    def trip_agent(self, agent: int, note: str | bytes, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Open a kill switch, and so stop the agent and all its descendants (``tripAgent``). Owner or guardian."""
        return self.send("tripAgent", _agent(agent), to_note(note), sender=sender, dry_run=dry_run)

    def reset_agent(self, agent: int, causes: Causes, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Clear causes of a kill switch (``resetAgent``). Owner."""
        return self.send("resetAgent", _agent(agent), _causes(causes), sender=sender, dry_run=dry_run)

    def beat(self, agent: int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Show that somebody still watches (``beat``, BR-14). Owner or heartbeat delegate."""
        return self.send("beat", _agent(agent), sender=sender, dry_run=dry_run)

    def set_admin(self, admin: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Name the sending protocol's first admin (``setAdmin``)."""
        return self.send("setAdmin", to_address(admin, name="admin"), sender=sender, dry_run=dry_run)

    def open_lane(
        self,
        lane: int,
        limits: Limits,
        policy: LanePolicy,
        lineages: Sequence[int] = (),
        *,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Open a lane of the sending protocol, at once (``openLane``); `lineages` get breakers of their own."""
        accepted = [to_uint(lineage, bits=32, name="lineage") for lineage in lineages]
        lane = to_uint(lane, name="lane")
        return self.send("openLane", lane, _limits(limits), _policy(policy), accepted, sender=sender, dry_run=dry_run)

    def transfer_admin(self, protocol: str, admin: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Offer the admin role; zero withdraws the offer (``transferAdmin``). Admin."""
        pair = to_address(protocol, name="protocol"), to_address(admin, name="admin", zero=True)
        return self.send("transferAdmin", *pair, sender=sender, dry_run=dry_run)

    def accept_admin(self, protocol: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Accept the admin role (``acceptAdmin``). Whom it was offered to."""
        return self.send("acceptAdmin", to_address(protocol, name="protocol"), sender=sender, dry_run=dry_run)

    def set_lane(
        self,
        protocol: str,
        lane: int,
        limits: Limits,
        policy: LanePolicy,
        *,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Set limits and policy of a lane: at once if no field is looser, else scheduled (``setLane``, BR-9). Admin."""
        place = _lane(protocol, lane)
        return self.send("setLane", *place, _limits(limits), _policy(policy), sender=sender, dry_run=dry_run)

    def set_override(
        self, protocol: str, lane: int, subject: int, limits: Limits, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Give a subject limits of its own: at once if no looser, else scheduled (``setOverride``). Admin."""
        place = (*_lane(protocol, lane), _subject(subject))
        return self.send("setOverride", *place, _limits(limits), sender=sender, dry_run=dry_run)

    def clear_override(
        self, protocol: str, lane: int, subject: int, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Schedule the return of a subject to the lane's limits (``clearOverride``). Admin."""
        place = (*_lane(protocol, lane), _subject(subject))
        return self.send("clearOverride", *place, sender=sender, dry_run=dry_run)

    def accept_lineage(
        self, protocol: str, lane: int, lineage: int, accepted: bool, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Charge a lineage to its own breaker, or to the undeclared one; waits (``acceptLineage``). Admin."""
        lineage = to_uint(lineage, bits=32, name="lineage")
        place = _lane(protocol, lane)
        return self.send("acceptLineage", *place, lineage, bool(accepted), sender=sender, dry_run=dry_run)

    def set_guardian(
        self, protocol: str, guardian: str, bound: timedelta | int, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Appoint a guardian of a protocol, whose trips last `bound` (``setGuardian``). Admin.

        A bound of 0 dismisses it; that, and any shorter bound, is scheduled.
        """
        pair = to_address(protocol, name="protocol"), to_address(guardian, name="guardian")
        return self.send("setGuardian", *pair, _bound(bound), sender=sender, dry_run=dry_run)

    def set_agent_guardian(
        self, agent: int, guardian: str, bound: timedelta | int, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """The same for an agent's kill switch (``setAgentGuardian``). Owner."""
        pair = _agent(agent), to_address(guardian, name="guardian")
        return self.send("setAgentGuardian", *pair, _bound(bound), sender=sender, dry_run=dry_run)

    def set_heartbeat(
        self,
        agent: int,
        interval: timedelta | int,
        delegate: str = ZERO_ADDRESS,
        *,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Require a beat from owner or delegate every `interval` (``setHeartbeat``, BR-14). Owner.

        An interval of 0 stops it; that, a longer one and another delegate are scheduled.
        """
        seconds = from_duration(interval, bits=24, name="interval")
        address = to_address(delegate, name="delegate", zero=True)
        return self.send("setHeartbeat", _agent(agent), seconds, address, sender=sender, dry_run=dry_run)

    def set_lineage(self, agent: int, lineage: int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Schedule another declared lineage (``setLineage``, ID-8). Owner."""
        lineage = to_uint(lineage, bits=32, name="lineage")
        return self.send("setLineage", _agent(agent), lineage, sender=sender, dry_run=dry_run)

    def execute_loosening(self, target: Target, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Execute what was scheduled, from its ETA to its expiry (``executeLoosening``). Who may change the setting."""
        return self.send("executeLoosening", _target(target), sender=sender, dry_run=dry_run)

    def cancel_loosening(self, target: Target, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Cancel what was scheduled (``cancelLoosening``). Who may change the setting."""
        return self.send("cancelLoosening", _target(target), sender=sender, dry_run=dry_run)

    # ------------------------------------------------------------------ internal

    def _series(
        self, protocol: str, lane: int, agent: int, rules: LimitsWord, block: str
    ) -> list[tuple[Scope, int, Meters]]:
        """The breakers that an action of the agent (0: an unknown wallet) would charge, in order (spec section 3)."""
        words: list[AgentWord] = []
        handles = [agent]
        while agent:
            words.append(AgentWord.decode(self.read("agentWord", agent, block_identifier=block)))
            agent = words[-1].parent
            handles += [agent] if agent else []
        subjects = [Subject.of_agent(handle) for handle in handles]
        lineages = []
        if rules.lineage and words:
            declared = words[0].lineage if words[0].attested or not rules.attested else 0
            lineages = [Subject.of_lineage(declared), UNDECLARED_LINEAGE]
        places = [(protocol, lane, subject) for subject in (*subjects, *lineages)]
        answers = self.read_many(
            [(view, place) for place in places for view in ("breakerWord", "overrideWord")], block_identifier=block
        )
        meters = {
            place[2]: Meters.of(place[2], BreakerWord.decode(word), rules, LimitsWord.decode(override))
            for place, word, override in zip(places, answers[::2], answers[1::2], strict=True)
        }
        own, above = meters[subjects[0]], [meters[subject] for subject in subjects[1:]]
        series = [(Scope.AGENT, 0, own)]
        if lineages:
            lineage = next((meters[one] for one in lineages if meters[one].word.accepted), meters[UNDECLARED_LINEAGE])
            series = [(Scope.AGENT, 0, own.clamped(lineage, rules.share)), (Scope.LINEAGE, 0, lineage)]
        return series + [(Scope.ANCESTOR, distance, one) for distance, one in enumerate(above, start=1)]


CONSTANTS = (
    "REBIND_DELAY",
    "OUTAGE_ALLOWANCE",
    "LOOSENING_DELAY",
    "LOOSENING_WINDOW",
    "MAX_GUARDIAN_BOUND",
    "MAX_GUARDIANS",
)
"""Names of the core's constants."""
_LIMITS_BITS = {
    "count_cap": 24,
    "value_cap": 256,
    "trip_level": 8,
    "strikes": 8,
    "cooldown": 16,
    "max_backoff": 8,
    "half_open_scale": 8,
    "probation": 8,
}
_POLICY_BITS = {"window": 24, "lineage_count": 16, "lineage_value": 16, "share": 8}
"""Widths of the structs' fields; what is out of a narrower range the core tells (`InvalidLimits`)."""


def _same(value: Any) -> Any:
    return value


def _until(seconds: int) -> datetime | None:
    return None if seconds == NEVER else to_instant(seconds)


_EVENT_TYPES: dict[str, Callable[[Any], Any]] = {
    "cause": Cause,
    "causes": Causes,
    "deadline": to_instant,
    "eta": to_instant,
    "expiry": to_instant,
    "setting": Setting,
    "subject": Subject,
    "until": _until,
    "verdict": decode_verdict,
}
_METERED = (Scope.AGENT, Scope.LINEAGE, Scope.ANCESTOR)


def _lane(protocol: str, lane: int) -> tuple[str, int]:
    return to_address(protocol, name="protocol"), to_uint(lane, name="lane")


def _agent(agent: int) -> int:
    return to_uint(agent, bits=32, name="agent")


def _subject(subject: int) -> Subject:
    return Subject(to_uint(subject, bits=64, name="subject"))


def _causes(causes: int) -> int:
    if to_uint(causes, bits=8, name="causes") not in range(1, Causes.ALL + 1):
        message = f"causes {int(causes)}: combine members of Causes"
        raise InvalidInput(message)
    return int(causes)


def _bound(bound: timedelta | int) -> int:
    return from_duration(bound, bits=32, name="bound")


def _expiry(expiry: datetime | int | None) -> int:
    return NO_EXPIRY if expiry is None else from_instant(expiry, bits=40, name="expiry")


def _query(protocol: str, lane: int, wallet: str, value: Amount, decimals: int) -> Query:
    return Query(*_lane(protocol, lane), to_address(wallet, name="wallet"), to_raw(value, decimals=decimals))


def _limits(limits: Limits) -> Limits:
    for name, bits in _LIMITS_BITS.items():
        to_uint(getattr(limits, name), bits=bits, name=name)
    return limits


def _policy(policy: LanePolicy) -> LanePolicy:
    for name, bits in _POLICY_BITS.items():
        to_uint(getattr(policy, name), bits=bits, name=name)
    return policy._replace(registry=to_address(policy.registry, name="registry", zero=True))


def _target(target: Target) -> Target:
    return target._replace(protocol=to_address(target.protocol, name="protocol", zero=True))


def _key_address(key: int) -> str:
    return to_address(f"0x{key:040x}")


def _cap(value: int | None, decimals: int) -> Decimal | None:
    return None if value is None else to_amount(value, decimals=decimals)


def _narrowness(link: Link) -> tuple[float, Decimal, int]:
    actions = float("inf") if link.actions is None else link.actions
    return actions, Decimal("Infinity") if link.value is None else link.value, link.distance
