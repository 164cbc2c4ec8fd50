"""Nodes, senders and transactions, whatever the contract."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from ape_accounts.accounts import KeyfileAccount
from eth_account import Account
from requests import HTTPError
from web3 import HTTPProvider, Web3

from switchgear import Breaker, InvalidInput, Registry, chain, connect, errors
from switchgear.artifacts import load
from switchgear.chain import GAS_MARGIN, Node
from switchgear.deployment import create_address
from switchgear.interface import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.world import World

ETHER = 10**18
PASSPHRASE = "closed"  # noqa: S105 - of a keyfile that lasts as long as its test


@pytest.fixture
def key(world: World) -> Any:
    """A LocalAccount with ether."""
    account = Account.create()
    world.node.request("anvil_setBalance", account.address, hex(ETHER))
    return account


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port at which something listens and nothing answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# ---------------------------------------------------------------------------------------------- the node


def test_connect__nobody_there__raises_no_connection() -> None:
    """No node is a NoConnection that does not repeat the endpoint, which may hold a key."""
    with pytest.raises(errors.NoConnection) as raised:
        connect("http://127.0.0.1:9/v2/secret-key")
    assert "secret-key" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_connect__node_that_never_answers__raises_no_connection(silent_port: int) -> None:
    """A node that hangs is given up on after the timeout."""
    with pytest.raises(errors.NoConnection, match="Timeout"):
        connect(f"http://127.0.0.1:{silent_port}", timeout=0.2)


@pytest.mark.parametrize("endpoint", ["", "localhost:8545", "ftp://example.org", "ws://localhost", "relative/path.ipc"])
def test_connect__no_endpoint_of_these_kinds__raises_invalid_input(endpoint: str) -> None:
    """What is no URL or path is told before anything is tried."""
    with pytest.raises(InvalidInput, match="cannot connect"):
        connect(endpoint)


def test_connect__wrong_chain__raises_wrong_chain(world: World, chain: Any) -> None:
    """The expected chain is checked at once, and both ids are told."""
    with pytest.raises(errors.WrongChain) as raised:
        connect(chain.provider.http_uri, chain_id=1)
    assert raised.value.fields() == {"expected": 1, "actual": world.node.chain_id}


def test_read__client_on_the_wrong_chain__raises_wrong_chain(world: World) -> None:
    """A client that expects another chain reads nothing."""
    with pytest.raises(errors.WrongChain):
        Breaker(world.web3, chain_id=1).agent_count()
    with pytest.raises(errors.WrongChain):
        Registry(world.web3, world.registry.address, chain_id=1).owner_of(0)


def test_send__client_on_the_wrong_chain__sends_nothing(world: World) -> None:
    """A transaction is not even simulated on another chain than the expected one."""
    before = world.node.block()["number"]
    with pytest.raises(errors.WrongChain):
        Breaker(world.web3, chain_id=1).trip_agent(world.agent, "why", sender=world.owner)
    assert world.node.block()["number"] == before


def test_read__no_code_at_the_address__raises_contract_absent(world: World) -> None:
    """An address without code is told as such, for reading and for sending, which would otherwise succeed."""
    nobody = Account.create().address
    with pytest.raises(errors.ContractAbsent) as raised:
        Breaker(world.web3, nobody).agent_count()
    assert raised.value.fields() == {"name": "CircuitBreaker", "address": nobody, "chain_id": world.node.chain_id}
    with pytest.raises(errors.ContractAbsent):
        Breaker(world.web3, nobody).trip_agent(1, "why", sender=world.owner)
    with pytest.raises(errors.ContractAbsent):
        Registry(world.web3, nobody).register(sender=world.owner)


def test_read__block_before_the_deployment__raises_contract_absent(world: World) -> None:
    """A read at a block at which the contract was not there yet is no zero."""
    block = int(world.node.block()["number"], 16)
    while world.node.code(world.breaker.address, block):
        block -= 1
    with pytest.raises(errors.ContractAbsent):
        world.breaker.agent_count(block_identifier=block)


def test_read__other_code_at_the_address__raises_wrong_code(world: World) -> None:
    """Another contract's code, or another version's, is not talked to, unless the caller insists."""
    with pytest.raises(errors.WrongCode) as raised:
        Breaker(world.web3, world.registry.address).agent_count()
    assert raised.value.address == world.registry.address
    with pytest.raises(errors.ContractReverted):
        Breaker(world.web3, world.registry.address, verify_code=False).agent_count()


@pytest.mark.parametrize("hostile", ["there", "elsewhere"])
def test_read__copy_of_the_core_with_another_half__raises_wrong_code(world: World, hostile: str) -> None:
    """BR-17: a copy of the core is ours only if what its fallback runs is, and where it looks for that."""
    code, copy = world.node.code(world.breaker.address), "0x" + "c0" * 20
    ours, half = create_address(world.breaker.address, 1), create_address(copy, 1)
    theirs = half if hostile == "there" else "0x" + "ee" * 20
    world.node.request(
        "anvil_setCode", copy, "0x" + code.replace(bytes.fromhex(ours[2:]), bytes.fromhex(theirs[2:])).hex()
    )
    if hostile == "elsewhere":
        world.node.request("anvil_setCode", half, "0x" + world.node.code(ours).hex())
    # Answers every question with 7.
    world.node.request("anvil_setCode", theirs, "0x60075f5260205ff3")
    assert Breaker(world.web3, copy, verify_code=False).agent_count() == 7
    with pytest.raises(errors.WrongCode) as raised:
        Breaker(world.web3, copy).agent_count()
    assert (raised.value.name, raised.value.address.lower()) == ("Administration", theirs.lower())


def test_read__historic_block__tells_the_state_then(world: World) -> None:
    """Every read takes a block: its number, its hash or its tag."""
    header = world.node.block()
    count = world.breaker.agent_count()
    world.enroll(world.stranger)

    assert world.breaker.agent_count() == count + 1
    assert world.breaker.agent_count(block_identifier=int(header["number"], 16)) == count
    assert world.breaker.agent_count(block_identifier=header["hash"]) == count
    assert world.breaker.agent_count(block_identifier="pending") == count + 1


def test_read__block_that_does_not_exist__raises_a_chain_error(world: World) -> None:
    """A block in the future is the node's to refuse, and that is told."""
    with pytest.raises(errors.RPCFailed):
        world.breaker.agent_count(block_identifier=10**9)
    with pytest.raises(errors.RPCFailed, match="no block"):
        world.node.block(10**9)


