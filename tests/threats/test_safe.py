"""The agent's key owns the Safe, and is hostile. Each attack works on a guard as commonly written, and not on ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from switchgear.decoder import Standard
from switchgear.errors import (
    AgentDenied,
    ContractReverted,
    DelegateCallRefused,
    DelegatedAccount,
    GasRefundRefused,
    InnerCallFailed,
    MalformedExecution,
    NotPermitted,
    RuleViolated,
)
from switchgear.foreign.delegation import delegate_code
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.safe import DELEGATECALL, Call, Safe, Safes, SafeTransaction, Sender, TypedKey
from switchgear.gas.chain import Chain, Deployed, account
from switchgear.policy import Setup, equal, safe_handler, safe_installation, to_selector
from switchgear.types import Reason
from tests.support.guarded import (
    AGENT,
    APPROVE,
    BOB,
    CAP,
    CHIEF,
    EVE,
    HUMAN,
    LIMITS,
    POLICY,
    Field,
    Guarded,
    refuses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOT = 3 * CAP
"""What the attacks take from the naive guard, whose cap is the same."""
MAGIC = bytes.fromhex("1626ba7e")
CAP_EXCEEDED = keccak(text="CapExceeded(uint256)")[:4]
MODULE = account("bypassing module")
HANDLER_SLOT = "0x" + keccak(text="fallback_manager.handler.address").hex()


class Naive(Guarded):
    """Behind a naive guard, which allows transfers and allowances of the token, of the hub, and batches."""

    def __init__(
        self,
        field: Field,
        safes: Safes,
        targets: list[str],
        selectors: list[bytes],
        *,
        label: str = "threat",
        modules: bool = False,
    ) -> None:
        """Creates, funds, deploys, installs."""
        self.field, self.chain, self.safes = field, field.chain, safes
        self.safe = safes.create([AGENT.address, HUMAN.address])
        self.address = self.safe.address
        field.fund(self.address)
        self.humans = [Sender(HUMAN.address)]
        self.safe.enable_module(MODULE, signers=self.humans, sender=HUMAN.address)
        every = [field.token.address, safes.multi_send_call_only.address, safes.multi_send.address, *targets]
        multi_send = safes.multi_send.interface.encode("multiSend", (b"",))[:4]
        known = [field.encode(name, BOB, 0)[:4] for name in ("transfer", "approve", "increaseAllowance")]
        self.guard = self.chain.deploy("NaiveSafeGuard", every, [multi_send, *known, *selectors], CAP, label=label)
        if modules:
            self.safe.set_module_guard(self.guard.address, signers=self.humans, sender=HUMAN.address)
        self.safe.set_guard(self.guard.address, signers=self.humans, sender=HUMAN.address)


@pytest.fixture(scope="module")
def field(chain: Chain) -> Field:
    """Core and agents."""
    return Field(chain)


@pytest.fixture(scope="module")
def safes(chain: Chain) -> Safes:
    """The newest version."""
    return Safes(chain)


@pytest.fixture(scope="module")
def hub(chain: Chain) -> Deployed:
    """In place of Permit2."""
    return chain.deploy("PermitHub")


@pytest.fixture(scope="module")
def thief(chain: Chain) -> Deployed:
    """Pulls."""
    return chain.deploy("AllowanceThief")


@pytest.fixture(scope="module")
def target(chain: Chain) -> Deployed:
    """Calls back."""
    return chain.deploy("ReentrantTarget")


@pytest.fixture(scope="module")
def naive(field: Field, safes: Safes, hub: Deployed) -> Naive:
    """The other guard."""
    registry = field.world.registry
    selectors = [
        hub.interface.encode("approve", (BOB, BOB, 0, 0))[:4],
        registry.interface.encode("setApprovalForAll", (BOB, True))[:4],
    ]
    return Naive(field, safes, [hub.address, registry.address], selectors)


@pytest.fixture(scope="module")
def reading(field: Field, safes: Safes) -> Naive:
    """The other guard, which looks into batches."""
    made = Naive(field, safes, [], [], label="threat, looking inside")
    field.chain.send(made.guard, "lookInside")
    return made


@pytest.fixture(scope="module")
def ours(field: Field, safes: Safes) -> Guarded:
    """With the permission to transfer."""
    made = Guarded(field, safes)
    made.grant()
    return made


@pytest.fixture(autouse=True)
def _rolled_back(field: Field, request: pytest.FixtureRequest) -> Iterator[None]:
    """Leaves the chain as it was when all of them had been made."""
    for name in ("naive", "reading", "ours", "thief", "target"):
        request.getfixturevalue(name)
    with field.rolled_back():
        yield


# ------------------------------------------------------------------ refunds, allowances, signatures


def test_refund__paid_by_the_safe__refused(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: a refund for gas drains the Safe past every cap; with us an agent's transaction has none."""
    refund = {"base_gas": LOOT, "gas_price": 1, "gas_token": field.token.address, "refund_receiver": EVE}
    field.chain.send(field.token, "mint", naive.address, 10**7)
    naive.transfer(0, **refund)
    assert field.of(EVE) > LOOT
    for signers in ([Sender(AGENT.address)], [TypedKey(AGENT)]):
        with refuses(GasRefundRefused, gas_price=1):
            ours.transfer(0, signers=signers, **refund)


