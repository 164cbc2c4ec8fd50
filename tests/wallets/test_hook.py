"""AgentHook7579 on four real accounts: what passes, what it costs the agent, what is refused, how people get out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.decoder import NATIVE
from switchgear.errors import (
    AgentDenied,
    CallCapExceeded,
    CoreUnavailable,
    DelegatedAccount,
    FunctionRefused,
    LooseningNotReady,
    ModeRefused,
    NotPermitted,
    WrongAccount,
)
from switchgear.execution import BATCH, batch, mode, single
from switchgear.foreign.delegation import delegate_code
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.modular import (
    ACCOUNTS,
    DELEGATECALL,
    EXECUTE_USER_OP,
    EXECUTOR,
    HOOK,
    VALIDATOR,
    Account,
    EntryPoint,
    Execution,
    Kernel,
    Nexus,
    OpenZeppelin,
    Safe7579,
    delegatecall,
)
from switchgear.foreign.safe import SafeTransaction, Sender
from switchgear.gas.chain import account
from switchgear.types import Reason, Scope
from switchgear.words import decode_verdict
from tests.wallets.conftest import AGENT, BOB, Money, refused
from tests.wallets.guarded import (
    CALL_CAP,
    CAP,
    DAY,
    FUNDS,
    OUTSIDER,
    OWNER,
    VERSIONS,
    Charged,
    Modular,
    Place,
    execute_data,
    permission,
    reverts,
    succeed,
    transfer,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

SECOND = key("agent that is an executor")
MOVE = keccak(text="transfer(address,uint256)")[:4]
INSTALL = keccak(text="installModule(uint256,address,bytes)")[:4]
UNINSTALL = keccak(text="uninstallModule(uint256,address,bytes)")[:4]
NOTHING = Charged(0, 0)


@pytest.fixture(scope="module")
def place(chain: Chain) -> Place:
    """A core with two agents; the second one's wallet turns into an executor after it is bound."""
    made = Place(chain, "hook")
    for signer in (AGENT, SECOND):
        made.enroll(signer)
    chain.node.request("anvil_setCode", SECOND.address, "0x" + chain.artifacts["DrivenModule"].runtime.hex())
    return made


@pytest.fixture(scope="module", params=ACCOUNTS, ids=lambda kind: kind.__name__)
def made(chain: Chain, place: Place, money: Money, request: Any) -> Modular:
    """An account of each kind: the agent may transfer, and so may the agent that is an executor."""
    kind: type[Account] = request.param
    point = EntryPoint(chain, VERSIONS[kind])
    permissions = permission(AGENT.address, money.address), permission(SECOND.address, money.address)
    guarded = Modular.create(place, point, kind, *permissions, executors=[SECOND.address], label="hook")
    money.give(guarded.address, FUNDS)
    return guarded


