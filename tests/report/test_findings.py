"""What the report says, compared with what the script did and what the chain answers to the test itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.chain import Node
from switchgear.demo.stage import BLOCK_TIME, Call
from switchgear.demo.vaults import LIMITS, POLICY, open_account
from switchgear.errors import InvalidInput, RangeReorganised, RPCFailed, UnknownAgent
from switchgear.report import Evidence, ScoreRow, examine, gather
from switchgear.report.evidence import Measure, Outcome, Source
from switchgear.report.findings import DELAYS, Phase
from switchgear.report.reader import blocks_with_transactions
from switchgear.types import (
    LANE,
    UNDECLARED_LINEAGE,
    UNKNOWN_WALLETS,
    ZERO_ADDRESS,
    Cause,
    Causes,
    Reason,
    State,
    Subject,
)
from tests.support.incident import BILL, BILLS, DEPOSIT, GREED, LATE, Incident

if TYPE_CHECKING:
    from switchgear.report import Findings

DOLLAR = BILL // 10


def tokens_of(incident: Incident, holder: str, block: int | str) -> int:
    """A balance of the vault's asset, asked of the chain by the test itself."""
    token = incident.account.vault.read("asset")
    data = "0x70a08231" + "00" * 12 + holder[2:]
    block = hex(block) if isinstance(block, int) else block
    return int(incident.stage.node.request("eth_call", {"to": token, "data": data}, block), 16)


def dollars(incident: Incident) -> Measure:
    """Moves of the vault's asset."""
    return Measure(str(incident.account.vault.read("asset")), None)


def charged(incident: Incident) -> Measure:
    """Charges in the vault's lane."""
    return Measure(incident.account.vault.address, 0)


def test_gather__incident__has_every_transaction_of_the_wallet_and_no_other(
    incident: Incident, evidence: Evidence
) -> None:
    """OP-5: failed ones too, which leave no log; each with what became of it."""
    sent = [*incident.bills, *incident.thefts, *incident.late]
    found = {action.source.transaction: action for action in evidence.actions}
    first = evidence.actions[0]
    assert list(found) == [first.source.transaction, *(one.hash for one in sent)]
    assert len(found) == int(
        incident.stage.node.request("eth_getTransactionCount", incident.wallet.address, "latest"), 16
    )
    outcomes = [Outcome.DONE] * BILLS + [Outcome.FAILED] + [Outcome.DONE] * len(incident.thefts)
    outcomes += [Outcome.DENIED] * (LATE + 1)
    assert [found[one.hash].outcome for one in sent] == outcomes
    assert [found[one.hash].gas_used for one in sent] == [one.gas for one in sent]
    late = [found[one.hash] for one in incident.late]
    assert [one.admissions[0].verdict for one in late] == [one.verdict for one in incident.late]
    assert {one.admissions[0].verdict.reason for one in late} == {Reason.BREAKER_OPEN}


def test_examine__incident__ends_with_the_trip_and_begins_a_window_before(
    incident: Incident, findings: Findings
) -> None:
    """S12: the trip that the vault's receipt has, and the first theft."""
    trip = findings.trip
    assert trip is not None
    assert trip.source.transaction == incident.thefts[-1].hash
    assert (trip.cause, trip.actor) == (Cause.VALUE_LAST_STRAW, incident.wallet.address)
    assert findings.onset == Source(incident.thefts[0].block, incident.thefts[0].hash)
    phases = {source.transaction: phase for source, phase in findings.phases.items()}
    assert {phases[one.hash] for one in incident.bills} == {Phase.BASELINE}
    assert {phases[one.hash] for one in incident.thefts} == {Phase.INCIDENT}
    assert {phases[one.hash] for one in incident.late} == {Phase.AFTER}


def test_examine__moved__is_the_difference_of_balances(incident: Incident, findings: Findings) -> None:
    """OP-5: value before and after the trip, and what it was charged, add up to what the thief has."""
    assert findings.trip is not None
    at_trip = tokens_of(incident, incident.thief.address, findings.trip.source.block)
    at_end = tokens_of(incident, incident.thief.address, "latest")
    before = findings.moved["before"]
    assert before[dollars(incident)].value == before[charged(incident)].value == at_trip
    assert at_end == at_trip == DOLLAR + BILLS * BILL + len(incident.thefts) * GREED
    assert findings.moved["after"] == {}


