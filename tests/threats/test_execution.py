"""What an account is told to execute: encodings, delegatecalls, itself. On naive hooks and caveats, then on ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from switchgear.errors import CallCapExceeded, ModeRefused, NotManager, NotPermitted
from switchgear.execution import BATCH, batch, mode, single
from switchgear.foreign.keys import ZERO, sign_hash
from switchgear.foreign.modular import DELEGATECALL, FALLBACK, Execution, OpenZeppelin, delegatecall
from tests.threats.accounts import (
    KINDS,
    MULTI_SEND,
    DelegatorSide,
    ModularSide,
    Side,
    hook_calls,
    to_selector,
)
from tests.wallets.conftest import AGENT, refused
from tests.wallets.guarded import (
    CALL_CAP,
    CAP,
    OUTSIDER,
    PING,
    Charged,
    reverts,
    succeed,
    transfer,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

LOOT = 5 * CAP
MOVE = to_selector("transfer(address,uint256)")
CAP_EXCEEDED = to_selector("CapExceeded(uint256)")
NAMES = [name for name in KINDS if name != "Safe"]
"""A Safe executes nothing of this kind: see test_safe.py."""
MODULAR = [name for name in NAMES if name != "DeleGator"]
REFUSE_THEMSELVES = {"Nexus": "AccountAccessUnauthorized()", "DeleGator": "NotEntryPoint()"}
"""Accounts that do not execute at their own word, and what they say."""
NOTHING = Charged(0, 0)


@pytest.fixture(scope="module", params=NAMES)
def name(request: Any) -> str:
    """Of the kind of account."""
    return str(request.param)


@pytest.fixture(autouse=True)
def fresh(chain: Chain, naive: Side, ours: Side) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Each test begins anew."""
    with undone(chain):
        yield


def refuses_self(side: Side, data: bytes) -> Any:
    """Insists that the agent is not permitted to have the account call itself so."""
    return reverts(NotPermitted, wallet=AGENT.address, target=side.address, selector=data[:4])


# ------------------------------------------------------------------ encodings


def with_decoy(shown: Execution, real: Execution) -> bytes:
    """A batch where Solidity puts it, and another where the offset leads."""
    first, second = batch([shown])[32:], batch([real])[32:]
    return (32 + len(first)).to_bytes(32, "big") + first + second


def test_batch__decoy_before_the_calls__offset_is_followed(naive: Side, ours: Side) -> None:
    """WP-2: a batch is where its offset leads, for the account and for us; the naive guard reads what stands first."""
    token = naive.grounds.token
    with refused(CAP_EXCEEDED):
        naive.execute(mode(BATCH), batch([transfer(token, LOOT)]))
    with token.moves(LOOT, naive.address, to=OUTSIDER):
        naive.execute(mode(BATCH), with_decoy(transfer(token, 0), transfer(token, LOOT)))
    aim = {"wallet": AGENT.address, "target": token.address, "selector": MOVE}
    with reverts(CallCapExceeded, **aim, amount=LOOT, cap=CALL_CAP):
        ours.execute(mode(BATCH), with_decoy(transfer(token, 0), transfer(token, LOOT)))
    with token.moves(7, ours.address, to=OUTSIDER):
        ours.execute(mode(BATCH), with_decoy(transfer(token, LOOT), transfer(token, 7)))
    assert ours.charged(token) == Charged(1, 7)


