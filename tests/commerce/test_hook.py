"""CommerceHook: who is charged and asked, what is never blocked, and what the job contract does with a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import function_signature_to_4byte_selector as selector_of

from switchgear.commerce import DELIVERY_LANE, ERC_TEXT, PAYMENT_LANE, Lane, Role
from tests.adapters.world import FOREVER, HOUR, REASON, SCOPE, World, deny, reason_and_scope
from tests.commerce.market import (
    BUDGET,
    CAP,
    COMPLETED,
    EXPIRED,
    FUNDED,
    FUNDS,
    GAS,
    OPEN,
    REJECTED,
    SUBMITTED,
    WHY,
    WORK,
    Market,
    now,
)
from tests.support.reverts import Revert, check_revert, reverts_with

if TYPE_CHECKING:
    from ape.api import ChainManager

ZERO = "0x" + "00" * 20
LANE_SUBJECT = 2 << 32
FUND, SUBMIT, SET_PROVIDER = map(
    selector_of,
    ("fund(uint256,uint256,bytes)", "submit(uint256,bytes32,bytes)", "setProvider(uint256,address,bytes)"),
)
EXITS = ("claimRefund(uint256)", "reject(uint256,bytes32,bytes)", "rejectClaim(uint256,uint256,bytes32,bytes32,bytes)")
OBEY, REVERT, BURN, BOMB, REENTER = range(5)


@pytest.fixture(scope="module", autouse=True)
def approved(guarded: Market, token: Any) -> None:
    """The client has money, and approved all of it."""
    token.approve(guarded.jobs, FUNDS, sender=guarded.client)


@pytest.fixture(scope="module")
def hostile_hook(project: Any, deployer: Any) -> Any:
    """A hook that obeys a script."""
    return deployer.deploy(project.HostileHook)


def refused(revert: Revert, hook: Any, error: str, **fields: Any) -> None:
    """What the hook said, in the escrow's error."""
    check_revert(bytes(revert.fields["reason"]), hook, error, **fields)


def denied(revert: Revert) -> tuple[int, int]:
    """Reason and scope of the verdict that the hook refused with."""
    _lane, _wallet, verdict = decode(["uint256", "address", "uint256"], bytes(revert.fields["reason"])[4:])
    return reason_and_scope(verdict)


def used(world: World, hook: Any, lane: int, agent: int) -> tuple[int, int]:
    """Count and value in an agent's meters."""
    usage = world.core.usage(hook, lane, agent)
    return int(usage.countUsed), int(usage.valueUsed)


# ------------------------------------------------------------------------------- what is charged


def test_job__of_agents__charges_payment_and_delivery(
    guarded: Market, hook: Any, world: World, client_agent: int, provider_agent: int
) -> None:
    """CM-3, CM-4: the client's agent is charged the budget when it pays, the provider's a delivery when it submits."""
    job = guarded.priced()
    assert used(world, hook, PAYMENT_LANE, client_agent) == (0, 0)
    guarded.token.approve(guarded.jobs, BUDGET, sender=guarded.client)
    guarded.jobs.fund(job, BUDGET, b"", sender=guarded.client)
    assert used(world, hook, PAYMENT_LANE, client_agent) == (1, BUDGET)
    assert used(world, hook, DELIVERY_LANE, provider_agent) == (0, 0)
    guarded.jobs.submit(job, WORK, b"", sender=guarded.provider)
    assert used(world, hook, DELIVERY_LANE, provider_agent) == (1, 0)
    guarded.jobs.complete(job, WHY, b"", sender=guarded.evaluator)
    assert used(world, hook, PAYMENT_LANE, client_agent) == (1, BUDGET)
    assert guarded.token.balanceOf(guarded.provider) == BUDGET


