"""Wallets behind their adapters: a core with agents whose keys sign, people, and what was charged."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from switchgear import signing
from switchgear.decoder import NATIVE, Standard
from switchgear.errors import ContractReverted, from_revert
from switchgear.execution import batch, mode, single
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.modular import (
    EXECUTOR,
    FALLBACK,
    VALIDATOR,
    Account,
    EntryPoint,
    Execution,
    Handled,
    Kernel,
    Nexus,
    OpenZeppelin,
    Safe7579,
)
from switchgear.gas.chain import account
from switchgear.policy import Permission, Setup, lane
from switchgear.types import LanePolicy, Limits, Subject
from tests.wallets.conftest import AGENT, Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eth_account.signers.local import LocalAccount

    from switchgear.gas.chain import Chain, Deployed

DAY = 24 * 3600
WEEK = 7 * DAY
CAP = 1_000
"""What an agent may take of an asset in a week."""
CALL_CAP = 500
"""And in one call."""
FUNDS = 100_000
LIMITS = Limits(
    count_cap=20,
    value_cap=CAP,
    trip_level=127,
    strikes=63,
    cooldown=3 * 3600,
    max_backoff=2,
    half_open_scale=8,
    probation=0,
)
POLICY = LanePolicy(window=WEEK)
OWNER = account("owner of the policy")
AGENTS_OWNER = account("owner of the agents")
PEOPLE: LocalAccount = key("people")
"""Their key in every account; the agent has another."""
OUTSIDER = account("outsider of the guarded")
TRANSFER = "transfer(address,uint256)"
EXECUTION_FAILED = bytes.fromhex("acfdb444")
"""All that Safe7579 says of a call that fails, its hook's included: `ExecutionFailed()`."""
PING = bytes.fromhex("5c36b186")
BROKEN = "0x5f5ffd"
"""Code that reverts."""
# EntryPoint 0.7 serves all; OpenZeppelin's also takes 0.8, which the other builds were not made for.
VERSIONS: dict[type[Account], str] = {OpenZeppelin: "0.8", Nexus: "0.7", Kernel: "0.7", Safe7579: "0.7"}


class Agent(NamedTuple):
    """One agent and its wallet, a key."""

    handle: int
    signer: LocalAccount

    @property
    def address(self) -> str:
        """Of the wallet."""
        return str(self.signer.address)


class Charged(NamedTuple):
    """What a wallet's meters say."""

    count: int
    value: int


class Place:
    """A core, and agents that are enrolled and bound as anybody is."""

    def __init__(self, chain: Chain, label: str) -> None:
        self.chain = chain
        self.core = chain.at(chain.deploy("CircuitBreaker", label=label).address, "ICircuitBreaker")
        self.registry = chain.deploy("AgentIdentity", self.core.address, label=label)
        self.agents: dict[str, Agent] = {}

    def enroll(self, signer: LocalAccount, parent: int = 0) -> Agent:
        """An agent that acts with this key."""
        agent_id = int(self.chain.call(self.registry, "register()", sender=AGENTS_OWNER))
        self.chain.send(self.registry, "register()", sender=AGENTS_OWNER)
        self.chain.send(self.core, "enroll", self.registry.address, agent_id, parent, 0, 0, b"", sender=AGENTS_OWNER)
        handle = int(self.chain.call(self.core, "agentCount"))
        deadline = self.chain.now + DAY
        message = signing.wallet_binding(
            chain_id=self.chain.node.chain_id,
            core=self.core.address,
            registry=self.registry.address,
            agent_id=agent_id,
            owner=AGENTS_OWNER,
            wallet=signer.address,
            nonce=0,
            deadline=deadline,
        )
        signature = signing.sign(message, signer)
        self.chain.send(
            self.core, "bindWallet", handle, signer.address, 2**40 - 1, deadline, signature, sender=AGENTS_OWNER
        )
        return self.agents.setdefault(signer.address, Agent(handle, signer))

    def setup(self, guarded: str, *assets: str, trusted: Sequence[str] = (), **options: Any) -> Setup:
        """A policy with the limits of the tests for each asset and for native coin."""
        made = Setup(self.core.address, guarded, OWNER, trusted=tuple(trusted), **options)
        for asset in (NATIVE, *assets):
            made = made.asset(asset, LIMITS, POLICY)
        return made

    def charged(self, policy: Deployed, asset: str, agent: Agent) -> Charged:
        """What an agent used of an asset's limits, rounded up."""
        core = self.chain.at(self.core.address, "ICircuitBreaker")
        usage = self.chain.call(core, "usage", policy.address, lane(asset), Subject.of_agent(agent.handle))
        return Charged(usage[2], usage[4])

    def break_core(self) -> None:
        """Puts code that reverts in the core's place."""
        self.chain.node.request("anvil_setCode", self.core.address, BROKEN)

    def announce(self, policy: Deployed, function: str, *args: Any) -> bytes:
        """The owner announces a loosening."""
        call = policy.interface.encode(function, args)
        self.chain.send(policy, "schedule", call, sender=OWNER)
        return call


def permission(wallet: str, target: str, selector: str = TRANSFER, **options: Any) -> Permission:
    """For a token, with the cap of the tests."""
    return Permission(wallet, target, selector, **{"standard": Standard.ERC20, "call_cap": CALL_CAP, **options})


