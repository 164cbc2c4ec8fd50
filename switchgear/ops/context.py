"""What a script works on: the network it was given, the recorded deployment, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ape.utils import ManagerAccessMixin

from switchgear.breaker import Breaker
from switchgear.chain import Node
from switchgear.deployment import EPHEMERAL_CHAINS, Record, RecordAbsent, core_address, identity_address
from switchgear.errors import InvalidInput, UnknownAgent, WalletNotBound
from switchgear.ops.cli import note
from switchgear.values import to_address, to_uint

if TYPE_CHECKING:
    from web3 import Web3

ANYBODY = "0x000000000000000000000000000000000000dEaD"
"""As whom a registration is simulated if nobody was named: anyone may register."""


@dataclass(frozen=True)
class Context:
    """A connected network."""

    web3: Web3
    network: str
    """Ape's name of it."""
    record_path: Path
    """Where its deployment is recorded, or would be."""
    lasting: bool
    """Whether the chain outlives its node: local nodes and forks do not."""

    @property
    def node(self) -> Node:
        """The node."""
        return Node(self.web3)

    def last_record(self) -> Record | None:
        """What was recorded last, if anything."""
        try:
            return Record.read(self.record_path)
        except RecordAbsent:
            return None

    def record(self) -> Record | None:
        """The recorded deployment, if there is one. Of a chain that goes with its node it may be of an earlier node."""
        return self.last_record() if self.lasting else None

    def breaker(self, core: str | None = None) -> Breaker:
        """The core: as given, as recorded, or at its deterministic address."""
        recorded = self.record()
        if core is None and recorded and "CircuitBreaker" in recorded.contracts:
            core = recorded.contracts["CircuitBreaker"].address
        return Breaker(self.web3, core or core_address())

    def registry(self, breaker: Breaker) -> str:
        """The identity registry that is used if none is named: the recorded AgentIdentity, or the deterministic one."""
        recorded = self.record()
        if recorded and "AgentIdentity" in recorded.contracts:
            return recorded.contracts["AgentIdentity"].address
        return identity_address(breaker.address)

    def from_block(self, breaker: Breaker) -> int:
        """First block that can have events of the core."""
        recorded = self.record()
        core = recorded.contracts.get("CircuitBreaker") if recorded else None
        return core.block or 0 if core and core.address == breaker.address else 0


def context(record: Path | None = None) -> Context:
    """Of the network that Ape is connected to.

    Args:
        record: Where its deployment is recorded; by default ``deployments/<chain id>.json`` of the checkout or, for a
            chain that goes with its node, the same under ``.cache/``, which is not committed.
    """
    provider = ManagerAccessMixin.provider
    name = provider.network.name
    chain_id = int(Node(provider.web3).chain_id)
    lasting = chain_id not in EPHEMERAL_CHAINS and name != "local" and not name.endswith("-fork")
    if record is None:
        root = Path(ManagerAccessMixin.local_project.path)
        record = (root if lasting else root / ".cache") / "deployments" / f"{chain_id}.json"
    return Context(provider.web3, provider.network_choice if name != "custom" else name, record, lasting)


def actor(account: Any, dry_run: bool, chosen: str | None, powerful: str | None, role: str) -> tuple[Any, bool]:
    """Who sends, and whether it is a dry run (OP-3).

    Args:
        account: The Ape account given, if any.
        dry_run: Whether a dry run was asked for.
        chosen: The address to simulate as, if one was given.
        powerful: Who has the power to do it, to simulate as if nobody was given.
        role: What that is called.

    Raises:
        InvalidInput: `chosen` with an account that would send; or nobody has the power.
    """
    if chosen is not None:
        if account is not None and not dry_run:
            message = "--as is for dry runs: leave it out, or add --dry-run"
            raise InvalidInput(message)
        return to_address(chosen, name="--as"), True
    if account is not None:
        return account, dry_run
    if powerful is None:
        message = f"nobody is {role} here: name who would act by --as, or give --account"
        raise InvalidInput(message)
    if not dry_run:
        note(f"no --account: dry run as the {role}, {powerful}")
    return powerful, True


def resolve_agent(ctx: Context, breaker: Breaker, reference: str) -> int:
    """The handle behind a reference: a handle, ``registry:agentId``, ``:agentId`` of the default registry, or a wallet.

    Raises:
        UnknownAgent: No such handle.
        NotEnrolled: No such identity.
        WalletNotBound: A wallet that was never bound.
        InvalidInput: It is none of these.
    """
    if ":" in reference:
        registry, _, agent_id = reference.partition(":")
        if not agent_id.isdigit():
            message = f"{reference!r}: after the colon goes the agent's id in the registry"
            raise InvalidInput(message)
        return breaker.agent_of(registry or ctx.registry(breaker), int(agent_id))
    if reference.isdigit():
        handle = to_uint(int(reference), bits=32, name="agent")
        if not 0 < handle <= breaker.agent_count():
            raise UnknownAgent(handle)
        return handle
    handle = breaker.wallet(to_address(reference, name="agent")).agent
    if not handle:
        raise WalletNotBound(reference)
    return handle
