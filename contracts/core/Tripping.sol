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
        Cause cause = Cause.Protocol;
        if (msg.sender != protocol) {
            guardian = _guardians[uint160(protocol)].word[msg.sender];
            cause = guardian != 0 ? Cause.Guardian : Cause.Admin;
            require(guardian != 0 || msg.sender == _protocols[protocol].admin, NotAuthorized(msg.sender));
            _requireUnbound(msg.sender);
        }
        (Lane storage lane, LimitsWord current) = _openedLane(protocol, laneId);
        uint256 latch = cause == Cause.Protocol ? 0 : 1;
        bool unspent = true;
        uint32 until = type(uint32).max;
        if (subject == LANE) {
            if (guardian == 0) current = current.latch(latch);
            else (current, unspent, until) = current.guardianTrip(uint32(guardian), guardian >> 32, block.timestamp);
            lane.word = current;
        } else {
            BreakerWord word = lane.breakers[subject].word;
            // What was ever charged or set exists.
            if (BreakerWord.unwrap(word) == 0) _requireSubject(subject);
            if (guardian == 0) word = word.latch(latch);
            else (word, unspent, until) = word.guardianTrip(uint32(guardian), guardian >> 32, block.timestamp);
            lane.breakers[subject].word = word;
        }
        require(unspent, GuardianSpent(msg.sender));
        emit BreakerTripped(protocol, laneId, subject, msg.sender, cause, until, note);
    }

    /// @inheritdoc ITripping
    function tripAgent(uint32 agent, bytes32 note) external {
        AgentWord word = _agents[agent];
        uint256 guardian = _guardians[_guardianScope(agent)].word[msg.sender];
        uint32 until = type(uint32).max;
        if (guardian != 0) {
            _requireUnbound(msg.sender);
            bool unspent;
            (word, unspent, until) = word.guardianTrip(uint32(guardian), guardian >> 32, block.timestamp);
            require(unspent, GuardianSpent(msg.sender));
        } else {
            _requireOwner(agent);
            word = word.latchOwner();
        }
        _agents[agent] = word;
        emit AgentTripped(agent, msg.sender, guardian != 0 ? Cause.Guardian : Cause.Owner, until, note);
    }
}