@pytest.fixture(autouse=True)
def fresh(chain: Chain, made: Modular) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Each test begins with nothing charged."""
    with undone(chain):
        yield


# ------------------------------------------------------------------ the agent


@pytest.mark.parametrize("amount", [1, CALL_CAP])
def test_execute__within_the_limits__passes_and_is_charged_once(made: Modular, money: Money, amount: int) -> None:
    """WP-1, WP-3: one transfer is one action with its amount, in the lane of its token and in no other."""
    with money.moves(amount, made.address, to=OUTSIDER):
        succeed(made.agent.execute(transfer(money, amount)))
    assert made.charged(money.address) == Charged(1, amount)
    assert made.charged(NATIVE) == NOTHING


def test_execute__above_the_call_cap__is_refused(made: Modular, money: Money) -> None:
    """WP-1: one more than the cap of one call moves and charges nothing."""
    fields = {"wallet": AGENT.address, "target": money.address, "selector": MOVE}
    made.failed(
        made.agent.execute(transfer(money, CALL_CAP + 1)), CallCapExceeded, **fields, amount=CALL_CAP + 1, cap=CALL_CAP
    )
    assert made.charged(money.address) == NOTHING


def test_execute__above_the_limits__is_refused_by_the_core(made: Modular, money: Money) -> None:
    """BR-2: what the account's limits leave is the agent's to the unit; the error says which meter, and until when."""
    for amount in (CALL_CAP, CAP - CALL_CAP):
        succeed(made.agent.execute(transfer(money, amount)))
    handled = made.agent.execute(transfer(money, CALL_CAP))
    preview = ("preview", made.hook.address, int(money.address, 16), AGENT.address, CALL_CAP)
    verdict = decode_verdict(int(made.place.chain.call(made.place.core, *preview)))
    # Asked at this transaction's time, the core would have said to wait for a second more.
    verdict = verdict._replace(retry_after=verdict.retry_after + 1)
    assert (verdict.admitted, verdict.reason, verdict.scope) == (False, Reason.VALUE_LIMIT, Scope.AGENT)
    made.failed(handled, AgentDenied, lane=int(money.address, 16), wallet=AGENT.address, verdict=verdict)


def test_execute__batch__each_call_is_charged(made: Modular, money: Money) -> None:
    """WP-2: two calls are two actions; one that is refused undoes both, and their charges."""
    with money.moves(30, made.address, to=OUTSIDER):
        succeed(made.agent.execute_batch([transfer(money, 10), transfer(money, 20)]))
    assert made.charged(money.address) == Charged(2, 30)
    handled = made.agent.execute_batch([transfer(money, 10), Execution(BOB, money.transfer(1))])
    made.failed(handled, NotPermitted, wallet=AGENT.address, target=BOB, selector=MOVE)
    assert made.charged(money.address) == Charged(2, 30)


def test_execute__inner_call_fails__nothing_is_charged(made: Modular, money: Money) -> None:
    """WP-5: a call that fails takes its charge with it."""
    made.agent.drive(made.trusted, transfer(money, FUNDS - 1), sender=OUTSIDER)
    assert not made.agent.execute(transfer(money, 2)).success
    assert made.charged(money.address) == NOTHING
    succeed(made.agent.execute(transfer(money, 1)))
    assert made.charged(money.address) == Charged(1, 1)


@pytest.mark.parametrize(
    "given",
    [mode(attempt=True), mode(BATCH, attempt=True), mode(DELEGATECALL), mode(0xFE), mode()[:-1] + b"\x01"],
    ids=["try", "try batch", "delegatecall", "staticcall", "payload"],
)
def test_execute__other_modes__are_refused(made: Modular, money: Money, given: bytes) -> None:
    """WP-4, WP-5: an execution that goes on after a failure, or runs another's code, is none for an agent."""
    call = transfer(money, 1)
    execution = {BATCH: batch([call]), DELEGATECALL: delegatecall(call.target, call.data)}.get(given[0], single(call))
    made.failed(made.agent.operate(made.agent.encode("execute", given, execution)), ModeRefused, mode=given)


def test_execute__core_broken__is_refused(made: Modular, money: Money) -> None:
    """BR-16: an agent whose core does not answer does nothing."""
    made.place.break_core()
    made.failed(made.agent.execute(transfer(money)), CoreUnavailable, core=made.place.core.address)


def test_execute__by_another_validator__is_the_agents_too(made: Modular, money: Money) -> None:
    """WP-6: a hook does not know who signed: people's operations are held to the agent's policy, but on Kernel."""
    handled = made.people.execute(transfer(money, CALL_CAP + 1))
    if isinstance(made.people, Kernel):
        succeed(handled)
    else:
        fields = {"wallet": AGENT.address, "target": money.address, "selector": MOVE}
        made.failed(handled, CallCapExceeded, **fields, amount=CALL_CAP + 1, cap=CALL_CAP)


# ------------------------------------------------------------------ executors


def test_executor__trusted__passes_unasked(made: Modular, money: Money) -> None:
    """WP-6: people's executor is not asked, above every cap and with the core broken."""
    made.place.break_core()
    with money.moves(CAP + 1, made.address, to=OUTSIDER):
        made.agent.drive(made.trusted, transfer(money, CAP + 1), sender=OUTSIDER)


def test_executor__unknown__is_refused(made: Modular, money: Money) -> None:
    """WP-1: an executor counts as itself, and has no permission; nor has one that is trusted no more."""
    fields = {"target": money.address, "selector": MOVE}
    with made.reverts(NotPermitted, wallet=made.unknown.address, **fields):
        made.agent.drive(made.unknown, transfer(money), sender=OUTSIDER)
    made.place.chain.send(made.hook, "distrust", made.trusted.address, sender=OWNER)
    with made.reverts(NotPermitted, wallet=made.trusted.address, **fields):
        made.agent.drive(made.trusted, transfer(money), sender=OUTSIDER)


