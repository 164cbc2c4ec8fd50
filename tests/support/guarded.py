"""Real Safes behind `SafeAgentGuard`, on the chain of `switchgear.gas.chain`: agents with keys, people, a token.

`agent` and `other` are two agents of one owner and of no lineage; `child` was spawned by `agent`. `human` is trusted,
`chief` owns the policy and is admin of its lanes. Whoever is impersonated has no key; the agents and `human` have.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear import signing
from switchgear.decoder import Standard
from switchgear.errors import AgentDenied, ContractReverted
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.safe import LATEST, Call, Safes, SafeTransaction, Sender, Signer
from switchgear.gas.chain import Chain, Deployed, account
from switchgear.gas.world import World
from switchgear.policy import NO_EXPIRY, Permission, Setup, lane, safe_installation, safe_removal
from switchgear.types import NEVER_STRIKE, NEVER_TRIP, LanePolicy, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from eth_account.signers.local import LocalAccount

HOUR, DAY = 3600, 86_400
WINDOW = 100 * DAY
"""So long that what a test charges is still there when it looks."""
CAP = 1_000
"""Value of each asset that an agent may move in a window."""
COUNT = 20
LIMITS = Limits(
    count_cap=COUNT,
    value_cap=CAP,
    trip_level=NEVER_TRIP,
    strikes=NEVER_STRIKE,
    cooldown=3 * HOUR,
    max_backoff=2,
    half_open_scale=8,
    probation=0,
)
POLICY = LanePolicy(window=WINDOW)
FUNDS = 100 * CAP
TRANSFER = "transfer(address,uint256)"
APPROVE = "approve(address,uint256)"
BOB, EVE = account("bob"), account("eve")
"""Gets what is transferred; is a stranger."""
CHIEF = account("chief")
HUMAN: LocalAccount = key("human")
AGENT: LocalAccount = key("guarded agent")
OTHER: LocalAccount = key("other guarded agent")
CHILD: LocalAccount = key("child of the guarded agent")
_VALUE_USED = 4


@contextmanager
def refuses(error: type[ContractReverted], **expected: Any) -> Iterator[None]:
    """Insists that a block reverts with an error and these of its fields; a verdict by reason and scope."""
    with pytest.raises(error) as caught:
        yield
    found = caught.value.fields()
    if isinstance(caught.value, AgentDenied):
        found |= {"reason": caught.value.verdict.reason, "scope": caught.value.verdict.scope}
    assert {name: found[name] for name in expected} == expected


class Field:
    """A chain with a core, agents, and both a token and ether for whoever needs them."""

    def __init__(self, chain: Chain) -> None:
        """Deploys and enrols."""
        self.chain = chain
        self.world = World(chain)
        self.token = chain.deploy("PermitToken", label="guarded")
        self.handles: dict[str, int] = {}
        self.family = account("owner of the agents")
        for signer in (AGENT, OTHER):
            self.enroll(signer)
        self.enroll(CHILD, parent=self.handles[AGENT.address])

    @property
    def core(self) -> Deployed:
        """The core."""
        return self.world.core

    def enroll(
        self, signer: LocalAccount | Signer, parent: int = 0, sign: Callable[[signing.TypedData], bytes] | None = None
    ) -> int:
        """An agent of the family, with the signer as its wallet, who signs as given; its handle."""
        registry, chain = self.world.registry, self.chain
        agent_id = int(chain.call(registry, "register()", sender=self.family))
        chain.send(registry, "register()", sender=self.family)
        chain.send(self.core, "enroll", registry.address, agent_id, parent, 0, 0, b"", sender=self.family)
        handle = self.world.newest
        self.bind(handle, agent_id, signer, sign or (lambda message: signing.sign(message, signer)))
        self.handles[signer.address] = handle
        return handle

    def bind(
        self, handle: int, agent_id: int, signer: LocalAccount | Signer, sign: Callable[[signing.TypedData], bytes]
    ) -> None:
        """Binds a wallet."""
        deadline = self.chain.now + HOUR
        message = signing.wallet_binding(
            registry=self.world.registry.address,
            agent_id=agent_id,
            owner=self.family,
            wallet=signer.address,
            nonce=0,
            deadline=deadline,
            chain_id=self.chain.node.chain_id,
            core=self.core.address,
        )
        signature = sign(message)
        self.chain.send(
            self.core, "bindWallet", handle, signer.address, NO_EXPIRY, deadline, signature, sender=self.family
        )

    def fund(self, holder: str, token: Deployed | None = None) -> None:
        """Tokens, and ether."""
        self.chain.send(token or self.token, "mint", holder, FUNDS)
        self.chain.node.request("anvil_setBalance", holder, hex(FUNDS))

    def of(self, holder: str, token: Deployed | None = None) -> int:
        """Tokens of a holder."""
        return int(self.chain.call(token or self.token, "balanceOf", holder))

    def encode(self, function: str, *args: Any) -> bytes:
        """Calldata of the token."""
        return self.token.interface.encode(function, args)

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Undoes what a block does to the chain."""
        snapshot, now = self.chain.node.request("evm_snapshot"), self.chain.now
        yield
        assert self.chain.node.request("evm_revert", snapshot)
        self.chain.now = now