@dataclass
class Modular:
    """An ERC-7579 account behind the hook."""

    place: Place
    people: Account
    """As their key sees it."""
    agent: Account
    """As the agent's key does, which the hook validates."""
    hook: Deployed
    trusted: Deployed
    """Executor that the policy trusts."""
    unknown: Deployed
    """Executor that it does not."""
    paymaster: Deployed
    """The one that may pay for the agent's operations."""

    @classmethod
    def create(
        cls,
        place: Place,
        point: EntryPoint,
        kind: type[Account],
        *permissions: Permission,
        executors: Sequence[str] = (),
        label: str = "",
        **options: Any,
    ) -> Modular:
        """People make the account, install their executors, then the agent's validator and the hook.

        Assets of the policy are the permissions' targets; further executors are installed and not trusted; options are
        those of its set-up.
        """
        chain, label = place.chain, f"{kind.__name__} {label}"
        validator = chain.deploy("KeyValidator", label=f"people {label}")
        people = kind.create(point, validator, PEOPLE, label=f"guarded {label}")
        trusted, unknown = (chain.deploy("DrivenModule", label=f"{name} {label}") for name in ("trusted", "unknown"))
        assets = sorted({one.target for one in permissions})
        setup = place.setup(people.address, *assets, trusted=[trusted.address], **options).permit(*permissions)
        paymaster = chain.deploy("OpenPaymaster", ZERO, 0, label=label)
        parties = (AGENT.address, point.address, paymaster.address)
        hook = chain.deploy("AgentHook7579", setup.arguments, *parties, label=label)
        if isinstance(people, Kernel):
            # Of executors and fallback handlers; the root validator goes on without.
            people.hook = hook.address
        for executor in (trusted.address, unknown.address, *executors):
            succeed(people.install(EXECUTOR, executor))
        succeed(people.install(FALLBACK, unknown.address, PING))
        if isinstance(people, Kernel):
            agent: Account = people.with_validator(hook, AGENT, hook.address)
        else:
            succeed(people.install(VALIDATOR, hook.address))
            succeed(people.install_hook(hook.address))
            agent = kind(point, people.contract, hook, AGENT)
        return cls(place, people, agent, hook, trusted, unknown, paymaster)

    @property
    def address(self) -> str:
        """Of the account."""
        return self.people.address

    def charged(self, asset: str, agent: Agent | None = None) -> Charged:
        """What the agent, or another, used."""
        return self.place.charged(self.hook, asset, agent or self.place.agents[AGENT.address])

    def failed(self, handled: Handled, kind: type[ContractReverted], **fields: Any) -> None:
        """Insists that the hook refused an operation with exactly this; Safe7579 tells nobody why, its trace does."""
        assert not handled.success
        reason = handled.reason
        if isinstance(self.people, Safe7579):
            assert reason == EXECUTION_FAILED
            options = {"tracer": "callTracer"}
            trace = self.place.chain.node.request("debug_traceTransaction", handled.receipt["transactionHash"], options)
            [reason] = [
                bytes.fromhex(one["output"][2:]) for one in calls_to(self.hook.address, trace) if "error" in one
            ]
        is_exactly(from_revert(reason), kind, **fields)

    @contextmanager
    def reverts(self, kind: type[ContractReverted], **fields: Any) -> Iterator[None]:
        """Insists that a block reverts with exactly this; on Safe7579, that its execution fails."""
        with pytest.raises(ContractReverted) as revert:
            yield
        if isinstance(self.people, Safe7579):
            assert revert.value.data == EXECUTION_FAILED
        else:
            is_exactly(revert.value, kind, **fields)


def succeed(handled: Handled) -> Handled:
    """Insists that the execution did not fail."""
    assert (handled.success, handled.reason) == (True, b"")
    return handled


def calls_to(address: str, frame: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All calls of a contract in a trace."""
    if frame.get("to") == address.lower():
        yield frame
    for inner in frame.get("calls", []):
        yield from calls_to(address, inner)


def is_exactly(error: ContractReverted, kind: type[ContractReverted], **fields: Any) -> None:
    """Insists on the error and on every field of it."""
    assert type(error) is kind, f"{error!r}: {error}"
    assert error.fields() == fields


@contextmanager
def reverts(kind: type[ContractReverted], **fields: Any) -> Iterator[None]:
    """Insists that a block reverts with exactly this."""
    with pytest.raises(ContractReverted) as revert:
        yield
    is_exactly(revert.value, kind, **fields)


@contextmanager
def undone(chain: Chain) -> Iterator[None]:
    """Takes back what happens in a block."""
    now, snapshot = chain.now, chain.node.request("evm_snapshot")
    yield
    assert chain.node.request("evm_revert", snapshot)
    chain.now = now


def execute_data(made: Account, *calls: Execution) -> bytes:
    """An operation's call of `execute`, one call or a batch."""
    if len(calls) == 1:
        return made.encode("execute", mode(), single(calls[0]))
    return made.encode("execute", mode(1), batch(calls))


def transfer(money: Money, amount: int = 1, to: str = OUTSIDER) -> Execution:
    """A call that moves some."""
    return Execution(money.address, money.transfer(amount, to))
