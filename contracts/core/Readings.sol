// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IReadings} from "../interfaces/IReadings.sol";
import {ISeries} from "../interfaces/ISeries.sol";
import {BreakerWords} from "../libraries/BreakerWords.sol";
import {LimitsWords} from "../libraries/LimitsWords.sol";
import {Caps, Meters} from "../libraries/Meters.sol";
import {BreakerWord, LANE, LimitsWord, Query, State, Subject, Usage} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {Ledger} from "./Ledger.sol";

/// @notice What the meters say, for clients.
abstract contract Readings is Ledger, IReadings {
    using BreakerWords for BreakerWord;
    using LimitsWords for LimitsWord;

    /// @inheritdoc IReadings
    function usage(address protocol, uint256 laneId, Subject subject) external view returns (Usage memory u) {
        (Lane storage lane, LimitsWord laneLimits) = _openedLane(protocol, laneId);
        if (subject == LANE) {
            if (laneLimits.wait(block.timestamp) != 0) u.state = State.Open;
            return u;
        }
        Breaker storage breaker = lane.breakers[subject];
        BreakerWord word = breaker.word;
        LimitsWord limits = _limits(breaker, word, laneLimits);
        Caps caps = subject.isLineage() ? _lineageCaps(breaker, laneLimits) : Meters.capsOf(limits);
        if (subject.isAgent() && laneLimits.lineage()) {
            Subject lineage = _lineageOf(lane, laneLimits, _agents[subject.id()]);
            caps = caps.clamp(_lineageCaps(lane.breakers[lineage], laneLimits), laneLimits.share());
        }
        uint256 window = laneLimits.window();
        if (word.wait(block.timestamp) != 0) {
            u.state = State.Open;
        } else if (word.toClosed(limits.probation() * window, subject, block.timestamp) != 0) {
            u.state = State.HalfOpen;
            caps = caps.scale(limits.halfOpenScale());
        }
        u.countCap = caps.count() == Meters.UNLIMITED_COUNT ? type(uint256).max : caps.count();
        u.valueCap = caps.mantissa() == Meters.UNLIMITED_VALUE ? type(uint256).max : caps.value();
        (u.countUsed, u.valueUsed) = Meters.used(word, caps, window, block.timestamp);
    }

    /// @inheritdoc IReadings
    function previewBatch(Query[] calldata queries) external view returns (Verdict[] memory verdicts) {
        verdicts = new Verdict[](queries.length);
        for (uint256 i; i < queries.length; ++i) {
            Query calldata q = queries[i];
            verdicts[i] = ISeries(address(this)).preview(q.protocol, q.lane, q.wallet, q.value);
        }
    }

    /// @inheritdoc IReadings
    function laneWord(address protocol, uint256 lane) external view returns (LimitsWord) {
        return _lane(protocol, lane).word;
    }

    /// @inheritdoc IReadings
    function overrideWord(address protocol, uint256 lane, Subject subject) external view returns (LimitsWord) {
        return _lane(protocol, lane).breakers[subject].limits;
    }

    /// @inheritdoc IReadings
    function breakerWord(address protocol, uint256 lane, Subject subject) external view returns (BreakerWord) {
        return _lane(protocol, lane).breakers[subject].word;
    }
}
