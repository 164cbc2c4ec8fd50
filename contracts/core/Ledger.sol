// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILedger} from "../interfaces/ILedger.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {BreakerWords} from "../libraries/BreakerWords.sol";
import {LimitsWords} from "../libraries/LimitsWords.sol";
import {Caps, Meters} from "../libraries/Meters.sol";
import {WalletWords} from "../libraries/WalletWords.sol";
import {
    AgentWord,
    BreakerWord,
    LimitsWord,
    Subject,
    UNDECLARED_LINEAGE,
    UNKNOWN_WALLETS,
    WalletWord,
    lineageSubject
} from "../types/Types.sol";

/// @notice What the core remembers, and the two questions that every power starts with.
abstract contract Ledger is ILedger {
    using AgentWords for AgentWord;
    using BreakerWords for BreakerWord;
    using LimitsWords for LimitsWord;
    using WalletWords for WalletWord;

    /// @dev The identity behind a handle, the owner that its bindings were made under, and what its wallets may spawn.
    struct Identity {
        address registry;
        uint256 agentId;
        address recordedOwner;
        uint16 spawnsLeft;
        uint40 spawnExpiry;
        address beatDelegate;
    }

    struct Breaker {
        BreakerWord word;
        LimitsWord limits; // its override, if its word says so
    }

    struct Lane {
        LimitsWord word;
        mapping(Subject subject => Breaker) breakers;
    }

    struct Protocol {
        address admin;
        address pendingAdmin;
    }

    /// @dev Values are `bound | bit << 32`; 0 for none.
    struct GuardianSet {
        uint8 used;
        mapping(address guardian => uint256) word;
    }

    struct Loosening {
        uint256 value;
        uint40 eta;
    }

    uint256 private constant OWNER_OF_GAS = 100_000;
    uint32 internal constant UNLISTED = (1 << 20) - 1;

    mapping(address wallet => WalletWord) internal _wallets;
    mapping(uint32 agent => AgentWord) internal _agents;
    mapping(address protocol => Protocol) internal _protocols;
    mapping(uint32 agent => Identity) internal _identities;
    mapping(address registry => mapping(uint256 agentId => uint32 agent)) internal _handles;
    mapping(address registry => uint32 index) internal _registries;
    mapping(uint32 lineage => address provider) internal _providers;
    /// @dev Keyed by protocol address, or by agent handle above all addresses.
    mapping(uint256 scope => GuardianSet) internal _guardians;
    mapping(bytes32 target => Loosening) internal _loosenings;
    uint32 internal _agentCount;
    uint32 internal _lineageCount;
    uint32 internal _registryCount;

    /// @dev The owner by the registry's live answer; zero unless it is exactly one address (ID-4).
    function _tryOwnerOf(address registry, uint256 agentId) internal view returns (address owner) {
        bytes memory question = abi.encodeWithSignature("ownerOf(uint256)", agentId);
        uint256 answer;
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(OWNER_OF_GAS, registry, add(question, 0x20), mload(question), 0, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            answer := mload(0)
        }
        if (ok && answer <= type(uint160).max) owner = address(uint160(answer));
    }

    function _ownerOf(address registry, uint256 agentId) internal view returns (address owner) {
        owner = _tryOwnerOf(registry, agentId);
        require(owner != address(0), OwnerUnavailable(registry, agentId));
    }

    function _ownerOf(uint32 agent) internal view returns (address) {
        Identity storage identity = _identities[agent];
        require(identity.registry != address(0), UnknownAgent(agent));
        return _ownerOf(identity.registry, identity.agentId);
    }

    /// @dev ID-7: whoever was ever bound as a wallet has no authority over anything.
    function _requireUnbound(address actor) internal view {
        uint32 agent = _wallets[actor].agent();
        require(agent == 0, BoundWalletHasNoAuthority(actor, agent));
    }

    /// @dev The caller is this authority, and may be one.
    function _requireCaller(address authority) internal view {
        require(msg.sender == authority, NotAuthorized(msg.sender));
        _requireUnbound(authority);
    }

    function _requireOwner(uint32 agent) internal view {
        _requireCaller(_ownerOf(agent));
    }

    function _requireAdmin(address protocol) internal view {
        _requireCaller(_protocols[protocol].admin);
    }

    function _requireAgent(uint32 agent) internal view {
        require(agent != 0 && agent <= _agentCount, UnknownAgent(agent));
    }

    function _requireProvider(uint32 lineage) internal view {
        require(lineage != 0, UnknownLineage(lineage));
        _requireLineage(lineage);
        _requireCaller(_providers[lineage]);
    }

    /// @dev Also for 0, undeclared.
    function _requireLineage(uint32 lineage) internal view {
        require(lineage <= _lineageCount, UnknownLineage(lineage));
    }

    /// @dev The subject of a breaker exists: an agent or the unknown wallets, a lineage or the undeclared one.
    function _requireSubject(Subject subject) internal view {
        if (Subject.unwrap(subject) <= _agentCount) return;
        require(!subject.isAgent(), UnknownAgent(subject.id()));
        require(subject.isLineage(), InvalidSubject(subject));
        _requireLineage(subject.id());
    }

    /// @dev Lanes live at keccak256(lane, protocol with this above it): one hash, where nested mappings take two.
    uint256 internal constant LANES = uint256(keccak256("switchgear.lanes")) << 160;

    function _lane(address protocol, uint256 laneId) internal pure returns (Lane storage lane) {
        uint256 place = LANES | uint160(protocol);
        assembly ("memory-safe") {
            mstore(0, laneId)
            mstore(0x20, place)
            lane.slot := keccak256(0, 0x40)
        }
    }

    /// @dev A lane that is open, with its word.
    function _openedLane(address protocol, uint256 laneId) internal view returns (Lane storage lane, LimitsWord word) {
        lane = _lane(protocol, laneId);
        word = lane.word;
        require(word.window() != 0, LaneNotOpen(protocol, laneId));
    }

    /// @dev Key of an agent's guardians.
    function _guardianScope(uint32 agent) internal pure returns (uint256) {
        return (1 << 160) | uint256(agent);
    }

    /// @dev The index of a registry, given on first sight. Whoever uses all of them up stops nobody from enrolling: later registries
    /// share `UNLISTED`, which no lane can name.
    function _indexRegistry(address registry) internal returns (uint32 index) {
        index = _registries[registry];
        if (index != 0) return index;
        if (_registryCount == UNLISTED - 1) return UNLISTED;
        index = ++_registryCount;
        _registries[registry] = index;
    }

    /// @dev Which lineage breaker an agent is charged to in this lane (ID-8).
    function _lineageOf(Lane storage lane, LimitsWord laneLimits, AgentWord agentState)
        internal
        view
        returns (Subject)
    {
        uint32 lineage = agentState.lineage();
        if (lineage == 0 || (laneLimits.attested() && !agentState.attested())) return UNDECLARED_LINEAGE;
        Subject subject = lineageSubject(lineage);
        return lane.breakers[subject].word.accepted() ? subject : UNDECLARED_LINEAGE;
    }

    /// @dev Closed caps of a lineage's breaker.
    function _lineageCaps(Breaker storage breaker, LimitsWord laneLimits) internal view returns (Caps) {
        return breaker.word.overridden() ? Meters.capsOf(breaker.limits) : Meters.lineageCapsOf(laneLimits);
    }

    function _limits(Breaker storage breaker, BreakerWord word, LimitsWord laneLimits)
        internal
        view
        returns (LimitsWord)
    {
        return word.overridden() ? breaker.limits : laneLimits;
    }
}