def test_executor__agents_own__is_charged_as_itself(made: Modular, money: Money) -> None:
    """WP-1: an executor that is an agent's wallet has its own permissions and its own meter."""
    second = made.place.agents[SECOND.address]
    executor = made.place.chain.at(SECOND.address, "DrivenModule")
    with money.moves(7, made.address, to=OUTSIDER):
        made.agent.drive(executor, transfer(money, 7), sender=OUTSIDER)
    assert (made.charged(money.address), made.charged(money.address, second)) == (NOTHING, Charged(1, 7))


# ------------------------------------------------------------------ the account's own functions


def module_calls(made: Modular) -> list[bytes]:
    """Everything that would change the modules, the end of the hook last."""
    people, executor = made.people, account("new executor")
    return [
        people.encode("installModule", EXECUTOR, executor, people.install_data(EXECUTOR, b"")),
        people.encode("uninstallModule", VALIDATOR, made.hook.address, people.uninstall_data(VALIDATOR, b"")),
        people.encode("uninstallModule", HOOK, made.hook.address, people.uninstall_data(HOOK, b"")),
    ]


def test_operation__for_other_functions__is_not_even_validated(made: Modular) -> None:
    """WP-4: the agent's key signs `execute`; on no account does anything else get past validation."""
    prefix = EXECUTE_USER_OP if isinstance(made.agent, Kernel) else b""
    for data in (*module_calls(made), b"", b"\xe9\xae\x5c"):
        # Kernel has an opinion on the selector first, and refuses too; Safe7579 does not say why.
        silent = isinstance(made.agent, Kernel | Safe7579)
        expected = b"AA23" if silent else keccak(text="FunctionRefused(bytes4)")[:4]
        with refused(expected):
            Account.operate(made.agent, prefix + data)


def test_execute__of_the_account_itself__is_not_permitted(made: Modular) -> None:
    """WP-4: neither is the same by way of `execute`, under the account's address or, where it means the account, 0."""
    for data in module_calls(made):
        handled = made.agent.execute(Execution(made.address, data))
        made.failed(handled, NotPermitted, wallet=AGENT.address, target=made.address, selector=data[:4])
        made.failed(
            made.agent.execute(Execution(ZERO, data)),
            NotPermitted,
            wallet=AGENT.address,
            target=made.address,
            selector=data[:4],
        )


def test_operation__by_another_validator__is_refused_where_the_hook_is_asked(made: Modular) -> None:
    """WP-4: another validator leaves it to the hook; Safe7579 asks that of no removal, Kernel's root of nothing."""
    for data in module_calls(made):
        handled = made.people.operate(data)
        unasked = isinstance(made.people, Kernel) or (isinstance(made.people, Safe7579) and data[:4] == UNINSTALL)
        if unasked:
            assert handled.reason[:4] != keccak(text="FunctionRefused(bytes4)")[:4]
        else:
            made.failed(handled, FunctionRefused, selector=data[:4])


def test_operation__execute_user_op__as_the_account_has_it(made: Modular, money: Money) -> None:
    """WP-4: it would run any function: refused on Nexus, the only way in on Kernel, unknown to the others."""
    data = execute_data(made.agent, transfer(money))
    if isinstance(made.agent, Kernel):
        succeed(Account.operate(made.agent, EXECUTE_USER_OP + data))
        with refused(b"AA23"):
            Account.operate(made.agent, data)
    elif isinstance(made.agent, Nexus):
        made.failed(Account.operate(made.agent, EXECUTE_USER_OP + data), FunctionRefused, selector=EXECUTE_USER_OP)
    else:
        assert not Account.operate(made.agent, EXECUTE_USER_OP + data).success


def test_fallback__by_an_outsider__passes_and_charges_nothing(made: Modular, money: Money) -> None:
    """BR-5: anybody can have the hook asked so: it costs the agent nothing."""
    made.place.chain.send(made.place.chain.at(made.address, "DrivenModule"), "ping", sender=OUTSIDER)
    assert (made.charged(money.address), made.charged(NATIVE)) == (NOTHING, NOTHING)


def test_hook__asked_by_anybody_else__refuses(made: Modular, money: Money) -> None:
    """WP-8: only the account asks, installs and uninstalls; others could leave frames, or make charges."""
    fields = {"caller": OUTSIDER, "account": made.address}
    data = execute_data(made.agent, transfer(money))
    for function, *args in (
        ("preCheck", made.agent.entry_point.address, 0, data),
        ("postCheck", b""),
        ("onInstall", b""),
        ("onUninstall", b""),
    ):
        with reverts(WrongAccount, **fields):
            made.place.chain.send(made.hook, str(function), *args, sender=OUTSIDER)