@pytest.mark.parametrize("name", MODULAR, indirect=True)
def test_execute__decoy_before_the_execution__offset_is_followed(naive: Side, ours: Side) -> None:
    """WP-2: so it is with the execution itself, an argument of the account's function."""
    token = naive.grounds.token

    def behind(shown: int, real: int) -> bytes:
        one, other = (single(transfer(token, amount)) for amount in (shown, real))
        padding = bytes(-len(one) % 32)
        offset = 3 * 32 + len(one) + len(padding)
        head = mode() + offset.to_bytes(32, "big") + len(one).to_bytes(32, "big") + one + padding
        return to_selector("execute(bytes32,bytes)") + head + len(other).to_bytes(32, "big") + other

    def operate(side: Side, shown: int, real: int) -> None:
        assert isinstance(side, ModularSide)
        side.expect(side.agent.operate(behind(shown, real)))

    with token.moves(LOOT, naive.address, to=OUTSIDER):
        operate(naive, 0, LOOT)
    aim = {"wallet": AGENT.address, "target": token.address, "selector": MOVE}
    with reverts(CallCapExceeded, **aim, amount=LOOT, cap=CALL_CAP):
        operate(ours, 0, LOOT)
    with token.moves(7, ours.address, to=OUTSIDER):
        operate(ours, LOOT, 7)
    assert ours.charged(token) == Charged(1, 7)


def test_batch__more_than_its_first_call__each_is_charged(naive: Side, ours: Side) -> None:
    """WP-2: whoever looks at the first call of a batch has seen nothing of the rest."""
    token = naive.grounds.token
    with token.moves(LOOT, naive.address, to=OUTSIDER):
        naive.act(transfer(token, 0), transfer(token, LOOT))
    aim = {"wallet": AGENT.address, "target": token.address, "selector": MOVE}
    with reverts(CallCapExceeded, **aim, amount=LOOT, cap=CALL_CAP):
        ours.act(transfer(token, 0), transfer(token, LOOT))
    with token.moves(30, ours.address, to=OUTSIDER):
        ours.act(transfer(token, 10), transfer(token, 20))
    assert ours.charged(token) == Charged(2, 30)


def test_delegatecall__to_what_may_be_called__refused(naive: Side, ours: Side, chain: Chain) -> None:
    """WP-4: a library that the account calls in its own name does everything; MetaMask's accounts know no such mode."""
    token, library = naive.grounds.token, naive.grounds.safes.multi_send_call_only
    hidden = transfer(token, LOOT)
    item = b"\0" + bytes.fromhex(hidden.target[2:]) + bytes(32) + len(hidden.data).to_bytes(32, "big") + hidden.data
    execution = delegatecall(library.address, library.interface.encode(MULTI_SEND, (item,)))
    given = mode(DELEGATECALL)
    if isinstance(naive, DelegatorSide):
        with refused(to_selector("UnsupportedCallType(bytes1)")):
            naive.execute(given, execution)
    else:
        with token.moves(LOOT, naive.address, to=OUTSIDER):
            naive.execute(given, execution)
    with token.moves(0, ours.address, to=OUTSIDER), reverts(ModeRefused, mode=given):
        ours.execute(given, execution)
    assert chain.call(token.token, "balanceOf", library.address) == 0


# ------------------------------------------------------------------ the account itself


def test_execute__within_execute__refused(naive: Side, ours: Side, name: str) -> None:
    """WP-4: an execution that the account orders of itself is a self-call, whatever is in it."""
    token = naive.grounds.token
    inner = encode(["bytes32", "bytes"], [mode(BATCH), batch([transfer(token, 0), transfer(token, LOOT)])])
    data = to_selector("execute(bytes32,bytes)") + inner
    if name in REFUSE_THEMSELVES:
        with refused(to_selector(REFUSE_THEMSELVES[name])):
            naive.act(transfer(token, 0), Execution(naive.address, data))
    else:
        with token.moves(LOOT, naive.address, to=OUTSIDER):
            naive.act(transfer(token, 0), Execution(naive.address, data))
    with token.moves(0, ours.address, to=OUTSIDER), refuses_self(ours, data):
        ours.act(transfer(token, 0), Execution(ours.address, data))


