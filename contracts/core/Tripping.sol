// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ITripping} from "../interfaces/ITripping.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {BreakerWords} from "../libraries/BreakerWords.sol";
import {LimitsWords} from "../libraries/LimitsWords.sol";
import {AgentWord, BreakerWord, Cause, LANE, LimitsWord, Subject} from "../types/Types.sol";
import {Series} from "./Series.sol";

/// @notice By whom: the hot half, tripping.
abstract contract Tripping is Series, ITripping {
    using AgentWords for AgentWord;
    using BreakerWords for BreakerWord;
    using LimitsWords for LimitsWord;

    /// @inheritdoc ITripping
    function trip(address protocol, uint256 laneId, Subject subject, bytes32 note) external {
        uint256 guardian;
        uint256 latch;
        if (msg.sender != protocol) {
            latch = 1;
            guardian = _guardians[uint160(protocol)].word[msg.sender];
            if (guardian == 0) _requireAdmin(protocol);
            else _requireUnbound(msg.sender);
        }
        (Lane storage lane, LimitsWord current) = _openedLane(protocol, laneId);
        uint32 until = type(uint32).max;
        if (subject == LANE) {
            if (guardian != 0 && current.isSpent(guardian >> 32)) guardian = _asAdmin(protocol);
            if (guardian == 0) current = current.latch(latch);
            else (current, until) = current.guardianTrip(uint32(guardian), guardian >> 32, block.timestamp);
            lane.word = current;
        } else {
            Breaker storage breaker = lane.breakers[subject];
            BreakerWord word = breaker.word;
            // What was ever charged, set or tripped exists.
            if (BreakerWord.unwrap(word) == 0) _requireSubject(subject);
            else if (guardian != 0 && word.isSpent(guardian >> 32)) guardian = _asAdmin(protocol);
            if (guardian == 0) word = word.latch(latch);
            else (word, until) = word.guardianTrip(uint32(guardian), guardian >> 32, block.timestamp);
            breaker.word = word;
        }
        Cause cause = guardian != 0 ? Cause.Guardian : latch == 0 ? Cause.Protocol : Cause.Admin;
        emit BreakerTripped(protocol, laneId, subject, msg.sender, cause, until, note);
    }

    /// @inheritdoc ITripping
    function tripAgent(uint32 agent, bytes32 note) external {
        AgentWord word = _agents[agent];
        uint256 guardian = _guardians[_guardianScope(agent)].word[msg.sender];
        if (guardian != 0 && word.isSpent(guardian >> 32)) {
            // Whoever appointed the next owner as a guardian must not take the latch from it.
            require(msg.sender == _ownerOf(agent), GuardianSpent(msg.sender));
            guardian = 0;
        }
        uint32 until = type(uint32).max;
        if (guardian != 0) {
            _requireUnbound(msg.sender);
            (word, until) = word.guardianTrip(uint32(guardian), guardian >> 32, block.timestamp);
        } else {
            _requireOwner(agent);
            word = word.latchOwner();
        }
        _agents[agent] = word;
        emit AgentTripped(agent, msg.sender, guardian != 0 ? Cause.Guardian : Cause.Owner, until, note);
    }

    /// @dev A spent guardian that is the admin, too, trips as the admin.
    function _asAdmin(address protocol) private view returns (uint256) {
        require(msg.sender == _protocols[protocol].admin, GuardianSpent(msg.sender));
        return 0;
    }
}
