"""What hooks are not asked about, or not in time: with a naive one or an ordinary validator first, then with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.errors import ContractReverted, from_revert
from switchgear.execution import BATCH, mode, single
from switchgear.foreign.delegation import Caveat, Delegation, Delegations
from switchgear.foreign.keys import key, sign_hash
from switchgear.foreign.modular import (
    ACCOUNTS,
    BUNDLER,
    EXECUTE_USER_OP,
    EXECUTOR,
    HOOK,
    VALIDATOR,
    Account,
    EntryPoint,
    Execution,
    Handled,
    Kernel,
    Nexus,
    OpenZeppelin,
    Safe7579,
    UserOperation,
)
from switchgear.gas.chain import GAS, account
from switchgear.policy import caveat_terms
from tests.wallets.conftest import AGENT, Money, refused
from tests.wallets.guarded import (
    AGENTS_OWNER,
    CALL_CAP,
    CAP,
    DAY,
    FUNDS,
    OUTSIDER,
    PEOPLE,
    VERSIONS,
    Charged,
    Modular,
    Place,
    execute_data,
    permission,
    succeed,
    transfer,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain, Deployed

LOOT = 5_000
"""What the attacks take: above every cap, and within the funds."""
MOVE = keccak(text="transfer(address,uint256)")[:4]
ORDINARY = key("agent behind an ordinary validator")
VALID = bytes.fromhex("1626ba7e")
ETHER = 10**18


class Dollars(Money):
    """A token with every way to grant an allowance."""

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain, chain.deploy("PermitToken", label="threats"))


@pytest.fixture(scope="module")
def dollars(chain: Chain) -> Dollars:
    """What is to be stolen."""
    return Dollars(chain)


@pytest.fixture(scope="module")
def reentrant(chain: Chain) -> Money:
    """Makes a prepared call in the midst of a transfer."""
    return Money(chain, chain.deploy("ReentrantToken", label="threats"))


@pytest.fixture(scope="module")
def place(chain: Chain) -> Place:
    """A core with an agent."""
    made = Place(chain, "threats")
    made.enroll(AGENT)
    return made


@pytest.fixture(scope="module")
def naive(chain: Chain, dollars: Dollars, reentrant: Money) -> OpenZeppelin:
    """The agent's key behind an ordinary validator and a naive hook with the same cap."""
    validator = chain.deploy("KeyValidator", label="naive threats")
    made = OpenZeppelin.create(EntryPoint(chain), validator, AGENT, label="naive threats")
    tokens = (dollars, reentrant)
    targets = [token.address for token in tokens]
    hook = chain.deploy("NaiveHook7579", targets, [MOVE], CALL_CAP, label="threats")
    succeed(made.install(EXECUTOR, chain.deploy("DrivenModule", label="naive threats").address))
    succeed(made.install_hook(hook.address))
    for token in tokens:
        token.give(made.address, FUNDS)
    return made


@pytest.fixture(scope="module")
def ours(chain: Chain, place: Place, dollars: Dollars, reentrant: Money) -> Modular:
    """The same account behind the hook."""
    permissions = (
        permission(AGENT.address, dollars.address),
        permission(AGENT.address, reentrant.address, measured=True),
    )
    made = Modular.create(place, EntryPoint(chain), OpenZeppelin, *permissions, label="threats")
    for token in (dollars, reentrant):
        token.give(made.address, FUNDS)
    return made


@pytest.fixture(scope="module", params=ACCOUNTS, ids=lambda kind: kind.__name__)
def each(chain: Chain, place: Place, dollars: Dollars, request: Any) -> Modular:
    """Every account behind the hook."""
    kind: type[Account] = request.param
    point = EntryPoint(chain, VERSIONS[kind])
    made = Modular.create(place, point, kind, permission(AGENT.address, dollars.address), label="each")
    dollars.give(made.address, FUNDS)
    return made


@pytest.fixture(scope="module")
def ordinary(chain: Chain, each: Modular) -> Account:
    """The same account as another key sees it, behind the hook too, and an ordinary validator."""
    if not isinstance(each.people, Kernel):
        return each.people
    validator = chain.deploy("KeyValidator", label="ordinary Kernel")
    return each.people.with_validator(validator, ORDINARY, each.hook.address)


