"""The wallet side: an ERC-20 transfer by an agent, guarded by a session policy, against the same wallet unguarded.

Allowlist, amount, count and kill switch are checked each time; other people's guards of the same wallets are beside it.
Operations through an EntryPoint bear signatures, whose zero bytes move these figures by some tens of gas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from switchgear.decoder import Standard
from switchgear.execution import mode, single
from switchgear.foreign.delegation import Caveat, Delegation, Delegations
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.modular import EntryPoint, Execution, OpenZeppelin
from switchgear.foreign.safe import Safes, SafeTransaction, Sender
from switchgear.gas.chain import Deployed, account, gas_of
from switchgear.gas.rows import Row, UnexpectedAnswer
from switchgear.gas.world import HOUR, LIMITS, POLICY, SETTLED, VALUE, World
from switchgear.policy import Permission, Setup, caveat_terms, safe_installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.foreign.modular import Handled
    from switchgear.foreign.safe import Safe

    Act = Callable[[], dict[str, Any]]
    """One transfer by the agent; the receipt."""

COLD_POLICY = 2_600 + 2_100 + 13_900
"""Calling the policy, its permission, and an admission: cold access alone."""

OWNER, PERSON, PAYEE = account("wallet owner"), account("person"), account("payee")
OPERATOR = key("operator of gas")
"""Controls the ERC-7579 accounts."""


class Wallet(NamedTuple):
    """A row."""

    title: str
    budget: int | None
    ours: bool


WALLETS = {
    "safe_transfer": Wallet("Safe 1.5.0, transaction guard", 24_000, ours=True),
    "safe_transfer_measured": Wallet("the same, balance compared too", None, ours=True),
    "safe_noop": Wallet("Safe 1.5.0, a guard that does nothing", None, ours=False),
    "hook_transfer": Wallet("ERC-7579 (OpenZeppelin), hook", 24_000, ours=True),
    "hook_transfer_measured": Wallet("the same, balance compared too", None, ours=True),
    "hook_noop": Wallet("ERC-7579 (OpenZeppelin), a hook that does nothing", None, ours=False),
    "caveat_transfer": Wallet("ERC-7710 (MetaMask), caveat", None, ours=True),
    "caveat_transfer_measured": Wallet("the same, balance compared too", None, ours=True),
    "caveat_period": Wallet("ERC-7710, MetaMask's ERC20PeriodTransferEnforcer alone", None, ours=False),
    "caveat_four": Wallet("ERC-7710, MetaMask's targets, methods, period and call count", None, ours=False),
}
"""Every row, in the order of the table. Peers know no agents, no series and no breaker."""


def measure_wallets(world: World) -> dict[str, Row]:
    """What each guard adds to a transfer, once it is in use.

    Raises:
        UnexpectedAnswer: A transfer did not arrive.
    """
    found = {**_safes(world), **_hooks(world), **_caveats(world)}
    return {
        name: Row(
            found[name].gas,
            found[name].written_slots,
            COLD_POLICY if wallet.budget else None,
            wallet.budget,
        )
        for name, wallet in WALLETS.items()
    }


class _Money:
    """A token of its own for each wallet, so that addresses cost the same."""

    def __init__(self, world: World, label: str) -> None:
        self.world = world
        self.token = world.chain.deploy("ExampleToken", "Dollar", "USD", label=label)
        self.transfer = self.token.interface.encode("transfer", (PAYEE, VALUE))
        world.chain.send(self.token, "mint", PAYEE, 1)

    def settled(self, wallet: str, act: Act) -> dict[str, Any]:
        """The receipt of a transfer when everything was touched before and no probation is left."""
        chain = self.world.chain
        chain.send(self.token, "mint", wallet, 10 * VALUE)
        act()
        chain.later(SETTLED)
        act()
        before = chain.call(self.token, "balanceOf", PAYEE)
        receipt = act()
        if chain.call(self.token, "balanceOf", PAYEE) != before + VALUE:
            message = f"the transfer of {wallet} did not arrive"
            raise UnexpectedAnswer(message)
        return receipt

    def setup(self, wallet: str, actor: str, *, measured: bool) -> tuple[Any, ...]:
        """A policy that permits the transfer, with every cap of it finite."""
        permission = Permission(
            actor,
            self.token.address,
            "transfer(address,uint256)",
            Standard.ERC20,
            measured=measured,
            call_cap=LIMITS.value_cap,
        )
        setup = Setup(self.world.core.address, wallet, OWNER, trusted=(PERSON,))
        return setup.asset(self.token.address, LIMITS, POLICY).permit(permission).arguments


def _added(world: World, guarded: dict[str, Any], plain: dict[str, Any]) -> Row:
    slots = world.chain.written_slots
    return Row(gas_of(guarded) - gas_of(plain), slots(guarded) - slots(plain))


def _safes(world: World) -> dict[str, Row]:
    chain, agent, safes = world.chain, world.enroll(), Safes(world.chain)

    def run(label: str, guard: Callable[[Safe, _Money], None]) -> dict[str, Any]:
        money, safe = _Money(world, f"safe {label}"), safes.create([agent, PERSON])
        guard(safe, money)
        transaction = SafeTransaction(to=money.token.address, data=money.transfer)
        return money.settled(safe.address, lambda: safe.exec(transaction, [Sender(agent)], sender=agent))

    def ours(safe: Safe, money: _Money, *, measured: bool) -> None:
        setup = money.setup(safe.address, agent, measured=measured)
        deployed = chain.deploy("SafeAgentGuard", setup, safes.multi_send_call_only.address, label=str(measured))
        for to, data in safe_installation(safe.address, deployed.address):
            safe.exec(SafeTransaction(to=to, data=data), [Sender(PERSON)], sender=PERSON)

    def noop(safe: Safe, _: _Money) -> None:
        safe.set_guard(chain.deploy("NoopSafeGuard").address, signers=[Sender(PERSON)], sender=PERSON)

    plain = run("plain", lambda *_: None)
    return {
        "safe_transfer": _added(world, run("ours", lambda *it: ours(*it, measured=False)), plain),
        "safe_transfer_measured": _added(world, run("measured", lambda *it: ours(*it, measured=True)), plain),
        "safe_noop": _added(world, run("noop", noop), plain),
    }


def _hooks(world: World) -> dict[str, Row]:
    chain, agent, entry_point = world.chain, world.enroll(), EntryPoint(world.chain)
    validator = chain.deploy("KeyValidator", label="gas")

    def run(label: str, hook: Callable[[OpenZeppelin, _Money], Deployed | None]) -> dict[str, Any]:
        money = _Money(world, f"hook {label}")
        wallet = OpenZeppelin.create(entry_point, validator, OPERATOR, label=f"gas {label}")
        if deployed := hook(wallet, money):
            _succeeded(wallet.install_hook(deployed.address))
        execution = Execution(money.token.address, money.transfer)
        return money.settled(wallet.address, lambda: _succeeded(wallet.execute(execution)))

    def ours(wallet: OpenZeppelin, money: _Money, *, measured: bool) -> Deployed:
        setup = money.setup(wallet.address, agent, measured=measured)
        return chain.deploy("AgentHook7579", setup, agent, entry_point.address, ZERO, label=str(measured))

    plain = run("plain", lambda *_: None)
    return {
        "hook_transfer": _added(world, run("ours", lambda *it: ours(*it, measured=False)), plain),
        "hook_transfer_measured": _added(world, run("measured", lambda *it: ours(*it, measured=True)), plain),
        "hook_noop": _added(world, run("noop", lambda *_: chain.deploy("NoopHook", label="gas")), plain),
    }


def _caveats(world: World) -> dict[str, Row]:
    chain, agent = world.chain, world.enroll()
    delegations = Delegations(EntryPoint(chain), label="gas")

    def run(label: str, caveats: Callable[[str, _Money], list[Caveat]]) -> dict[str, Any]:
        money = _Money(world, f"caveat {label}")
        wallet = delegations.create([OPERATOR.address], label=label).address
        bare = Delegation(agent, wallet, tuple(caveats(wallet, money)))
        signed = delegations.sign(bare, OPERATOR)
        execution = single(Execution(money.token.address, money.transfer))
        return money.settled(wallet, lambda: delegations.redeem([signed], mode(), execution, sender=agent))

    def ours(wallet: str, money: _Money, *, measured: bool) -> list[Caveat]:
        setup = money.setup(wallet, agent, measured=measured)
        deployed = chain.deploy("AgentCaveat", setup, delegations.manager.address, label=str(measured))
        return [Caveat(deployed.address, caveat_terms(agent))]

    def period(_: str, money: _Money) -> list[Caveat]:
        enforcer = chain.deploy("ERC20PeriodTransferEnforcer", label=money.token.address).address
        numbers = (LIMITS.value_cap, HOUR, 1)
        terms = bytes.fromhex(money.token.address[2:]) + b"".join(number.to_bytes(32, "big") for number in numbers)
        return [Caveat(enforcer, terms)]

    def four(wallet: str, money: _Money) -> list[Caveat]:
        def enforcer(name: str) -> str:
            return chain.deploy(name).address

        return [
            Caveat(enforcer("AllowedTargetsEnforcer"), bytes.fromhex(money.token.address[2:])),
            Caveat(enforcer("AllowedMethodsEnforcer"), money.transfer[:4]),
            *period(wallet, money),
            Caveat(enforcer("LimitedCallsEnforcer"), LIMITS.count_cap.to_bytes(32, "big")),
        ]

    plain = run("plain", lambda *_: [])
    return {
        "caveat_transfer": _added(world, run("ours", lambda *it: ours(*it, measured=False)), plain),
        "caveat_transfer_measured": _added(world, run("measured", lambda *it: ours(*it, measured=True)), plain),
        "caveat_period": _added(world, run("period", period), plain),
        "caveat_four": _added(world, run("four", four), plain),
    }


def _succeeded(handled: Handled) -> dict[str, Any]:
    if not handled.success:
        message = f"an operation failed: 0x{handled.reason.hex()}"
        raise UnexpectedAnswer(message)
    return handled.receipt
