"""ERC-7579 accounts work as deployed from npm; and which calls reach a hook, with what, on each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from eth_utils.crypto import keccak

from switchgear.execution import BATCH, batch, mode, single
from switchgear.foreign.keys import ZERO, key, sign_hash
from switchgear.foreign.modular import (
    ACCOUNTS,
    EXECUTE_USER_OP,
    EXECUTOR,
    FALLBACK,
    HOOK,
    Account,
    EntryPoint,
    Execution,
    Handled,
    Kernel,
    Nexus,
    OpenZeppelin,
    Safe7579,
)
from switchgear.foreign.safe import SafeTransaction, Sender
from switchgear.gas.chain import account
from tests.wallets.conftest import AGENT, FUNDS, Money, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.gas.chain import Chain, Deployed

OUTSIDER = account("outsider")
PING = keccak(text="ping()")[:4]
STUCK = keccak(text="Stuck()")[:4]
DAY = 24 * 3600
# EntryPoint 0.7 serves all; OpenZeppelin's also takes 0.8, which the other builds were not made for.
VERSIONS = {OpenZeppelin: "0.8", Nexus: "0.7", Kernel: "0.7", Safe7579: "0.7"}


class Asked(NamedTuple):
    """What preCheck got; the account is who called it."""

    sender: str
    value: int
    data: bytes


@dataclass
class Place:
    """One account with the modules there are."""

    chain: Chain
    account: Account
    executor: Deployed
    hook: Deployed

    def asked(self, receipt: dict[str, Any]) -> list[Asked]:
        """What the hook was asked in a transaction, always by the account."""
        logs = [log for log in receipt["logs"] if log["address"].lower() == self.hook.address.lower()]
        events = [event for event in map(self.hook.interface.decode_log, logs) if event]
        assert all(event.args["account"] == self.account.address for event in events)
        before = [event.args for event in events if event.name == "PreChecked"]
        # Whoever is asked before is asked after.
        assert len(events) == 2 * len(before)
        return [Asked(args["msgSender"], args["msgValue"], args["msgData"]) for args in before]

    def set_stuck(self, stuck: bool) -> None:
        """Makes the hook refuse everything, or nothing."""
        self.chain.send(self.hook, "setStuck", stuck)


@pytest.fixture(scope="module")
def entry_points(chain: Chain) -> dict[str, EntryPoint]:
    """Both versions."""
    return {version: EntryPoint(chain, version) for version in ("0.7", "0.8")}


@pytest.fixture(scope="module", params=ACCOUNTS, ids=lambda kind: kind.__name__)
def make(chain: Chain, money: Money, entry_points: dict[str, EntryPoint], request: Any) -> Callable[[str], Place]:
    """Makes accounts of each kind; the label tells them apart."""
    kind: type[Account] = request.param

    def made(label: str) -> Place:
        label = f"{kind.__name__} {label}"
        validator, executor, hook = (
            chain.deploy(name, label=label) for name in ("KeyValidator", "DrivenModule", "RecordingHook")
        )
        account = kind.create(entry_points[VERSIONS[kind]], validator, AGENT, label=label)
        money.give(account.address)
        return Place(chain, account, executor, hook)

    return made


@pytest.fixture(scope="module")
def plain(make: Callable[[str], Place]) -> Place:
    """Without hook."""
    place = make("plain")
    succeed(place.account.install(EXECUTOR, place.executor.address))
    succeed(place.account.install(FALLBACK, place.executor.address, PING))
    return place


@pytest.fixture(scope="module")
def hooked(make: Callable[[str], Place]) -> Place:
    """With a hook wherever the account can have one."""
    place = make("hooked")
    handled = succeed(place.account.install_hook(place.hook.address))
    assert place.asked(handled.receipt) == []
    succeed(place.account.install(EXECUTOR, place.executor.address))
    succeed(place.account.install(FALLBACK, place.executor.address, PING))
    return place


def succeed(handled: Handled) -> Handled:
    """Insists that the execution did not fail."""
    assert (handled.success, handled.reason) == (True, b"")
    return handled


def forwarded(place: Place, data: bytes, sender: str) -> bytes:
    """What the account sees of a call: Safe7579 is its Safe's fallback handler and gets the caller behind the data."""
    return data + bytes.fromhex(sender[2:]) if isinstance(place.account, Safe7579) else data