@pytest.fixture(autouse=True)
def fresh(chain: Chain, request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test begins anew."""
    for name in ("naive", "ours", "each", "ordinary"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    with undone(chain):
        yield


# ------------------------------------------------------------------ what an execution says


def aliased(call: Execution, times: int) -> bytes:
    """A batch whose elements are all the same bytes."""
    element = bytes(12) + bytes.fromhex(call.target[2:]) + call.value.to_bytes(32, "big") + (96).to_bytes(32, "big")
    element += len(call.data).to_bytes(32, "big") + call.data + bytes(-len(call.data) % 32)
    offsets = (32 * times).to_bytes(32, "big") * times
    return (32).to_bytes(32, "big") + times.to_bytes(32, "big") + offsets + element


def test_execute__batch_of_one_element_many_times__each_is_charged(
    naive: OpenZeppelin, ours: Modular, dollars: Dollars
) -> None:
    """WP-2: offsets that lead to the same bytes are so many calls, and so many charges."""
    times = 20
    execution = aliased(transfer(dollars, LOOT // times), times)
    with dollars.moves(LOOT, naive.address, to=OUTSIDER):
        succeed(naive.operate(naive.encode("execute", mode(BATCH), execution)))
    execution = aliased(transfer(dollars, 10), 3)
    with dollars.moves(30, ours.address, to=OUTSIDER):
        succeed(ours.agent.operate(ours.agent.encode("execute", mode(BATCH), execution)))
    assert ours.charged(dollars.address) == Charged(3, 30)


# ------------------------------------------------------------------ other ways to execute


def test_executor__nested_in_a_transfer__is_refused_or_charged(
    chain: Chain, naive: OpenZeppelin, ours: Modular, dollars: Dollars, reentrant: Money
) -> None:
    """WP-8: a token that drives an executor between the two checks gets nothing, and disturbs neither."""
    executor = chain.deploy("DrivenModule", label="nested")
    assert naive.install(EXECUTOR, executor.address).success
    again = single(transfer(dollars, LOOT))
    chain.send(
        reentrant.token, "arm", executor.address, executor.interface.encode("drive", (naive.address, mode(), again))
    )
    with dollars.moves(LOOT, naive.address, to=OUTSIDER):
        succeed(naive.execute(transfer(reentrant, 1)))

    def armed(by: Deployed, call: Execution) -> None:
        data = by.interface.encode("drive", (ours.address, mode(), single(call)))
        chain.send(reentrant.token, "arm", by.address, data)

    armed(ours.unknown, transfer(dollars, LOOT))
    with dollars.moves(0, ours.address, to=OUTSIDER), reentrant.moves(1, ours.address, to=OUTSIDER):
        succeed(ours.agent.execute(transfer(reentrant, 1)))
    assert (ours.charged(dollars.address), ours.charged(reentrant.address)) == (Charged(0, 0), Charged(1, 1))
    # Even what people's executor takes meanwhile of the measured token is charged to the agent that lets it happen.
    armed(ours.trusted, transfer(reentrant, 40))
    with reentrant.moves(42, ours.address, to=OUTSIDER):
        succeed(ours.agent.execute(transfer(reentrant, 2)))
    assert ours.charged(reentrant.address) == Charged(3, 43)


def test_operation__within_a_trusted_execution__gets_no_more(chain: Chain, each: Modular) -> None:
    """WP-4: whom people's executor pays hands in an operation meanwhile: it is not people's for that."""
    executor = chain.deploy("DrivenModule", label=f"smuggled {each.address}")
    data = each.people.encode("installModule", EXECUTOR, executor.address, each.people.install_data(EXECUTOR, b""))
    point, people = each.people.entry_point, each.people
    operation = point.operation(each.address, data, people.nonce_key, people.signer)
    target = chain.deploy("ReentrantTarget", label="paid by people")
    chain.send(target, "arm", point.address, point.contract.interface.encode("handleOps", ([operation], BUNDLER)))
    each.agent.drive(each.trusted, Execution(target.address, target.interface.encode("poke", ())), sender=OUTSIDER)
    assert chain.call(point.contract, "getNonce", each.address, people.nonce_key) == operation.nonce + 1
    # Kernel's root is never asked, and people's alone.
    installed = chain.call(people.contract, "isModuleInstalled", EXECUTOR, executor.address, b"")
    assert installed is isinstance(people, Kernel)


# ------------------------------------------------------------------ what no hook is asked about


def test_naive_hook__operation_for_another_function__passes(
    naive: OpenZeppelin, chain: Chain, dollars: Dollars
) -> None:
    """WP-4: a hook that checks executions alone is uninstalled by its agent; ours is not, see below."""
    hook = chain.call(naive.contract, "hook")
    succeed(naive.uninstall_hook(hook))
    with dollars.moves(LOOT, naive.address, to=OUTSIDER):
        succeed(naive.execute(transfer(dollars, LOOT)))


def test_hook__its_removal__takes_an_ordinary_validator(
    chain: Chain, each: Modular, ordinary: Account, dollars: Dollars
) -> None:
    """WP-4: behind an ordinary validator the agent removes the hook, on Safe7579 at once, on Nexus in a day."""
    removal = ordinary.encode("uninstallModule", HOOK, each.hook.address, ordinary.uninstall_data(HOOK, b""))
    emergency = keccak(text="emergencyUninstallHook(address,bytes)")[:4]
    freed = False
    with undone(chain):
        if isinstance(ordinary, Kernel):
            with refused(b"AA23"):
                ordinary.operate(removal)
        elif isinstance(ordinary, Nexus):
            assert not ordinary.operate(removal).success
            succeed(ordinary.emergency_uninstall_hook(each.hook.address))
            chain.later(DAY)
            freed = ordinary.emergency_uninstall_hook(each.hook.address).success
        else:
            freed = ordinary.operate(removal).success
        with dollars.moves(LOOT if freed else 0, each.address, to=OUTSIDER):
            assert ordinary.execute(transfer(dollars, LOOT)).success is freed
    assert freed is isinstance(ordinary, Nexus | Safe7579)
    prefix = EXECUTE_USER_OP if isinstance(ordinary, Kernel) else b""
    for data in (removal, emergency + removal[4:]):
        with refused(b"AA23"):
            Account.operate(each.agent, prefix + data)


def signature_of(made: Account, digest: bytes) -> bytes:
    """For `isValidSignature` by this validator, on Kernel as one that is not the root's."""
    if isinstance(made, Kernel):
        return b"\x01" + bytes.fromhex(made.validator.address[2:]) + made.signature(digest)[1:]
    return made.signature(digest)


def answer(chain: Chain, made: Account, digest: bytes) -> bytes:
    """What the account says of a signature by this key; nothing if it reverts."""
    try:
        return bytes(chain.call(made.contract, "isValidSignature", digest, signature_of(made, digest)))
    except ContractReverted:
        return b""


def test_is_valid_signature__by_the_agents_key__never(chain: Chain, each: Modular, ordinary: Account) -> None:
    """WP-4: an ordinary validator signs permits for the account, past every hook; ours signs nothing."""
    digest = keccak(text="a permit for everything")
    assert answer(chain, ordinary, digest) == VALID
    assert answer(chain, each.agent, digest) in (b"\xff" * 4, b"")


def test_hook__of_another_account__cannot_be_installed(ours: Modular, each: Modular) -> None:
    """WP-1: one policy guards one account: a session key is good nowhere else."""
    handled = each.people.install(VALIDATOR, ours.hook.address, bytes(64))
    assert not handled.success


def test_operation__replayed_on_another_account__is_not_valid(each: Modular, ours: Modular, dollars: Dollars) -> None:
    """WP-1: the same key in two accounts signs for one at a time."""
    point = each.agent.entry_point
    data = execute_data(each.agent, transfer(dollars))
    signed = point.operation(ours.address, data, each.agent.nonce_key, AGENT).signature
    data = EXECUTE_USER_OP + data if isinstance(each.agent, Kernel) else data
    replayed = point.operation(each.address, data, each.agent.nonce_key, AGENT)._replace(signature=signed)
    with refused(b"AA24"):
        point.handle(replayed)


# ------------------------------------------------------------------ gas


def priced(made: Account, data: bytes, paymaster: bytes = b"") -> UserOperation:
    """An operation at a gas price of the agent's choice, much of it for nothing: who hands it in gets the money."""
    data = EXECUTE_USER_OP + data if isinstance(made, Kernel) else data
    plain = made.entry_point.operation(made.address, data, made.nonce_key, made.signer)
    price = 10**9
    made_dear = plain._replace(
        pre_verification_gas=10**8, gas_fees=price.to_bytes(16, "big") * 2, paymaster_and_data=paymaster
    )
    digest = made.chain.call(made.entry_point.contract, "getUserOpHash", made_dear)
    return made_dear._replace(signature=sign_hash(made.signer, digest))


def balance(chain: Chain, made: Account) -> int:
    """Of the account's own coin, deposit included."""
    own = int(chain.node.request("eth_getBalance", made.address, "latest"), 16)
    return own + int(chain.call(made.entry_point.contract, "balanceOf", made.address))


def test_operation__at_any_price__is_never_at_the_accounts_expense(
    chain: Chain, each: Modular, ordinary: Account, dollars: Dollars
) -> None:
    """WP-3: through an ordinary validator a refused operation pays whoever hands it in; through ours none does."""
    chain.node.request("anvil_setBalance", each.address, hex(ETHER))
    data = execute_data(ordinary, transfer(dollars, LOOT))
    handled: Handled = ordinary.entry_point.handle(priced(ordinary, data))
    assert not handled.success
    lost = ETHER - balance(chain, ordinary)
    assert ETHER // 10 <= lost < ETHER
    for paymaster in (b"", bytes(20) + (10**6).to_bytes(16, "big") * 2):
        with pytest.raises(ContractReverted) as error:
            each.agent.entry_point.handle(priced(each.agent, data, paymaster))
        if paymaster and isinstance(each.agent, OpenZeppelin):
            assert b"AA98 invalid paymaster" in error.value.data  # EntryPoint 0.8 itself; 0.7 takes it for none
            continue
        assert b"AA23" in error.value.data
        if not isinstance(each.agent, Safe7579):
            assert keccak(text="AccountWouldPay()")[:4] in error.value.data
    assert balance(chain, ordinary) == ETHER - lost
    # For nothing it may.
    succeed(each.agent.execute(transfer(dollars)))


def paid(chain: Chain, to: str, data: bytes, value: int) -> None:
    """A call with coin."""
    sender = account("rich")
    chain.node.request("anvil_setBalance", sender, hex(value))
    chain.later(1)
    chain.node.request("evm_setNextBlockTimestamp", chain.now)
    request = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(GAS)}
    receipt = chain.node.request("eth_sendTransactionSync", request | {"gasPrice": "0x0"})
    assert receipt["status"] == "0x1"