def test_fund__many_jobs_by_a_rogue_client__loses_the_cap_and_no_more(guarded: Market, hook: Any) -> None:
    """S13, CM-4: a client that pays job after job is stopped at its limit, to the last unit, and tripped at it."""
    token, client = guarded.token, guarded.client
    before = token.balanceOf(client)
    asked = (600, 600, 400, 310, 300)  # within seconds: the meter refills by one every 2.4 s
    jobs = [guarded.priced(budget) for budget in (*asked, 1)]
    token.approve(guarded.jobs, FUNDS, sender=client)
    lost = 0
    for job, budget in zip(jobs, asked, strict=False):
        if lost + budget <= CAP:
            guarded.jobs.fund(job, budget, b"", sender=client)
            lost += budget
            continue
        with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
            guarded.jobs.fund(job, budget, b"", sender=client, gas=GAS)
        assert denied(revert) == (REASON["ValueLimit"], SCOPE["Agent"])
    assert before - token.balanceOf(client) == lost == CAP
    with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
        guarded.jobs.fund(jobs[-1], 1, b"", sender=client, gas=GAS)
    assert denied(revert) == (REASON["BreakerOpen"], SCOPE["Agent"])


def test_fund__nobodys_wallet__as_the_lane_says(guarded: Market, hook: Any, stranger: Any) -> None:
    """ID-5: a client without an agent is for the lane's policy to decide; here it is denied."""
    job = guarded.priced(sender=stranger)
    with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
        guarded.jobs.fund(job, BUDGET, b"", sender=stranger, gas=GAS)
    refused(revert, hook, "AgentDenied", lane=PAYMENT_LANE, wallet=stranger, verdict=deny("WalletUnknown", "Wallet"))


def test_fund__client_with_a_full_purse_but_tripped__denied(
    guarded: Market, hook: Any, world: World, owner: Any, client_agent: int
) -> None:
    """S13: the kill switch of the client's agent stops its payments."""
    job = guarded.priced()
    world.core.tripAgent(client_agent, b"", sender=owner)
    with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
        guarded.jobs.fund(job, BUDGET, b"", sender=guarded.client, gas=GAS)
    verdict = deny("BreakerOpen", "KillSwitch", agent=client_agent)
    refused(revert, hook, "AgentDenied", lane=PAYMENT_LANE, wallet=guarded.client, verdict=verdict)


# ------------------------------------------------------------------------------- the provider


def test_provider__tripped__is_neither_named_nor_paid_for_nor_heard(
    guarded: Market, hook: Any, world: World, owner: Any, provider_agent: int
) -> None:
    """S13, CM-3: a tripped provider cannot be named, a job created with it takes no money, and its work is refused."""
    jobs, client, provider = guarded.jobs, guarded.client, guarded.provider
    at_work, named, vacant = guarded.at(FUNDED), guarded.priced(100), guarded.create(provider=ZERO)
    world.core.tripAgent(provider_agent, b"", sender=owner)
    verdict = deny("BreakerOpen", "KillSwitch", agent=provider_agent)
    steps = (
        lambda: jobs.setProvider(vacant, provider, b"", sender=client, gas=GAS),
        lambda: jobs.fund(named, 100, b"", sender=client, gas=GAS),
        lambda: jobs.submit(at_work, WORK, b"", sender=provider, gas=GAS),
    )
    for step in steps:
        with reverts_with(jobs, "HookRefused", hook=hook, reason=...) as revert:
            step()
        refused(revert, hook, "AgentDenied", lane=DELIVERY_LANE, wallet=provider, verdict=verdict)
    world.core.resetAgent(provider_agent, 63, sender=owner)
    for step in steps:
        step()
    assert [guarded.state(job) for job in (vacant, named, at_work)] == [OPEN, FUNDED, SUBMITTED]


