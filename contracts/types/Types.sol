// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Everything the core stores about one wallet, in one word. Bits from the lowest:
/// agent 32 | epoch 24 | expiry 40 | nonce 40 | revokedAt 40.
type WalletWord is uint256;

/// @notice One agent, its kill switch included. Bits from the lowest:
/// lineage 32 | parent 32 | registry 20 | depth 3 | epoch 24 | latched 6 | guardianUntil 32 | spent 8 |
/// beatDeadline 32 | beatInterval 24 | attested 1 | enrolledAt 32.
type AgentWord is uint256;

/// @notice Limits of a lane or of one subject, and the lane's own breaker (state only). Bits from the lowest:
/// countCap 24 | valueCap 64 | lineageCount 12 | lineageValue 12 | window 24 | tripLevel 7 | strikes 6 | cooldown 16 |
/// maxBackoff 4 | halfOpenScale 4 | probation 4 | share 7 | flags 8 | registry 20 || latched 4 | guardianUntil 32 | spent 8.
/// flags, from the lowest: shadow 1 | lineage 1 | unknown 2 | attested 1 | live 1 | plain 1 (derived, see
/// `Configuration.withPlain`). The part before || is configuration. An override uses the same layout without the lane-only fields.
type LimitsWord is uint256;

/// @notice One breaker: meters, strikes and state. Bits from the lowest:
/// countTat 56 (32.24 s) | valueTat 64 (32.32 s) | strikes 6 | strikeSince 32 | autoUntil 32 | guardianUntil 32 | spent 8 |
/// latched 8 | cause 2 | backoff 4 | overridden 1 | accepted 1.
type BreakerWord is uint256;

/// @notice Names one breaker within a lane: kind (high 32 bits) and id (low 32 bits).
/// kind 0: agent handle (0 is the breaker all unknown wallets share); kind 1: lineage id (0 is undeclared); kind 2: the lane itself.
type Subject is uint64;

using {equals as ==, isAgent, isLineage, id} for Subject global;

function equals(Subject a, Subject b) pure returns (bool) {
    return Subject.unwrap(a) == Subject.unwrap(b);
}

/// @notice Whether it is an agent's breaker, not the one of unknown wallets.
function isAgent(Subject subject) pure returns (bool) {
    return Subject.unwrap(subject) != 0 && Subject.unwrap(subject) >> 32 == 0;
}

/// @notice Whether it is a lineage's breaker, the undeclared one included.
function isLineage(Subject subject) pure returns (bool) {
    return Subject.unwrap(subject) >> 32 == 1;
}

/// @notice Agent handle or lineage id.
function id(Subject subject) pure returns (uint32) {
    return uint32(Subject.unwrap(subject));
}

// The breaker that all unknown wallets of a lane share.
Subject constant UNKNOWN_WALLETS = Subject.wrap(0);
// The breaker that all agents of no accepted lineage share.
Subject constant UNDECLARED_LINEAGE = Subject.wrap(1 << 32);
// The lane's own breaker.
Subject constant LANE = Subject.wrap(2 << 32);

/// @notice The breaker of one agent in a lane.
function agentSubject(uint32 agent) pure returns (Subject) {
    return Subject.wrap(agent);
}

/// @notice The breaker of one lineage in a lane.
function lineageSubject(uint32 lineage) pure returns (Subject) {
    return Subject.wrap((1 << 32) | uint64(lineage));
}

/// @notice State of a breaker.
enum State {
    Closed,
    HalfOpen,
    Open
}

/// @notice Why an action was denied (or, in shadow mode, would have been). `None` when it was admitted.
enum Reason {
    None,
    WalletUnknown, // bound to no agent, ever
    WalletRevoked, // bound once; revoked by the owner or the wallet
    WalletExpired, // the binding's expiry has passed
    WalletStale, // the agent changed owner since the binding
    BreakerOpen, // the breaker named by scope is open
    LaneUnopened, // the protocol never opened this lane
    RegistryRefused, // the lane names another identity registry
    ZeroLimit, // a cap of zero
    CountLimit, // too many actions in the window
    ValueLimit, // too much value in the window
    ValueOversized // the value exceeds the cap by itself
}

/// @notice Which part of the series a verdict speaks of.
enum Scope {
    None,
    Wallet,
    KillSwitch, // of the agent
    Agent, // agent@protocol
    Lane,
    AncestorKillSwitch,
    Lineage, // lineage@protocol
    Ancestor // ancestor@protocol
}

/// @notice What opened a breaker.
enum Cause {
    None,
    CountLastStraw,
    ValueLastStraw,
    Strikes,
    Guardian,
    Owner,
    Heartbeat,
    Protocol,
    Admin
}

