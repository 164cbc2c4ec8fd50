// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Field, LanePolicy, Limits, Setting, Subject, Target} from "../types/Types.sol";
import {ILedger} from "./ILedger.sol";

/// @title By whom: settings and the delay on loosening
/// @notice A setting is one word. One that becomes no looser in any field lands at once; any other waits `LOOSENING_DELAY` (BR-9).
interface ISettings is ILedger {
    event LaneOpened(address indexed protocol, uint256 indexed lane, uint256 value);
    event AdminTransferStarted(address indexed protocol, address indexed previousAdmin, address indexed newAdmin);
    event AdminTransferred(address indexed protocol, address indexed previousAdmin, address indexed newAdmin);
    event SettingChanged(
        address indexed protocol,
        uint256 indexed key,
        Subject indexed subject,
        Setting setting,
        address actor,
        uint256 previous,
        uint256 value
    );
    event LooseningScheduled(
        address indexed protocol,
        uint256 indexed key,
        Subject indexed subject,
        Setting setting,
        address actor,
        uint256 value,
        uint40 eta,
        uint40 expiry
    );
    event LooseningCancelled(
        address indexed protocol, uint256 indexed key, Subject indexed subject, Setting setting, address actor
    );

    /// @dev Only the admin may do this, and there is one already.
    error AdminAlreadySet(address admin);
    error LaneAlreadyOpen(address protocol, uint256 lane);
    /// @dev `field` names the argument of `Limits` or `LanePolicy` that is out of range.
    error InvalidLimits(Field field);
    error WindowIsFixed(uint24 window);
    /// @dev Guardian bound or heartbeat interval outside `OUTAGE_ALLOWANCE` (exclusive) .. the maximum.
    error InvalidDuration(uint256 duration, uint256 above, uint256 maximum);
    error TooManyGuardians();
    error NotGuardian(address guardian);
    /// @dev A protocol names its admin before it opens a lane.
    error NoAdmin(address protocol);
    /// @dev This registry got no index, since all were taken: a lane can name those seen before.
    error TooManyRegistries();
    error NoOverride(Subject subject);
    error LineageNotDeclared(uint32 agent, uint32 lineage);
    error NoLoosening();
    error LooseningNotReady(uint40 eta);
    error LooseningExpired(uint40 expiry);

    /// @notice Seconds that a sequencer may be down without a cooldown, guardian bound, heartbeat or delay passing meanwhile (BR-17): 2 hours.
    function OUTAGE_ALLOWANCE() external view returns (uint256);
    /// @notice Seconds a loosening waits: 1 day.
    function LOOSENING_DELAY() external view returns (uint256);
    /// @notice Seconds after its ETA during which a loosening can be executed: 7 days.
    function LOOSENING_WINDOW() external view returns (uint256);
    /// @notice Longest trip a guardian can cause: 30 days.
    function MAX_GUARDIAN_BOUND() external view returns (uint256);
    /// @notice Guardians per agent, and per protocol: 8.
    function MAX_GUARDIANS() external view returns (uint256);

    /* The protocol, about itself */

    /// @notice Name the calling protocol's first admin.
    function setAdmin(address admin) external;

    /// @notice Open a lane of the calling protocol; this first configuration lands at once. An admin must have been named.
    /// @param lineages Lineages charged to breakers of their own from the start.
    function openLane(uint256 lane, Limits calldata limits, LanePolicy calldata policy, uint32[] calldata lineages)
        external;

    /* Admin of a protocol */

    /// @notice Offer the admin role; it moves when `newAdmin` accepts. Zero withdraws the offer.
    function transferAdmin(address protocol, address newAdmin) external;
    /// @notice Accept the admin role of `protocol`.
    function acceptAdmin(address protocol) external;
    /// @notice Set limits and policy of a lane.
    function setLane(address protocol, uint256 lane, Limits calldata limits, LanePolicy calldata policy) external;
    /// @notice Give an agent, a lineage or the unknown wallets limits of their own.
    function setOverride(address protocol, uint256 lane, Subject subject, Limits calldata limits) external;
    /// @notice Return a subject to the lane's limits; always waits.
    function clearOverride(address protocol, uint256 lane, Subject subject) external;
    /// @notice Charge a lineage to its own breaker, or to the undeclared one; either waits, since agents leave a breaker by it.
    function acceptLineage(address protocol, uint256 lane, uint32 lineage, bool accepted) external;
    /// @notice Appoint a guardian for all breakers of the protocol, or with `bound` 0 dismiss it (waits, as does a shorter bound).
    /// @param bound Seconds its trips last; more than `OUTAGE_ALLOWANCE`.
    function setGuardian(address protocol, address guardian, uint32 bound) external;

    /* Owner of an agent */

    /// @notice Appoint a guardian for the kill switch, or with `bound` 0 dismiss it (waits, as does a shorter bound).
    function setAgentGuardian(uint32 agent, address guardian, uint32 bound) external;
    /// @notice Require a beat every `interval` seconds from the owner or `delegate`; interval 0 stops it. Longer, other delegate, or none: waits.
    function setHeartbeat(uint32 agent, uint24 interval, address delegate) external;
    /// @notice Declare another lineage; always waits, and clears the attestation when it lands.
    function setLineage(uint32 agent, uint32 lineage) external;

    /* Provider of a lineage */

    /// @notice Confirm that an agent runs on the lineage it declares, or withdraw that: withdrawing waits, since the agent leaves the
    /// breaker of its lineage by it.
    function attestLineage(uint32 agent, uint32 lineage, bool attested) external;

    /* Whoever may change the setting */

    /// @notice Execute a scheduled loosening, from its ETA to its expiry.
    function executeLoosening(Target calldata target) external;
    /// @notice Cancel a scheduled loosening.
    function cancelLoosening(Target calldata target) external;

    /* Views */

    /// @notice Admin of a protocol and the address it was offered to.
    function adminOf(address protocol) external view returns (address admin, address pendingAdmin);
    /// @notice Seconds a guardian's trip lasts (0: no guardian) and its bit in `spent`.
    function guardianOf(address protocol, address guardian) external view returns (uint32 bound, uint8 bit);
    /// @notice Likewise for an agent's kill switch.
    function agentGuardianOf(uint32 agent, address guardian) external view returns (uint32 bound, uint8 bit);
    /// @notice Heartbeat delegate of an agent; interval and deadline are in its word.
    function beatDelegateOf(uint32 agent) external view returns (address);
    /// @notice A scheduled loosening; eta 0 if none. It expires at eta + `LOOSENING_WINDOW`.
    function looseningOf(Target calldata target) external view returns (uint256 value, uint40 eta);
}