def test_provider__nobody_or_revoked__cannot_be_hired(
    guarded: Market, hook: Any, world: World, owner: Any, stranger: Any, provider_agent: int
) -> None:
    """ID-1, ID-5: a fresh key is hired no more than a revoked one, and a job created with one takes no money."""
    world.core.revokeWallet(guarded.provider, sender=owner)
    for who, reason, agent in ((stranger, "WalletUnknown", 0), (guarded.provider, "WalletRevoked", provider_agent)):
        vacant, named = guarded.create(provider=ZERO), guarded.priced(provider=who)
        verdict = deny(reason, "Wallet", agent=agent)
        with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
            guarded.jobs.setProvider(vacant, who, b"", sender=guarded.client, gas=GAS)
        refused(revert, hook, "AgentDenied", lane=DELIVERY_LANE, wallet=who, verdict=verdict)
        with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
            guarded.jobs.fund(named, BUDGET, b"", sender=guarded.client, gas=GAS)
        refused(revert, hook, "AgentDenied", lane=DELIVERY_LANE, wallet=who, verdict=verdict)


def test_provider__at_its_limit__can_be_hired_and_waits(
    guarded: Market, hook: Any, world: World, provider_agent: int, chain: ChainManager
) -> None:
    """CM-3: three deliveries an hour: the fourth is refused, but meanwhile the provider can be hired."""
    works = [guarded.at(FUNDED, 100) for _ in range(4)]
    guarded.token.approve(guarded.jobs, FUNDS, sender=guarded.client)
    start = now() + 1
    for job in works[:3]:
        chain.pending_timestamp = start
        guarded.jobs.submit(job, WORK, b"", sender=guarded.provider)
        start += 1
    with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=...) as revert:
        guarded.jobs.submit(works[3], WORK, b"", sender=guarded.provider, gas=GAS)
    assert denied(revert) == (REASON["CountLimit"], SCOPE["Agent"])
    vacant = guarded.create(provider=ZERO)
    guarded.jobs.setProvider(vacant, guarded.provider, b"", sender=guarded.client)
    guarded.jobs.setBudget(vacant, 100, b"", sender=guarded.client)
    guarded.jobs.fund(vacant, 100, b"", sender=guarded.client)
    assert used(world, hook, DELIVERY_LANE, provider_agent) == (3, 0)
    chain.pending_timestamp = start + HOUR // 3
    guarded.jobs.submit(works[3], WORK, b"", sender=guarded.provider)


# ------------------------------------------------------------------------------- exits


@pytest.mark.parametrize("trouble", ["agents tripped", "lanes tripped", "core gone"])
@pytest.mark.parametrize("state", [FUNDED, SUBMITTED])
def test_exits__whatever_is_open__pay_back(
    trouble: str,
    state: int,
    guarded: Market,
    world: World,
    hook: Any,
    admin: Any,
    owner: Any,
    client_agent: int,
    provider_agent: int,
    chain: ChainManager,
) -> None:
    """CM-1: reject and claimRefund work with every breaker open, and without a core."""
    before = guarded.token.balanceOf(guarded.client)
    rejected, expired, still_open = guarded.at(state, 100), guarded.at(state, 100), guarded.create()
    if trouble == "agents tripped":
        for agent in (client_agent, provider_agent):
            world.core.tripAgent(agent, b"", sender=owner)
    elif trouble == "lanes tripped":
        for lane in (PAYMENT_LANE, DELIVERY_LANE):
            world.core.trip(hook, lane, LANE_SUBJECT, b"", sender=admin)
    else:
        world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    guarded.jobs.reject(rejected, WHY, b"", sender=guarded.evaluator)
    guarded.jobs.reject(still_open, WHY, b"", sender=guarded.client)
    chain.pending_timestamp = guarded.jobs.getJob(expired).expiredAt
    guarded.jobs.claimRefund(expired, sender=guarded.client)
    assert [guarded.state(job) for job in (rejected, still_open, expired)] == [REJECTED, REJECTED, EXPIRED]
    assert guarded.token.balanceOf(guarded.client) == before