# ------------------------------------------------------------------ without hook


def test_execute__single__transfers(plain: Place, money: Money) -> None:
    """One call by the EntryPoint."""
    with money.moves(1, plain.account.address):
        succeed(plain.account.execute(Execution(money.address, money.transfer())))


def test_execute__batch__transfers(plain: Place, money: Money) -> None:
    """Many calls by the EntryPoint; one failing undoes all."""
    with money.moves(3, plain.account.address):
        succeed(plain.account.execute_batch([Execution(money.address, money.transfer(amount)) for amount in (1, 2)]))
    with money.moves(0, plain.account.address):
        failing = [Execution(money.address, money.transfer(amount)) for amount in (1, FUNDS)]
        assert not plain.account.execute_batch(failing).success


def test_execute__attempt__goes_on_after_a_failure(plain: Place, money: Money) -> None:
    """In the trying mode the operation succeeds, whatever its calls do."""
    with money.moves(1, plain.account.address):
        calls = [Execution(money.address, money.transfer(amount)) for amount in (FUNDS, 1)]
        succeed(plain.account.execute_batch(calls, attempt=True))
        succeed(plain.account.execute(calls[0], attempt=True))


def test_execute__target_zero__is_the_account_on_openzeppelins_only(plain: Place) -> None:
    """WP-2: OpenZeppelin's takes target 0 for the account itself; elsewhere it is the empty account at 0."""
    account = plain.account
    executor = plain.chain.deploy("DrivenModule", label=f"zero {account.address}").address
    install = account.encode("installModule", EXECUTOR, executor, account.install_data(EXECUTOR, b""))
    succeed(account.execute(Execution(ZERO, install)))
    installed = plain.chain.call(account.contract, "isModuleInstalled", EXECUTOR, executor, b"")
    assert installed is isinstance(account, OpenZeppelin)


def test_operate__another_key__refused(plain: Place, money: Money) -> None:
    """Validation fails for a signature that is not the key's."""
    call = plain.account.encode("execute", mode(), single(Execution(money.address, money.transfer())))
    point = plain.account.entry_point
    with refused(b"AA24"):
        point.handle(point.operation(plain.account.address, call, plain.account.nonce_key, key("stranger")))


def test_execute_from_executor__installed__transfers(plain: Place, money: Money) -> None:
    """An executor acts without the key, until it is uninstalled."""
    call = Execution(money.address, money.transfer())
    with money.moves(1, plain.account.address):
        plain.account.drive(plain.executor, call, sender=OUTSIDER)


def test_fallback__installed__answers_anybody(plain: Place, chain: Chain) -> None:
    """A fallback handler serves outsiders."""
    assert chain.call(chain.at(plain.account.address, "DrivenModule"), "ping", sender=OUTSIDER) == 1


def test_is_valid_signature__key__valid(plain: Place, chain: Chain) -> None:
    """ERC-1271 answers for a key whose validator answers."""
    digest = keccak(text="anything")
    signature = plain.account.signature(digest)
    forged = signature[:-65] + sign_hash(key("stranger"), digest)
    assert chain.call(plain.account.contract, "isValidSignature", digest, signature).hex() == "1626ba7e"
    assert chain.call(plain.account.contract, "isValidSignature", digest, forged).hex() == "ffffffff"


# ------------------------------------------------------------------ what reaches a hook


def test_hook__execute__asked_with_the_calldata(hooked: Place, money: Money) -> None:
    """Single, batch and trying executions reach the hook, as the EntryPoint's call; Kernel strips executeUserOp off."""
    account, point = hooked.account, hooked.account.entry_point.address
    call = Execution(money.address, money.transfer())
    for given, calldata in (
        (mode(), single(call)),
        (mode(BATCH), batch([call, call])),
        (mode(attempt=True), single(call)),
    ):
        data = account.encode("execute", given, calldata)
        assert hooked.asked(succeed(account.operate(data)).receipt) == [Asked(point, 0, forwarded(hooked, data, point))]


