"""Accounts of six kinds, each behind a naive guard and behind ours, for attacks that are the same on all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.decoder import Standard
from switchgear.errors import ContractReverted, from_revert
from switchgear.execution import BATCH, batch, mode, single
from switchgear.foreign.delegation import Caveat, Delegation, Delegations
from switchgear.foreign.keys import ZERO, key, sign_hash
from switchgear.foreign.modular import (
    ACCOUNTS,
    EXECUTOR,
    HOOK,
    NO_HOOK,
    Account,
    EntryPoint,
    Execution,
    Handled,
    Kernel,
    Safe7579,
)
from switchgear.foreign.safe import Call, Safe, Safes, SafeTransaction, Sender, TypedKey
from switchgear.policy import Permission, caveat_terms, lane, safe_installation, to_selector
from tests.wallets.conftest import AGENT, Money
from tests.wallets.guarded import (
    CAP,
    EXECUTION_FAILED,
    FUNDS,
    LIMITS,
    OWNER,
    PEOPLE,
    POLICY,
    VERSIONS,
    Charged,
    Modular,
    Place,
    calls_to,
    permission,
    succeed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from eth_account.signers.local import LocalAccount

    from switchgear.gas.chain import Chain, Deployed

DRIVEN = key("second agent, an executor")
CALLER = key("second agent, a contract")
MOVE = "transfer(address,uint256)"
PERMIT = "permit(address,address,uint256,uint256,bytes)"
ALLOWANCES = ("approve(address,uint256)", "increaseAllowance(address,uint256)", PERMIT)
HUB_APPROVE = "approve(address,address,uint160,uint48)"
FOR_ALL = "setApprovalForAll(address,bool)"
POKE = "poke()"
MULTI_SEND = "multiSend(bytes)"


class Grounds:
    """A core with two agents, each of the second one's wallets being what it takes to act, and what is to be stolen."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.place = Place(chain, "accounts")
        for signer, code in ((AGENT, ""), (DRIVEN, "DrivenModule"), (CALLER, "ContractWallet")):
            self.place.enroll(signer)
            if code:
                chain.node.request("anvil_setCode", signer.address, "0x" + chain.artifacts[code].runtime.hex())
        self.token, self.fee, self.rebasing = (
            Money(chain, chain.deploy(name, *args, label="accounts"))
            for name, args in (("PermitToken", ()), ("FeeToken", (900, True)), ("RebasingToken", ()))
        )
        self.hub, self.thief, self.target = (
            chain.deploy(name, label="accounts") for name in ("PermitHub", "AllowanceThief", "ReentrantTarget")
        )
        self.registry = self.place.registry
        self.safes = Safes(chain, label="accounts")
        self.delegations = Delegations(EntryPoint(chain, "0.7"), label="accounts")

    @property
    def tokens(self) -> tuple[Money, ...]:
        """All that has a balance."""
        return self.token, self.fee, self.rebasing

    def fund(self, holder: str) -> None:
        """Tokens of each."""
        for token in self.tokens:
            token.give(holder, FUNDS)

    def naive(self, contract: str, label: str) -> Deployed:
        """A naive guard, which allows all that ours does."""
        chain, safes = self.chain, self.safes
        contracts = [self.hub, self.target, self.registry, safes.multi_send_call_only, safes.multi_send]
        targets = [*(one.address for one in self.tokens), *(one.address for one in contracts)]
        functions = (MOVE, *ALLOWANCES, HUB_APPROVE, FOR_ALL, POKE, MULTI_SEND)
        return chain.deploy(contract, targets, [to_selector(one) for one in functions], CAP, label=label)

    def permissions(self, second: LocalAccount, **thresholds: Any) -> list[Permission]:
        """The same for ours; the second agent may transfer. Thresholds are of transfers."""
        agent, token = AGENT.address, self.token.address
        made = [permission(agent, token, one) for one in ALLOWANCES]
        made += [permission(one, token, **thresholds) for one in (agent, second.address)]
        made += [permission(agent, one.address, measured=True) for one in (self.fee, self.rebasing)]
        made += [permission(agent, self.hub.address, HUB_APPROVE, standard=Standard.PERMIT2)]
        made += [permission(agent, self.registry.address, FOR_ALL, standard=Standard.ERC721, call_cap=1)]
        made += [permission(agent, self.target.address, POKE, standard=Standard.NONE, assets=(token,))]
        return made

    def lanes(self) -> list[str]:
        """Assets that the policies limit."""
        return [*(one.address for one in self.tokens), self.registry.address]


