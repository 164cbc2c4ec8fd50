"""Who acts through a guarded Safe, and how the guard comes and goes (WP-4, WP-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from switchgear.errors import (
    AgentDenied,
    ContractReverted,
    DelegateCallRefused,
    HandlerRefused,
    ModulesUnguarded,
    NotPermitted,
)
from switchgear.foreign.artifacts import SAFES
from switchgear.foreign.keys import ZERO
from switchgear.foreign.safe import (
    Call,
    PrefixedKey,
    SafeOwner,
    Safes,
    SafeTransaction,
    Sender,
    Signer,
    TypedKey,
)
from switchgear.gas.chain import account
from switchgear.policy import safe_handler, safe_installation
from switchgear.types import Reason, Scope
from tests.support.guarded import (
    AGENT,
    BOB,
    CAP,
    EVE,
    HUMAN,
    OTHER,
    Field,
    Guarded,
    refuses,
)
from tests.wallets.conftest import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

MODULE = account("people's module")
BOTH = (AGENT.address, OTHER.address, HUMAN.address)
MODULE_GUARD = "module_manager.module_guard.address"
HANDLER = "fallback_manager.handler.address"


@pytest.fixture(scope="module")
def field(chain: Chain) -> Field:
    """Core and agents."""
    return Field(chain)


@pytest.fixture(scope="module", params=SAFES)
def safes(chain: Chain, request: Any) -> Safes:
    """Each version."""
    return Safes(chain, request.param, label="guarded")


@pytest.fixture(scope="module")
def guarded(field: Field, safes: Safes) -> Guarded:
    """One owner is enough; the agent may transfer."""
    made = Guarded(field, safes)
    made.grant()
    return made


@pytest.fixture(scope="module")
def shared(field: Field, safes: Safes) -> Guarded:
    """Two of agent, other agent and human; either agent may transfer."""
    made = Guarded(field, safes, owners=BOTH, install=False, label="two")
    made.install()
    for wallet in (AGENT.address, OTHER.address):
        made.grant(wallet=wallet)
    made.by_people([(made.address, made.self_call("changeThreshold", 2))])
    return made


@pytest.fixture(autouse=True)
def _rolled_back(field: Field, guarded: Guarded, shared: Guarded) -> Iterator[None]:  # noqa: ARG001 - made before
    """Leaves the chain as it was."""
    with field.rolled_back():
        yield


# ------------------------------------------------------------------ who signed


@pytest.mark.parametrize("kind", [Sender, TypedKey, PrefixedKey])
def test_agent__alone__charged_however_it_signs(guarded: Guarded, kind: Any) -> None:
    """WP-1: an agent that is enough by itself is held to its permission, by each kind of signature."""
    signer = kind(AGENT.address if kind is Sender else AGENT)
    with guarded.takes(7):
        guarded.transfer(7, signers=[signer])
    assert guarded.charged() == 7
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_OVERSIZED):
        guarded.transfer(CAP + 1, signers=[signer])
    with refuses(NotPermitted, wallet=AGENT.address, target=BOB):
        guarded.act(BOB, value=1, signers=[signer])


def test_agent__by_an_approved_hash__charged(guarded: Guarded, field: Field) -> None:
    """WP-1: nor does it matter who sends what the agent has approved before."""
    transaction = SafeTransaction(to=field.token.address, data=field.encode("transfer", BOB, 5))
    nonce = guarded.safe.nonce
    hashed = field.chain.call(guarded.safe.contract, "getTransactionHash", *transaction.fields, nonce)
    field.chain.send(guarded.safe.contract, "approveHash", hashed, sender=AGENT.address)
    guarded.safe.exec(transaction, [Sender(AGENT.address)], sender=EVE)
    assert guarded.charged() == 5


def test_agent__contract_that_owns__charged(guarded: Guarded, field: Field, safes: Safes) -> None:
    """WP-1: an agent whose wallet is a Safe signs by ERC-1271, and is charged as that Safe."""
    inner = safes.create([AGENT.address])
    signer = SafeOwner(inner, (TypedKey(AGENT),))
    guarded.by_people([(guarded.address, guarded.self_call("addOwnerWithThreshold", inner.address, 1))])
    guarded.grant(wallet=inner.address)
    with refuses(AgentDenied, wallet=inner.address, reason=Reason.WALLET_UNKNOWN):
        guarded.transfer(5, signers=[signer])
    field.enroll(signer, sign=lambda message: signer.sign(encode_typed_data(full_message=message), hashed=True)[1])
    guarded.transfer(5, signers=[signer])
    assert (guarded.charged(by=signer), guarded.charged()) == (5, 0)


@pytest.mark.parametrize("kind", [Sender, TypedKey, PrefixedKey])
def test_human__alone__unasked(guarded: Guarded, kind: Any) -> None:
    """WP-6: whom the owner trusts is held to nothing, by each kind of signature."""
    with guarded.takes(2 * CAP):
        guarded.transfer(2 * CAP, by=HUMAN, signers=[kind(HUMAN.address if kind is Sender else HUMAN)])
    assert guarded.charged() == 0


def test_human__contract_that_owns__unasked(guarded: Guarded, safes: Safes) -> None:
    """WP-6: so is a trusted contract."""
    inner = safes.create([HUMAN.address])
    guarded.by_people([(guarded.address, guarded.self_call("addOwnerWithThreshold", inner.address, 1))])
    guarded.loosen("trust", inner.address)
    with guarded.takes(2 * CAP):
        guarded.transfer(2 * CAP, by=HUMAN, signers=[SafeOwner(inner, (TypedKey(HUMAN),))])


def test_owner__neither_trusted_nor_permitted__denied(guarded: Guarded) -> None:
    """WP-1: who owns the Safe and is nobody to the policy may do nothing."""
    with refuses(NotPermitted, wallet=OTHER.address):
        guarded.transfer(by=OTHER)


def both(first: Any, second: Any, kind: Any = TypedKey) -> list[Signer]:
    """Two signatures; the Safe wants them in order."""
    return [kind(first), kind(second)]


@pytest.mark.parametrize("kind", [TypedKey, PrefixedKey])
@pytest.mark.parametrize("agent", [AGENT, OTHER])
def test_two__human_and_agent__people_decided(shared: Guarded, agent: Any, kind: Any) -> None:
    """WP-6: with a trusted party among those who had to sign it is people's, whichever comes first."""
    with shared.takes(2 * CAP):
        shared.transfer(2 * CAP, signers=both(agent, HUMAN, kind))
    assert (shared.charged(), shared.charged(by=OTHER)) == (0, 0)