def test_hook__execute_user_op__as_the_account_has_it(hooked: Place, money: Money) -> None:
    """OpenZeppelin's and Safe7579 have no executeUserOp; Nexus asks twice, Kernel once, and accepts nothing else."""
    account, point = hooked.account, hooked.account.entry_point.address
    data = account.encode("execute", mode(), single(Execution(money.address, money.transfer())))
    handled = Account.operate(account, EXECUTE_USER_OP + data)
    asked = hooked.asked(handled.receipt)
    if isinstance(account, OpenZeppelin | Safe7579):
        assert (handled.success, asked) == (False, [])
    elif isinstance(account, Nexus):
        assert [one.data[:4] for one in asked] == [EXECUTE_USER_OP, data[:4]]
        assert {one.sender for one in asked} == {point}
    else:
        assert asked == [Asked(point, 0, data)]
        with refused(b"AA23"):
            Account.operate(account, data)


def test_hook__executor__asked(hooked: Place, money: Money) -> None:
    """An executor's execution reaches the hook as the executor's call."""
    call = Execution(money.address, money.transfer())
    receipt = hooked.account.drive(hooked.executor, call, sender=OUTSIDER)
    data = hooked.account.encode("executeFromExecutor", mode(), single(call))
    sender = hooked.executor.address
    assert hooked.asked(receipt) == [Asked(sender, 0, forwarded(hooked, data, sender))]


def test_hook__fallback__asked_by_an_outsider(hooked: Place, chain: Chain) -> None:
    """Anybody can have the hook asked through a fallback handler: nothing may be charged for that."""
    receipt = chain.send(chain.at(hooked.account.address, "DrivenModule"), "ping", sender=OUTSIDER)
    assert hooked.asked(receipt) == [Asked(OUTSIDER, 0, forwarded(hooked, PING, OUTSIDER))]


def test_hook__stuck__validation_and_signatures_go_on(hooked: Place, chain: Chain, money: Money) -> None:
    """WP-4: a hook is asked neither when an operation is validated nor by ERC-1271: it cannot stop what a key signs."""
    digest = keccak(text="anything")
    hooked.set_stuck(True)
    try:
        assert not hooked.account.execute(Execution(money.address, money.transfer())).success
        signature = hooked.account.signature(digest)
        assert chain.call(hooked.account.contract, "isValidSignature", digest, signature).hex() == "1626ba7e"
    finally:
        hooked.set_stuck(False)


def test_hook__install_and_uninstall__asked(make: Callable[[str], Place]) -> None:
    """Other modules come and go through the hook, by the EntryPoint as by the account itself (but on Kernel)."""
    place = make("modules")
    account, point = place.account, place.account.entry_point.address
    succeed(account.install_hook(place.hook.address))
    install = account.encode("installModule", EXECUTOR, place.executor.address, account.install_data(EXECUTOR, b""))
    uninstall = account.encode(
        "uninstallModule", EXECUTOR, place.executor.address, account.uninstall_data(EXECUTOR, b"")
    )
    for data in (install, uninstall):
        assert place.asked(succeed(account.operate(data)).receipt) == [Asked(point, 0, forwarded(place, data, point))]
    outer = account.encode("execute", mode(), single(Execution(account.address, install)))
    inner = (
        [] if isinstance(account, Kernel) else [Asked(account.address, 0, forwarded(place, install, account.address))]
    )
    asked = place.asked(succeed(account.operate(outer)).receipt)
    assert asked == [Asked(point, 0, forwarded(place, outer, point)), *inner]