class Side(ABC):
    """One account behind one guard. The agent's key acts for it; so does a second agent, in its own way."""

    second: LocalAccount = DRIVEN
    signs = True
    """Whether the agent's key signs for the account, behind a naive guard."""
    silent = b""
    """All that some accounts say of a call that failed."""

    def __init__(self, grounds: Grounds, address: str, guard: Deployed) -> None:
        """Funds it."""
        self.grounds, self.chain, self.address, self.guard = grounds, grounds.chain, address, guard
        grounds.fund(address)

    @abstractmethod
    def act(self, *calls: Execution, attempt: bool = False) -> None:
        """The agent acts, in one execution; `attempt` lets calls fail. Raises what the guard says."""

    def execute(self, given: bytes, data: bytes) -> None:
        """The agent has the account execute this, whatever it is (ERC-7579); not a Safe."""
        raise NotImplementedError

    @abstractmethod
    def act_second(self, call: Execution) -> None:
        """The second agent does."""

    @abstractmethod
    def within(self, call: Execution) -> tuple[str, bytes]:
        """What anybody has to call, where the account is executing already, for it to execute this as well."""

    @abstractmethod
    def within_by_people(self, call: Execution) -> tuple[str, bytes]:
        """The same for what people execute."""

    @abstractmethod
    def signature(self, digest: bytes) -> bytes:
        """By the agent's key, as the account would accept it of a signer (ERC-1271)."""

    def renew(self) -> None:  # noqa: B027 - most have nothing to do
        """What was signed for the agent once and for all is signed again, for the chain as it is now."""

    def signature_of_people(self, digest: bytes) -> bytes:  # noqa: ARG002
        """By people's; empty where nobody signs for the account."""
        return b""

    @contextmanager
    def fails(self, reason: bytes) -> Iterator[None]:
        """Insists that a block reverts since the account's call did, with this selector if the account hands it on."""
        with pytest.raises(ContractReverted) as revert:
            yield
        assert revert.value.data[:4] == (self.silent or reason)

    def freeing(self) -> tuple[bytes, Callable[[Execution], None]]:
        """A call of the account to itself that rids the agent of its guard, and how it acts then; not a Safe's."""
        raise NotImplementedError

    @property
    def nested(self) -> LocalAccount:
        """Whose executions within executions are."""
        return self.second

    def tune(self, *, period: int = 0, measured: str = ZERO, per_actor: bool = False) -> None:
        """Makes the naive guard think further."""
        self.chain.send(self.guard, "tune", period, measured, per_actor)

    def share(self) -> None:
        """Makes the token's limits the account's, whichever of its agents acts (`lineage=True`)."""
        token, policy = lane(self.grounds.token.address), POLICY._replace(lineage=True)
        self.chain.send(self.grounds.place.core, "setLane", self.guard.address, token, LIMITS, policy, sender=OWNER)

    def charged(self, token: Money, signer: LocalAccount = AGENT) -> Charged:
        """What an agent used of its limits."""
        place = self.grounds.place
        return place.charged(self.guard, token.address, place.agents[signer.address])


# ------------------------------------------------------------------ Safe