def test_two__agents__first_is_charged(shared: Guarded) -> None:
    """WP-1: agents together are no people: the first in the Safe's order is charged, the second is not."""
    first, second = sorted((AGENT, OTHER), key=lambda one: int(one.address, 16))
    shared.transfer(9, signers=both(AGENT, OTHER))
    assert (shared.charged(by=first), shared.charged(by=second)) == (9, 0)
    with refuses(AgentDenied, wallet=first.address, reason=Reason.VALUE_OVERSIZED):
        shared.transfer(CAP + 1, signers=both(AGENT, OTHER))


@pytest.mark.parametrize("tripped", ["first", "second"])
def test_two__agents_one_tripped__denied(shared: Guarded, field: Field, tripped: str) -> None:
    """BR-3: an agent whose breaker is open takes part in nothing, not even as the second."""
    first, second = sorted((AGENT, OTHER), key=lambda one: int(one.address, 16))
    who = first if tripped == "first" else second
    field.chain.send(field.core, "tripAgent", field.handles[who.address], bytes(32), sender=field.family)
    with refuses(AgentDenied, wallet=who.address, reason=Reason.BREAKER_OPEN, scope=Scope.KILL_SWITCH):
        shared.transfer(signers=both(AGENT, OTHER))
    shared.transfer(signers=both(AGENT if who is OTHER else OTHER, HUMAN))


