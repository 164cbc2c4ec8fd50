"""What the model stores, and who has a say: state shared by the three parts of the core."""

from __future__ import annotations

from typing import NamedTuple

from switchgear.model.errors import CoreRevert, require
from switchgear.types import MAX_GUARDIANS, ZERO_ADDRESS, Target
from switchgear.words import AgentWord, BreakerWord, LimitsWord, WalletWord

UNLISTED = 2**20 - 1


class Identity(NamedTuple):
    """What is behind a handle (``IEnrolment.identityOf``)."""

    registry: str
    agent_id: int
    recorded_owner: str
    spawns_left: int = 0
    spawn_expiry: int = 0


class Guardian(NamedTuple):
    """A guardian's bound in seconds, and the number of its bit in ``spent``."""

    bound: int = 0
    bit: int = 0


class Loosening(NamedTuple):
    """A scheduled loosening (``IAuthority.looseningOf``)."""

    value: int = 0
    eta: int = 0


Event = tuple[str, tuple[object, ...]]
Place = tuple[object, ...]
"""Names something stored: `wallet`, `agent`, `identity`, `lane`, `override`, `breaker` ... and its key."""


class Ledger:
    """The stored words of the core, the clock and the registries' live owners.

    Addresses are strings and compared as they are: keep to one spelling.

    Attributes:
    ----------
    now:
        Timestamp of the block in which the next call is made.
    owners:
        Live owner of each ``(registry, agentId)``; an identity that is missing or has the owner `None` is unreadable.
        The caller of the model changes it, since the registries are no part of the core.
    events:
        Every event since the list was last cleared, as (name, arguments in the ABI's order).
    touched:
        What was written since the set was last cleared.

    """

    def __init__(self, now: int = 0) -> None:
        """Start empty, as deployed."""
        self.now = now
        self.owners: dict[tuple[str, int], str | None] = {}
        self.events: list[Event] = []
        self.touched: set[Place] = set()

        self.wallets: dict[str, WalletWord] = {}
        self.agents: list[AgentWord] = [AgentWord()]
        self.identities: list[Identity] = [Identity(ZERO_ADDRESS, 0, ZERO_ADDRESS)]
        self.handles: dict[tuple[str, int], int] = {}
        self.registries: dict[str, int] = {}
        self.providers: list[str] = [ZERO_ADDRESS]

        self.lanes: dict[tuple[str, int], LimitsWord] = {}
        self.overrides: dict[tuple[str, int, int], LimitsWord] = {}
        self.breakers: dict[tuple[str, int, int], BreakerWord] = {}

        self.admins: dict[str, tuple[str, str]] = {}
        self.guardians: dict[str, dict[int, Guardian]] = {}
        self.agent_guardians: dict[int, dict[int, Guardian]] = {}
        self.delegates: dict[int, str] = {}
        self.loosenings: dict[Target, Loosening] = {}

    # ------------------------------------------------------------------ words

    def wallet(self, wallet: str) -> WalletWord:
        """``walletWord``."""
        return self.wallets.get(wallet, _NO_WALLET)

    def agent(self, agent: int) -> AgentWord:
        """``agentWord``."""
        return self.agents[agent] if agent < len(self.agents) else _NO_AGENT

    def lane(self, protocol: str, lane: int) -> LimitsWord:
        """``laneWord``."""
        return self.lanes.get((protocol, lane), _NO_LIMITS)

    def override(self, protocol: str, lane: int, subject: int) -> LimitsWord:
        """``overrideWord``."""
        return self.overrides.get((protocol, lane, subject), _NO_LIMITS)

    def breaker(self, protocol: str, lane: int, subject: int) -> BreakerWord:
        """``breakerWord``."""
        return self.breakers.get((protocol, lane, subject), _NO_BREAKER)

    def admin_of(self, protocol: str) -> tuple[str, str]:
        """``adminOf``: admin and pending admin."""
        return self.admins.get(protocol, (ZERO_ADDRESS, ZERO_ADDRESS))

    def guardian_of(self, protocol: str, guardian: str) -> Guardian:
        """``guardianOf``."""
        return self.guardians.get(protocol, {}).get(int(guardian, 16), _NO_GUARDIAN)

    def agent_guardian_of(self, agent: int, guardian: str) -> Guardian:
        """``agentGuardianOf``."""
        return self.agent_guardians.get(agent, {}).get(int(guardian, 16), _NO_GUARDIAN)

    def loosening_of(self, target: Target) -> Loosening:
        """``looseningOf``."""
        return self.loosenings.get(target, _NO_LOOSENING)

    @property
    def agent_count(self) -> int:
        """``agentCount``."""
        return len(self.agents) - 1

    def _put_wallet(self, wallet: str, word: WalletWord) -> None:
        self.wallets[wallet] = word
        self.touched.add(("wallet", wallet))

    def _put_agent(self, agent: int, word: AgentWord) -> None:
        self.agents[agent] = word
        self.touched.add(("agent", agent))

    def _put_identity(self, agent: int, identity: Identity) -> None:
        self.identities[agent] = identity
        self.touched.add(("identity", agent))

    def _put_lane(self, protocol: str, lane: int, word: LimitsWord) -> None:
        self.lanes[protocol, lane] = word
        self.touched.add(("lane", protocol, lane))

    def _put_breaker(self, protocol: str, lane: int, subject: int, word: BreakerWord) -> None:
        self.breakers[protocol, lane, subject] = word
        self.touched.add(("breaker", protocol, lane, subject))

    def _emit(self, name: str, *arguments: object) -> None:
        self.events.append((name, arguments))

    # ------------------------------------------------------------------ who has a say

    def live_owner(self, registry: str, agent_id: int) -> str:
        """The registry's answer now; `CoreRevert` OwnerUnavailable if it gives none."""
        owner = self.owners.get((registry, agent_id))
        if owner is None or owner == ZERO_ADDRESS:
            raise CoreRevert("OwnerUnavailable", registry, agent_id)
        return owner

    def _owner_of(self, agent: int) -> str:
        """Live owner of an enrolled agent."""
        require(0 < agent < len(self.agents), "UnknownAgent", agent)
        identity = self.identities[agent]
        return self.live_owner(identity.registry, identity.agent_id)

    def _require_never_bound(self, address: str) -> None:
        """ID-7: whoever was ever bound as a wallet has no authority."""
        agent = self.wallet(address).agent
        require(agent == 0, "BoundWalletHasNoAuthority", address, agent)

    def _require_owner(self, sender: str, agent: int) -> str:
        owner = self._owner_of(agent)
        require(sender == owner, "NotAuthorized", sender)
        self._require_never_bound(sender)
        return owner

    def _require_admin(self, sender: str, protocol: str) -> None:
        require(sender == self.admin_of(protocol)[0], "NotAuthorized", sender)
        self._require_never_bound(sender)

    def _require_provider(self, sender: str, lineage: int) -> None:
        require(0 < lineage < len(self.providers), "UnknownLineage", lineage)
        require(sender == self.providers[lineage], "NotAuthorized", sender)
        self._require_never_bound(sender)

    def _registry_index(self, registry: str) -> int:
        """The registry's dense index, or the one it would be given; zero for no registry."""
        if registry == ZERO_ADDRESS:
            return 0
        return self.registries.get(registry, min(len(self.registries) + 1, UNLISTED))

    def _lane_registry(self, registry: str) -> int:
        require(self._registry_index(registry) != UNLISTED, "TooManyRegistries")
        return self._name_registry(registry)

    def _name_registry(self, registry: str) -> int:
        index = self._registry_index(registry)
        if index not in (0, UNLISTED) and registry not in self.registries:
            self.registries[registry] = index
            self.touched.add(("registry", registry))
        return index


def lowest_free_bit(guardians: dict[int, Guardian]) -> int:
    """The bit that a new guardian is given; `CoreRevert` TooManyGuardians if all are taken."""
    taken = {guardian.bit for guardian in guardians.values()}
    for bit in range(MAX_GUARDIANS):
        if bit not in taken:
            return bit
    raise CoreRevert("TooManyGuardians")


_NO_WALLET = WalletWord()
_NO_AGENT = AgentWord()
_NO_LIMITS = LimitsWord()
_NO_BREAKER = BreakerWord()
_NO_GUARDIAN = Guardian()
_NO_LOOSENING = Loosening()