@pytest.mark.parametrize("function", ["approve", "increaseAllowance"])
def test_allowance__pulled_from_outside__charged_when_given(
    naive: Naive, ours: Guarded, field: Field, thief: Deployed, function: str
) -> None:
    """WP-3: an allowance is spending: it takes its part of the budget when it is given, used or not."""
    token = field.token.address
    naive.act(token, field.encode(function, thief.address, LOOT))
    with naive.takes(LOOT):
        field.chain.send(thief, "pull", token, naive.address, LOOT, sender=EVE)

    ours.grant(selector=f"{function}(address,uint256)")
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_OVERSIZED):
        ours.act(token, field.encode(function, thief.address, LOOT))
    ours.act(token, field.encode(function, thief.address, CAP))
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_LIMIT):
        ours.transfer(1)
    with ours.takes(CAP):
        field.chain.send(thief, "pull", token, ours.address, CAP, sender=EVE)


def test_hub_allowance__pulled_from_outside__charged_when_given(
    naive: Naive, ours: Guarded, field: Field, thief: Deployed, hub: Deployed
) -> None:
    """WP-3: so is one at Permit2, to the token's own budget."""
    token, forever = field.token.address, 2**48 - 1

    def allow(amount: int) -> bytes:
        return hub.interface.encode("approve", (token, thief.address, amount, forever))

    everything = field.encode("approve", hub.address, 2**160 - 1)
    naive.act(token, everything)
    ours.by_people([(token, everything)])
    naive.act(hub.address, allow(LOOT))
    with naive.takes(LOOT):
        field.chain.send(thief, "pullByHub", hub.address, token, naive.address, LOOT, sender=EVE)

    selector = "approve(address,address,uint160,uint48)"
    ours.grant(target=hub.address, selector=selector, standard=Standard.PERMIT2)
    with refuses(AgentDenied, lane=int(token, 16), reason=Reason.VALUE_OVERSIZED):
        ours.act(hub.address, allow(LOOT))
    ours.act(hub.address, allow(CAP))
    assert ours.charged() == CAP