def test_examine__moments__are_the_blocks_of_the_receipts(incident: Incident, findings: Findings) -> None:
    """S12: reaction in blocks and seconds, from the first harmful action on."""
    start = incident.thefts[0].block
    blocks = {moment.name: moment.block - start for moment in findings.moments}
    assert blocks == {
        "incident begins": 0,
        "trip, by value last straw": incident.thefts[-1].block - start,
        "first denial": incident.late[0].block - start,
        "last attempt": incident.late[-1].block - start,
    }
    assert [moment.delay for moment in findings.moments] == [
        timedelta(seconds=BLOCK_TIME * moment.blocks) for moment in findings.moments
    ]


def test_examine__rates__are_per_window_of_the_lane(incident: Incident, evidence: Evidence, findings: Findings) -> None:
    """S12: the incident's pace beside the baseline's."""
    baseline, during, after = findings.rates
    assert findings.window == 3600
    assert (baseline.actions, during.actions, after.actions) == (BILLS + 2, len(incident.thefts), LATE + 1)
    seconds = BLOCK_TIME * (incident.thefts[-1].block - incident.thefts[0].block)
    assert during.seconds == seconds
    amount = during.amounts[charged(incident)].value
    assert during.per_window(amount, findings.window) == Fraction(len(incident.thefts) * GREED * 3600, seconds)
    assert during.per_window(1, findings.window) > 100 * baseline.per_window(1, findings.window)  # type: ignore[operator]
    assert replace(after, last=after.first).per_window(1, findings.window) is None
    assert evidence.first.time + baseline.seconds + during.seconds + after.seconds == evidence.last.time


@pytest.mark.parametrize("delay", DELAYS)
def test_examine__counterfactuals__count_what_the_script_did(
    incident: Incident, findings: Findings, delay: int
) -> None:
    """S12: what a trip so many blocks after the beginning would have spared, and what came after the real one."""
    (sooner,) = [one for one in findings.sooner if one.blocks == delay]
    thefts = len(incident.thefts)
    taken = sum(one.block <= incident.thefts[0].block + delay for one in incident.thefts)
    assert taken == min(thefts, delay + 1)
    assert sooner.amounts[charged(incident)].value == taken * GREED
    spared = sooner.spared.get(charged(incident))
    assert (spared.value if spared else 0) == (thefts - taken) * GREED
    (later,) = [one for one in findings.later if one.blocks == delay]
    tried = sum(
        (GREED if index < LATE else BILL)
        for index, one in enumerate(incident.late)
        if one.block <= incident.thefts[-1].block + delay
    )
    attempts = later.attempts.get(charged(incident))
    assert (attempts.value if attempts else 0) == tried
    assert later.pace[charged(incident)].value == GREED * delay  # one theft a block
    assert {one.transaction for one in later.pace[charged(incident)].sources} == {one.hash for one in incident.thefts}


def test_gather__who_answers__is_whom_the_chain_names(incident: Incident, evidence: Evidence) -> None:
    """S12: owner, wallet, lineage and its attestation, provider, admin and the guardian who acted, by event."""
    roles = {one.role: one for one in evidence.tenures}
    assert {role: one.holder for role, one in roles.items() if "lineage," not in role} == {
        "owner": incident.owner.address,
        "wallet": incident.wallet.address,
        "provider of the lineage": incident.provider.address,
        "admin": incident.admin.address,
        "guardian who acted": incident.guardian.address,
    }
    assert roles["lineage, declared"].holder.startswith(f"{incident.lineage} (")
    assert roles["lineage, attested"].holder == str(incident.lineage)
    for one in evidence.tenures:
        assert one.since is not None, one
        assert one.until is None, one
    assert evidence.kill_switch is State.OPEN