@pytest.mark.parametrize("forged", ["sender", "ecdsa", "contract"])
def test_agent__peoples_signature_behind_its_own__counts_for_nothing(
    guarded: Guarded, field: Field, forged: str
) -> None:
    """WP-4: what stands behind the threshold's signatures nobody has checked: it makes no people."""
    transaction = SafeTransaction(to=BOB, value=1)
    data = guarded.safe.exec_data(transaction, [Sender(AGENT.address)])
    human = encode(["address", "uint256"], [HUMAN.address, 0])
    extra = {
        "sender": human + b"\x01",
        "contract": human + b"\x00",
        "ecdsa": TypedKey(HUMAN).key.sign_message(_other_message(guarded)).signature,
    }[forged]
    with refuses(NotPermitted, wallet=AGENT.address, target=BOB):
        field.chain.send(guarded.safe.contract, "execTransaction", *data[:-1], data[-1] + extra, sender=AGENT.address)


def test_two_agents__peoples_signature_behind_theirs__counts_for_nothing(shared: Guarded, field: Field) -> None:
    """WP-4: with two that are needed a third is not looked at."""
    transaction = SafeTransaction(to=BOB, value=1)
    data = shared.safe.exec_data(transaction, both(AGENT, OTHER))
    extra = encode(["address", "uint256"], [HUMAN.address, 0]) + b"\x01"
    first = min(AGENT.address, OTHER.address, key=lambda one: int(one, 16))
    with refuses(NotPermitted, wallet=first, target=BOB):
        field.chain.send(shared.safe.contract, "execTransaction", *data[:-1], data[-1] + extra, sender=AGENT.address)


def _other_message(guarded: Guarded) -> Any:
    return guarded.safe.message("SafeMessage", (("message", "bytes"),), (b"something else",))


def test_transaction__replayed__refused_by_the_safe(guarded: Guarded, field: Field) -> None:
    """A signed transaction is good once: nobody spends an agent's budget with it again."""
    transaction = SafeTransaction(to=field.token.address, data=field.encode("transfer", BOB, 5))
    data = guarded.safe.exec_data(transaction, [TypedKey(AGENT)])
    field.chain.send(guarded.safe.contract, "execTransaction", *data, sender=EVE)
    with refused(b"GS026"):
        field.chain.send(guarded.safe.contract, "execTransaction", *data, sender=EVE)
    assert guarded.charged() == 5


# ------------------------------------------------------------------ batches


def test_batch__by_multi_send_call_only__each_call_charged(guarded: Guarded, field: Field) -> None:
    """WP-2: a batch is its calls."""
    call = Call(field.token.address, field.encode("transfer", BOB, 5))
    with guarded.takes(15):
        guarded.batch(call, call, call)
    assert guarded.charged() == 15
    with refuses(NotPermitted, wallet=AGENT.address, target=EVE):
        guarded.batch(call, Call(EVE, value=1))
    assert guarded.charged() == 15


def test_batch__empty__does_nothing(guarded: Guarded) -> None:
    """WP-2: no calls need no permission, and move nothing."""
    with guarded.takes(0):
        guarded.batch()


def test_batch__by_multi_send__refused(guarded: Guarded, field: Field) -> None:
    """WP-4: the other MultiSend, which delegates, is not to be delegated to."""
    made = guarded.safe.multi_send([Call(field.token.address, field.encode("transfer", BOB, 5))], call_only=False)
    with refuses(DelegateCallRefused, target=made.to):
        guarded.act(made.to, made.data, operation=made.operation)


# ------------------------------------------------------------------ installing


def bare(field: Field, safes: Safes, **options: Any) -> Guarded:
    """Not installed yet."""
    return Guarded(field, safes, install=False, label=f"bare {safes.version}", **options)