def test_is_initialized__installed__for_its_account_alone(made: Modular) -> None:
    """The account that installed it, and nobody else; as hook and as validator."""
    ask = made.place.chain.call
    assert ask(made.hook, "isInitialized", made.address) is True
    assert ask(made.hook, "isInitialized", OUTSIDER) is False
    assert [ask(made.hook, "isModuleType", kind) for kind in (0, VALIDATOR, EXECUTOR, 3, HOOK)] == [
        False,
        True,
        False,
        False,
        True,
    ]


# ------------------------------------------------------------------ the way out


def test_retire__a_day_later__people_uninstall_the_hook(made: Modular, money: Money) -> None:
    """WP-6: with the core broken the owner retires the policy a day in advance; the account is then free of it."""
    chain, people = made.place.chain, made.people
    made.place.break_core()
    call = made.place.announce(made.hook, "retire")
    eta = chain.now + DAY
    chain.later(DAY - 2)
    with pytest.raises(LooseningNotReady):
        chain.send(made.hook, "execute", call, sender=OWNER)
    if isinstance(people, OpenZeppelin | Nexus):
        made.failed(people.uninstall_hook(made.hook.address), FunctionRefused, selector=UNINSTALL)
        assert chain.now <= eta
    chain.later(1)
    chain.send(made.hook, "execute", call, sender=OWNER)
    # The agent's `execute` is no way out.
    data = people.encode("uninstallModule", HOOK, made.hook.address, people.uninstall_data(HOOK, b""))
    handled = made.agent.execute(Execution(made.address, data))
    made.failed(handled, NotPermitted, wallet=AGENT.address, target=made.address, selector=UNINSTALL)
    if not isinstance(people, Kernel):
        succeed(people.uninstall(VALIDATOR, made.hook.address))
        succeed(people.uninstall_hook(made.hook.address))
    with money.moves(CAP + 1, made.address, to=OUTSIDER):
        succeed(people.execute(transfer(money, CAP + 1)))


def test_trusted_executor__core_broken__removes_the_hook_at_once(made: Modular, money: Money) -> None:
    """WP-6: people who have an executor of their own need not wait, nor the policy's owner."""
    made.place.break_core()
    people = made.people
    data = people.encode("uninstallModule", HOOK, made.hook.address, people.uninstall_data(HOOK, b""))
    made.agent.drive(made.trusted, Execution(made.address, data), sender=OUTSIDER)
    with money.moves(CAP + 1, made.address, to=OUTSIDER):
        succeed(people.execute(transfer(money, CAP + 1)))


@pytest.mark.parametrize("made", [Safe7579], indirect=True, ids=["Safe7579"])
def test_owners_of_the_safe__core_broken__are_not_asked(made: Modular, money: Money) -> None:
    """WP-6: under Safe7579 the Safe obeys its owners as before."""
    assert isinstance(made.people, Safe7579)
    made.place.break_core()
    move = SafeTransaction(to=money.address, data=money.transfer(CAP + 1, OUTSIDER))
    owner = made.people.signer.address
    with money.moves(CAP + 1, made.address, to=OUTSIDER):
        made.people.safe.exec(move, [Sender(owner)], sender=owner)


# ------------------------------------------------------------------ EIP-7702


def test_on_install__by_an_eoa_with_delegated_code__is_refused(chain: Chain, place: Place) -> None:
    """WP-9: the key of such an account acts past every hook, and the hook says so instead of seeming to guard it."""
    signer = key("delegated account")
    validator, code = chain.deploy("KeyValidator", label="7702"), chain.deploy("NoopHook", label="7702")
    point = EntryPoint(chain)
    implementation = chain.deploy("HookedAccount", point.address, validator.address, b"\x01" * 20, label="7702")
    delegate_code(chain, signer, implementation.address)
    assert chain.node.code(signer.address).hex() == "ef0100" + implementation.address[2:].lower()
    eoa = chain.at(signer.address, "HookedAccount")
    setup = place.setup(signer.address)
    hook = chain.deploy("AgentHook7579", setup.arguments, AGENT.address, point.address, ZERO, label="7702")
    for kind in (HOOK, VALIDATOR):
        with reverts(DelegatedAccount, account=signer.address):
            chain.send(eoa, "installModule", kind, hook.address, b"", sender=signer.address)
    # Another hook it takes.
    chain.send(eoa, "installModule", HOOK, code.address, b"", sender=signer.address)