/// @notice What a lane does with wallets that were never bound to an agent.
enum UnknownPolicy {
    Deny,
    Shared, // charge the breaker that all unknown wallets share
    Exempt // admit uncharged: no defence against a fresh key
}

// Bits of the `causes` mask of a reset.
uint8 constant CAUSE_AUTOMATIC = 1;
uint8 constant CAUSE_GUARDIAN = 2;
uint8 constant CAUSE_OWNER = 4;
uint8 constant CAUSE_HEARTBEAT = 8;
uint8 constant CAUSE_PROTOCOL = 16;
uint8 constant CAUSE_ADMIN = 32;
uint8 constant CAUSE_ALL = 63;

/// @notice One question of a batch preview.
struct Query {
    address protocol;
    uint256 lane;
    address wallet;
    uint256 value;
}

/// @notice Limits of one breaker.
/// @param countCap Actions per window; 0 denies, `type(uint24).max` is unlimited.
/// @param valueCap Value per window in the protocol's unit; 0 denies, `type(uint256).max` is unlimited. Stored as a float with a
/// 56-bit mantissa, rounded down; the largest finite cap is below 2**236.
/// @param tripLevel Percent of a meter at which an admitted action opens the breaker behind itself: 1..100, or 127 for never.
/// @param strikes Denials within a window that open the breaker: 1..62, or 63 for never.
/// @param cooldown Seconds an automatic trip lasts at backoff 0; more than `OUTAGE_ALLOWANCE`.
/// @param maxBackoff Doublings of the cooldown at most: 0..8.
/// @param halfOpenScale Sixteenths of the caps that are available while half-open: 1..15.
/// @param probation Windows that half-open lasts: 0..15.
struct Limits {
    uint24 countCap;
    uint256 valueCap;
    uint8 tripLevel;
    uint8 strikes;
    uint16 cooldown;
    uint8 maxBackoff;
    uint8 halfOpenScale;
    uint8 probation;
}

/// @notice What a lane decides beside the limits.
/// @param window Seconds of every meter of the lane: 1..2**24-1; fixed when the lane opens.
/// @param lineageCount Lineage count cap as a multiple of the agent's: 1..4095.
/// @param lineageValue Lineage value cap as a multiple of the agent's: 1..4095.
/// @param share Percent of the lineage's caps that one member may take: 1..100.
/// @param lineage Whether lineages are charged at all.
/// @param attested Whether a lineage counts only when its provider attested it.
/// @param live Whether every admission compares the live owner (`ownerOf`) with the one bindings were made under.
/// @param shadow Whether meter denials are only logged.
/// @param unknown What happens to unknown wallets.
/// @param registry The identity registry that the lane accepts; zero for any.
struct LanePolicy {
    uint24 window;
    uint16 lineageCount;
    uint16 lineageValue;
    uint8 share;
    bool lineage;
    bool attested;
    bool live;
    bool shadow;
    UnknownPolicy unknown;
    address registry;
}

/// @notice Arguments of `Limits` and `LanePolicy` that have a range.
enum Field {
    ValueCap,
    TripLevel,
    Strikes,
    Cooldown,
    MaxBackoff,
    HalfOpenScale,
    Probation,
    Window,
    LineageCount,
    LineageValue,
    Share
}

/// @notice What a setting is about. Every setting is one word; tightening it lands at once, loosening waits.
enum Setting {
    Lane, // value: configuration part of a LimitsWord
    Override, // value: LimitsWord without lane-only fields; 0 for none
    Acceptance, // value: 1 if the lane charges this lineage to its own breaker, 0 if to the undeclared one
    ProtocolGuardian, // value: seconds a trip by this guardian lasts; 0 if none
    AgentGuardian, // likewise, for an agent's kill switch
    Heartbeat, // value: interval in seconds | delegate << 24; 0 if none
    Lineage, // value: lineage id
    Attestation // value: 1 if the provider says that the agent runs on the lineage it declares
}

/// @notice Names one setting.
/// @param setting Which kind.
/// @param protocol The protocol, for Lane, Override, Acceptance and ProtocolGuardian; else zero.
/// @param key The lane, the guardian's address, or the lineage attested; else zero.
/// @param subject The breaker for Lane (`LANE`), Override and Acceptance; the agent for AgentGuardian, Heartbeat, Lineage and
/// Attestation.
struct Target {
    Setting setting;
    address protocol;
    uint256 key;
    Subject subject;
}

/// @notice One meter reading.
/// @param state State of the breaker.
/// @param countCap Effective cap now; `type(uint256).max` if unlimited.
/// @param countUsed Actions of it in use, rounded up.
/// @param valueCap Effective cap now; `type(uint256).max` if unlimited.
/// @param valueUsed Value of it in use, rounded up.
struct Usage {
    State state;
    uint256 countCap;
    uint256 countUsed;
    uint256 valueCap;
    uint256 valueUsed;
}