def opaque(guarded: Guarded, error: bytes) -> bytes:
    """What a failing call of the Safe's to itself reverts with: 1.4.1 does not say why."""
    return error if guarded.has_module_guard else b"GS013"


def why(guarded: Guarded) -> None:
    """What the guard answers the Safe: asked as the client can ask it, it says why in either version."""
    guarded.chain.call(guarded.guard, "supportsInterface", bytes.fromhex("e6d7a83a"), sender=guarded.address)


def test_install__as_the_client_says__guarded(field: Field, safes: Safes) -> None:
    """WP-4: handler, module guard where there is one, guard."""
    made = bare(field, safes)
    made.install()
    assert made.guarded
    assert made.stored(HANDLER) == safe_handler(made.guard.address).lower()
    assert made.chain.call(made.guard, "handler") == safe_handler(made.guard.address)
    assert (made.stored(MODULE_GUARD) == made.guard.address.lower()) == made.has_module_guard
    with refuses(NotPermitted, wallet=AGENT.address):
        made.transfer()


def test_install__usual_handler_left__refused(field: Field, safes: Safes) -> None:
    """WP-4: an agent must not sign for the Safe."""
    made = bare(field, safes)
    handler = safes.handler.address
    with refuses(HandlerRefused, handler=handler):
        why(made)
    with refused(opaque(made, keccak(text="HandlerRefused(address)")[:4])):
        made.by_people(safe_installation(made.address, made.guard.address, modules=False)[1:])
    assert not made.guarded


def test_install__guard_as_handler__refused(field: Field, safes: Safes) -> None:
    """WP-8: through its handler a Safe says, as itself, whatever anybody wants."""
    made = bare(field, safes)
    made.by_people([(made.address, made.self_call("setFallbackHandler", made.guard.address))])
    with refuses(HandlerRefused, handler=made.guard.address):
        why(made)
    with refused(opaque(made, keccak(text="HandlerRefused(address)")[:4])):
        made.by_people([(made.address, made.self_call("setGuard", made.guard.address))])


def test_install__no_handler__guarded(field: Field, safes: Safes) -> None:
    """WP-4: none at all will do."""
    made = bare(field, safes)
    made.by_people(
        [
            (made.address, made.self_call(name, to))
            for name, to in (("setFallbackHandler", ZERO), ("setGuard", made.guard.address))
        ]
    )
    assert made.guarded


def test_install__another_safes_guard__refused(guarded: Guarded, field: Field, safes: Safes) -> None:
    """WP-4: a policy guards one account: another Safe, and everybody else, is told that it is no guard."""
    made = bare(field, safes)
    with refused(opaque(made, b"GS300")):
        made.by_people([(made.address, made.self_call("setGuard", guarded.guard.address))])
    for interface in ("e6d7a83a", "58401ed8"):
        assert not field.chain.call(guarded.guard, "supportsInterface", bytes.fromhex(interface), sender=made.address)
    assert field.chain.call(guarded.guard, "supportsInterface", bytes.fromhex("01ffc9a7"), sender=EVE)
    assert not field.chain.call(guarded.guard, "supportsInterface", b"\xff" * 4, sender=guarded.address)


def test_install__modules_without_module_guard__refused(field: Field, safes: Safes) -> None:
    """WP-4: in the wrong order, or on 1.4.1 at all, a Safe with modules is not guarded, and is told which."""
    made = bare(field, safes)
    handler, *_ = safe_installation(made.address, made.guard.address)
    made.safe.enable_module(MODULE, signers=made.humans, sender=HUMAN.address)
    made.by_people([handler])
    with refuses(ModulesUnguarded, module=MODULE):
        why(made)
    with refused(opaque(made, keccak(text="ModulesUnguarded(address)")[:4])):
        made.by_people([(made.address, made.self_call("setGuard", made.guard.address))])
    if made.has_module_guard:
        made.install()
        assert made.guarded