class SafeSide(Side):
    """A Safe 1.5.0 that both agents own, each of whom is enough."""

    def __init__(self, grounds: Grounds, label: str, *, naive: bool, council: str) -> None:
        chain, safes = grounds.chain, grounds.safes
        signers = [AGENT, DRIVEN] if naive else [AGENT, DRIVEN, PEOPLE]
        self.safe: Safe = safes.create([one.address for one in signers])
        if naive:
            guard = grounds.naive("NaiveSafeGuard", label)
            self.safe.set_guard(guard.address, signers=[Sender(AGENT.address)], sender=AGENT.address)
        else:
            options = {"trusted": [PEOPLE.address], **councils(council)}
            setup = grounds.place.setup(self.safe.address, *grounds.lanes(), **options)
            setup = setup.permit(*grounds.permissions(DRIVEN, **thresholds(council)))
            guard = chain.deploy(
                "SafeAgentGuard", setup.arguments, safes.multi_send_call_only.address, label="accounts"
            )
            for to, data in safe_installation(self.safe.address, guard.address):
                self.safe.exec(SafeTransaction(to=to, data=data), [Sender(PEOPLE.address)], sender=PEOPLE.address)
        super().__init__(grounds, self.safe.address, guard)

    def _exec(self, signer: LocalAccount, *calls: Execution, **options: Any) -> None:
        made = SafeTransaction(to=calls[0].target, value=calls[0].value, data=calls[0].data, **options)
        if len(calls) > 1:
            made = self.safe.multi_send([Call(one.target, one.data, one.value) for one in calls])
        self.safe.exec(made, [Sender(signer.address)], sender=signer.address)

    def act(self, *calls: Execution, attempt: bool = False) -> None:
        """With a gas stipend, a Safe takes note that its call failed, and goes on."""
        self._exec(AGENT, *calls, **({"safe_tx_gas": 100_000} if attempt else {}))

    def act_second(self, call: Execution) -> None:
        """As the other owner."""
        self._exec(DRIVEN, call)

    def within(self, call: Execution) -> tuple[str, bytes]:
        """Its next transaction, signed by the agent before."""
        return self._next(call, AGENT)

    def within_by_people(self, call: Execution) -> tuple[str, bytes]:
        """Signed by them."""
        return self._next(call, PEOPLE)

    def _next(self, call: Execution, signer: LocalAccount) -> tuple[str, bytes]:
        made = SafeTransaction(to=call.target, data=call.data)
        data = self.safe.exec_data(made, [TypedKey(signer)], nonce=self.safe.nonce + 1)
        return self.address, self.safe.contract.interface.encode("execTransaction", data)

    def signature(self, digest: bytes) -> bytes:
        """A SafeMessage."""
        return self.safe.signatures(
            self.safe.message("SafeMessage", (("message", "bytes"),), (digest,)), [TypedKey(AGENT)]
        )

    @property
    def nested(self) -> LocalAccount:
        """The agent signs these as well."""
        return AGENT


# ------------------------------------------------------------------ ERC-7579


