"""Who: agents, wallets, parents and lineages (spec section 1)."""

from __future__ import annotations

from typing import NamedTuple

from switchgear.model.errors import require
from switchgear.model.ledger import Identity
from switchgear.model.series import Series
from switchgear.types import MAX_DEPTH, REBIND_DELAY, UNLIMITED_VALUE, ZERO_ADDRESS
from switchgear.words import AgentWord


class WalletBinding(NamedTuple):
    """The EIP-712 struct that a wallet signs (``IEnrolment.bindWallet``)."""

    registry: str
    agent_id: int
    owner: str
    wallet: str
    nonce: int
    deadline: int


class ParentConsent(NamedTuple):
    """The EIP-712 struct that a parent's owner signs (``IEnrolment.enroll``)."""

    registry: str
    agent_id: int
    owner: str
    parent: int
    deadline: int


class Signature(NamedTuple):
    """A signature that stands for real bytes: who signed what, in the core's domain."""

    signer: str
    message: WalletBinding | ParentConsent


class Enrolment(Series):
    """Functions of ``IEnrolment``; the first argument of each is the caller."""

    def enroll(
        self,
        sender: str,
        registry: str,
        agent_id: int,
        parent: int,
        lineage: int,
        deadline: int,
        consent: Signature | None,
    ) -> int:
        """Enrol an agent; returns its handle."""
        owner = self.live_owner(registry, agent_id)
        require(sender == owner, "NotAuthorized", sender)
        self._require_never_bound(sender)
        require(lineage < len(self.providers), "UnknownLineage", lineage)
        if parent:
            parent_owner = self._owner_of(parent)
            self._require_never_bound(parent_owner)
            if parent_owner != owner:
                message = ParentConsent(registry, agent_id, owner, parent, deadline)
                self._require_signed(parent_owner, message, consent)
        self._require_enrollable(registry, agent_id, parent)
        return self._enroll(sender, registry, agent_id, owner, parent, lineage)

    def spawn(
        self,
        sender: str,
        registry: str,
        agent_id: int,
        wallet: str,
        expiry: int,
        deadline: int,
        signature: Signature | None,
    ) -> int:
        """Enrol a child of the calling wallet's agent, and bind the child's first wallet; returns its handle."""
        require(self.status(sender).admitted, "SpawnerFrozen", sender)
        parent = self.wallet(sender).agent
        grant = self.identities[parent]
        owner = self._owner_of(parent)
        granted = grant.spawns_left and self.now < grant.spawn_expiry and owner == grant.recorded_owner
        require(granted, "SpawnNotGranted", parent)
        child_owner = self.live_owner(registry, agent_id)
        require(child_owner == owner, "SpawnOwnerMismatch", child_owner, owner)
        self._require_never_bound(owner)
        lineage = self.agents[parent].lineage
        self._require_enrollable(registry, agent_id, parent)
        self._require_bindable(len(self.agents), registry, agent_id, owner, wallet, expiry, deadline, signature)

        self._put_identity(parent, grant._replace(spawns_left=grant.spawns_left - 1))
        agent = self._enroll(sender, registry, agent_id, owner, parent, lineage)
        self._bind(sender, agent, wallet, expiry)
        return agent

    def grant_spawn(self, sender: str, agent: int, count: int, expiry: int) -> None:
        """Let the agent's wallets enrol children."""
        owner = self._require_owner(sender, agent)
        if owner != self.identities[agent].recorded_owner:
            self._change_owner(agent, owner)
        self._put_identity(agent, self.identities[agent]._replace(spawns_left=count, spawn_expiry=expiry))
        self._emit("SpawnGranted", agent, sender, count, expiry)

    def bind_wallet(
        self, sender: str, agent: int, wallet: str, expiry: int, deadline: int, signature: Signature | None
    ) -> None:
        """Bind a wallet to an agent."""
        owner = self._require_owner(sender, agent)
        identity = self.identities[agent]
        self._require_bindable(agent, identity.registry, identity.agent_id, owner, wallet, expiry, deadline, signature)
        if owner != identity.recorded_owner:
            self._change_owner(agent, owner)
        self._bind(sender, agent, wallet, expiry)

    def revoke_wallet(self, sender: str, wallet: str) -> None:
        """End a binding at once."""
        word = self.wallet(wallet)
        require(word.agent, "WalletNotBound", wallet)
        if sender != wallet:
            self._require_owner(sender, word.agent)
        require(not word.revoked_at, "WalletAlreadyRevoked", wallet)
        self._put_wallet(wallet, word._replace(revoked_at=self.now))
        self._emit("WalletRevoked", word.agent, wallet, sender)

    def void_binding(self, sender: str) -> None:
        """Void the caller's outstanding binding signatures."""
        word = self.wallet(sender)
        self._put_wallet(sender, word._replace(nonce=word.nonce + 1))
        self._emit("BindingVoided", sender, word.nonce + 1)

    def on_agent_transfer(self, sender: str, agent_id: int, new_owner: str) -> None:
        """A registry tells of a transfer."""
        agent = self.handles.get((sender, agent_id), 0)
        if agent:
            self._change_owner(agent, new_owner)

    def sync(self, registry: str, agent_id: int) -> None:
        """End the old owner's bindings after a change of owner."""
        agent = self.handles.get((registry, agent_id), 0)
        require(agent, "NotEnrolled", registry, agent_id)
        owner = self.live_owner(registry, agent_id)
        require(owner != self.identities[agent].recorded_owner, "OwnerUnchanged", owner)
        self._change_owner(agent, owner)

    def register_lineage(self, sender: str, name: str) -> int:
        """Create a lineage; returns its id."""
        self._require_never_bound(sender)
        self.providers.append(sender)
        lineage = len(self.providers) - 1
        self.touched.add(("provider", lineage))
        self._emit("LineageRegistered", lineage, sender, name)
        return lineage

    def transfer_lineage(self, sender: str, lineage: int, new_provider: str) -> None:
        """Hand a lineage to another provider."""
        self._require_provider(sender, lineage)
        require(new_provider != ZERO_ADDRESS, "ZeroAddress")
        self._require_never_bound(new_provider)
        self.providers[lineage] = new_provider
        self.touched.add(("provider", lineage))
        self._emit("LineageTransferred", lineage, sender, new_provider)

    def _require_enrollable(self, registry: str, agent_id: int, parent: int) -> None:
        handle = self.handles.get((registry, agent_id), 0)
        require(not handle, "AlreadyEnrolled", handle)
        require(not parent or self.agents[parent].depth < MAX_DEPTH, "DepthExceeded", parent)

    def _enroll(self, sender: str, registry: str, agent_id: int, owner: str, parent: int, lineage: int) -> int:
        agent = len(self.agents)
        self.agents.append(AgentWord())
        self.identities.append(Identity(registry, agent_id, owner))
        self.touched |= {("identity", agent), ("handle", registry, agent_id)}
        self.handles[registry, agent_id] = agent
        self._put_agent(
            agent,
            AgentWord(
                lineage=lineage,
                parent=parent,
                registry=self._name_registry(registry),
                depth=self.agents[parent].depth + 1 if parent else 0,
                enrolled_at=self.now,
            ),
        )
        self._emit("AgentEnrolled", agent, registry, agent_id, owner, parent, lineage, sender)
        return agent

    def _require_bindable(
        self,
        agent: int,
        registry: str,
        agent_id: int,
        owner: str,
        wallet: str,
        expiry: int,
        deadline: int,
        signature: Signature | None,
    ) -> None:
        require(wallet != ZERO_ADDRESS, "ZeroAddress")
        require(wallet != owner, "WalletIsOwner", wallet)
        require(expiry > self.now, "ExpiryNotInFuture", expiry)
        word = self.wallet(wallet)
        if word.agent not in (0, agent):
            free_at = word.revoked_at + REBIND_DELAY if word.revoked_at else UNLIMITED_VALUE
            require(self.now >= free_at, "WalletBoundElsewhere", wallet, word.agent, free_at)
        self._require_signed(wallet, WalletBinding(registry, agent_id, owner, wallet, word.nonce, deadline), signature)

    def _bind(self, sender: str, agent: int, wallet: str, expiry: int) -> None:
        word = self.wallet(wallet)
        epoch = self.agents[agent].epoch
        self._put_wallet(
            wallet, word._replace(agent=agent, epoch=epoch, expiry=expiry, nonce=word.nonce + 1, revoked_at=0)
        )
        self._emit("WalletBound", agent, wallet, sender, expiry)

    def _change_owner(self, agent: int, new_owner: str) -> None:
        identity = self.identities[agent]
        word = self.agents[agent]
        self._put_agent(agent, word._replace(epoch=word.epoch + 1))
        self._put_identity(agent, identity._replace(recorded_owner=new_owner, spawns_left=0, spawn_expiry=0))
        self._emit("OwnerChanged", agent, identity.recorded_owner, new_owner, word.epoch + 1)

    def _require_signed(self, signer: str, message: WalletBinding | ParentConsent, signature: Signature | None) -> None:
        require(self.now <= message.deadline, "DeadlineExpired", message.deadline)
        require(signature == Signature(signer, message), "InvalidSignature", signer)