def test_people__open_a_way_past__refused_while_guarded(guarded: Guarded, safes: Safes) -> None:
    """WP-4: what would let agents past the guard waits until the guard is gone."""
    handler, guard = safes.handler.address, guarded.guard.address
    for refusing in (handler, guard):
        with refuses(HandlerRefused, handler=refusing):
            guarded.by_people([(guarded.address, guarded.self_call("setFallbackHandler", refusing))])
    enable = (guarded.address, guarded.self_call("enableModule", MODULE))
    if guarded.has_module_guard:
        guarded.by_people([enable])
        with refuses(ModulesUnguarded, module=MODULE):
            guarded.by_people([(guarded.address, guarded.self_call("setModuleGuard", ZERO))])
    else:
        with refuses(ModulesUnguarded, module=MODULE):
            guarded.by_people([enable])
    guarded.remove()
    guarded.by_people([(guarded.address, guarded.self_call("setFallbackHandler", handler))])
    assert not guarded.guarded


def test_people__swap_the_guard__their_right(guarded: Guarded, chain: Chain) -> None:
    """WP-6: another guard in its place is people's choice."""
    other = chain.deploy("NoopSafeGuard", label=f"swapped {guarded.safes.version}")
    guarded.by_people([(guarded.address, guarded.self_call("setGuard", other.address))])
    assert not guarded.guarded


# ------------------------------------------------------------------ the way out


REVERTING = "0x60006000fd"
BROKEN = ("nothing", "core", "core and tokens", "all permissions revoked")


@pytest.mark.parametrize("broken", BROKEN)
def test_removal__whatever_is_broken__works(guarded: Guarded, field: Field, broken: str) -> None:
    """WP-6: nothing that reverts keeps people from removing the guard, and with it gone the Safe is theirs."""
    places = {"core": [field.core.address], "core and tokens": [field.core.address, field.token.address]}
    for place in places.get(broken, []):
        field.chain.node.request("anvil_setCode", place, REVERTING)
    if broken == "all permissions revoked":
        selector = field.encode("transfer", BOB, 0)[:4]
        field.chain.send(guarded.guard, "revoke", AGENT.address, field.token.address, selector, sender=account("chief"))
    guarded.remove()
    assert not guarded.guarded
    assert int(guarded.stored(MODULE_GUARD), 16) == 0
    guarded.act(BOB, value=1, by=AGENT)


def test_removal__by_two__works(shared: Guarded, field: Field) -> None:
    """WP-6: likewise where two have to sign, one of them an agent."""
    field.chain.node.request("anvil_setCode", field.core.address, REVERTING)
    removal = shared.self_call("setGuard", ZERO)
    with pytest.raises(ContractReverted):
        shared.act(shared.address, removal, signers=both(AGENT, OTHER))
    shared.act(shared.address, removal, signers=both(AGENT, HUMAN))
    assert not shared.guarded


def test_handler__tokens_arrive_and_nothing_is_signed(guarded: Guarded, field: Field) -> None:
    """WP-4: the guard's handler takes ERC-721 and ERC-1155 tokens, and knows no signatures."""
    one = keccak(text="onERC721Received(address,address,uint256,bytes)")[:4]
    batch = keccak(text="onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)")[:4]
    asked = {
        one: encode(["address", "address", "uint256", "bytes"], [EVE, EVE, 1, b""]),
        batch: encode(["address", "address", "uint256[]", "uint256[]", "bytes"], [EVE, EVE, [1], [1], b""]),
    }
    for selector, arguments in asked.items():
        request = {"from": EVE, "to": guarded.address, "data": "0x" + (selector + arguments).hex()}
        assert field.chain.node.call(request, "latest")[:4] == selector
    signed = encode(
        ["bytes32", "bytes"], [bytes(32), TypedKey(AGENT).key.sign_message(_other_message(guarded)).signature]
    )
    request["data"] = "0x" + (bytes.fromhex("1626ba7e") + signed).hex()
    with refused(b""):
        field.chain.node.call(request, "latest")
