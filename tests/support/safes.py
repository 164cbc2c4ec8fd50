"""Real Safes on the chain that Ape started, by unlocked accounts."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from switchgear.chain import Node
from switchgear.foreign import artifacts
from switchgear.interface import Interface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3 import Web3

ZERO = "0x" + "00" * 20


class Safes:
    """Singleton and factory of one version, from npm's packages."""

    def __init__(self, web3: Web3, project: Any, version: str, sender: str) -> None:
        """Deploys both."""
        self._node, self._sender = Node(web3), sender
        wallets = artifacts.load(project.path / "node_modules")
        safe, factory = wallets[f"Safe {version}"], wallets[f"SafeProxyFactory {version}"]
        self.singleton, self._factory = (self._send(None, one.creation)["contractAddress"] for one in (safe, factory))
        self._setup, self._create = Interface(safe.abi), Interface(factory.abi)
        self._numbers = count()

    def create(self, owners: Sequence[str], threshold: int = 1) -> str:
        """A Safe of these owners, without coins; its address."""
        setup = self._setup.encode("setup", (owners, threshold, ZERO, b"", ZERO, ZERO, 0, ZERO))
        data = self._create.encode("createProxyWithNonce", (self.singleton, setup, next(self._numbers)))
        logs = self._send(self._factory, data)["logs"]
        (log,) = [one for one in logs if one["address"] == self._factory.lower()]
        return to_checksum_address(log["topics"][1][-40:])

    def _send(self, to: str | None, data: bytes) -> dict[str, Any]:
        request = {"from": self._sender, "data": "0x" + data.hex(), **({"to": to} if to else {})}
        receipt = dict(self._node.request("eth_sendTransactionSync", request))
        made = receipt["contractAddress"]
        return {**receipt, "contractAddress": to_checksum_address(made) if made else None}