class ModularSide(Side):
    """An ERC-7579 account; the second agent is one of its executors."""

    def __init__(self, grounds: Grounds, label: str, kind: type[Account], *, naive: bool, council: str) -> None:
        chain, point = grounds.chain, EntryPoint(grounds.chain, VERSIONS[kind])
        self.executor = chain.at(DRIVEN.address, "DrivenModule")
        self.people: Account | None = None
        self.trusted = self.unknown = self.executor
        if naive:
            validator = chain.deploy("KeyValidator", label=f"naive {label}")
            self.agent = kind.create(point, validator, AGENT, label=f"naive {label}")
            guard = grounds.naive("NaiveHook7579", label)
            succeed(self.agent.install_hook(guard.address))
            succeed(self.agent.install(EXECUTOR, DRIVEN.address))
        else:
            permissions = grounds.permissions(DRIVEN, **thresholds(council))
            made = Modular.create(
                grounds.place, point, kind, *permissions, executors=[DRIVEN.address], label=label, **councils(council)
            )
            self.trusted, self.unknown = made.trusted, made.unknown
            self.agent, self.people, guard = made.agent, made.people, made.hook
        super().__init__(grounds, self.agent.address, guard)
        self.silent = {Kernel: to_selector("ExecutionReverted()"), Safe7579: EXECUTION_FAILED}.get(kind, b"")

    def act(self, *calls: Execution, attempt: bool = False) -> None:
        """By an operation."""
        one = len(calls) == 1
        self.expect(
            self.agent.execute(calls[0], attempt=attempt) if one else self.agent.execute_batch(calls, attempt=attempt)
        )

    def execute(self, given: bytes, data: bytes) -> None:
        """By an operation."""
        self.expect(self.agent.operate(self.agent.encode("execute", given, data)))

    def expect(self, handled: Handled) -> None:
        """Raises why an operation failed; Safe7579 tells nobody, its trace does."""
        if not handled.success:
            options = {"tracer": "callTracer"}
            made = handled.receipt["transactionHash"]
            trace = self.chain.node.request("debug_traceTransaction", made, options)
            raise from_revert(self._why(trace) or handled.reason)

    def _why(self, trace: dict[str, Any]) -> bytes:
        asked = calls_to(self.guard.address, trace)
        reasons = [bytes.fromhex(one["output"][2:]) for one in asked if "error" in one and "output" in one]
        return reasons[-1] if reasons and isinstance(self.agent, Safe7579) else b""

    def act_second(self, call: Execution) -> None:
        """As the executor."""
        self.drive(self.executor, call, DRIVEN.address)

    def drive(self, executor: Deployed, call: Execution, sender: str) -> None:
        """As one that anybody drives."""
        try:
            self.agent.drive(executor, call, sender=sender)
        except ContractReverted as error:
            to, data = self._drive(executor, call)
            request = {"from": sender, "to": to, "data": "0x" + data.hex()}
            options = {"tracer": "callTracer", "blockOverrides": {"time": hex(self.chain.now)}}
            trace = self.chain.node.request("debug_traceCall", request, "latest", options)
            raise from_revert(self._why(trace) or error.data) from error

    def within(self, call: Execution) -> tuple[str, bytes]:
        """Through the executor, which anybody drives."""
        return self._drive(self.executor, call)

    def within_by_people(self, call: Execution) -> tuple[str, bytes]:
        """Through theirs, which anybody drives too."""
        return self._drive(self.trusted, call)

    def _drive(self, executor: Deployed, call: Execution) -> tuple[str, bytes]:
        return executor.address, executor.interface.encode("drive", (self.address, mode(), single(call)))

    def signature(self, digest: bytes) -> bytes:
        """By the agent's validator."""
        return self.agent.signature(digest)

    def freeing(self) -> tuple[bytes, Callable[[Execution], None]]:
        """The hook is removed."""
        off, _ = hook_calls(self.people or self.agent, self.guard.address)
        return off, self.act

    def signature_of_people(self, digest: bytes) -> bytes:
        """By theirs."""
        assert self.people is not None
        return self.people.signature(digest)


def hook_calls(made: Account, hook: str) -> tuple[bytes, bytes]:
    """Calls of an account that remove its hook, and install it again; of Kernel, the hook of its root validator."""
    if isinstance(made, Kernel):
        root = b"\x01" + bytes.fromhex(made.validator.address[2:])
        nonce, _ = made.chain.call(made.contract, "validationConfig", root)
        key_and_data = [bytes.fromhex(made.signer.address[2:])], [b"\xff"]
        off, on = (
            made.encode("installValidations", [root], [(nonce + number, one)], *key_and_data)
            for number, one in ((1, NO_HOOK), (2, hook))
        )
        return off, on
    return (
        made.encode("uninstallModule", HOOK, hook, made.uninstall_data(HOOK, b"")),
        made.encode("installModule", HOOK, hook, made.install_data(HOOK, b"")),
    )


# ------------------------------------------------------------------ ERC-7710