def test_read_many__more_than_a_batch__comes_back_in_order(world: World) -> None:
    """Long reads are batched and keep their order."""
    places = [(world.protocol.address, lane, 1) for lane in range(chain.BATCH * 2 + 3)]

    assert [view.lane for view in world.breaker.breakers(places)] == [lane for _, lane, _ in places]


@pytest.mark.parametrize("at_the_door", [True, False])
def test_read_many__node_without_batches__is_asked_one_by_one(world: World, at_the_door: bool) -> None:
    """A node that refuses batches, by HTTP status or by one error in place of a list, costs round trips, no answer."""

    class Unbatched(HTTPProvider):
        def make_batch_request(self, batch_requests: Any) -> Any:
            """Refuses."""
            assert batch_requests
            if at_the_door:
                message = "413 Request Entity Too Large"
                raise HTTPError(message)
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batches not supported"}}

    web3 = Web3(Unbatched(world.web3.provider.endpoint_uri))
    views = Breaker(web3).agents([world.agent] * 3)

    assert [view.agent for view in views] == [world.agent] * 3


def test_logs__node_that_limits_the_range__is_asked_in_smaller_ones(world: World, monkeypatch: Any) -> None:
    """A range that a node refuses is halved until it answers, and no event is missed or told twice."""
    whole = list(world.breaker.events("AgentEnrolled"))
    asked: list[tuple[int, int]] = []
    request = Node.request

    def limited(node: Node, method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
            if last - first >= 2:
                raise errors.RPCFailed(method, -32005, "range too large")
            asked.append((first, last))
        return request(node, method, *params)

    monkeypatch.setattr(Node, "request", limited)

    assert list(world.breaker.events("AgentEnrolled")) == whole
    assert len(asked) > 1
    assert [first for first, _ in asked[1:]] == [last + 1 for _, last in asked[:-1]]


def test_events__filter_that_is_no_indexed_field__is_refused(world: World) -> None:
    """A misspelled filter would silently match everything."""
    with pytest.raises(InvalidInput, match="agnet"):
        next(world.breaker.events("AgentEnrolled", agnet=1))


# ---------------------------------------------------------------------------------------------- senders


def test_send__ape_account__signs_here_and_is_mined(world: World) -> None:
    """OP-4: an Ape account signs through its own adapter; the receipt, its events and its gas come back."""
    sent = world.breaker.trip_agent(world.agent, "rogue", sender=world.owner)

    assert sent.sent
    assert sent.event("AgentTripped").args["actor"] == world.owner.address
    assert 21_000 < (sent.gas_used or 0) < sent.request["gas"]


def test_send__local_account__signs_here_and_is_mined(world: World, key: Any) -> None:
    """A LocalAccount signs without the node having its key."""
    sent = world.registry.register(sender=key)

    assert sent.sent
    assert world.registry.owner_of(sent.event("Registered").args["agentId"]) == key.address


def test_send__keyfile_account__is_unlocked_by_ape_alone(world: World, key: Any, tmp_path: Path) -> None:
    """OP-4: an account of Ape's from an encrypted keyfile signs headless, and no key is seen here."""
    keyfile = tmp_path / "agent-owner.json"
    keyfile.write_text(json.dumps(Account.encrypt(key.key, PASSPHRASE, iterations=2)))
    account = KeyfileAccount(keyfile_path=keyfile)
    account.set_autosign(True, passphrase=PASSPHRASE)

    sent = world.registry.register(sender=account)

    assert world.registry.owner_of(sent.event("Registered").args["agentId"]) == key.address


def test_send__unlocked_address__is_signed_by_the_node(world: World) -> None:
    """An address is taken as one that the node has the key of."""
    sent = world.registry.register(sender=world.stranger.address)

    assert world.registry.owner_of(sent.event("Registered").args["agentId"]) == world.stranger.address


def test_send__impersonated_ape_account__is_sent_by_the_node(world: World, accounts: Any) -> None:
    """An account that Ape impersonates hands back unsigned, and the node sends for it."""
    address = Account.create().address
    world.node.request("anvil_setBalance", address, hex(ETHER))
    impersonated = accounts.impersonate_account(address)

    sent = world.registry.register(sender=impersonated)

    assert world.registry.owner_of(sent.event("Registered").args["agentId"]) == address


def test_send__address_the_node_has_no_key_of__raises_rpc_failed(world: World) -> None:
    """A node that cannot sign says so, and that is told."""
    address = Account.create().address
    world.node.request("anvil_setBalance", address, hex(ETHER))

    with pytest.raises(errors.RPCFailed, match="eth_sendTransaction"):
        world.registry.register(sender=address)


def test_send__no_sender__raises_signer_required(world: World) -> None:
    """OP-3: no signer, no writes, by a clear error."""
    with pytest.raises(errors.SignerRequired, match="tripAgent needs a sender"):
        world.breaker.trip_agent(world.agent, "why", sender=None)


@pytest.mark.parametrize("sender", [5, object(), ("0x" + "11" * 20,)])
def test_send__something_else_as_sender__raises_unsupported_sender(world: World, sender: Any) -> None:
    """What has no address is no sender."""
    with pytest.raises(errors.UnsupportedSender):
        world.breaker.trip_agent(world.agent, "why", sender=sender)


def test_send__address_without_signature__raises_unsupported_sender(world: World) -> None:
    """Something with an address that cannot sign is told so, and nothing is sent."""

    class Watcher:
        address = world.owner.address

    before = world.node.block()["number"]
    with pytest.raises(errors.UnsupportedSender, match="Watcher cannot sign"):
        world.breaker.trip_agent(world.agent, "why", sender=Watcher())
    assert world.node.block()["number"] == before


def test_send__account_that_declines__raises_signature_refused(world: World) -> None:
    """A signer may decline: then nothing was sent."""

    class Declining:
        address = world.owner.address
        provider = world.owner.provider

        def sign_transaction(self, transaction: object) -> None:
            """Declines."""

    before = world.node.block()["number"]
    with pytest.raises(errors.SignatureRefused):
        world.breaker.trip_agent(world.agent, "why", sender=Declining())
    assert world.node.block()["number"] == before


def test_send__sender_without_ether__raises_insufficient_funds(world: World) -> None:
    """Who cannot pay is told how much is needed, before anything is signed."""
    pauper = Account.create()
    with pytest.raises(errors.InsufficientFunds) as raised:
        world.registry.register(sender=pauper)
    assert (raised.value.sender, raised.value.balance) == (pauper.address, 0)
    assert raised.value.needed > 0


# ---------------------------------------------------------------------------------------------- transactions


def test_send__dry_run__simulates_and_sends_nothing(world: World) -> None:
    """OP-3: a dry run returns the whole prepared transaction and changes nothing."""
    before = world.node.block()["number"]
    prepared = world.breaker.trip_agent(world.agent, "why", sender=world.owner, dry_run=True)

    assert (prepared.sent, prepared.hash, prepared.events) == (False, None, ())
    assert {"from", "to", "data", "gas", "nonce", "chainId", "maxFeePerGas"} <= prepared.request.keys()
    assert world.node.block()["number"] == before
    assert world.breaker.status_of(world.agent).admitted
    with pytest.raises(errors.SwitchgearError, match="was not sent"):
        prepared.event("AgentTripped")


def test_send__dry_run_as_any_address__needs_no_key(world: World) -> None:
    """A dry run can be made as anybody, and tells what would be refused."""
    assert not world.breaker.trip_agent(world.agent, "why", sender=world.owner.address, dry_run=True).sent
    with pytest.raises(errors.NotAuthorized):
        world.breaker.trip_agent(world.agent, "why", sender=world.stranger.address, dry_run=True)


def test_send__refused_in_simulation__costs_nothing(world: World) -> None:
    """What would revert is told by the simulation: no transaction, no nonce used."""
    nonce = world.node.request("eth_getTransactionCount", world.stranger.address, "latest")
    with pytest.raises(errors.NotAuthorized) as raised:
        world.breaker.trip_agent(world.agent, "why", sender=world.stranger)

    assert raised.value.tx_hash is None
    assert raised.value.actor == world.stranger.address
    assert world.node.request("eth_getTransactionCount", world.stranger.address, "latest") == nonce


def test_send__gas_limit__has_a_margin_over_the_estimate(world: World) -> None:
    """The gas limit is the estimate and nearly a third more."""
    prepared = world.breaker.trip_agent(world.agent, "why", sender=world.owner, dry_run=True)
    bare = {key: prepared.request[key] for key in ("from", "to", "data")}
    estimate = int(world.node.request("eth_estimateGas", bare), 16)

    assert prepared.request["gas"] == int(estimate * GAS_MARGIN)


def test_send__fails_when_mined__raises_its_error_with_the_hash(world: World, monkeypatch: Any) -> None:
    """What passes in simulation and is refused in its block raises the same error, with the transaction's hash."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 7_201, sender=world.owner)
    monkeypatch.setattr(chain, "complete", _race(world, chain.complete))

    with pytest.raises(errors.GuardianSpent) as raised:
        world.breaker.trip_agent(world.agent, "second", sender=world.guardian)
    assert raised.value.tx_hash is not None
    assert raised.value.guardian == world.guardian.address


def _race(world: World, complete: Any) -> Any:
    """Lets the guardian's other trip come in between the simulation and the transaction."""

    def late(node: Node, request: dict[str, Any]) -> None:
        complete(node, request)
        raw = Interface(load("CircuitBreaker").abi).encode("tripAgent", [world.agent, b"first".ljust(32, b"\0")])
        other = {"from": world.guardian.address, "to": world.breaker.address, "data": "0x" + raw.hex()}
        node.request("eth_sendTransaction", other)
        request["nonce"] += 1

    return late


def test_send__out_of_gas__raises_transaction_failed(world: World, monkeypatch: Any) -> None:
    """A transaction that fails without revert data is told by its hash."""
    monkeypatch.setattr(chain, "GAS_MARGIN", 0.7)

    with pytest.raises(errors.TransactionFailed) as raised:
        world.breaker.trip_agent(world.agent, "why", sender=world.owner)
    assert raised.value.hash.startswith("0x")


def test_send__never_mined__raises_transaction_timeout(world: World, monkeypatch: Any) -> None:
    """A transaction that is not mined in time is told by its hash, since it may be later."""
    monkeypatch.setattr(chain, "submit", _impatient(chain.submit))
    world.node.request("evm_setAutomine", False)
    try:
        with pytest.raises(errors.TransactionTimeout) as raised:
            world.breaker.trip_agent(world.agent, "why", sender=world.owner)
        assert raised.value.hash.startswith("0x")
    finally:
        world.node.request("anvil_dropAllTransactions")
        world.node.request("evm_setAutomine", True)


def _impatient(submit: Any) -> Any:
    return lambda node, request, sender: submit(node, request, sender, timeout=0.05)


def test_send__value_above_its_type__is_refused_before_the_node_is_asked(world: World) -> None:
    """An overflow is told by name, whatever the node would say."""
    nowhere = Breaker(Web3(HTTPProvider("http://127.0.0.1:9")))
    with pytest.raises(InvalidInput, match="agent"):
        nowhere.trip_agent(2**32, "why", sender=world.owner)
    with pytest.raises(errors.NoConnection):
        nowhere.trip_agent(1, "why", sender=world.owner)