def test_approval_for_all__taken_from_outside__everything(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-3: power over all tokens is more than every cap."""
    registry, chain = field.world.registry, field.chain
    give = registry.interface.encode("setApprovalForAll", (EVE, True))
    token_id = int(chain.call(registry, "register()", sender=naive.address))
    chain.send(registry, "register()", sender=naive.address)
    naive.act(registry.address, give)
    chain.send(registry, "transferFrom", naive.address, EVE, token_id, sender=EVE)
    assert chain.call(registry, "ownerOf", token_id) == EVE

    ours.grant(target=registry.address, selector="setApprovalForAll(address,bool)", standard=Standard.ERC721)
    ours.loosen("openAsset", (registry.address, LIMITS, POLICY))
    with refuses(AgentDenied, lane=int(registry.address, 16), reason=Reason.VALUE_OVERSIZED):
        ours.act(registry.address, give)


def test_signature__for_the_safe__by_the_agent_alone(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: with the usual handler whoever owns the Safe signs for it (a permit, an order); with ours nobody does."""
    digest = keccak(text="an order")
    for side in (naive, ours):
        message = side.safe.message("SafeMessage", (("message", "bytes"),), (digest,))
        arguments = encode(["bytes32", "bytes"], [digest, side.safe.signatures(message, [TypedKey(AGENT)])])
        request = {"to": side.address, "data": "0x" + (MAGIC + arguments).hex()}
        if side is naive:
            assert field.chain.node.call(request, "latest")[:4] == MAGIC
        else:
            with pytest.raises(ContractReverted):
                field.chain.node.call(request, "latest")


# ------------------------------------------------------------------ delegatecalls and self-calls


def test_multi_send__hides_transfers__decoded(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-2: what is packed into a delegatecall is looked at, call by call."""
    hidden = Call(field.token.address, field.encode("transfer", BOB, LOOT))
    with naive.takes(LOOT):
        naive.batch(hidden)
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_OVERSIZED):
        ours.batch(hidden)


def test_delegatecall__to_anything_else__refused(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: a delegatecall is the account itself: neither MultiSend, nor a token, nor one within a batch."""
    inner = Call(field.token.address, field.encode("transfer", BOB, LOOT))
    made = naive.safe.multi_send([inner], call_only=False)
    with naive.takes(LOOT):
        naive.act(made.to, made.data, operation=DELEGATECALL)
    with refuses(DelegateCallRefused, target=made.to):
        ours.act(made.to, made.data, operation=DELEGATECALL)
    with refuses(DelegateCallRefused, target=field.token.address):
        ours.act(inner.to, inner.data, operation=DELEGATECALL)
    with refuses(DelegateCallRefused, target=inner.to):
        ours.batch(inner._replace(operation=DELEGATECALL))


SELF_CALLS: dict[str, tuple[Any, ...]] = {
    "setGuard": (ZERO,),
    "setModuleGuard": (ZERO,),
    "setFallbackHandler": (EVE,),
    "enableModule": (EVE,),
    "addOwnerWithThreshold": (EVE, 1),
    "changeThreshold": (2,),
    "swapOwner": (AGENT.address, HUMAN.address, EVE),
}


@pytest.mark.parametrize("function", SELF_CALLS)
def test_self_call__however_it_is_named__denied(naive: Naive, ours: Guarded, function: str) -> None:
    """WP-4: guard, handler, modules, owners and threshold are not the agent's: by address, by zero, in a batch."""
    data = ours.self_call(function, *SELF_CALLS[function])
    if function != "swapOwner":
        naive.batch(Call(ZERO, data))
    refusal = {"wallet": AGENT.address, "target": ours.address, "selector": data[:4]}
    for place in (ours.address, ZERO):
        with refuses(NotPermitted, **refusal):
            ours.act(place, data)
        with refuses(NotPermitted, **refusal):
            ours.batch(Call(place, data))


def test_guard_swap__within_one_transaction__denied(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: off, take, and on again."""

    def swap(side: Guarded) -> list[Call]:
        off, on = (Call(side.address, side.self_call("setGuard", guard)) for guard in (ZERO, side.guard.address))
        return [off, Call(field.token.address, field.encode("transfer", BOB, LOOT)), on]

    with naive.takes(LOOT):
        naive.batch(*swap(naive))
    with refuses(NotPermitted, target=ours.address):
        ours.batch(*swap(ours))


def test_exec_transaction__within_a_batch__denied(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: a transaction within a transaction is a self-call too."""

    def nested(side: Guarded) -> Call:
        made = side.safe.multi_send([Call(field.token.address, field.encode("transfer", BOB, LOOT))])
        data = side.safe.exec_data(made, [TypedKey(AGENT)], nonce=side.safe.nonce + 1)
        return Call(side.address, side.self_call("execTransaction", *data))

    with naive.takes(LOOT):
        naive.batch(nested(naive))
    with refuses(NotPermitted, target=ours.address):
        ours.batch(nested(ours))


def with_decoy(side: Guarded, shown: bytes, real: bytes) -> SafeTransaction:
    """A MultiSend with one batch where Solidity puts the bytes, and another where the offset leads."""
    made = side.safe.multi_send([])
    decoy, items = (side.safe.multi_send([Call(side.field.token.address, one)]).data[36:] for one in (shown, real))
    data = made.data[:4] + (32 + len(decoy)).to_bytes(32, "big") + decoy + items
    return SafeTransaction(to=made.to, data=data, operation=DELEGATECALL)


def test_multi_send__decoy_before_the_items__offset_is_followed(reading: Naive, ours: Guarded, field: Field) -> None:
    """WP-2: a decoy stands where Solidity puts the bytes, the offset leads past it: what executes is charged."""
    small, large, loot = (field.encode("transfer", BOB, amount) for amount in (1, 500, LOOT))
    with pytest.raises(ContractReverted) as caught:
        reading.batch(Call(field.token.address, loot))
    assert caught.value.data[:4] == CAP_EXCEEDED
    forged = with_decoy(reading, small, loot)
    with reading.takes(LOOT):
        reading.act(forged.to, forged.data, operation=DELEGATECALL)

    forged = with_decoy(ours, small, loot)
    with refuses(AgentDenied, lane=int(field.token.address, 16), reason=Reason.VALUE_OVERSIZED), ours.takes(0):
        ours.act(forged.to, forged.data, operation=DELEGATECALL)
    forged = with_decoy(ours, small, large)
    with ours.takes(500):
        ours.act(forged.to, forged.data, operation=DELEGATECALL)
    assert ours.charged() == 500
    made = ours.safe.multi_send([Call(field.token.address, small)])
    beyond = made.data[:4] + (2**255).to_bytes(32, "big") + made.data[36:]
    for data in (beyond, made.data[:-32], made.data[:4], made.data[:3]):
        with refuses(MalformedExecution):
            ours.act(made.to, data, operation=DELEGATECALL)


def test_multi_send__within_a_multi_send__refused(reading: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: a batch within a batch is one more delegatecall, or a call that nobody permitted."""

    def nested(side: Guarded, operation: int, *, call_only: bool) -> SafeTransaction:
        inner = side.safe.multi_send([Call(field.token.address, field.encode("transfer", BOB, LOOT))], call_only=False)
        return side.safe.multi_send([Call(inner.to, inner.data, operation=operation)], call_only=call_only)

    made = nested(reading, DELEGATECALL, call_only=False)
    with reading.takes(LOOT):
        reading.act(made.to, made.data, operation=DELEGATECALL)
    inner = ours.safes.multi_send.address
    for call_only in (False, True):
        made = nested(ours, DELEGATECALL, call_only=call_only)
        with refuses(DelegateCallRefused, target=inner):
            ours.act(made.to, made.data, operation=DELEGATECALL)
    made = nested(ours, 0, call_only=True)
    with refuses(NotPermitted, wallet=AGENT.address, target=inner, selector=to_selector("multiSend(bytes)")):
        ours.act(made.to, made.data, operation=DELEGATECALL)


# ------------------------------------------------------------------ modules, strangers, re-entry


def test_module__past_the_guard__cannot_be_installed(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-4: a transaction guard sees no module; ours is a module guard as well."""
    call = Call(field.token.address, field.encode("transfer", BOB, LOOT))
    with naive.takes(LOOT):
        naive.safe.exec_from_module(call, module=MODULE)
    ours.by_people([(ours.address, ours.self_call("enableModule", MODULE))])
    with refuses(NotPermitted, wallet=MODULE):
        ours.safe.exec_from_module(call, module=MODULE)


OVER = ("checkAfterExecution", bytes(32), True)
"""What a Safe tells its guard when an execution is over."""


def ask(side: Guarded, field: Field) -> None:
    """A stranger calls the Safe as it would call its guard, for a transfer with the agent's name under it."""
    data, signature = field.encode("transfer", BOB, CAP), encode(["address", "uint256"], [AGENT.address, 0]) + b"\x01"
    before = (field.token.address, 0, data, 0, 0, 0, 0, ZERO, ZERO, signature, EVE)
    side.chain.send(Deployed(side.address, side.guard.interface), "checkTransaction", *before, sender=EVE)


def handle(side: Guarded, handler: str) -> None:
    """Makes it the Safe's handler, as nobody could by the front door."""
    side.chain.node.request("anvil_setStorageAt", side.address, HANDLER_SLOT, "0x" + handler[2:].zfill(64))


def test_handler__that_is_the_guard__speaks_for_anybody(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-8: through its fallback a Safe says as itself what anybody wants: a guard that is the handler believes it."""
    handle(naive, naive.guard.address)
    ask(naive, field)
    with pytest.raises(ContractReverted) as caught:
        naive.transfer(1)
    assert caught.value.data[:4] == CAP_EXCEEDED

    with pytest.raises(ContractReverted):
        ask(ours, field)
    assert ours.charged() == 0
    handle(ours, ours.guard.address)
    ask(ours, field)
    assert ours.charged() == CAP


@pytest.mark.parametrize("handler", ["ours", "the guard"])
def test_check_taken_off__in_the_midst_of_an_execution__only_by_the_guard_as_handler(
    ours: Guarded, field: Field, thief: Deployed, target: Deployed, handler: str
) -> None:
    """WP-8: a target that says "it is over" to the guard, before it takes, would not be measured."""
    token, chain = field.token.address, field.chain
    ours.by_people([(token, field.encode("approve", thief.address, 2**256 - 1))])
    pull = thief.interface.encode("pull", (token, ours.address, 500))
    ours.grant(target=thief.address, selector=pull[:4], standard=Standard.NONE, assets=(token,))
    ours.grant(target=target.address, selector="poke()", standard=Standard.NONE)
    chain.send(target, "arm", ours.address, ours.guard.interface.encode(OVER[0], OVER[1:]))
    assert ours.stored("fallback_manager.handler.address") == safe_handler(ours.guard.address).lower()
    if handler == "the guard":
        handle(ours, ours.guard.address)
    with ours.takes(500):
        ours.batch(Call(target.address, to_selector("poke()")), Call(thief.address, pull))
    assert ours.charged() == (500 if handler == "ours" else 0)


@pytest.mark.parametrize(("amount", "passes"), [(100, True), (CAP + 1, False)])
def test_reentry__with_the_next_transaction__charged_as_well(
    ours: Guarded, field: Field, target: Deployed, amount: int, passes: bool
) -> None:
    """WP-8: the agent's next transaction in the midst of this one finds the same limits; what both see counts twice."""
    token = field.token.address
    ours.grant(target=target.address, selector="poke()", standard=Standard.NONE, assets=(token,))
    following = SafeTransaction(to=token, data=field.encode("transfer", BOB, amount))
    data = ours.safe.exec_data(following, [TypedKey(AGENT)], nonce=ours.safe.nonce + 1)
    field.chain.send(target, "arm", ours.address, ours.self_call("execTransaction", *data))
    with ours.takes(amount if passes else 0):
        ours.act(target.address, to_selector("poke()"))
    assert ours.charged() == (2 * amount if passes else 0)


@pytest.mark.parametrize("measured", [False, True])
def test_reentry__by_the_token_itself__each_is_charged(ours: Guarded, field: Field, measured: bool) -> None:
    """WP-8: so does a token in the midst of its transfer, in short and in full."""
    chain, token = field.chain, field.chain.deploy("ReentrantToken", label=f"threat {measured}")
    field.fund(ours.address, token)
    ours.loosen("openAsset", (token.address, LIMITS, POLICY))
    ours.grant(target=token.address, measured=measured)
    following = SafeTransaction(to=token.address, data=field.encode("transfer", BOB, 7))
    data = ours.safe.exec_data(following, [TypedKey(AGENT)], nonce=ours.safe.nonce + 1)
    chain.send(token, "arm", ours.address, ours.self_call("execTransaction", *data))
    with ours.takes(7 + 5, token):
        ours.act(token.address, field.encode("transfer", BOB, 5))
    assert ours.charged(token.address) == (5 + 7 + 7 if measured else 5 + 7)


# ------------------------------------------------------------------ tokens and failures


@pytest.mark.parametrize("bound", [False, True])
def test_measured_approval__left_over_beside_a_drop__only_where_the_spender_is_free(
    ours: Guarded, field: Field, thief: Deployed, bound: bool
) -> None:
    """WP-3: approval and drop of one execution are one charge, whoever is approved: `measured` wants a rule."""
    token = field.token.address
    ours.by_people([(token, field.encode("approve", thief.address, CAP))])
    pull = thief.interface.encode("pull", (token, ours.address, 400))
    ours.grant(target=thief.address, selector=pull[:4], standard=Standard.NONE, assets=(token,))
    ours.grant(selector=APPROVE, measured=True, rules=(equal(0, thief.address),) if bound else ())
    calls = Call(token, field.encode("approve", EVE, 400)), Call(thief.address, pull)
    if bound:
        with refuses(RuleViolated, wallet=AGENT.address, word=0):
            ours.batch(*calls)
        return
    ours.batch(*calls)
    assert ours.charged() == 400
    with ours.takes(400):
        field.chain.send(field.token, "transferFrom", ours.address, EVE, 400, sender=EVE)


def test_rebase__in_the_midst_of_a_transfer__measured(ours: Guarded, field: Field) -> None:
    """WP-3: what a balance drops by counts, though the call says less."""
    chain, token = field.chain, field.chain.deploy("RebasingToken", label="threat")
    field.fund(ours.address, token)
    ours.loosen("openAsset", (token.address, LIMITS, POLICY))
    ours.grant(target=token.address)
    chain.send(token, "rebase", 99, True)
    before = field.of(ours.address, token)
    ours.act(token.address, field.encode("transfer", BOB, 1))
    assert (before - field.of(ours.address, token) > CAP, ours.charged(token.address)) == (True, 1)
    ours.grant(target=token.address, measured=True)
    chain.send(token, "rebase", 98, True)
    with refuses(AgentDenied, lane=int(token.address, 16), reason=Reason.VALUE_OVERSIZED):
        ours.act(token.address, field.encode("transfer", BOB, 1))


def test_failed_call__with_a_gas_stipend__charges_nothing(naive: Naive, ours: Guarded, field: Field) -> None:
    """WP-5: a call that fails without reverting burns no budget: all of it is undone."""
    for side in (naive, ours):
        field.chain.send(field.token, "transfer", EVE, field.of(side.address), sender=side.address)
    naive.transfer(CAP, safe_tx_gas=100_000)
    with pytest.raises(ContractReverted) as caught:
        naive.transfer(1)
    assert caught.value.data[:4] == CAP_EXCEEDED
    with refuses(InnerCallFailed):
        ours.transfer(CAP, safe_tx_gas=100_000)
    assert ours.charged() == 0


def test_failed_call__of_a_module__charges_nothing(field: Field, safes: Safes) -> None:
    """WP-5: nor does a module's, which a Safe never reverts by itself: it has cost the naive guard its cap."""
    naive = Naive(field, safes, [], [], label="failing", modules=True)
    failing, paying = (Call(field.token.address, field.encode("transfer", to, CAP)) for to in (ZERO, BOB))
    with naive.takes(0):
        naive.safe.exec_from_module(failing, module=MODULE)
        with pytest.raises(ContractReverted) as caught:
            naive.safe.exec_from_module(paying, module=MODULE)
    assert caught.value.data[:4] == CAP_EXCEEDED

    ours = Guarded(
        field, safes, owners=[HUMAN.address], modules=[AGENT.address], trusted=(HUMAN.address,), label="failing"
    )
    ours.grant()
    with refuses(InnerCallFailed):
        ours.safe.exec_from_module(failing, module=AGENT.address)
    assert ours.charged() == 0
    with ours.takes(CAP):
        ours.safe.exec_from_module(paying, module=AGENT.address)
    assert ours.charged() == CAP


def test_delegated_eoa__that_runs_a_safe__takes_no_guard(field: Field, safes: Safes) -> None:
    """WP-9: the key of such an account acts past every guard, and ours says so instead of seeming to guard it."""
    chain, signer = field.chain, key("key that runs a Safe")
    delegate_code(chain, signer, safes.singleton.address)
    contract = chain.at(signer.address, "Safe 1.5.0")
    owners = [AGENT.address, HUMAN.address]
    chain.send(contract, "setup", owners, 1, ZERO, b"", ZERO, ZERO, 0, ZERO, sender=EVE)
    field.fund(signer.address)
    safe = Safe(safes, contract)
    naive = chain.deploy(
        "NaiveSafeGuard", [field.token.address], [field.encode("transfer", EVE, 0)[:4]], CAP, label="delegated"
    )
    with field.rolled_back():
        safe.set_guard(naive.address, signers=[Sender(HUMAN.address)], sender=HUMAN.address)
        before = field.of(signer.address)
        chain.send(field.token, "transfer", EVE, LOOT, sender=signer.address)
        assert before - field.of(signer.address) == LOOT

    lanes = ((field.token.address, LIMITS, POLICY), (ZERO, LIMITS, POLICY))
    setup = Setup(field.core.address, safe.address, CHIEF, trusted=(HUMAN.address,), assets=lanes)
    guard = chain.deploy("SafeAgentGuard", setup.arguments, safes.multi_send_call_only.address, label="delegated")
    *others, (to, data) = safe_installation(safe.address, guard.address)
    for call in others:
        safe.exec(SafeTransaction(to=call[0], data=call[1]), [Sender(HUMAN.address)], sender=HUMAN.address)
    with refuses(DelegatedAccount, account=signer.address):
        safe.exec(SafeTransaction(to=to, data=data), [Sender(HUMAN.address)], sender=HUMAN.address)