def test_gather__sold_and_revoked__tenures_end_where_the_events_are(incident: Incident) -> None:
    """S12, ID-4: who answered before, and until which block."""
    stage, agent = incident.stage, incident.agent
    revoked = stage.breaker.revoke_wallet(incident.wallet.address, sender=incident.owner)
    buyer = incident.user
    sold = stage.attempt(
        incident.owner, stage.registry, "transferFrom", incident.owner.address, buyer.address, incident.agent_id
    )
    tenures = gather(stage.breaker, agent).tenures
    (wallet,) = [one for one in tenures if one.role == "wallet"]
    assert wallet.until is not None
    assert (wallet.until.transaction, wallet.detail.endswith("revoked")) == (revoked.hash, True)
    old, new = [one for one in tenures if one.role == "owner"]
    assert (old.holder, new.holder) == (incident.owner.address, buyer.address)
    assert old.until == new.since
    assert new.since is not None
    assert new.since.transaction == sold.hash
    # As of a block before that, neither has happened.
    before = gather(stage.breaker, agent, last=(revoked.block_number or 0) - 1).tenures
    assert all(one.until is None for one in before)


def test_gather__softly_denied__is_found_by_its_event(incident: Incident) -> None:
    """BR-4: a soft refusal succeeds as a transaction; its event, with its index, says that it was denied."""
    stage = incident.stage
    account = open_account(
        stage, "SoftGuardedVault", incident.user, DEPOSIT, [incident.wallet], admin=incident.admin, limits=LIMITS
    )
    outcome = account.withdraw(incident.wallet, 5 * DOLLAR, incident.thief)
    action = gather(stage.breaker, incident.agent, first=outcome.block).actions[-1]
    assert (action.source.transaction, action.outcome) == (outcome.hash, Outcome.DENIED)
    (denial,) = action.denials
    receipt = stage.node.request("eth_getTransactionReceipt", outcome.hash)
    assert denial.log_index in [int(log["logIndex"], 16) for log in receipt["logs"]]
    assert action.asked() == {Measure(account.vault.address, 0): 5 * DOLLAR}
    assert action.amounts() == {}


def test_gather__coins_and_several_hops__count_once(incident: Incident) -> None:
    """OP-5: what changes hands for good in a transaction, not what passes through."""
    stage, wallet = incident.stage, incident.wallet
    nonce = int(stage.node.request("eth_getTransactionCount", wallet.address, "latest"), 16)
    request = stage._request(wallet, nonce, to=incident.thief.address, value=7, gas=21_000)
    stage._mine([(wallet, request)])
    action = gather(stage.breaker, incident.agent, first=stage.block).actions[-1]
    assert action.amounts() == {Measure(ZERO_ADDRESS, None): 7}
    (movement,) = action.movements
    there_and_on = [
        replace_movement(movement, incident.wallet.address, incident.user.address),
        replace_movement(movement, incident.user.address, incident.thief.address),
    ]
    assert replace(action, movements=tuple(there_and_on)).amounts() == {Measure(ZERO_ADDRESS, None): 7}


def replace_movement(movement: Any, sender: str, receiver: str) -> Any:
    """The same amount between others."""
    return movement._replace(sender=sender, receiver=receiver)