def test_core_gone__forward_actions__fail_closed(guarded: Market, hook: Any, world: World) -> None:
    """BR-16: without a core nothing is paid, hired or delivered."""
    work, job, vacant = guarded.at(FUNDED, 100), guarded.priced(100), guarded.create(provider=ZERO)
    world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    jobs = guarded.jobs
    for step in (
        lambda: jobs.fund(job, 100, b"", sender=guarded.client, gas=GAS),
        lambda: jobs.submit(work, WORK, b"", sender=guarded.provider, gas=GAS),
        lambda: jobs.setProvider(vacant, guarded.provider, b"", sender=guarded.client, gas=GAS),
    ):
        with reverts_with(jobs, "HookRefused", hook=hook, reason=b""):
            step()


@pytest.mark.parametrize("mode", [REVERT, BURN, BOMB], ids=["reverts", "burns gas", "returns a lot"])
def test_claim_refund__hostile_hook__is_not_even_told(
    mode: int, plain: Market, hostile_hook: Any, chain: ChainManager
) -> None:
    """CM-1, CM-5: whatever a hook does, the client of an expired job gets its money; till then it blocks its job."""
    hostile_hook.script(OBEY, ZERO, b"", sender=plain.client)
    job, before = plain.at(FUNDED, hook=hostile_hook), plain.token.balanceOf(plain.client)
    hostile_hook.script(mode, ZERO, b"", sender=plain.client)
    with reverts_with(plain.jobs, "HookRefused", hook=hostile_hook, reason=...) as revert:
        plain.jobs.reject(job, WHY, b"", sender=plain.evaluator, gas=GAS)
    reason = bytes(revert.fields["reason"])
    if mode == BOMB:
        assert len(reason) == 256
    else:
        refusal = selector_of("Refused(string)") + encode(["string"], ["as scripted"])
        assert reason == (refusal if mode == REVERT else b"")
    receipt = plain.jobs.provider.web3.eth.get_transaction_receipt(revert.tx_hash)
    assert receipt["gasUsed"] < 620_000
    chain.pending_timestamp = plain.jobs.getJob(job).expiredAt
    refund = plain.jobs.claimRefund(job, sender=plain.client)
    assert hostile_hook.Called.from_receipt(refund) == []
    assert plain.token.balanceOf(plain.client) == before + BUDGET


def test_hook__told_by_the_escrow__in_the_ercs_encoding(plain: Market, hostile_hook: Any) -> None:
    """CM-5: a hook hears of each of the six functions, before and after, in the encoding of the ERC's text."""
    hostile_hook.script(OBEY, ZERO, b"", sender=plain.client)
    job = plain.create(provider=ZERO, hook=hostile_hook)
    other = plain.create(hook=hostile_hook)
    jobs, note = plain.jobs, b"note"
    jobs_and_data = [
        (jobs.setProvider(job, plain.provider, note, sender=plain.client), "address", plain.provider.address),
        (jobs.setBudget(job, BUDGET, note, sender=plain.client), "uint256", BUDGET),
        (jobs.fund(job, BUDGET, note, sender=plain.client), None, None),
        (jobs.submit(job, WORK, note, sender=plain.provider), "bytes32", WORK),
        (jobs.complete(job, WHY, note, sender=plain.evaluator), "bytes32", WHY),
        (jobs.reject(other, WHY, note, sender=plain.client), "bytes32", WHY),
    ]
    for receipt, kind, value in jobs_and_data:
        calls = hostile_hook.Called.from_receipt(receipt)
        data = note if kind is None else encode([kind, "bytes"], [value, note])
        selector = bytes(receipt.data)[:4]
        subject = int.from_bytes(bytes(receipt.data)[4:36], "big")
        assert [(call.before, call.jobId, bytes(call.selector), bytes(call.data)) for call in calls] == [
            (True, subject, selector, data),
            (False, subject, selector, data),
        ]
        assert all(490_000 < call.gas < 500_000 for call in calls)


