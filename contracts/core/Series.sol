// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISeries} from "../interfaces/ISeries.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {BreakerWords} from "../libraries/BreakerWords.sol";
import {LimitsWords} from "../libraries/LimitsWords.sol";
import {Caps, Meters} from "../libraries/Meters.sol";
import {Verdicts} from "../libraries/Verdicts.sol";
import {WalletWords} from "../libraries/WalletWords.sol";
import {
    AgentWord,
    BreakerWord,
    Cause,
    LimitsWord,
    Query,
    Reason,
    Scope,
    Subject,
    UNKNOWN_WALLETS,
    UnknownPolicy,
    WalletWord,
    agentSubject
} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {Ledger} from "./Ledger.sol";

/// @notice What: the breakers one action passes, step by step as in docs/spec.md section 3.
/// @dev `_walk` reads and decides, and lists what an admission writes; `admit` writes it, `preview` does not (BR-1, BR-13). No loop but over
/// the agent, its lineage and at most four ancestors (BR-12), and no revert: a denial is a value (BR-4). This is the hot path: it tests
/// whole fields of a word at once for "nothing special" and leaves the details to the functions below it.
abstract contract Series is Ledger, ISeries {
    using AgentWords for AgentWord;
    using BreakerWords for BreakerWord;
    using LimitsWords for LimitsWord;
    using Meters for Caps;
    using Verdicts for Verdict;
    using WalletWords for WalletWord;

    /// @dev Bytes of one entry of the list: slot of the breaker, its word, its subject | cause of its trip << 64.
    uint256 private constant ENTRY = 96;
    /// @dev Agent, lineage, four ancestors.
    uint256 private constant MOST_ENTRIES = 6;

    /// @inheritdoc ISeries
    function admit(uint256 laneId, address wallet, uint256 value) external returns (Verdict verdict) {
        Lane storage lane = _protocols[msg.sender].lanes[laneId];
        uint256 list;
        uint256 end;
        (verdict, list, end) = _walk(lane, wallet, value);
        if (verdict.admitted()) {
            while (end != list) {
                unchecked {
                    end -= ENTRY;
                }
                Breaker storage breaker;
                BreakerWord word;
                uint256 rest;
                assembly ("memory-safe") {
                    breaker.slot := mload(end)
                    word := mload(add(end, 0x20))
                    rest := mload(add(end, 0x40))
                }
                if (rest >> 64 != 0) {
                    Subject subject = Subject.wrap(uint64(rest));
                    word = _autoTrip(lane.word, breaker, word, subject, Cause(rest >> 64), laneId, wallet);
                }
                breaker.word = word;
            }
            if (verdict.hasReason()) emit Shadowed(msg.sender, laneId, wallet, verdict, value);
        } else {
            if (verdict.scope() == Scope.Agent && verdict.reason() >= Reason.ZeroLimit && verdict.agent() != 0) {
                _strike(lane, agentSubject(verdict.agent()), laneId, wallet);
            }
            emit Denied(msg.sender, laneId, wallet, verdict, value);
        }
    }

    /// @inheritdoc ISeries
    function preview(address protocol, uint256 lane, address wallet, uint256 value) public view returns (Verdict verdict) {
        (verdict,,) = _walk(_protocols[protocol].lanes[lane], wallet, value);
    }

    /// @inheritdoc ISeries
    function previewBatch(Query[] calldata queries) external view returns (Verdict[] memory verdicts) {
        verdicts = new Verdict[](queries.length);
        for (uint256 i; i < queries.length; ++i) {
            Query calldata q = queries[i];
            verdicts[i] = preview(q.protocol, q.lane, q.wallet, q.value);
        }
    }

    /// @inheritdoc ISeries
    function status(address wallet) external view returns (Verdict) {
        WalletWord word = _wallets[wallet];
        uint32 agent = word.agent();
        if (agent == 0) return Verdicts.never(Reason.WalletUnknown, Scope.Wallet);
        AgentWord agentState = _agents[agent];
        Verdict verdict = _walletVerdict(word, agentState);
        return (verdict.fails() ? verdict : _killSwitches(agentState)).withAgent(agent);
    }

    /// @inheritdoc ISeries
    function statusOf(uint32 agent) external view returns (Verdict) {
        AgentWord agentState = _agents[agent];
        require(AgentWord.unwrap(agentState) != 0, UnknownAgent(agent));
        return _killSwitches(agentState).withAgent(agent);
    }

    /// @dev The series.
    /// @return verdict Whether all of it admits.
    /// @return list Memory address of the entries to write if so, and `end` the one after the last.
    function _walk(Lane storage lane, address wallet, uint256 value)
        private
        view
        returns (Verdict verdict, uint256 list, uint256 end)
    {
        unchecked {
            LimitsWord laneLimits;
            AgentWord agentState;
            Subject subject = UNKNOWN_WALLETS;
            Breaker storage breaker;
            BreakerWord word;
            {
                WalletWord walletState = _wallets[wallet];
                uint32 agent = walletState.agent();
                if (agent == 0) {
                    laneLimits = lane.word;
                    breaker = lane.breakers[subject];
                    (verdict, word) = _unknownVerdict(laneLimits, breaker);
                    if (verdict.fails()) return (verdict, 0, 0);
                } else {
                    agentState = _agents[agent];
                    if (!walletState.counts(agentState.epoch(), block.timestamp)) {
                        return (_walletVerdict(walletState, agentState).withAgent(agent), 0, 0);
                    }
                    if (agentState.stoppable()) {
                        verdict = Verdicts.open(agentState.wait(block.timestamp), Scope.KillSwitch, 0);
                        if (verdict.fails()) return (verdict.withAgent(agent), 0, 0);
                    }
                    subject = agentSubject(agent);
                    breaker = lane.breakers[subject];
                    word = breaker.word;
                    if (word.stopped(block.timestamp)) {
                        verdict = Verdicts.open(word.wait(block.timestamp), Scope.Agent, 0);
                        if (verdict.fails()) return (verdict.withAgent(agent), 0, 0);
                    }
                    laneLimits = lane.word;
                    if (laneLimits.special()) {
                        verdict = _laneVerdict(laneLimits, agent, agentState);
                        if (verdict.fails()) return (verdict.withAgent(agent), 0, 0);
                    }
                    if (agentState.parent() != 0) {
                        verdict = _ancestorSwitches(agentState.parent());
                        if (verdict.fails()) return (verdict.withAgent(agent), 0, 0);
                    }
                    verdict = verdict.withAgent(agent);
                }
            }

            assembly ("memory-safe") {
                list := mload(0x40)
                mstore(0x40, add(list, mul(ENTRY, MOST_ENTRIES)))
            }
            end = list;

            LimitsWord limits = _limits(breaker, word, laneLimits);
            Caps closed = Meters.capsOf(limits);
            Scope scope = Scope.Agent;
            uint256 distance;
            Subject lineage;
            Caps lineageCaps;
            if (laneLimits.lineage() && !(subject == UNKNOWN_WALLETS)) {
                (lineage, lineageCaps) = _lineageOf(lane, laneLimits, agentState);
                closed = closed.clamp(lineageCaps, laneLimits.share());
            }
            while (true) {
                Reason reason;
                uint256 wait;
                Cause straw;
                {
                    uint256 window = laneLimits.window();
                    uint256 toClosed = word.toClosed(limits.probation() * window, subject, block.timestamp);
                    Caps caps = closed;
                    if (toClosed != 0) caps = closed.scale(limits.halfOpenScale());
                    (word, straw, reason, wait) =
                        Meters.charge(word, caps, closed, window, limits.tripLevel(), value, toClosed);
                }
                if (reason != Reason.None) {
                    Verdict failure = Verdicts.denied(reason, scope, distance, wait).withAgent(verdict.agent());
                    if (!laneLimits.shadow()) return (failure, 0, 0);
                    if (!verdict.hasReason()) verdict = failure;
                    straw = Cause.None;
                }
                // First touch: the probation of a fresh agent starts (ID-9).
                if (word.autoUntil() == 0 && subject.isAgent()) word = word.touch(block.timestamp);
                if (straw != Cause.None && (laneLimits.shadow() || subject == UNKNOWN_WALLETS)) straw = Cause.None;
                assembly ("memory-safe") {
                    mstore(end, breaker.slot)
                    mstore(add(end, 0x20), word)
                    mstore(add(end, 0x40), or(subject, shl(64, straw)))
                    end := add(end, ENTRY)
                }

                if (scope == Scope.Agent && Subject.unwrap(lineage) != 0) {
                    (scope, subject) = (Scope.Lineage, lineage);
                } else {
                    if (distance == agentState.depth()) return (verdict.admit(), list, end);
                    uint32 ancestor = distance == 0 ? agentState.parent() : _agents[subject.id()].parent();
                    ++distance;
                    (scope, subject) = (Scope.Ancestor, agentSubject(ancestor));
                }
                breaker = lane.breakers[subject];
                word = breaker.word;
                if (word.stopped(block.timestamp)) {
                    wait = word.wait(block.timestamp);
                    if (wait != 0) return (Verdicts.open(wait, scope, distance).withAgent(verdict.agent()), 0, 0);
                }
                limits = _limits(breaker, word, laneLimits);
                closed = scope == Scope.Lineage ? lineageCaps : Meters.capsOf(limits);
            }
        }
    }

    /// @dev Record a denial by the agent's own meters; one too many opens the breaker (BR-5).
    function _strike(Lane storage lane, Subject subject, uint256 laneId, address wallet) private {
        Breaker storage breaker = lane.breakers[subject];
        LimitsWord laneLimits = lane.word;
        (BreakerWord word, bool due) =
            breaker.word.strike(_limits(breaker, breaker.word, laneLimits), laneLimits.window(), block.timestamp);
        breaker.word = due
            ? _autoTrip(laneLimits, breaker, word, subject, Cause.Strikes, laneId, wallet)
            : word.touch(block.timestamp);
    }

    function _autoTrip(
        LimitsWord laneLimits,
        Breaker storage breaker,
        BreakerWord word,
        Subject subject,
        Cause cause,
        uint256 laneId,
        address wallet
    ) private returns (BreakerWord) {
        uint32 until;
        LimitsWord limits = _limits(breaker, word, laneLimits);
        (word, until) = word.autoTrip(limits, limits.probation() * laneLimits.window(), subject, cause, block.timestamp);
        emit BreakerTripped(msg.sender, laneId, subject, wallet, cause, until, bytes32(0));
        return word;
    }

    /// @dev Steps 1, 3 and 4 for a wallet that was never bound: a denial, or an admission if it is exempt, or zero and the breaker that all
    /// such wallets share (ID-5).
    function _unknownVerdict(LimitsWord limits, Breaker storage breaker)
        private
        view
        returns (Verdict verdict, BreakerWord word)
    {
        UnknownPolicy policy = limits.unknown();
        if (policy == UnknownPolicy.Deny) return (Verdicts.never(Reason.WalletUnknown, Scope.Wallet), word);
        if (policy == UnknownPolicy.Shared) {
            word = breaker.word;
            verdict = Verdicts.open(word.wait(block.timestamp), Scope.Agent, 0);
            if (verdict.fails()) return (verdict, word);
        }
        verdict = Verdicts.open(limits.wait(block.timestamp), Scope.Lane, 0);
        if (!verdict.fails() && policy == UnknownPolicy.Exempt) verdict = Verdicts.ADMITTED;
    }

    /// @dev Step 1, for a wallet that names an agent: zero if it counts.
    function _walletVerdict(WalletWord word, AgentWord agentState) private view returns (Verdict verdict) {
        if (word.revokedAt() != 0) return Verdicts.never(Reason.WalletRevoked, Scope.Wallet);
        if (word.epoch() != agentState.epoch()) return Verdicts.never(Reason.WalletStale, Scope.Wallet);
        if (block.timestamp >= word.expiry()) return Verdicts.never(Reason.WalletExpired, Scope.Wallet);
    }

    /// @dev Steps 2 and 5, for a status.
    function _killSwitches(AgentWord agentState) private view returns (Verdict verdict) {
        verdict = Verdicts.open(agentState.wait(block.timestamp), Scope.KillSwitch, 0);
        if (!verdict.fails()) verdict = _ancestorSwitches(agentState.parent());
        if (!verdict.fails()) verdict = Verdicts.ADMITTED;
    }

    /// @dev Step 4, for an agent.
    function _laneVerdict(LimitsWord limits, uint32 agent, AgentWord agentState) private view returns (Verdict verdict) {
        if (limits.window() == 0) return Verdicts.never(Reason.LaneUnopened, Scope.Lane);
        verdict = Verdicts.open(limits.wait(block.timestamp), Scope.Lane, 0);
        if (verdict.fails()) return verdict;
        uint256 registry = limits.registry();
        if (registry != 0 && registry != agentState.registry()) return Verdicts.never(Reason.RegistryRefused, Scope.Lane);
        if (limits.live()) {
            Identity storage identity = _identities[agent];
            address owner = _tryOwnerOf(identity.registry, identity.agentId);
            if (owner == address(0) || owner != identity.recordedOwner) {
                return Verdicts.never(Reason.WalletStale, Scope.Wallet);
            }
        }
    }

    /// @dev Step 5.
    function _ancestorSwitches(uint32 ancestor) private view returns (Verdict verdict) {
        for (uint256 distance = 1; ancestor != 0; ++distance) {
            AgentWord agentState = _agents[ancestor];
            verdict = Verdicts.open(agentState.wait(block.timestamp), Scope.AncestorKillSwitch, distance);
            if (verdict.fails()) return verdict;
            ancestor = agentState.parent();
        }
    }
}
