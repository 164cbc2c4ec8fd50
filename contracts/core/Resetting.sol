// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IResetting} from "../interfaces/IResetting.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {BreakerWords} from "../libraries/BreakerWords.sol";
import {LimitsWords} from "../libraries/LimitsWords.sol";
import {AgentWord, BreakerWord, LANE, LimitsWord, Subject} from "../types/Types.sol";
import {Ledger} from "./Ledger.sol";

/// @notice By whom: reset and heartbeat.
abstract contract Resetting is Ledger, IResetting {
    using AgentWords for AgentWord;
    using BreakerWords for BreakerWord;
    using LimitsWords for LimitsWord;

    /// @inheritdoc IResetting
    function reset(address protocol, uint256 laneId, Subject subject, uint8 causes) external {
        _requireAdmin(protocol);
        (Lane storage lane, LimitsWord current) = _openedLane(protocol, laneId);
        if (subject == LANE) {
            LimitsWord next = current.reset(causes);
            require(LimitsWord.unwrap(next) != LimitsWord.unwrap(current), NothingToReset());
            lane.word = next;
        } else {
            Breaker storage breaker = lane.breakers[subject];
            BreakerWord word = breaker.word;
            uint256 probation = (word.overridden() ? breaker.limits : current).probation() * current.window();
            BreakerWord next = word.reset(causes, probation, block.timestamp);
            require(BreakerWord.unwrap(next) != BreakerWord.unwrap(word), NothingToReset());
            breaker.word = next;
        }
        emit BreakerReset(protocol, laneId, subject, msg.sender, causes);
    }

    /// @inheritdoc IResetting
    function resetAgent(uint32 agent, uint8 causes) external {
        _requireOwner(agent);
        AgentWord word = _agents[agent];
        AgentWord next = word.reset(causes, block.timestamp);
        require(AgentWord.unwrap(next) != AgentWord.unwrap(word), NothingToReset());
        _agents[agent] = next;
        emit AgentReset(agent, msg.sender, causes);
    }

    /// @inheritdoc IResetting
    function beat(uint32 agent) external {
        address delegate = _identities[agent].beatDelegate;
        _requireCaller(msg.sender == delegate ? delegate : _ownerOf(agent));
        AgentWord word = _agents[agent];
        uint256 interval = word.beatInterval();
        require(interval != 0, NoHeartbeat(agent));
        require(!word.missed(block.timestamp), HeartbeatMissed(agent, word.beatDeadline()));
        word = word.setHeartbeat(interval, block.timestamp + interval);
        _agents[agent] = word;
        emit HeartBeat(agent, msg.sender, word.beatDeadline());
    }
}