class DelegatorSide(Side):
    """A MultiSigDeleGator of people's; each agent holds a delegation."""

    second = CALLER
    signs = False

    def __init__(self, grounds: Grounds, label: str, *, naive: bool, council: str) -> None:
        delegations = grounds.delegations
        made = delegations.create([PEOPLE.address], label=f"{label} {naive}")
        if naive:
            guard = grounds.naive("NaiveCaveat", label)
        else:
            setup = grounds.place.setup(made.address, *grounds.lanes(), **councils(council))
            setup = setup.permit(*grounds.permissions(CALLER, **thresholds(council)))
            guard = grounds.chain.deploy("AgentCaveat", setup.arguments, delegations.manager.address, label=label)
        super().__init__(grounds, made.address, guard)
        self.contract, self.delegations = made, delegations
        self.renew()

    def renew(self) -> None:
        """The delegations."""
        self.held, self.held_by_second = (self.delegate(one) for one in (AGENT, CALLER))

    def delegate(self, to: LocalAccount, salt: int = 0) -> Delegation:
        """People sign a delegation with the caveat."""
        caveat = Caveat(self.guard.address, caveat_terms(to.address))
        return self.delegations.sign(Delegation(to.address, self.address, (caveat,), salt=salt), PEOPLE)

    def act(self, *calls: Execution, attempt: bool = False) -> None:
        """By redeeming."""
        many = len(calls) > 1
        self.execute(mode(BATCH if many else 0, attempt=attempt), batch(calls) if many else single(calls[0]))

    def execute(self, given: bytes, data: bytes) -> None:
        """By redeeming."""
        self.delegations.redeem([self.held], given, data, sender=AGENT.address)

    def act_second(self, call: Execution) -> None:
        """By redeeming its own."""
        self.delegations.redeem([self.held_by_second], mode(), single(call), sender=CALLER.address)

    def within(self, call: Execution) -> tuple[str, bytes]:
        """Its contract redeems what it holds, for anybody."""
        return self._redemption(self.held_by_second, call)

    def within_by_people(self, call: Execution) -> tuple[str, bytes]:
        """The same contract holds a delegation without a caveat."""
        bare = self.delegations.sign(Delegation(CALLER.address, self.address, (), salt=2), PEOPLE)
        return self._redemption(bare, call)

    def _redemption(self, held: Delegation, call: Execution) -> tuple[str, bytes]:
        data = self.delegations.redemption([([held], mode(), single(call))])
        wallet = self.chain.at(CALLER.address, "ContractWallet")
        return wallet.address, wallet.interface.encode("execute", (self.delegations.manager.address, data))

    def signature(self, digest: bytes) -> bytes:
        """By the delegate, who is no signer."""
        return sign_hash(AGENT, digest)

    def freeing(self) -> tuple[bytes, Callable[[Execution], None]]:
        """The agent becomes the account's only signer, and delegates to itself, without a caveat."""
        data = self.contract.interface.encode("updateMultiSigParameters", ([AGENT.address], 1, True))

        def free(call: Execution) -> None:
            bare = self.delegations.sign(Delegation(AGENT.address, self.address, (), salt=1), AGENT)
            self.delegations.redeem([bare], mode(), single(call), sender=AGENT.address)

        return data, free

    def signature_of_people(self, digest: bytes) -> bytes:
        """By the account's signer."""
        return sign_hash(PEOPLE, digest)


KINDS: dict[str, type[Account] | None] = {
    "Safe": None,
    **{kind.__name__: kind for kind in ACCOUNTS},
    "DeleGator": None,
}
"""What the attacks are shown on."""


APPROVE_ABOVE, DELAY_ABOVE = 100, 200
"""What transfers need a council's signatures, and what its wait as well, where there is one."""


def councils(council: str) -> dict[str, Any]:
    """In a set-up."""
    return {"countersign": council} if council else {}


def thresholds(council: str) -> dict[str, Any]:
    """In a permission."""
    return {"approve_above": APPROVE_ABOVE, "delay_above": DELAY_ABOVE} if council else {}


def create(grounds: Grounds, name: str, *, naive: bool, council: str = "", label: str = "") -> Side:
    """One of them, which asks a council or none; a second one with a label."""
    kind, label = KINDS[name], f"accounts {name} {council} {label}"
    if kind:
        return ModularSide(grounds, label, kind, naive=naive, council=council)
    side = SafeSide if name == "Safe" else DelegatorSide
    return side(grounds, label, naive=naive, council=council)


def prepare(side: Side, calls: Sequence[tuple[str, bytes]]) -> None:
    """The target makes these calls when it is poked."""
    for to, data in calls:
        side.chain.send(side.grounds.target, "arm", to, data)
