"""Other people's guards, as npm packages carry them: called, never copied, and measured like our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from eth_utils.crypto import keccak

from switchgear.errors import ContractReverted
from switchgear.gas.chain import Deployed, account
from switchgear.gas.rows import Row, UnexpectedAnswer, marginal
from switchgear.gas.world import ADMIN, HOUR, LIMITS, PLAIN_LANE, VALUE, World

if TYPE_CHECKING:
    from collections.abc import Callable

ROLE = 7
"""The role of an AccessManager that may act."""
OPENZEPPELIN = "@openzeppelin/contracts"
CHAINLINK = "@chainlink/contracts-ccip"
LAYERZERO = "@layerzerolabs/lz-evm-oapp-v2"


class Guard(NamedTuple):
    """One guard around the probe."""

    probes: tuple[Deployed, Deployed]
    """Asking and not asking."""
    stop: Callable[[], int]
    """Makes it refuse; returns the value of the action that it then refuses."""


class Peer(NamedTuple):
    """Where a guard comes from."""

    title: str
    package: str
    """On npm."""
    build: Callable[[World, str], Guard]
    """Puts it around a probe, for a wallet."""


def measure_peers(world: World) -> dict[str, Row]:
    """What each guard costs, once it is in use.

    Raises:
        UnexpectedAnswer: A guard lets through what it is to refuse, so that the figure is of no guard.
    """
    rows = {}
    for name, peer in PEERS.items():
        wallet = account(f"wallet of {name}")
        probes, stop = peer.build(world, wallet)
        world.settle(probes[0], PLAIN_LANE, wallet)
        row = marginal(world, probes, PLAIN_LANE, wallet)
        rows[name] = Row(row.gas, row.written_slots)
        if not _refuses(world, probes[0], wallet, stop()):
            message = f"{peer.title} lets through what it is to refuse"
            raise UnexpectedAnswer(message)
    return rows


def _refuses(world: World, probe: Deployed, wallet: str, value: int) -> bool:
    try:
        return not world.chain.call(probe, "act", PLAIN_LANE, value, sender=wallet)
    except ContractReverted:
        return True


def _probes(world: World, contract: str, *args: Any) -> tuple[Deployed, Deployed]:
    asking, silent = (world.chain.deploy(contract, asks, *args, label=str(asks)) for asks in (True, False))
    return asking, silent


def _limiter(contract: str, *args: int) -> Callable[[World, str], Guard]:
    """A guard within the probe, which more than its cap stops."""
    return lambda world, _: Guard(_probes(world, contract, *args), lambda: LIMITS.value_cap + 1)


def _pausable(world: World, _: str) -> Guard:
    switch = world.chain.deploy("PauseSwitch")

    def stop() -> int:
        world.chain.send(switch, "pause")
        return VALUE

    return Guard(_probes(world, "PausablePeer", switch.address), stop)


def _access_manager(world: World, wallet: str) -> Guard:
    manager = world.chain.deploy("RoleManager", ADMIN)
    probes = _probes(world, "AccessManagedPeer", manager.address)
    selector = keccak(text="act(uint256,uint256)")[:4]
    world.chain.send(manager, "setTargetFunctionRole", probes[0].address, [selector], ROLE, sender=ADMIN)
    world.chain.send(manager, "grantRole", ROLE, wallet, 0, sender=ADMIN)

    def stop() -> int:
        world.chain.send(manager, "revokeRole", ROLE, wallet, sender=ADMIN)
        return VALUE

    return Guard(probes, stop)


def _shared_bucket(world: World, _: str) -> Guard:
    shared = world.chain.deploy("SharedBucket")
    probes = _probes(world, "SharedBucketPeer", shared.address)
    world.chain.send(shared, "set", probes[0].address, HOUR, LIMITS.value_cap)
    return Guard(probes, lambda: LIMITS.value_cap + 1)


PEERS = {
    "openzeppelin_pausable": Peer("OpenZeppelin Pausable, in another contract", OPENZEPPELIN, _pausable),
    "openzeppelin_access_manager": Peer("OpenZeppelin AccessManager, role check", OPENZEPPELIN, _access_manager),
    "openzeppelin_bucket": Peer(
        "OpenZeppelin RefillingBucket, in the protocol", OPENZEPPELIN, _limiter("BucketPeer", HOUR, LIMITS.value_cap)
    ),
    "openzeppelin_shared_bucket": Peer(
        "OpenZeppelin RefillingBucket, in another contract", OPENZEPPELIN, _shared_bucket
    ),
    "openzeppelin_sliding_window": Peer(
        "OpenZeppelin SlidingWindow, in the protocol",
        OPENZEPPELIN,
        _limiter("SlidingWindowPeer", HOUR, LIMITS.value_cap),
    ),
    "chainlink_ccip": Peer(
        "Chainlink CCIP RateLimiter, in the protocol",
        CHAINLINK,
        _limiter("ChainlinkPeer", LIMITS.value_cap, HOUR),
    ),
    "layerzero": Peer(
        "LayerZero RateLimiter, in the protocol",
        LAYERZERO,
        _limiter("LayerZeroPeer", PLAIN_LANE, LIMITS.value_cap, HOUR),
    ),
}
"""Every peer, in the order of the table. A peer has one meter, or one switch, and no series."""
