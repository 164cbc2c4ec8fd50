"""A core with an identity registry, and the few steps by which agents come to be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from eth_account.messages import encode_typed_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ape.api import ReceiptAPI

HOUR = 3600
FOREVER = 2**32 - 1
"""As retryAfter: waiting cannot help."""
NEVER_EXPIRES = 2**40 - 1
NO_LINEAGE = 0

REASON = {name: number for number, name in enumerate((
    "None", "WalletUnknown", "WalletRevoked", "WalletExpired", "WalletStale", "BreakerOpen", "LaneUnopened",
    "RegistryRefused", "ZeroLimit", "CountLimit", "ValueLimit", "ValueOversized",
))}  # fmt: skip
SCOPE = {name: number for number, name in enumerate((
    "None", "Wallet", "KillSwitch", "Agent", "Lane", "AncestorKillSwitch", "Lineage", "Ancestor",
))}  # fmt: skip
CAUSE = {"CountLastStraw": 1, "ValueLastStraw": 2, "Strikes": 3}

BINDING = {
    "WalletBinding": [
        {"name": "registry", "type": "address"},
        {"name": "agentId", "type": "uint256"},
        {"name": "owner", "type": "address"},
        {"name": "wallet", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


class Limits(NamedTuple):
    """`Limits` of contracts/types/Types.sol; here without probation, so that caps are what they say from the start."""

    count_cap: int = 10
    value_cap: int = 1000
    trip_level: int = 127
    strikes: int = 63
    cooldown: int = 3 * HOUR
    max_backoff: int = 3
    half_open_scale: int = 4
    probation: int = 0


class Policy(NamedTuple):
    """`LanePolicy` of contracts/types/Types.sol."""

    window: int = HOUR
    lineage_count: int = 1
    lineage_value: int = 1
    share: int = 100
    lineage: bool = False
    attested: bool = False
    live: bool = False
    shadow: bool = False
    unknown: int = 0  # Deny
    registry: str = "0x" + "00" * 20


def deny(reason: str, scope: str, *, agent: int = 0, retry_after: int = FOREVER, distance: int = 0) -> int:
    """A denial, packed as in contracts/types/Verdict.sol."""
    return REASON[reason] << 8 | SCOPE[scope] << 16 | distance << 24 | retry_after << 32 | agent << 64


def reason_and_scope(verdict: int) -> tuple[int, int]:
    """Numbers of a verdict's reason and scope."""
    return verdict >> 8 & 0xFF, verdict >> 16 & 0xFF


class World:
    """One core and one registry on the local chain.

    Attributes:
        core: The core, by the ABI of `ICircuitBreaker`.
        registry: AgentIdentity, wired to it.
    """

    def __init__(self, project: Any, deployer: Any) -> None:
        """Deploys both."""
        deployed = deployer.deploy(project.CircuitBreaker)
        self.core = project.ICircuitBreaker.at(deployed.address)
        self.registry = deployer.deploy(project.AgentIdentity, deployed)

    def enroll(self, owner: Any, *, parent: int = 0, lineage: int = NO_LINEAGE) -> int:
        """Registers and enrols an agent; returns its handle."""
        registered = self.registry.register(sender=owner)
        agent_id = self.registry.Registered.from_receipt(registered)[0].agentId
        self.core.enroll(self.registry, agent_id, parent, lineage, 0, b"", sender=owner)
        return int(self.core.agentOf(self.registry, agent_id))

    def bind(self, agent: int, owner: Any, wallet: Any, signer: Any = None) -> None:
        """Binds a wallet to an agent, with the signature of `signer` (default: the wallet itself)."""
        registry, agent_id, *_ = self.core.identityOf(agent)
        nonce = (int(self.core.walletWord(wallet)) >> 96) & (2**40 - 1)
        deadline = self.core.provider.get_block("latest").timestamp + HOUR
        domain = {
            "name": "Switchgear",
            "version": "1",
            "chainId": self.core.provider.chain_id,
            "verifyingContract": self.core.address,
        }
        message = {
            "registry": registry,
            "agentId": agent_id,
            "owner": owner.address,
            "wallet": wallet.address,
            "nonce": nonce,
            "deadline": deadline,
        }
        signature = (signer or wallet).sign_message(encode_typed_data(domain, BINDING, message)).encode_rsv()
        self.core.bindWallet(agent, wallet, NEVER_EXPIRES, deadline, signature, sender=owner)

    def agent(self, owner: Any, wallet: Any, *, parent: int = 0, lineage: int = NO_LINEAGE) -> int:
        """Enrols an agent and binds its wallet; returns its handle."""
        agent = self.enroll(owner, parent=parent, lineage=lineage)
        self.bind(agent, owner, wallet)
        return agent

    def events(self, receipt: ReceiptAPI) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the core emitted, in order, as (name, fields)."""
        for log in receipt.decode_logs(list(self.core.contract_type.events)):
            if log.contract_address == self.core.address:
                yield log.event_name, dict(log.event_arguments)