def test_self_call__that_frees_the_agent__refused(naive: Side, ours: Side) -> None:
    """WP-4: removing the hook or becoming the account's signer is not the agent's: by address, by zero, in a batch."""
    token = naive.grounds.token
    data, free = naive.freeing()
    naive.act(transfer(token, 0), Execution(naive.address, data))
    with token.moves(LOOT, naive.address, to=OUTSIDER):
        free(transfer(token, LOOT))
    data, _ = ours.freeing()
    for target in (ours.address, ZERO):
        for calls in ([Execution(target, data)], [transfer(token, 0), Execution(target, data)]):
            with refuses_self(ours, data):
                ours.act(*calls)
    assert ours.charged(token) == NOTHING


@pytest.mark.parametrize("name", ["OpenZeppelin"], indirect=True)
def test_target_zero__that_is_the_account__refused(naive: Side, ours: Side) -> None:
    """WP-2: OpenZeppelin's account takes 0 for itself, so whoever takes it for nobody is removed by it."""
    assert isinstance(naive, ModularSide)
    assert isinstance(naive.agent, OpenZeppelin)
    token = naive.grounds.token
    data, free = naive.freeing()
    naive.act(transfer(token, 0), Execution(ZERO, data))
    with token.moves(LOOT, naive.address, to=OUTSIDER):
        free(transfer(token, LOOT))
    data, _ = ours.freeing()
    with refuses_self(ours, data):
        ours.act(transfer(token, 0), Execution(ZERO, data))


@pytest.mark.parametrize("name", MODULAR, indirect=True)
def test_hook_swap__within_one_execution__refused(naive: Side, ours: Side, chain: Chain) -> None:
    """WP-4: off, take, and on again: nobody sees it afterwards."""
    token = naive.grounds.token

    def swap(side: Side) -> list[Execution]:
        assert isinstance(side, ModularSide)
        off, on = (Execution(side.address, data) for data in hook_calls(side.people or side.agent, side.guard.address))
        return [transfer(token, 0), off, transfer(token, LOOT), on]

    with token.moves(LOOT, naive.address, to=OUTSIDER):
        naive.act(*swap(naive))
    with undone(chain), refused(CAP_EXCEEDED):
        naive.act(transfer(token, LOOT))
    calls = swap(ours)
    with token.moves(0, ours.address, to=OUTSIDER), refuses_self(ours, calls[1].data):
        ours.act(*calls)


@pytest.mark.parametrize("name", MODULAR, indirect=True)
def test_executor__unknown__does_not_bypass(naive: Side, ours: Side) -> None:
    """WP-1: modules execute as well, and a naive hook looks at operations alone."""
    token = naive.grounds.token
    assert isinstance(ours, ModularSide)
    with token.moves(LOOT, naive.address, to=OUTSIDER):
        naive.act_second(transfer(token, LOOT))
    aim = {"target": token.address, "selector": MOVE}
    with token.moves(0, ours.address, to=OUTSIDER):
        with reverts(CallCapExceeded, **aim, wallet=ours.second.address, amount=LOOT, cap=CALL_CAP):
            ours.act_second(transfer(token, LOOT))
        with reverts(NotPermitted, **aim, wallet=ours.unknown.address):
            ours.drive(ours.unknown, transfer(token, 1), OUTSIDER)
    with token.moves(7, ours.address, to=OUTSIDER):
        ours.act_second(transfer(token, 7))
    assert (ours.charged(token), ours.charged(token, ours.second)) == (NOTHING, Charged(1, 7))


@pytest.mark.parametrize("name", ["DeleGator"], indirect=True)
def test_delegation__taken_back__is_not_the_agents_to_give_again(naive: Side, ours: Side) -> None:
    """WP-4: what people have disabled the account would enable, if an agent could have it call itself."""
    token = naive.grounds.token

    def revive(side: Side) -> None:
        assert isinstance(side, DelegatorSide)
        data = side.contract.interface.encode("enableDelegation", (side.held_by_second.fields,))
        side.delegations.disable(side.held_by_second)
        side.act(transfer(token, 0), Execution(side.address, data))

    revive(naive)
    with token.moves(CAP, naive.address, to=OUTSIDER):
        naive.act_second(transfer(token, CAP))
    enable = to_selector("enableDelegation((address,address,bytes32,(address,bytes,bytes)[],uint256,bytes))")
    with refuses_self(ours, enable):
        revive(ours)
    with token.moves(0, ours.address, to=OUTSIDER), refused(to_selector("CannotUseADisabledDelegation()")):
        ours.act_second(transfer(token, 1))


