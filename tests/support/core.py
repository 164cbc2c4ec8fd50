"""The core on the local chain, through Ape: a party for every role, one agent, one protocol with one lane.

A `World` is made once a module (Ape isolates modules and tests by snapshots). Its parties have fixed relations:
`owner` owns the agent, `wallet` is bound to it, `protocol` is a key that acts as a protocol, `admin` and `guardian`
are that protocol's, `agent_guardian` is the agent's, `provider` has the lineage; `delegate`, `buyer`, `spare` and
`stranger` are nobody yet.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import ape
from eth_utils.crypto import keccak

from switchgear import signing
from switchgear.types import LANE, LanePolicy, Limits, Subject, Verdict
from switchgear.words import AgentWord, BreakerWord, LimitsWord, WalletWord, decode_verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE, HOUR, DAY = 60, 3600, 86_400
WINDOW = HOUR
BOUND = 3 * HOUR
"""Seconds that the trips of the world's guardians last."""
INTERVAL = 6 * HOUR
"""Seconds of the agent's heartbeat, in tests that set one."""
NEVER_EXPIRES = 2**40 - 1
ZERO = "0x" + "00" * 20
NOTE = keccak(text="note")

LIMITS = Limits(
    count_cap=10,
    value_cap=1_000,
    trip_level=127,
    strikes=63,
    cooldown=3 * HOUR,
    max_backoff=2,
    half_open_scale=8,
    probation=0,
)
"""Ten actions and a value of 1,000 an hour; no automatic trip, no probation."""
POLICY = LanePolicy(window=WINDOW)

FRESH = 30
"""Accounts without any relation that a world has beside its parties."""

PARTIES = (
    "deployer",
    "owner",
    "wallet",
    "protocol",
    "admin",
    "guardian",
    "agent_guardian",
    "delegate",
    "provider",
    "stranger",
    "buyer",
    "spare",
)


class Event(NamedTuple):
    """An event of the core."""

    name: str
    fields: dict[str, Any]