@pytest.mark.parametrize("function", ["setBudget", "fund", "submit", "claimRefund"])
def test_hook__calls_back__finds_every_door_locked(function: str, plain: Market, hostile_hook: Any) -> None:
    """CM-5: a hook in the middle of an action can do nothing to any job."""
    hostile_hook.script(OBEY, ZERO, b"", sender=plain.client)
    job, other = plain.at(FUNDED, hook=hostile_hook), plain.at(FUNDED)
    args: dict[str, tuple[Any, ...]] = {
        "setBudget": (other, 1, b""),
        "fund": (other, BUDGET, b""),
        "submit": (other, WORK, b""),
        "claimRefund": (other,),
    }
    attack = getattr(plain.jobs, function).encode_input(*args[function])
    hostile_hook.script(REENTER, plain.jobs, attack, sender=plain.client)
    locked = selector_of("ReentrancyGuardReentrantCall()")
    with reverts_with(plain.jobs, "HookRefused", hook=hostile_hook, reason=locked):
        plain.jobs.submit(job, WORK, b"", sender=plain.provider, gas=GAS)
    assert plain.state(other) == FUNDED


def test_hook__starved_by_the_caller__blocks(guarded: Market, hook: Any) -> None:
    """CM-5: whoever leaves the hook too little gas does not get past it."""
    job = guarded.priced(100)
    with reverts_with(guarded.jobs, "HookRefused", hook=hook, reason=b""):
        guarded.jobs.fund(job, 100, b"", sender=guarded.client, gas=90_000)
    assert guarded.state(job) == OPEN


# ------------------------------------------------------------------------------- who may ask


@pytest.mark.parametrize("function", ["beforeAction", "afterAction"])
def test_hook__spoofed__charges_nobody(
    function: str, guarded: Market, hook: Any, world: World, stranger: Any, client_agent: int, provider_agent: int
) -> None:
    """BR-5: nobody but the escrow makes the hook charge anyone: a stranger with an honest job's id gets nowhere."""
    funded = guarded.priced()
    work = guarded.at(FUNDED, 100)
    before = used(world, hook, PAYMENT_LANE, client_agent), used(world, hook, DELIVERY_LANE, provider_agent)
    for job, selector in ((funded, FUND), (work, SUBMIT), (funded, SET_PROVIDER)):
        with reverts_with(hook, "NotJobContract", caller=stranger):
            getattr(hook, function)(job, selector, b"", sender=stranger, gas=GAS)
    assert (used(world, hook, PAYMENT_LANE, client_agent), used(world, hook, DELIVERY_LANE, provider_agent)) == before
    with reverts_with(hook, "NotSelf", caller=stranger):
        hook.report(guarded.jobs, work, sender=stranger, gas=GAS)


def test_hook__strangers_job_contract__forward_closed_exits_free(
    guarded: Market, hook: Any, plain: Market, world: World, client_agent: int
) -> None:
    """BR-5, CM-1: jobs of a contract that the hook was not deployed for take no money, and can be ended."""
    job = plain.priced(hook=hook)
    with reverts_with(plain.jobs, "HookRefused", hook=hook, reason=...) as revert:
        plain.jobs.fund(job, BUDGET, b"", sender=plain.client, gas=GAS)
    refused(revert, hook, "NotJobContract", caller=plain.jobs)
    plain.jobs.reject(job, WHY, b"", sender=plain.client)
    assert used(world, hook, PAYMENT_LANE, client_agent) == (0, 0)
    assert guarded.jobs.jobCount() == 0


@pytest.mark.parametrize("function", ["beforeAction", "afterAction"])
def test_hook__unknown_selector__fails_closed(function: str, guarded: Market, hook: Any, accounts: Any) -> None:
    """CM-1, CM-2: of what is not in the table nothing passes, though the escrow itself asks."""
    job = guarded.create()
    with accounts.use_sender(guarded.jobs.address) as escrow:
        escrow.provider.set_balance(escrow.address, 10**18)
        for selector in (b"\xde\xad\xbe\xef", bytes(4), selector_of("fund(uint256,bytes)")):
            with reverts_with(hook, "UnknownAction", selector=selector):
                getattr(hook, function)(job, selector, b"", sender=escrow, gas=GAS)