@pytest.mark.parametrize("name", ["DeleGator"], indirect=True)
def test_signature__by_the_agents_key__is_not_the_accounts(naive: Side, ours: Side, chain: Chain) -> None:
    """WP-4: an agent that is its account's signer signs permits past every caveat; as a delegate it signs nothing."""
    digest, token = keccak(text="a permit for everything"), naive.grounds.token
    assert isinstance(naive, DelegatorSide)
    chain.send(naive.contract, "addSigner", AGENT.address, sender=naive.address)
    assert chain.call(naive.contract, "isValidSignature", digest, sign_hash(AGENT, digest)).hex() == "1626ba7e"
    assert isinstance(ours, DelegatorSide)
    assert chain.call(ours.contract, "isValidSignature", digest, sign_hash(AGENT, digest)).hex() == "ffffffff"
    data = ours.contract.interface.encode("addSigner", (AGENT.address,))
    with refuses_self(ours, data):
        ours.act(transfer(token, 0), Execution(ours.address, data))


# ------------------------------------------------------------------ strangers who have the guard asked


@pytest.mark.parametrize("name", MODULAR, indirect=True)
def test_fallback__flooded_by_an_outsider__spends_nothing(naive: Side, ours: Side, chain: Chain) -> None:
    """BR-5: whoever counts what a hook is asked lets anybody use an agent's calls up, by the account's fallback."""
    token = naive.grounds.token
    assert isinstance(naive, ModularSide)
    succeed(naive.agent.install(FALLBACK, naive.executor.address, PING))
    asked = int(chain.call(naive.guard, "asked", naive.address))
    flood(naive, 100 - asked)
    with token.moves(0, naive.address, to=OUTSIDER), refused(to_selector("AskedTooOften(address)")):
        naive.act(transfer(token, 1))
    flood(ours, 100)
    assert (ours.charged(token), ours.charged(ours.grounds.fee)) == (NOTHING, NOTHING)
    with token.moves(CALL_CAP, ours.address, to=OUTSIDER):
        ours.act(transfer(token, CALL_CAP))
    assert ours.charged(token) == Charged(1, CALL_CAP)


def flood(side: Side, times: int) -> None:
    """Anybody calls the account's fallback."""
    handler = side.chain.at(side.address, "DrivenModule")
    for _ in range(times):
        side.chain.send(handler, "ping", sender=OUTSIDER)


@pytest.mark.parametrize("name", ["DeleGator"], indirect=True)
def test_caveat__asked_by_an_outsider__spends_nothing(naive: Side, ours: Side) -> None:
    """WP-8: so does whoever keeps its account by delegation, whoever calls: only the manager asks ours."""
    token = naive.grounds.token

    def ask(side: Side) -> None:
        assert isinstance(side, DelegatorSide)
        terms, call = side.held.caveats[0].terms, single(transfer(token, CALL_CAP))
        arguments = (terms, b"", mode(), call, side.delegations.hash(side.held), side.address, AGENT.address)
        side.chain.send(side.guard, "beforeHook", *arguments, sender=OUTSIDER)

    for _ in range(2):
        ask(naive)
    with token.moves(0, naive.address, to=OUTSIDER), refused(CAP_EXCEEDED):
        naive.act(transfer(token, 1))
    with reverts(NotManager, caller=OUTSIDER):
        ask(ours)
    assert ours.charged(token) == NOTHING