def test_gather__node_without_traces__knows_denials_and_says_what_it_lacks(
    incident: Incident, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many public nodes have no debug API: outcomes and tokens are the same without it, charges are unknown."""
    ask = Node.request_many

    def refuse(self: Node, method: str, params: Any) -> Any:
        if method.startswith("debug_"):
            raise RPCFailed(method, -32601, "method not found")
        return ask(self, method, params)

    monkeypatch.setattr(Node, "request_many", refuse)
    found = gather(incident.stage.breaker, incident.agent)
    assert (found.traced, evidence.traced) == (False, True)
    assert [one.outcome for one in found.actions] == [one.outcome for one in evidence.actions]
    moved = examine(found).moved["before"]
    assert {measure: figure.value for measure, figure in moved.items()} == {
        dollars(incident): DOLLAR + BILLS * BILL + len(incident.thefts) * GREED
    }


def test_gather__breakers_that_it_does_not_pass__are_no_trips_of_it(incident: Incident) -> None:
    """S12: this lane charges no lineages, so neither breaker stopped the agent; the lane's own would have."""
    stage = incident.stage
    place, first = (incident.account.vault.address, 0), stage.block + 1
    for subject in (UNDECLARED_LINEAGE, Subject.of_lineage(incident.lineage), UNKNOWN_WALLETS):
        stage.breaker.trip(*place, subject, "others", sender=incident.admin)
    assert gather(stage.breaker, incident.agent, first=first).trips == ()
    lane = stage.breaker.trip(*place, LANE, "everybody", sender=incident.admin)
    (trip,) = gather(stage.breaker, incident.agent, first=first).trips
    assert (trip.source.transaction, trip.cause) == (lane.hash, Cause.ADMIN)


def test_gather__lineage_accepted_and_charged__its_trip_is_one_of_the_agent(incident: Incident) -> None:
    """S5: the breaker that all agents of a model share stops this one too; that of undeclared lineage does not."""
    stage = incident.stage
    account = open_account(stage, "GuardedVault", incident.user, DEPOSIT, [incident.wallet], admin=incident.admin)
    vault = account.vault.address
    stage.breaker.reset_agent(incident.agent, Causes.GUARDIAN, sender=incident.owner)
    protocol = stage.actor()
    stage.breaker.set_admin(incident.admin.address, sender=protocol)
    policy = POLICY._replace(lineage=True)
    stage.breaker.open_lane(3, LIMITS, policy, [incident.lineage], sender=protocol)
    stage.breaker.admit(3, incident.wallet.address, 1, sender=protocol)
    first = stage.block + 1
    for subject in (UNDECLARED_LINEAGE, Subject.of_lineage(incident.lineage)):
        last = stage.breaker.trip(protocol.address, 3, subject, "model", sender=incident.admin)
    evidence = gather(stage.breaker, incident.agent, first=first)
    (trip,) = evidence.trips
    assert (trip.source.transaction, trip.place) == (last.hash, (protocol.address, 3))
    # A lane that the agent never touched is none of its places.
    assert vault not in {place.protocol for place in evidence.places}


def test_gather__agent_without_incident__has_nothing_to_measure(incident: Incident) -> None:
    """A range before the trip, or an agent that never acted, is a report too."""
    calm = gather(incident.stage.breaker, incident.agent, last=incident.thefts[0].block - 1)
    findings = examine(calm)
    assert (findings.trip, findings.onset, findings.moments, findings.sooner) == (None, None, (), ())
    assert set(findings.phases.values()) == {Phase.BASELINE}
    assert calm.kill_switch is State.CLOSED
    idle = incident.stage.enroll(incident.stage.actor())
    nothing = gather(incident.stage.breaker, idle)
    assert (nothing.actions, nothing.places, nothing.trips) == ((), (), ())
    assert examine(nothing).moved == {"before": {}, "after": {}}


def test_gather__no_such_agent_or_range__is_a_typed_error(incident: Incident) -> None:
    """Nobody gets an empty report about nobody."""
    breaker, newest = incident.stage.breaker, incident.stage.block
    with pytest.raises(UnknownAgent):
        gather(breaker, incident.agent + 1_000)
    for first, last in [(0, newest + 1), (2, 1), (-1, 1)]:
        with pytest.raises(InvalidInput, match="the newest is"):
            gather(breaker, incident.agent, first=first, last=last)
    assert gather(breaker, incident.agent, first=newest, last=newest).last.number == newest


def test_gather__last_block_replaced_meanwhile__range_reorganised(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-1: half of one chain and half of another is no evidence."""
    stage = incident.stage
    snapshot = stage.node.request("evm_snapshot")
    stage.pass_time(60)
    before = stage.node.block()["hash"]
    ask = Node.request_many

    def replace_block(self: Node, method: str, params: Any) -> Any:
        answers = ask(self, method, params)
        if method == "debug_traceTransaction":
            stage.node.request("evm_revert", snapshot)
            stage.pass_time(61)
        return answers

    monkeypatch.setattr(Node, "request_many", replace_block)
    with pytest.raises(RangeReorganised) as caught:
        gather(stage.breaker, incident.agent)
    assert caught.value.before == before
    assert caught.value.after == stage.node.block(caught.value.block)["hash"] != before


def test_blocks_with_transactions__any_range__are_those_of_a_full_scan(incident: Incident) -> None:
    """Halving by nonce finds exactly what reading every block finds."""
    node, wallet, newest = incident.stage.node, incident.wallet.address, incident.stage.block
    full = node.request_many("eth_getBlockByNumber", [[hex(number), True] for number in range(newest + 1)])
    sent = [
        int(block["number"], 16)
        for block in full
        if any(one["from"] == wallet.lower() for one in block["transactions"])
    ]
    # The node does not keep the states of blocks before the test's own.
    before = sent[0] - 1
    ranges = [(before, newest), (sent[0], sent[-1]), (sent[0] + 1, sent[-1] - 1), (newest, newest), (before, before)]
    for first, last in ranges:
        assert blocks_with_transactions(node, wallet, first, last) == [one for one in sent if first <= one <= last]


def test_gather__long_history__asks_little_and_splits_the_logs(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year of blocks is not read block by block; logs come in pieces that nodes accept."""
    stage = incident.stage
    stage.node.request("anvil_mine", hex(400))
    asked: list[str] = []
    ranges: list[int] = []
    ask, one = Node.request_many, Node.request

    def many(self: Node, method: str, params: Any) -> Any:
        asked.extend([method] * len(params))
        return ask(self, method, params)

    def single(self: Node, method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            span = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16)
            if span > 60:
                raise RPCFailed(method, -32005, "too many blocks")
            ranges.append(span)
        return one(self, method, *params)

    monkeypatch.setattr(Node, "request_many", many)
    monkeypatch.setattr(Node, "request", single)
    evidence = gather(stage.breaker, incident.agent)
    assert len(evidence.actions) == BILLS + 2 + len(incident.thefts) + LATE + 1
    assert asked.count("eth_getTransactionCount") < evidence.last.number
    assert asked.count("eth_getBlockByNumber") < evidence.last.number // 4
    assert max(ranges) <= 60


@pytest.mark.parametrize(("score", "alarming"), [(2.99, False), (3.0, True)])
def test_examine__detectors_alarm__moves_the_beginning(
    incident: Incident, evidence: Evidence, score: float, alarming: bool
) -> None:
    """S4: a score at its threshold is an alarm, one below it is not; an earlier alarm is an earlier beginning."""
    row = ScoreRow(incident.bills[1].block, "burst-60", score, 3.0)
    findings = examine(replace(evidence, scores=(row,)))
    assert row.alarming is alarming
    expected = incident.bills[1] if alarming else incident.thefts[0]
    assert findings.onset == Source(expected.block, expected.hash)
    alarms = [one for one in findings.moments if one.name == "first alarm of a detector"]
    assert [(one.block, one.source) for one in alarms] == (
        [(row.block, evidence.blocks[row.block])] if alarming else []
    )


def test_examine__onset_chosen__must_be_in_the_range_and_not_after_the_trip(
    incident: Incident, evidence: Evidence
) -> None:
    """A reader may know better when it began, within reason."""
    trip = incident.thefts[-1].block
    chosen = examine(evidence, onset=incident.thefts[2].block)
    assert chosen.onset == Source(incident.thefts[2].block, incident.thefts[2].hash)
    last = examine(evidence, onset=trip).onset
    assert last is not None
    assert last.block == trip
    for onset in (trip + 1, -1):
        with pytest.raises(InvalidInput, match="cannot begin in block"):
            examine(evidence, onset=onset)


def test_gather__two_actions_in_the_trips_block__are_told_apart_by_index(incident: Incident) -> None:
    """OP-5: what came after the trip in its own block is after it."""
    stage = incident.stage
    stage.breaker.reset_agent(
        incident.agent, stage.breaker.agent(incident.agent).causes(stage.now), sender=incident.owner
    )
    stage.pass_time(4 * 3600)
    call = Call(
        incident.wallet, incident.account.vault, "withdraw", (BILL, incident.thief.address, incident.user.address)
    )
    first = stage.block + 1
    # Half-open, with a quarter of the limit: the big one fills the meter, the next finds the breaker open.
    big = replace(call, args=(1_200 * DOLLAR, *call.args[1:]))
    done, denied = stage.at_once([big, call])
    assert done.trips
    findings = examine(gather(stage.breaker, incident.agent, first=first))
    assert findings.trip is not None
    assert findings.trip.source.block == done.block == denied.block
    phases = {source.transaction: phase for source, phase in findings.phases.items()}
    assert phases == {done.hash: Phase.INCIDENT, denied.hash: Phase.AFTER}
