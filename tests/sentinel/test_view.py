"""What the chain shows, as observations: every action of an agent once, with its value (OP-1, S4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from switchgear import LanePolicy, Limits
from switchgear.artifacts import load
from switchgear.interface import Interface
from switchgear.sentinel.chainview import View
from switchgear.sentinel.config import Watched
from switchgear.sentinel.source import Header
from switchgear.tokens import TRANSFER
from tests.sentinel.conftest import DETECTOR, until

if TYPE_CHECKING:
    from switchgear.detect.types import Observation
    from tests.sentinel.conftest import Chain, Watch
    from tests.support.proxy import Proxy

LIMITS = Limits(10, 1_000, 127, 63, 7_201, 3, 8, 0)
POLICY = LanePolicy(window=3600)
PARTY = "0x" + "ab" * 20
WORD = "0x" + PARTY[2:].rjust(64, "0")


@dataclass
class Vault:
    """A guarded vault on the chain; the agent may withdraw the deployer's 10,000."""

    chain: Chain
    project: Any
    address: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        """Deploys it, with its token."""
        deployer, wallet = self.chain.world.deployer.address, self.chain.world.wallet.address
        core, admin = self.chain.world.breaker.address, self.chain.world.admin.address
        self.token, token = self.chain.create(self.project, "ExampleToken", "Dollar", "USD")
        self.address, self.vault = self.chain.create(
            self.project, "GuardedVault", self.token, core, admin, LIMITS, POLICY, []
        )
        self.chain.send(self.token, token.encode("mint", [deployer, 10_000]))
        self.chain.send(self.token, token.encode("approve", [self.address, 10_000]))
        self.chain.send(self.address, self.vault.encode("deposit", [10_000, deployer]))
        self.chain.send(self.address, self.vault.encode("approve", [wallet, 10_000]))

    def withdraw(self, amount: int, receiver: str) -> dict[str, Any]:
        """By the agent's wallet; the receipt, whatever became of it."""
        owner = self.chain.world.deployer.address
        data = self.vault.encode("withdraw", [amount, receiver, owner])
        return self.chain.send(self.address, data, self.chain.world.wallet)


@pytest.fixture
def vault(chain: Chain, project: Any) -> Vault:
    """One."""
    return Vault(chain, project)


@pytest.mark.parametrize(
    ("topics", "data"),
    [([], "0x"), ([], WORD), ([TRANSFER], WORD), ([TRANSFER, WORD, WORD], "0x"), ([TRANSFER, *[WORD] * 3], WORD)],
)
def test_digest__whatever_a_token_logs__is_no_transfer_unless_it_is_one(topics: list[str], data: str) -> None:
    """OP-1: a token may log what it likes, and ends nothing by it."""
    core, token = ("0x" + byte * 20 for byte in ("c0", "70"))
    view = View(Interface(load("CircuitBreaker").abi), core, [Watched(address=PARTY, token=token)])
    header = Header(7, "0x", "0x", 1, "0x0", 0, ())
    place = {"address": token, "transactionHash": "0x", "logIndex": "0x0", "blockNumber": "0x7", "transactionIndex": 0}
    assert view.digest(header, {"logs": [{**place, "topics": topics, "data": data}]}).observations == []


def observed(watch: Watch) -> list[Observation]:
    """All of it."""
    assert watch.sentinel is not None
    return list(watch.sentinel.detectors[0][1].observations)  # type: ignore[attr-defined]


def test_digest__withdrawal_from_a_vault__has_value_receiver_and_selector(
    chain: Chain, watch: Watch, proxy: Proxy, vault: Vault
) -> None:
    """S4: an admitted action leaves no event of the core; the token's transfer shows it, to whom it went too.

    OP-2: that it succeeded its logs say: no time is spent on a receipt.
    """
    friend = Account.create().address
    protocols = [{"address": vault.address, "token": vault.token}]
    with watch.running(detectors=[{"use": DETECTOR}], protocols=protocols):
        until(lambda: watch.taken(chain.height), "first start")
        first, second = vault.withdraw(100, friend), vault.withdraw(50, chain.world.wallet.address)
        assert int(first["status"], 16)
        until(lambda: watch.taken(chain.height), "both")
        found = observed(watch)
    assert [(one.value, one.counterparty) for one in found] == [(100, friend), (50, None)]
    assert [one.tx_hash for one in found] == [first["transactionHash"], second["transactionHash"]]
    assert {(one.agent, one.protocol, one.wallet, one.denied) for one in found} == {
        (chain.world.agent, vault.address, chain.world.wallet.address, False)
    }
    assert found[0].selector == vault.vault.encode("withdraw", [1, friend, friend])[:4]
    logged = {int(log["logIndex"], 16): log["address"] for log in first["logs"]}
    assert logged[found[0].log_index] == vault.token.lower()
    assert "eth_getTransactionReceipt" not in proxy.asked


def test_digest__hard_revert__is_seen_as_denied(chain: Chain, watch: Watch, vault: Vault) -> None:
    """BR-4: a denial that reverts leaves nothing but a failed transaction, and that is enough."""
    protocols = [{"address": vault.address, "token": vault.token}]
    with watch.running(detectors=[{"use": DETECTOR}], protocols=protocols):
        until(lambda: watch.taken(chain.height), "first start")
        failed = vault.withdraw(5_000, chain.world.wallet.address)
        assert not int(failed["status"], 16)
        until(lambda: watch.taken(chain.height), "the block")
        (found,) = observed(watch)
    assert (found.denied, found.protocol, found.log_index) == (True, vault.address, -1)
    assert found.tx_hash == failed["transactionHash"]


def test_digest__a_wallet_bound_while_watching__is_the_agents(chain: Chain, watch: Watch) -> None:
    """ID-1: who is who follows the chain; before a wallet is bound, nobody looks at it."""
    fresh = Account.create()
    chain.rpc("anvil_setBalance", fresh.address, hex(10**20))
    with watch.running(detectors=[{"use": DETECTOR}]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(1, wallet=fresh)
        chain.world.bind(chain.world.agent, fresh, chain.world.owner)
        sent = chain.act(2, wallet=fresh)
        until(lambda: watch.taken(chain.height), "all")
        assert [(one.tx_hash, one.agent) for one in observed(watch)] == [(sent, chain.world.agent)]


def test_digest__restored_from_the_store__is_as_if_never_interrupted(chain: Chain, watch: Watch) -> None:
    """OP-1: state is a fold over blocks: a restart ends where an uninterrupted run would."""
    sent = []
    for value in (1, 2, 3):
        with watch.running():
            until(lambda: watch.taken(chain.height), "the start")
            sent.append(chain.act(value))
            chain.mine(70)
            until(lambda: watch.taken(chain.height), "the blocks")
            assert [one.partition(":")[0] for one in watch.seen] == sent