@pytest.mark.parametrize("function", ["beforeAction", "afterAction"])
def test_hook__exits_of_every_version__pass_from_anyone(function: str, hook: Any, stranger: Any) -> None:
    """CM-1: claimRefund, reject and rejectClaim are free whoever asks, and whatever the job."""
    for exit_ in EXITS:
        getattr(hook, function)(2**255, selector_of(exit_), b"junk", sender=stranger)


# ------------------------------------------------------------------------------- hooks that clients choose


def test_create_job__without_the_required_hook__reverts(guarded: Market, hook: Any, hostile_hook: Any) -> None:
    """S13: where the escrow insists on its hook, a rogue client can neither leave it out nor bring its own."""
    for other in (ZERO, hostile_hook):
        with reverts_with(guarded.jobs, "HookRequired", hook=hook):
            guarded.create(hook=other)


def test_create_job__where_clients_choose__a_rogue_one_chooses_none(
    plain: Market, world: World, owner: Any, client_agent: int
) -> None:
    """What a hook alone cannot stop: a tripped agent pays where it may leave the hook out."""
    world.core.tripAgent(client_agent, b"", sender=owner)
    plain.at(COMPLETED, hook=ZERO)


def test_create_job__hook_without_its_interface__reverts(plain: Market, stranger: Any, world: World) -> None:
    """CM-5: neither an account without code, which would let everything pass, nor any contract is taken for a hook."""
    for none in (stranger, plain.token, world.core, plain.jobs):
        with reverts_with(plain.jobs, "NotHook", hook=none):
            plain.create(hook=none)


def test_supports_interface__of_the_hook__as_the_erc_has_it(hook: Any) -> None:
    """The hook says what it is, and nothing else."""
    assert [hook.supportsInterface(one) for one in ("0x7ff6bc9e", "0x01ffc9a7", "0xffffffff")] == [True, True, False]


# ------------------------------------------------------------------------------- reputation


def test_complete__provider_is_an_agent__is_reported(
    guarded: Market, hook: Any, world: World, reputation: Any, provider_agent: int
) -> None:
    """The registry of reputation learns of a completed job, under the agent's number in its identity registry."""
    job = guarded.at(SUBMITTED, 100)
    receipt = guarded.jobs.complete(job, WHY, b"", sender=guarded.evaluator)
    agent_id = world.core.identityOf(provider_agent)[1]
    assert reputation.NewFeedback.from_receipt(receipt) == [
        reputation.NewFeedback(
            agentId=agent_id, clientAddress=hook, value=100, valueDecimals=0, tag1="ERC-8183", tag2="completed"
        )
    ]
    assert hook.FeedbackFailed.from_receipt(receipt) == []


@pytest.mark.parametrize("mode", [1, 2, 3, 4], ids=["reverts", "burns gas", "returns a lot", "is gone"])
def test_complete__registry_fails__is_completed_and_told(
    mode: int, guarded: Market, hook: Any, reputation: Any
) -> None:
    """S13: a failing reputation registry never blocks a completion; that it failed is told."""
    job = guarded.at(SUBMITTED, 100)
    if mode == 4:
        reputation.provider.make_request("anvil_setCode", [reputation.address, "0x"])
    else:
        reputation.script(mode, sender=guarded.client)
    receipt = guarded.jobs.complete(job, WHY, b"", sender=guarded.evaluator)
    assert hook.FeedbackFailed.from_receipt(receipt) == [hook.FeedbackFailed(jobContract=guarded.jobs, jobId=job)]
    assert guarded.token.balanceOf(guarded.provider) == 100


