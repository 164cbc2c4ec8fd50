// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISettings} from "../interfaces/ISettings.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {BreakerWords} from "../libraries/BreakerWords.sol";
import {Configuration} from "../libraries/Configuration.sol";
import {LimitsWords} from "../libraries/LimitsWords.sol";
import {
    AgentWord,
    BreakerWord,
    LANE,
    LanePolicy,
    Limits,
    LimitsWord,
    Setting,
    Subject,
    Target,
    lineageSubject
} from "../types/Types.sol";
import {Ledger} from "./Ledger.sol";

/// @notice By whom: trip, reset, settings and the delay on loosening.
abstract contract Settings is Ledger, ISettings {
    using AgentWords for AgentWord;
    using BreakerWords for BreakerWord;
    using LimitsWords for LimitsWord;

    /// @inheritdoc ISettings
    uint256 public constant OUTAGE_ALLOWANCE = 2 hours;
    /// @inheritdoc ISettings
    uint256 public constant LOOSENING_DELAY = 1 days;
    /// @inheritdoc ISettings
    uint256 public constant LOOSENING_WINDOW = 7 days;
    /// @inheritdoc ISettings
    uint256 public constant MAX_GUARDIAN_BOUND = 30 days;
    /// @inheritdoc ISettings
    uint256 public constant MAX_GUARDIANS = 8;

    /// @inheritdoc ISettings
    function setAdmin(address admin) external {
        Protocol storage protocol = _protocols[msg.sender];
        require(protocol.admin == address(0), AdminAlreadySet(protocol.admin));
        require(admin != address(0), ZeroAddress());
        _requireUnbound(admin);
        protocol.admin = admin;
        emit AdminTransferred(msg.sender, address(0), admin);
    }

    /// @inheritdoc ISettings
    function openLane(uint256 laneId, Limits calldata limits, LanePolicy calldata policy, uint32[] calldata lineages)
        external
    {
        Protocol storage protocol = _protocols[msg.sender];
        // Without an admin nobody could ever reset the lane.
        require(protocol.admin != address(0), NoAdmin(msg.sender));
        Lane storage lane = _lane(msg.sender, laneId);
        require(lane.word.window() == 0, LaneAlreadyOpen(msg.sender, laneId));
        uint256 value = _encodeLane(limits, policy);
        lane.word = LimitsWord.wrap(value);
        emit LaneOpened(msg.sender, laneId, value);
        for (uint256 i; i < lineages.length; ++i) {
            uint32 lineage = lineages[i];
            _requireAcceptable(lineage);
            _apply(Target(Setting.Acceptance, msg.sender, laneId, lineageSubject(lineage)), 1);
        }
    }

    /// @inheritdoc ISettings
    function transferAdmin(address protocol, address newAdmin) external {
        _requireAdmin(protocol);
        _requireUnbound(newAdmin);
        _protocols[protocol].pendingAdmin = newAdmin;
        emit AdminTransferStarted(protocol, msg.sender, newAdmin);
    }

    /// @inheritdoc ISettings
    function acceptAdmin(address protocol) external {
        Protocol storage p = _protocols[protocol];
        _requireCaller(p.pendingAdmin);
        emit AdminTransferred(protocol, p.admin, msg.sender);
        (p.admin, p.pendingAdmin) = (msg.sender, address(0));
    }

    /// @inheritdoc ISettings
    function setLane(address protocol, uint256 laneId, Limits calldata limits, LanePolicy calldata policy) external {
        _requireAdmin(protocol);
        (, LimitsWord current) = _openedLane(protocol, laneId);
        require(policy.window == current.window(), WindowIsFixed(uint24(current.window())));
        LimitsWord next = LimitsWord.wrap(_encodeLane(limits, policy));
        _set(
            Target(Setting.Lane, protocol, laneId, LANE),
            LimitsWord.unwrap(next),
            Configuration.laneNoLooser(next, current)
        );
    }

    /// @inheritdoc ISettings
    function setOverride(address protocol, uint256 laneId, Subject subject, Limits calldata limits) external {
        _requireAdmin(protocol);
        (Lane storage lane, LimitsWord current) = _openedLane(protocol, laneId);
        _requireSubject(subject);
        if (lane.breakers[subject].word.overridden()) current = lane.breakers[subject].limits;
        else if (subject.isLineage()) current = Configuration.lineageLimits(current);
        LimitsWord next = LimitsWord.wrap(Configuration.encode(limits, OUTAGE_ALLOWANCE));
        _set(
            Target(Setting.Override, protocol, laneId, subject),
            LimitsWord.unwrap(next),
            Configuration.limitsNoLooser(next, current)
        );
    }

    /// @inheritdoc ISettings
    function clearOverride(address protocol, uint256 laneId, Subject subject) external {
        _requireAdmin(protocol);
        (Lane storage lane,) = _openedLane(protocol, laneId);
        require(lane.breakers[subject].word.overridden(), NoOverride(subject));
        _set(Target(Setting.Override, protocol, laneId, subject), 0, false);
    }

    /// @inheritdoc ISettings
    function acceptLineage(address protocol, uint256 laneId, uint32 lineage, bool accepted) external {
        _requireAdmin(protocol);
        (Lane storage lane,) = _openedLane(protocol, laneId);
        _requireAcceptable(lineage);
        Subject subject = lineageSubject(lineage);
        bool already = lane.breakers[subject].word.accepted();
        _set(Target(Setting.Acceptance, protocol, laneId, subject), accepted ? 1 : 0, accepted == already);
    }

    /// @inheritdoc ISettings
    function setGuardian(address protocol, address guardian, uint32 bound) external {
        _requireAdmin(protocol);
        require(bound == 0 || guardian != msg.sender, NotAuthorized(guardian));
        _setGuardian(Target(Setting.ProtocolGuardian, protocol, uint160(guardian), Subject.wrap(0)), guardian, bound);
    }

    /// @inheritdoc ISettings
    function setAgentGuardian(uint32 agent, address guardian, uint32 bound) external {
        _requireOwner(agent);
        require(bound == 0 || guardian != msg.sender, NotAuthorized(guardian));
        _setGuardian(Target(Setting.AgentGuardian, address(0), uint160(guardian), Subject.wrap(agent)), guardian, bound);
    }

    /// @inheritdoc ISettings
    function setHeartbeat(uint32 agent, uint24 interval, address delegate) external {
        _requireOwner(agent);
        if (interval == 0) delegate = address(0);
        else _requireDuration(interval, type(uint24).max);
        _requireUnbound(delegate);
        uint256 current = _agents[agent].beatInterval();
        bool sameDelegate = delegate == address(0) || delegate == _identities[agent].beatDelegate;
        bool noLooser = current == 0 || (interval != 0 && interval <= current && sameDelegate);
        Target memory target = Target(Setting.Heartbeat, address(0), 0, Subject.wrap(agent));
        _set(target, uint256(interval) | (uint256(uint160(delegate)) << 24), noLooser);
    }

    /// @inheritdoc ISettings
    function setLineage(uint32 agent, uint32 lineage) external {
        _requireOwner(agent);
        _requireLineage(lineage);
        _set(Target(Setting.Lineage, address(0), 0, Subject.wrap(agent)), lineage, false);
    }

    /// @inheritdoc ISettings
    function attestLineage(uint32 agent, uint32 lineage, bool attested) external {
        _requireAgent(agent);
        _requireProvider(lineage);
        AgentWord word = _declaring(agent, lineage);
        Target memory target = Target(Setting.Attestation, address(0), lineage, Subject.wrap(agent));
        _set(target, attested ? 1 : 0, attested || !word.attested());
    }

    /// @inheritdoc ISettings
    function executeLoosening(Target calldata target) external {
        _requireAuthority(target);
        Loosening storage loosening = _loosenings[_id(target)];
        uint40 eta = loosening.eta;
        require(eta != 0, NoLoosening());
        require(block.timestamp >= eta, LooseningNotReady(eta));
        require(block.timestamp <= eta + LOOSENING_WINDOW, LooseningExpired(uint40(eta + LOOSENING_WINDOW)));
        uint256 value = loosening.value;
        delete _loosenings[_id(target)];
        _apply(target, value);
    }

    /// @inheritdoc ISettings
    function cancelLoosening(Target calldata target) external {
        _requireAuthority(target);
        require(_loosenings[_id(target)].eta != 0, NoLoosening());
        _cancel(target);
    }

    /// @inheritdoc ISettings
    function adminOf(address protocol) external view returns (address, address) {
        Protocol storage p = _protocols[protocol];
        return (p.admin, p.pendingAdmin);
    }

    /// @inheritdoc ISettings
    function guardianOf(address protocol, address guardian) external view returns (uint32, uint8) {
        uint256 word = _guardians[uint160(protocol)].word[guardian];
        return (uint32(word), uint8(word >> 32));
    }

    /// @inheritdoc ISettings
    function agentGuardianOf(uint32 agent, address guardian) external view returns (uint32, uint8) {
        uint256 word = _guardians[_guardianScope(agent)].word[guardian];
        return (uint32(word), uint8(word >> 32));
    }

    /// @inheritdoc ISettings
    function beatDelegateOf(uint32 agent) external view returns (address) {
        return _identities[agent].beatDelegate;
    }

    /// @inheritdoc ISettings
    function looseningOf(Target calldata target) external view returns (uint256, uint40) {
        Loosening storage loosening = _loosenings[_id(target)];
        return (loosening.value, loosening.eta);
    }

    function _setGuardian(Target memory target, address guardian, uint32 bound) private {
        require(guardian != address(0), ZeroAddress());
        uint256 current = uint32(_guardians[_scope(target)].word[guardian]);
        if (bound == 0) {
            require(current != 0, NotGuardian(guardian));
        } else {
            _requireUnbound(guardian);
            _requireDuration(bound, MAX_GUARDIAN_BOUND);
        }
        _set(target, bound, bound >= current);
    }

    /// @dev Tightening lands at once and cancels what was scheduled; anything else waits (BR-9).
    function _set(Target memory target, uint256 value, bool noLooser) private {
        Loosening storage loosening = _loosenings[_id(target)];
        if (noLooser) {
            if (loosening.eta != 0) _cancel(target);
            _apply(target, value);
        } else {
            uint40 eta = uint40(block.timestamp + LOOSENING_DELAY);
            (loosening.value, loosening.eta) = (value, eta);
            emit LooseningScheduled(
                target.protocol,
                target.key,
                target.subject,
                target.setting,
                msg.sender,
                value,
                eta,
                uint40(eta + LOOSENING_WINDOW)
            );
        }
    }

    function _cancel(Target memory target) private {
        delete _loosenings[_id(target)];
        emit LooseningCancelled(target.protocol, target.key, target.subject, target.setting, msg.sender);
    }

    /// @dev Write a setting.
    function _apply(Target memory target, uint256 value) private {
        uint256 previous;
        Setting setting = target.setting;
        if (setting == Setting.Lane) {
            Lane storage lane = _lane(target.protocol, target.key);
            previous = lane.word.configuration();
            lane.word = lane.word.withConfiguration(value);
        } else if (setting == Setting.Override || setting == Setting.Acceptance) {
            Breaker storage breaker = _lane(target.protocol, target.key).breakers[target.subject];
            BreakerWord word = breaker.word;
            if (setting == Setting.Override) {
                previous = LimitsWord.unwrap(breaker.limits);
                breaker.limits = LimitsWord.wrap(value);
                breaker.word = word.setOverridden(value != 0);
            } else {
                previous = word.accepted() ? 1 : 0;
                breaker.word = word.setAccepted(value != 0);
            }
        } else if (setting == Setting.Heartbeat) {
            previous = _applyHeartbeat(target.subject.id(), value);
        } else if (setting == Setting.Lineage) {
            uint32 agent = target.subject.id();
            previous = _agents[agent].lineage();
            _agents[agent] = _agents[agent].setLineage(uint32(value));
        } else if (setting == Setting.Attestation) {
            AgentWord word = _declaring(target.subject.id(), uint32(target.key));
            previous = word.attested() ? 1 : 0;
            _agents[target.subject.id()] = word.setAttested(value != 0);
        } else {
            previous = _applyGuardian(_guardians[_scope(target)], address(uint160(target.key)), value);
        }
        emit SettingChanged(target.protocol, target.key, target.subject, setting, msg.sender, previous, value);
    }

    function _applyHeartbeat(uint32 agent, uint256 value) private returns (uint256 previous) {
        AgentWord word = _agents[agent];
        Identity storage identity = _identities[agent];
        previous = word.beatInterval() | (uint256(uint160(identity.beatDelegate)) << 24);
        uint256 interval = value & type(uint24).max;
        // A missed beat stays missed: only the owner's reset restores (BR-14).
        uint256 deadline = word.missed(block.timestamp) ? word.beatDeadline() : block.timestamp + interval;
        _agents[agent] = word.setHeartbeat(interval, deadline);
        identity.beatDelegate = address(uint160(value >> 24));
    }

    function _applyGuardian(GuardianSet storage set, address guardian, uint256 bound)
        private
        returns (uint256 previous)
    {
        uint256 word = set.word[guardian];
        previous = uint32(word);
        uint256 bit = word >> 32;
        if (previous == 0 && bound != 0) {
            uint256 used = set.used;
            while (used & (1 << bit) != 0) ++bit;
            require(bit < MAX_GUARDIANS, TooManyGuardians());
            set.used = uint8(used | (1 << bit));
        } else if (bound == 0) {
            set.used = uint8(set.used & ~(1 << bit));
        }
        set.word[guardian] = bound == 0 ? 0 : bound | (bit << 32);
    }

    function _requireAuthority(Target calldata target) private view {
        if (target.setting <= Setting.ProtocolGuardian) _requireAdmin(target.protocol);
        else if (target.setting == Setting.Attestation) _requireProvider(uint32(target.key));
        else _requireOwner(target.subject.id());
    }

    /// @dev Word of an agent that declares this lineage: a provider speaks of no other.
    function _declaring(uint32 agent, uint32 lineage) private view returns (AgentWord word) {
        word = _agents[agent];
        require(word.lineage() == lineage, LineageNotDeclared(agent, lineage));
    }

    function _requireAcceptable(uint32 lineage) private view {
        require(lineage != 0, UnknownLineage(lineage));
        _requireLineage(lineage);
    }

    function _requireDuration(uint256 duration, uint256 most) private pure {
        require(duration > OUTAGE_ALLOWANCE && duration <= most, InvalidDuration(duration, OUTAGE_ALLOWANCE, most));
    }

    function _encodeLane(Limits calldata limits, LanePolicy calldata policy) private returns (uint256) {
        uint256 registry = policy.registry == address(0) ? 0 : _indexRegistry(policy.registry);
        require(registry != UNLISTED, TooManyRegistries());
        return Configuration.withPlain(
            Configuration.encode(limits, OUTAGE_ALLOWANCE) | Configuration.encode(policy, registry)
        );
    }

    function _id(Target memory target) private pure returns (bytes32) {
        return keccak256(abi.encode(target));
    }

    function _scope(Target memory target) private pure returns (uint256) {
        return
            target.setting == Setting.ProtocolGuardian ? uint160(target.protocol) : _guardianScope(target.subject.id());
    }
}
