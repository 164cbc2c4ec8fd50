"""A small world on the local chain: core and registry, one agent with a wallet, one protocol with a lane.

Made with the clients alone, as an agent's process would; Ape lends the node and the accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchgear import Breaker, LanePolicy, Limits, Registry, signing
from switchgear.chain import Node
from switchgear.deployment import core_address, deploy, identity_address

if TYPE_CHECKING:
    from web3 import Web3

WINDOW = 3600
DECIMALS = 6
UNIT = 10**DECIMALS
LIMITS = Limits(
    count_cap=10,
    value_cap=1_000 * UNIT,
    trip_level=127,
    strikes=63,
    cooldown=7_201,
    max_backoff=3,
    half_open_scale=8,
    probation=0,
)
"""Ten actions and 1,000.000000 of value an hour; no automatic trip, no probation."""
POLICY = LanePolicy(window=WINDOW)
LANE_ID = 0
HOUR = 3600
DAY = 24 * HOUR


@dataclass
class World:
    """Who is who."""

    web3: Web3
    deployer: Any
    owner: Any
    """Owns the agent."""
    wallet: Any
    """The agent acts through it."""
    protocol: Any
    """A protocol run by a key, so that it can call the core itself."""
    admin: Any
    """Of the protocol."""
    guardian: Any
    """Of nothing yet."""
    provider: Any
    """Of a lineage to come."""
    stranger: Any
    """Has no relation to anything."""
    breaker: Breaker
    registry: Registry
    agent_id: int = 0
    agent: int = 0

    @property
    def node(self) -> Node:
        """The node."""
        return Node(self.web3)

    @property
    def place(self) -> tuple[str, int]:
        """Protocol and lane."""
        return self.protocol.address, LANE_ID

    @property
    def now(self) -> int:
        """Time of the newest block."""
        return int(self.node.block()["timestamp"], 16)

    def move_to(self, when: int) -> None:
        """Mines a block at this time."""
        self.node.request("anvil_setNextBlockTimestamp", when)
        self.node.request("evm_mine")

    def pass_time(self, seconds: int) -> None:
        """Mines a block so much later."""
        self.move_to(self.now + seconds)

    def bind(self, agent: int, wallet: Any, owner: Any, **options: Any) -> Any:
        """Binds a wallet with both consents."""
        message = self.breaker.wallet_binding(agent, wallet.address, self.now + HOUR)
        signature = signing.sign(message, wallet)
        deadline = message["message"]["deadline"]
        return self.breaker.bind_wallet(
            agent, wallet.address, deadline=deadline, signature=signature, sender=owner, **options
        )

    def register(self, owner: Any) -> int:
        """Registers an identity."""
        return int(self.registry.register(sender=owner).event("Registered").args["agentId"])

    def enroll(self, owner: Any, **options: Any) -> int:
        """Registers and enrols an agent."""
        sent = self.breaker.enroll(self.registry.address, self.register(owner), sender=owner, **options)
        return int(sent.event("AgentEnrolled").args["agent"])


def create_world(web3: Web3, accounts: Any) -> World:
    """Deploys core and registry; nobody is enrolled and no lane is open."""
    node = Node(web3)
    deploy(node, "CircuitBreaker", sender=accounts[0])
    deploy(node, "AgentIdentity", core_address(), sender=accounts[0])
    return World(
        web3,
        *accounts[:8],
        breaker=Breaker(web3),
        registry=Registry(web3, identity_address()),
    )


def populate(world: World) -> World:
    """Enrols the agent, binds its wallet, opens the lane."""
    world.agent_id = world.register(world.owner)
    enrolled = world.breaker.enroll(world.registry.address, world.agent_id, sender=world.owner)
    world.agent = int(enrolled.event("AgentEnrolled").args["agent"])
    world.bind(world.agent, world.wallet, world.owner)
    world.breaker.set_admin(world.admin.address, sender=world.protocol)
    world.breaker.open_lane(LANE_ID, LIMITS, POLICY, sender=world.protocol)
    return world