class Guarded:
    """One Safe and its guard. Owners by default: agent, other agent, child and human, each of whom is enough."""

    def __init__(
        self,
        field: Field,
        safes: Safes,
        *,
        owners: Sequence[str] = (AGENT.address, OTHER.address, CHILD.address, HUMAN.address),
        threshold: int = 1,
        label: str = "",
        modules: Sequence[str] = (),
        install: bool = True,
        **changes: Any,
    ) -> None:
        """Creates, funds, deploys, installs; `changes` are of the policy's set-up."""
        self.field, self.chain, self.safes = field, field.chain, safes
        self.safe = safes.create(owners, threshold)
        self.address = self.safe.address
        field.fund(self.address)
        lanes = ((field.token.address, LIMITS, POLICY), (ZERO, LIMITS, POLICY))
        fields = {"core": field.core.address, "owner": CHIEF, "trusted": (HUMAN.address,), "assets": lanes, **changes}
        setup = Setup(account=self.address, **fields)
        multi_send = safes.multi_send_call_only.address
        self.guard = self.chain.deploy("SafeAgentGuard", setup.arguments, multi_send, label=label)
        self.humans: list[Signer] = [Sender(HUMAN.address)]
        if safes.version != LATEST:
            assert not modules
        for module in modules:
            self.safe.enable_module(module, signers=self.humans, sender=HUMAN.address)
        if install:
            self.install()

    @property
    def has_module_guard(self) -> bool:
        """1.5.0."""
        return self.safes.version == LATEST

    def install(self) -> None:
        """As the client says."""
        self.by_people(safe_installation(self.address, self.guard.address, modules=self.has_module_guard))

    def remove(self) -> None:
        """Likewise."""
        self.by_people(safe_removal(self.address, modules=self.has_module_guard))

    def by_people(self, calls: Sequence[tuple[str, bytes]]) -> None:
        """Transactions of the human's, one each."""
        for to, data in calls:
            self.safe.exec(SafeTransaction(to=to, data=data), self.humans, sender=HUMAN.address)

    def self_call(self, function: str, *args: Any) -> bytes:
        """Calldata of a call of the Safe's to itself."""
        return self.safe.contract.interface.encode(function, args)

    def stored(self, name: str) -> str:
        """An address in the Safe's storage, by the name of its slot, in lower case."""
        slot = "0x" + keccak(text=name).hex()
        return "0x" + str(self.chain.node.request("eth_getStorageAt", self.address, slot, "latest"))[-40:]

    @property
    def guarded(self) -> bool:
        """Whether the transaction guard is set."""
        return self.stored("guard_manager.guard.address") == self.guard.address.lower()

    # ------------------------------------------------------------------ the policy

    def permission(self, **changes: Any) -> Permission:
        """The agent's, to transfer the token."""
        fields = {"wallet": AGENT.address, "target": self.field.token.address, "selector": TRANSFER}
        return Permission(**{**fields, "standard": Standard.ERC20, **changes})

    def loosen(self, function: str, *args: Any) -> None:
        """Announces, waits, executes."""
        call = self.guard.interface.encode(function, args)
        self.chain.send(self.guard, "schedule", call, sender=CHIEF)
        self.chain.later(DAY)
        self.chain.send(self.guard, "execute", call, sender=CHIEF)

    def grant(self, **changes: Any) -> Permission:
        """Grants a permission; its expiry counts from afterwards if it is given as `lasts`."""
        lasts = changes.pop("lasts", None)
        if lasts is not None:
            changes["expiry"] = self.chain.now + DAY + lasts
        permission = self.permission(**changes)
        self.loosen("grant", permission.arguments)
        return permission

    # ------------------------------------------------------------------ acting

    def act(
        self, to: str, data: bytes = b"", value: int = 0, *, by: Any = AGENT, signers: Any = None, **options: Any
    ) -> dict[str, Any]:
        """A Safe transaction that `by` sends, and signs by sending unless there are other signers."""
        transaction = SafeTransaction(to=to, data=data, value=value, **options)
        return self.safe.exec(transaction, signers or [Sender(by.address)], sender=by.address)

    def transfer(self, amount: int = 1, to: str = BOB, **options: Any) -> dict[str, Any]:
        """Of the token."""
        return self.act(self.field.token.address, self.field.encode("transfer", to, amount), **options)

    def batch(self, *calls: Call, **options: Any) -> dict[str, Any]:
        """By MultiSendCallOnly."""
        made = self.safe.multi_send(calls)
        return self.act(made.to, made.data, operation=made.operation, **options)

    def charged(self, asset: str | None = None, by: Any = AGENT) -> int:
        """Value that the agent's meter of an asset holds, of the token by default."""
        handle = self.field.handles[by.address]
        number = lane(asset or self.field.token.address)
        return int(self.chain.call(self.field.core, "usage", self.guard.address, number, handle)[_VALUE_USED])

    @contextmanager
    def takes(self, amount: int, token: Deployed | None = None) -> Iterator[None]:
        """Insists that the Safe loses this much."""
        before = self.field.of(self.address, token)
        yield
        assert before - self.field.of(self.address, token) == amount