def test_hook__own_uninstall__asked_but_on_safe7579(make: Callable[[str], Place], money: Money) -> None:
    """WP-6: the hook is asked about its own removal, on all but Safe7579; after it, about nothing."""
    place = make("removal")
    succeed(place.account.install_hook(place.hook.address))
    asked = place.asked(succeed(place.account.uninstall_hook(place.hook.address)).receipt)
    assert [one.data[:4] for one in asked] == (
        [] if isinstance(place.account, Safe7579) else [keccak(text="uninstallModule(uint256,address,bytes)")[:4]]
    )
    assert place.asked(succeed(place.account.execute(Execution(money.address, money.transfer()))).receipt) == []


def test_hook__stuck__only_some_accounts_get_rid_of_it(make: Callable[[str], Place], money: Money) -> None:
    """WP-6: a hook that refuses bricks OpenZeppelin's account, and Kernel where the root has it; Nexus waits a day."""
    place = make("stuck")
    account, hook = place.account, place.hook.address
    call = Execution(money.address, money.transfer())
    succeed(account.install_hook(hook))
    place.set_stuck(True)
    assert not account.execute(call).success
    if isinstance(account, Safe7579):
        succeed(account.uninstall_hook(hook))
    else:
        assert account.uninstall_hook(hook).reason == STUCK
    if isinstance(account, Nexus):
        succeed(account.emergency_uninstall_hook(hook))
        place.chain.later(DAY - 2)
        assert not account.emergency_uninstall_hook(hook).success
        place.chain.later(1)
        succeed(account.emergency_uninstall_hook(hook))
    freed = isinstance(account, Nexus | Safe7579)
    with money.moves(int(freed), account.address):
        assert account.execute(call).success is freed


# ------------------------------------------------------------------ Kernel


@pytest.fixture(scope="module")
def kernel(chain: Chain, money: Money, entry_points: dict[str, EntryPoint]) -> Kernel:
    """Its root validator is the owner's, without hook."""
    validator = chain.deploy("KeyValidator", label="root")
    made = Kernel.create(entry_points["0.7"], validator, key("owner"), label="root")
    money.give(made.address)
    return made


def test_install__hook_on_kernel__is_not_asked(kernel: Kernel, chain: Chain, money: Money) -> None:
    """Installed as a module, a hook is never asked: Kernel asks those of validators, executors and handlers."""
    place = Place(chain, kernel, kernel.contract, chain.deploy("RecordingHook", label="type 4"))
    succeed(kernel.install(HOOK, place.hook.address))
    assert place.asked(succeed(kernel.execute(Execution(money.address, money.transfer()))).receipt) == []


def test_with_validator__agent__asked_and_confined(kernel: Kernel, chain: Chain, money: Money) -> None:
    """A second validator has a hook of its own and `execute` alone; the root validator goes on without."""
    hook = chain.deploy("RecordingHook", label="agent")
    validator = chain.deploy("KeyValidator", label="agent")
    agent = kernel.with_validator(validator, AGENT, hook.address)
    place = Place(chain, agent, kernel.contract, hook)
    call = Execution(money.address, money.transfer())
    data = agent.encode("execute", mode(), single(call))
    with money.moves(1, kernel.address):
        assert place.asked(succeed(agent.execute(call)).receipt) == [Asked(agent.entry_point.address, 0, data)]
    with refused(b"AA23"):
        agent.uninstall_hook(hook.address)
    place.set_stuck(True)
    assert agent.execute(call).reason == STUCK
    with money.moves(1, kernel.address):
        succeed(kernel.execute(call))


def test_execute__safe7579_owner__not_asked(chain: Chain, money: Money, entry_points: dict[str, EntryPoint]) -> None:
    """WP-6: the Safe under a Safe7579 obeys its owners and modules as before; no hook is asked."""
    validator, hook = chain.deploy("KeyValidator", label="owner"), chain.deploy("RecordingHook", label="owner")
    made = Safe7579.create(entry_points["0.7"], validator, AGENT, label="owner")
    money.give(made.address)
    succeed(made.install_hook(hook.address))
    place = Place(chain, made, hook, hook)
    with money.moves(1, made.address):
        receipt = made.safe.exec(
            SafeTransaction(to=money.address, data=money.transfer()), [Sender(AGENT.address)], sender=AGENT.address
        )
    assert place.asked(receipt) == []
