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
    Reason,
    Scope,
    Subject,
    UNKNOWN_WALLETS,
    UnknownPolicy,
    WalletWord,
    agentSubject
} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {Express} from "./Express.sol";

/// @notice What: the breakers one action passes, step by step as in docs/spec.md section 3.
/// @dev `_walk` reads and decides, and lists what an admission writes; `admit` writes it, `preview` does not (BR-1, BR-13). No loop but over
/// the agent, its lineage and at most four ancestors (BR-12), and no revert: a denial is a value (BR-4). `Express` answers for ordinary
/// actions before.
abstract contract Series is Express, ISeries {
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
        (uint32 agent, AgentWord agentState, BreakerWord breakerState) = _express(laneId, wallet, value);
        if (agent != 0) {
            // Steps 2 and 3, without another walk: most refusals end here.
            verdict = Verdicts.open(agentState.wait(block.timestamp), Scope.KillSwitch, 0);
            if (!verdict.fails()) verdict = Verdicts.open(breakerState.wait(block.timestamp), Scope.Agent, 0);
            if (verdict.fails()) {
                verdict = verdict.withAgent(agent);
                emit Denied(msg.sender, laneId, wallet, verdict, value);
                return verdict;
            }
        }
        Lane storage lane = _lane(msg.sender, laneId);
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
            if (verdict.strikes()) _strike(lane, agentSubject(verdict.agent()), laneId, wallet);
            emit Denied(msg.sender, laneId, wallet, verdict, value);
        }
    }

    /// @inheritdoc ISeries
    function preview(address protocol, uint256 lane, address wallet, uint256 value)
        external
        view
        returns (Verdict verdict)
    {
        (verdict,,) = _walk(_lane(protocol, lane), wallet, value);
    }

    /// @inheritdoc ISeries
    function status(address wallet) external view returns (Verdict verdict) {
        WalletWord word = _wallets[wallet];
        uint32 agent = word.agent();
        if (agent == 0) return Verdicts.never(Reason.WalletUnknown, Scope.Wallet);
        AgentWord agentState = _agents[agent];
        if (_counts(word, agentState)) {
            _expressStatus(agent, agentState);
            verdict = _killSwitches(agentState);
        } else {
            verdict = _walletVerdict(word, agentState);
        }
        return verdict.withAgent(agent);
    }

    /// @inheritdoc ISeries
    function statusOf(uint32 agent) external view returns (Verdict) {
        AgentWord agentState = _agents[agent];
        require(AgentWord.unwrap(agentState) != 0, UnknownAgent(agent));
        _expressStatus(agent, agentState);
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
            AgentWord agentState;
            Subject subject = UNKNOWN_WALLETS;
            WalletWord walletState = _wallets[wallet];
            if (walletState.agent() == 0) {
                verdict = _unknownVerdict(lane.word, lane.breakers[subject]);
                if (verdict.fails()) return (verdict, 0, 0);
            } else {
                agentState = _agents[walletState.agent()];
                subject = agentSubject(walletState.agent());
                verdict = _agentVerdict(lane, walletState, agentState, subject);
                verdict = verdict.withAgent(subject.id());
                if (verdict.hasReason()) return (verdict, 0, 0);
            }

            assembly ("memory-safe") {
                list := mload(0x40)
                mstore(0x40, add(list, mul(ENTRY, MOST_ENTRIES)))
            }
            end = list;

            LimitsWord laneLimits = lane.word;
            Scope scope = Scope.Agent;
            uint256 distance;
            Subject lineage;
            if (laneLimits.lineage() && !(subject == UNKNOWN_WALLETS)) {
                lineage = _lineageOf(lane, laneLimits, agentState);
            }
            while (true) {
                Breaker storage breaker = lane.breakers[subject];
                BreakerWord word = breaker.word;
                uint256 wait = word.wait(block.timestamp);
                if (wait != 0) return (Verdicts.open(wait, scope, distance).withAgent(verdict.agent()), 0, 0);
                Verdict failure;
                Cause cause;
                (word, failure, cause) = _charge(lane, laneLimits, subject, lineage, breaker, word, value);
                if (failure.fails()) {
                    failure = failure.placed(scope, distance).withAgent(verdict.agent());
                    if (!laneLimits.shadow()) return (failure, 0, 0);
                    if (!verdict.hasReason()) verdict = failure;
                }
                assembly ("memory-safe") {
                    mstore(end, breaker.slot)
                    mstore(add(end, 0x20), word)
                    mstore(add(end, 0x40), or(subject, shl(64, cause)))
                    end := add(end, ENTRY)
                }

                if (scope == Scope.Agent && Subject.unwrap(lineage) != 0) {
                    (scope, subject) = (Scope.Lineage, lineage);
                } else {
                    if (distance == agentState.depth()) return (verdict.admit(), list, end);
                    lineage = Subject.wrap(0);
                    uint32 ancestor = distance == 0 ? agentState.parent() : _agents[subject.id()].parent();
                    ++distance;
                    (scope, subject) = (Scope.Ancestor, agentSubject(ancestor));
                }
            }
        }
    }

    /// @dev Charge one breaker that is not open.
    /// @param lineage The one the agent is charged to; zero if none, and for an ancestor.
    /// @return next The word after it, also with the first touch of a fresh agent (ID-9).
    /// @return failure The first meter that is exceeded, without its place; zero if none is.
    /// @return cause What opens the breaker behind the action, 0 for nothing (last straw, BR-5).
    function _charge(
        Lane storage lane,
        LimitsWord laneLimits,
        Subject subject,
        Subject lineage,
        Breaker storage breaker,
        BreakerWord word,
        uint256 value
    ) private view returns (BreakerWord next, Verdict failure, Cause cause) {
        LimitsWord limits = _limits(breaker, word, laneLimits);
        Caps closed = Meters.capsOf(limits);
        if (Subject.unwrap(lineage) != 0) {
            Caps lineageCaps = _lineageCaps(lane.breakers[lineage], laneLimits);
            closed = subject.isLineage() ? lineageCaps : closed.clamp(lineageCaps, laneLimits.share());
        }
        uint256 window = laneLimits.window();
        uint256 toClosed = word.toClosed(limits.probation() * window, subject, block.timestamp);
        Caps caps = toClosed == 0 ? closed : closed.scale(limits.halfOpenScale());
        Cause straw;
        Reason reason;
        uint256 wait;
        (next, straw, reason, wait) = Meters.charge(word, caps, closed, window, limits.tripLevel(), value, toClosed);
        if (reason != Reason.None) failure = Verdicts.denied(reason, wait);
        else if (!laneLimits.shadow() && !(subject == UNKNOWN_WALLETS)) cause = straw;
        if (subject.isAgent()) next = next.touch(block.timestamp);
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

    /// @dev Steps 1 to 4 for a wallet that was never bound: a denial, or an admission if it is exempt, or zero (ID-5).
    function _unknownVerdict(LimitsWord limits, Breaker storage breaker) private view returns (Verdict verdict) {
        UnknownPolicy policy = limits.unknown();
        if (policy == UnknownPolicy.Deny) return Verdicts.never(Reason.WalletUnknown, Scope.Wallet);
        if (policy == UnknownPolicy.Shared) {
            verdict = Verdicts.open(breaker.word.wait(block.timestamp), Scope.Agent, 0);
        }
        if (!verdict.fails()) verdict = Verdicts.open(limits.wait(block.timestamp), Scope.Lane, 0);
        if (!verdict.fails() && policy == UnknownPolicy.Exempt) verdict = Verdicts.ADMITTED;
    }

    /// @dev Steps 1 to 5 for a wallet that names an agent: a denial, or zero.
    function _agentVerdict(Lane storage lane, WalletWord walletState, AgentWord agentState, Subject subject)
        private
        view
        returns (Verdict verdict)
    {
        verdict = _walletVerdict(walletState, agentState);
        if (!verdict.fails()) verdict = Verdicts.open(agentState.wait(block.timestamp), Scope.KillSwitch, 0);
        if (verdict.fails()) return verdict;
        verdict = Verdicts.open(lane.breakers[subject].word.wait(block.timestamp), Scope.Agent, 0);
        if (!verdict.fails()) verdict = _laneVerdict(lane.word, subject.id(), agentState);
        if (!verdict.fails()) verdict = _ancestorSwitches(agentState.parent());
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
    function _laneVerdict(LimitsWord limits, uint32 agent, AgentWord agentState)
        private
        view
        returns (Verdict verdict)
    {
        if (limits.window() == 0) return Verdicts.never(Reason.LaneUnopened, Scope.Lane);
        verdict = Verdicts.open(limits.wait(block.timestamp), Scope.Lane, 0);
        if (verdict.fails()) return verdict;
        uint256 registry = limits.registry();
        if (registry != 0 && registry != agentState.registry()) {
            return Verdicts.never(Reason.RegistryRefused, Scope.Lane);
        }
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