def test_complete__core_gone__is_completed(guarded: Market, hook: Any, world: World) -> None:
    """S13: delivered work is paid without a core too."""
    job = guarded.at(SUBMITTED, 100)
    world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    receipt = guarded.jobs.complete(job, WHY, b"", sender=guarded.evaluator)
    assert hook.FeedbackFailed.from_receipt(receipt) == [hook.FeedbackFailed(jobContract=guarded.jobs, jobId=job)]
    assert guarded.state(job) == COMPLETED


# ------------------------------------------------------------------------------- deployment


def test_constructor__as_deployed__shows_what_it_was_given(
    hook: Any, guarded: Market, plain: Market, world: World, admin: Any, reputation: Any
) -> None:
    """CM-2: table, job contracts and addresses are those of the constructor."""
    assert hook.circuitBreaker() == world.core
    assert (hook.reputation(), hook.identity()) == (reputation, world.registry)
    assert (hook.isJobContract(guarded.jobs), hook.isJobContract(plain.jobs)) == (True, False)
    assert {text: Role(hook.roleOf(selector_of(text))) for text in ERC_TEXT.functions} == ERC_TEXT.functions
    assert {Role(hook.roleOf(selector_of(text))) for text in EXITS} == {Role.FREE}
    assert hook.roleOf("0xdeadbeef") == Role.UNKNOWN
    assert world.core.adminOf(hook) == (admin, ZERO)
    assert (hook.DELIVERY_LANE(), hook.paymentLane(ZERO)) == (DELIVERY_LANE, PAYMENT_LANE)
    assert hook.paymentLane(world.core) == int(world.core.address, 16)


@pytest.mark.parametrize("place", range(4))
def test_constructor__word_out_of_reach__reverts(
    place: int, project: Any, deployer: Any, world: World, admin: Any, hook: Any, lanes: list[Lane]
) -> None:
    """CM-2: the 16th word is the last that is read."""
    for number, fits in ((15, True), (16, False)):
        words = [0, 0, 0, 0]
        words[place] = number
        setup = list(ERC_TEXT.setup(world.core.address, admin.address, [], lanes))
        setup[4] = tuple(words)
        if fits:
            deployer.deploy(project.CommerceHook, tuple(setup))
        else:
            with reverts_with(hook, "InvalidJobWords"):
                deployer.deploy(project.CommerceHook, tuple(setup), gas=10 * GAS)


def test_constructor__exits_misconfigured__stay_free(
    project: Any, deployer: Any, world: World, admin: Any, lanes: list[Lane]
) -> None:
    """CM-1: not even the table can put an exit under the breaker."""
    family = ERC_TEXT._replace(functions=dict.fromkeys(EXITS, Role.FUND))
    hook = deployer.deploy(project.CommerceHook, family.setup(world.core.address, admin.address, [], lanes))
    assert {Role(hook.roleOf(selector_of(text))) for text in EXITS} == {Role.FREE}


def test_constructor__no_lane__denies(
    project: Any, deployer: Any, world: World, admin: Any, accounts: Any, guarded: Market
) -> None:
    """BR-10: a token without a lane, or a hook without lanes, pays for nothing."""
    setup = ERC_TEXT.setup(world.core.address, admin.address, [guarded.jobs.address], [])
    hook = deployer.deploy(project.CommerceHook, setup)
    job = guarded.priced()
    with accounts.use_sender(guarded.jobs.address) as escrow:
        escrow.provider.set_balance(escrow.address, 10**18)
        with reverts_with(hook, "AgentDenied", lane=DELIVERY_LANE, wallet=guarded.provider, verdict=...) as revert:
            hook.beforeAction(job, FUND, b"", sender=escrow, gas=GAS)
    assert reason_and_scope(revert.fields["verdict"])[0] == REASON["LaneUnopened"]
    assert revert.fields["verdict"] >> 32 & FOREVER == FOREVER