class World:
    """Core, two registries and the parties.

    Attributes:
        core: By the ABI of `ICircuitBreaker`.
        registry: AgentIdentity, which tells the core of transfers.
        foreign: HostileRegistry, which tells nobody, and answers as scripted.
        agent: Handle of the agent.
        agent_id: Its number in `registry`.
        lineage: Handle of the lineage, which the agent does not declare.
    """

    deployer: Any
    owner: Any
    wallet: Any
    protocol: Any
    admin: Any
    guardian: Any
    agent_guardian: Any
    delegate: Any
    provider: Any
    stranger: Any
    buyer: Any
    spare: Any

    def __init__(self, project: Any) -> None:
        """Deploys, and gives everybody their relations."""
        self.project = project
        for index, name in enumerate(PARTIES):
            setattr(self, name, self.key(index))
        # Ape checks balances, and the node endows only its first accounts.
        for index in range(len(PARTIES) + FRESH):
            ape.chain.provider.make_request("anvil_setBalance", [self.key(index).address, hex(10**20)])
        deployed = self.deployer.deploy(project.CircuitBreaker)
        self.core = project.ICircuitBreaker.at(deployed.address)
        self.halves = deployed
        self.registry = self.deployer.deploy(project.AgentIdentity, deployed)
        self.foreign = self.deployer.deploy(project.HostileRegistry)
        self.core.registerLineage("open-7b", sender=self.provider)
        self.lineage = 1
        self.agent = self.enroll(self.owner)
        self.agent_id = int(self.core.identityOf(self.agent)[1])
        self.bind(self.agent, self.wallet)
        self.core.setAgentGuardian(self.agent, self.agent_guardian, BOUND, sender=self.owner)
        self.core.setAdmin(self.admin, sender=self.protocol)
        self.core.setGuardian(self.protocol, self.guardian, BOUND, sender=self.admin)
        self.open_lane()

    @staticmethod
    @cache
    def key(index: int) -> Any:
        """An account that signs."""
        return ape.accounts.test_accounts.containers["test"].generate_account(index)

    def fresh(self, number: int = 0) -> Any:
        """An account without any relation."""
        return self.key(len(PARTIES) + number)

    # ------------------------------------------------------------------ time

    @property
    def now(self) -> int:
        """Time of the newest block."""
        return int(ape.chain.provider.get_block("latest").timestamp)

    def at(self, when: int) -> int:
        """The next transaction is mined in this second."""
        ape.chain.provider.make_request("evm_setNextBlockTimestamp", [when])
        return when

    def move_to(self, when: int) -> int:
        """Mines a block in this second, for what reads."""
        self.at(when)
        ape.chain.provider.make_request("evm_mine", [])
        return when

    def soon(self, seconds: int = 10) -> int:
        """Fixes the second of the next transaction, and says which it is."""
        return self.at(self.now + seconds)

    def wait(self, seconds: int) -> int:
        """Lets time pass."""
        return self.move_to(self.now + seconds)

    # ------------------------------------------------------------------ who

    def register(self, owner: Any, registry: Any = None) -> int:
        """A new identity of this owner; returns its number."""
        if registry is None or registry == self.registry:
            receipt = self.registry.register(sender=owner)
            return int(self.registry.Registered.from_receipt(receipt)[0].agentId)
        agent_id = int(self.core.agentCount()) + 1_000
        registry.setOwner(agent_id, owner, sender=self.deployer)
        return agent_id

    def enroll(
        self, owner: Any, *, parent: int = 0, lineage: int = 0, registry: Any = None, consent: Any = None
    ) -> int:
        """Registers and enrols an agent; a parent of another owner needs that owner as `consent`."""
        registry = registry or self.registry
        agent_id = self.register(owner, registry)
        deadline = self.now + HOUR
        signature = b""
        if consent is not None:
            message = self.parent_consent(owner, agent_id, parent, deadline, registry=registry)
            signature = signing.sign(message, consent)
        self.core.enroll(registry, agent_id, parent, lineage, deadline, signature, sender=owner)
        return int(self.core.agentOf(registry, agent_id))

    def parent_consent(
        self, owner: Any, agent_id: int, parent: int, deadline: int, *, registry: Any = None
    ) -> dict[str, Any]:
        """What a parent's owner signs."""
        return signing.parent_consent(
            chain_id=ape.chain.chain_id,
            core=self.core.address,
            registry=(registry or self.registry).address,
            agent_id=agent_id,
            owner=owner.address,
            parent=parent,
            deadline=deadline,
        )

    def binding(self, agent: int, wallet: Any, deadline: int, owner: Any = None) -> dict[str, Any]:
        """What a wallet signs to be bound."""
        registry, agent_id, recorded, *_ = self.core.identityOf(agent)
        return self.child_binding(registry, agent_id, wallet, deadline, owner.address if owner else recorded)

    def child_binding(self, registry: Any, agent_id: int, wallet: Any, deadline: int, owner: str) -> dict[str, Any]:
        """What a wallet signs to be bound to an identity, enrolled or not."""
        return signing.wallet_binding(
            chain_id=ape.chain.chain_id,
            core=self.core.address,
            registry=getattr(registry, "address", registry),
            agent_id=agent_id,
            owner=owner,
            wallet=wallet.address,
            nonce=self.wallet_word(wallet).nonce,
            deadline=deadline,
        )

    def bind(self, agent: int, wallet: Any, owner: Any = None, *, expiry: int = NEVER_EXPIRES, **options: Any) -> Any:
        """Binds a wallet with both consents."""
        owner = owner or self.owner
        deadline = self.now + HOUR
        signature = signing.sign(self.binding(agent, wallet, deadline, owner), options.pop("signer", wallet))
        return self.core.bindWallet(agent, wallet, expiry, deadline, signature, sender=owner)

    def family(self, generations: int, *, limits: Limits | None = None) -> list[tuple[int, Any]]:
        """Agents of `owner`, each the child of the one before, and a wallet of each; the first is a root."""
        agents: list[tuple[int, Any]] = []
        for number in range(generations):
            parent = agents[-1][0] if agents else 0
            agent, wallet = self.enroll(self.owner, parent=parent), self.fresh(number + 20)
            self.bind(agent, wallet)
            agents.append((agent, wallet))
        if limits is not None:
            self.open_lane(1, limits)
        return agents

    # ------------------------------------------------------------------ what

    def open_lane(
        self,
        lane: int = 0,
        limits: Limits = LIMITS,
        policy: LanePolicy = POLICY,
        lineages: Sequence[int] = (),
        protocol: Any = None,
    ) -> Any:
        """Opens a lane of the protocol."""
        return self.core.openLane(lane, limits, policy, list(lineages), sender=protocol or self.protocol)

    def admit(
        self, value: int = 0, wallet: Any = None, *, lane: int = 0, protocol: Any = None, when: int | None = None
    ) -> Verdict:
        """Asks and charges; returns what the core answered, read from its events."""
        if when is not None:
            self.at(when)
        receipt = self.core.admit(lane, wallet or self.wallet, value, sender=protocol or self.protocol)
        for event in self.events(receipt):
            if event.name in {"Denied", "Shadowed"}:
                return decode_verdict(event.fields["verdict"])
        return Verdict(admitted=True, agent=self.wallet_word(wallet or self.wallet).agent)

    def preview(self, value: int = 0, wallet: Any = None, *, lane: int = 0, protocol: Any = None) -> Verdict:
        """Asks only, at the time of the newest block."""
        answer = self.core.preview(protocol or self.protocol, lane, wallet or self.wallet, value)
        return decode_verdict(answer)

    def status(self, wallet: Any = None) -> Verdict:
        """Identity and kill switches of a wallet."""
        return decode_verdict(self.core.status(wallet or self.wallet))

    def events(self, receipt: Any) -> list[Event]:
        """What the core emitted, in order."""
        logs = receipt.decode_logs(list(self.core.contract_type.events))
        return [
            Event(log.event_name, dict(log.event_arguments))
            for log in logs
            if log.contract_address == self.core.address
        ]

    # ------------------------------------------------------------------ words

    def wallet_word(self, wallet: Any) -> WalletWord:
        """Of a wallet."""
        return WalletWord.decode(self.core.walletWord(wallet))

    def agent_word(self, agent: int | None = None) -> AgentWord:
        """Of an agent."""
        return AgentWord.decode(self.core.agentWord(agent or self.agent))

    def lane_word(self, lane: int = 0) -> LimitsWord:
        """Of a lane."""
        return LimitsWord.decode(self.core.laneWord(self.protocol, lane))

    def breaker(self, subject: int | None = None, lane: int = 0) -> BreakerWord:
        """Of a subject, by default the agent."""
        return BreakerWord.decode(self.core.breakerWord(self.protocol, lane, subject or Subject.of_agent(self.agent)))

    @property
    def subject(self) -> Subject:
        """The agent's breaker."""
        return Subject.of_agent(self.agent)


__all__ = ["BOUND", "DAY", "HOUR", "INTERVAL", "LANE", "LIMITS", "NOTE", "POLICY", "WINDOW", "ZERO", "Event", "World"]