def deposit(point: EntryPoint, holder: str, amount: int) -> None:
    """At the EntryPoint, for gas."""
    paid(point.chain, point.address, point.contract.interface.encode("depositTo", (holder,)), amount)


def deposited(point: EntryPoint, holder: str) -> int:
    """What is left of it."""
    return int(point.chain.call(point.contract, "balanceOf", holder))


def test_operation__with_a_paymaster__is_at_the_paymasters_expense(
    chain: Chain, each: Modular, ordinary: Account, dollars: Dollars
) -> None:
    """WP-4: an account's deposit pays for whatever an ordinary validator lets in; for ours people's paymaster does."""
    point, paymaster = each.agent.entry_point, each.paymaster
    for holder in (each.address, paymaster.address):
        deposit(point, holder, ETHER)
    # Over the cap, so that it is refused; the deposit is gone all the same.
    with undone(chain):
        handled = point.handle(priced(ordinary, execute_data(ordinary, transfer(dollars, LOOT))))
        assert not handled.success
        assert ETHER // 10 <= ETHER - deposited(point, each.address) < ETHER

    data = execute_data(each.agent, transfer(dollars))
    gas = (10**6).to_bytes(16, "big") * 2
    for nobody in (b"", bytes(20) + gas):
        with pytest.raises(ContractReverted) as error:
            point.handle(priced(each.agent, data, nobody))
        assert b"AA23" in error.value.data or b"AA98 invalid paymaster" in error.value.data
    assert (deposited(point, each.address), deposited(point, paymaster.address)) == (ETHER, ETHER)

    pays = bytes.fromhex(paymaster.address[2:]) + gas
    with dollars.moves(1, each.address, to=OUTSIDER):
        succeed(point.handle(priced(each.agent, data, pays)))
    cost = ETHER - deposited(point, paymaster.address)
    assert ETHER // 10 <= cost < ETHER
    assert (deposited(point, each.address), each.charged(dollars.address)) == (ETHER, Charged(1, 1))

    # An agent that is stopped can go on like this, until the paymaster's deposit is used up: nobody else's is.
    handle = each.place.agents[AGENT.address].handle
    chain.send(each.place.core, "tripAgent", handle, bytes(32), sender=AGENTS_OWNER)
    with refused(b"AA31 paymaster deposit too low"):
        for _ in range(ETHER // cost + 1):
            assert not point.handle(priced(each.agent, data, pays)).success
    assert (deposited(point, each.address), each.charged(dollars.address)) == (ETHER, Charged(1, 1))


def test_operation__with_a_paymaster_for_tokens__reaches_no_allowance(
    chain: Chain, each: Modular, ordinary: Account, dollars: Dollars
) -> None:
    """WP-3: behind an ordinary validator the agent's operations pay with what people let any paymaster take."""
    point = each.agent.entry_point
    paymaster = chain.deploy("OpenPaymaster", dollars.address, LOOT, label=f"for tokens {each.address}")
    deposit(point, paymaster.address, ETHER)
    pays = bytes.fromhex(paymaster.address[2:]) + (10**6).to_bytes(16, "big") * 2

    def operate(made: Account) -> Handled:
        return point.handle(priced(made, execute_data(made, transfer(dollars, 0)), pays))

    chain.send(dollars.token, "approve", paymaster.address, 2 * LOOT, sender=each.address)
    with dollars.moves(LOOT, each.address, to=paymaster.address):
        operate(ordinary)
    with dollars.moves(0, each.address, to=paymaster.address), pytest.raises(ContractReverted) as error:
        operate(each.agent)
    assert b"AA23" in error.value.data
    if not isinstance(each.agent, Safe7579):
        assert keccak(text="PaymasterRefused(address)")[:4] in error.value.data
        assert bytes.fromhex(paymaster.address[2:]) in error.value.data
    # The ordinary one's execution, which moved nothing.
    assert each.charged(dollars.address) == Charged(1, 0)


# ------------------------------------------------------------------ ERC-7710


def test_redeem__two_delegations__do_not_double_the_budget(chain: Chain, place: Place, dollars: Dollars) -> None:
    """WP-1: a caveat that counts by delegation gives each its own cap; ours counts by wallet."""
    delegations = Delegations(EntryPoint(chain, "0.7"), label="threats")
    delegator = delegations.create([PEOPLE.address], label="threats").address
    dollars.give(delegator, FUNDS)
    naive = chain.deploy("NaiveCaveat", [dollars.address], [MOVE], CAP, label="threats")
    setup = place.setup(delegator, dollars.address).permit(permission(AGENT.address, dollars.address, call_cap=CAP))
    caveat = chain.deploy("AgentCaveat", setup.arguments, delegations.manager.address, label="threats")
    for enforcer, terms, expected in ((naive, b"", 2 * CAP), (caveat, caveat_terms(AGENT.address), CAP)):
        before = dollars.of(delegator)
        for salt in (1, 2):
            unsigned = Delegation(AGENT.address, delegator, (Caveat(enforcer.address, terms),), salt=salt)
            held = delegations.sign(unsigned, PEOPLE)
            call = single(transfer(dollars, CAP))
            if expected == CAP and salt == 2:
                with pytest.raises(ContractReverted) as error:
                    delegations.redeem([held], mode(), call, sender=AGENT.address)
                assert type(from_revert(error.value.data)).__name__ == "AgentDenied"
            else:
                delegations.redeem([held], mode(), call, sender=AGENT.address)
        assert before - dollars.of(delegator) == expected
