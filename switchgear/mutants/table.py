# ruff: noqa: E501 - texts of the sources are as long as they are
"""The mutants: a rule, a file, and one change that breaks the rule there."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One small change of the sources.

    Attributes:
        rule: The rule that it breaks.
        path: The source below `contracts/`.
        old: Text that must be there exactly once.
        new: What stands there instead.
        what: What that means.
    """

    rule: str
    path: str
    old: str
    new: str
    what: str


_SERIES = "core/Series.sol"
_EXPRESS = "core/Express.sol"
_ENROLMENT = "core/Enrolment.sol"
_LEDGER = "core/Ledger.sol"
_SETTINGS = "core/Settings.sol"
_TRIPPING = "core/Tripping.sol"
_RESETTING = "core/Resetting.sol"
_METERS = "libraries/Meters.sol"
_BREAKERS = "libraries/BreakerWords.sol"
_AGENTS = "libraries/AgentWords.sol"
_WALLETS = "libraries/WalletWords.sol"
_GUARDIANS = "libraries/Guardians.sol"
_LIMITS = "libraries/LimitsWords.sol"
_CONFIGURATION = "libraries/Configuration.sol"
_VERDICTS = "libraries/Verdicts.sol"

MUTANTS = (
    Mutant("ID-1", _ENROLMENT, "if (msg.sender != wallet) _requireOwner(agent);", "", "anyone revokes a wallet"),
    Mutant("ID-1", _ENROLMENT, "REBIND_DELAY = 30 days", "REBIND_DELAY = 29 days", "rebound a day early"),
    Mutant("ID-1", _ENROLMENT, "block.timestamp <= deadline", "block.timestamp < deadline", "deadline excluded"),
    Mutant("ID-1", _ENROLMENT, "expiry > block.timestamp", "expiry >= block.timestamp", "expiry may be now"),
    Mutant("ID-1", _WALLETS, "uint256(nonce(w)) + 1", "uint256(nonce(w))", "a signature serves twice"),
    Mutant("ID-1", _SERIES, "if (word.revokedAt() != 0)", "if (word.revokedAt() > block.timestamp)", "tombstones act"),
    Mutant("ID-1", _EXPRESS, "let special := or(shr(136, state),", "let special := or(0,", "express: tombstones act"),
    Mutant("ID-1", _SERIES, "block.timestamp >= word.expiry()", "block.timestamp > word.expiry()", "a second too long"),
    Mutant("ID-2", _ENROLMENT, "_handles[registry][agentId] = agent;", "if (agentId != 0) _handles[registry][agentId] = agent;",
           "agentId 0 means none"),
    Mutant("ID-3", _ENROLMENT, "word.bind(agent, _agents[agent].epoch(), expiry)",
           "word.bind(agent, _agents[agent].epoch(), expiry); _agents[agent] = _agents[agent].reset(63, block.timestamp)",
           "binding a wallet closes the kill switch"),
    Mutant("ID-4", _AGENTS, "uint256(epoch(w) + 1)", "uint256(epoch(w))", "old bindings stay after a sale"),
    Mutant("ID-4", _ENROLMENT, "owner != _identities[agent].recordedOwner, OwnerUnchanged(owner)",
           "true, OwnerUnchanged(owner)", "anyone ends bindings by sync"),
    Mutant("ID-4", _LEDGER, "eq(returndatasize(), 0x20)", "gt(returndatasize(), 0x1f)", "long answers are believed"),
    Mutant("ID-4", _LEDGER, "answer <= type(uint160).max", "true", "dirty answers are believed"),
    Mutant("ID-4", _SERIES, "owner == address(0) || owner != identity.recordedOwner",
           "owner != address(0) && owner != identity.recordedOwner", "live lane: unreadable owner passes"),
    Mutant("ID-5", _SERIES, "policy == UnknownPolicy.Exempt) verdict", "policy != UnknownPolicy.Deny) verdict",
           "shared is uncharged"),
    Mutant("ID-6", _ENROLMENT, "MAX_DEPTH = 4", "MAX_DEPTH = 5", "a fifth generation"),
    Mutant("ID-6", _SERIES, "if (verdict.fails()) return verdict;\n            ancestor = agentState.parent();",
           "if (verdict.fails()) return verdict;\n            ancestor = 0;", "grandparents' kill switches ignored"),
    Mutant("ID-6", _SERIES, "if (distance == agentState.depth())", "if (distance == 1 || distance == agentState.depth())",
           "only the parent is charged"),
    Mutant("ID-6", _EXPRESS, "special := or(special, and(sload(keccak256(0, 0x40)), STOPPABLE))", "",
           "express: parent's kill switch ignored"),
    Mutant("ID-7", _LEDGER, "require(agent == 0, BoundWalletHasNoAuthority(actor, agent));", "", "wallets have power"),
    Mutant("ID-7", _TRIPPING, "            else _requireUnbound(msg.sender);\n", "", "a bound guardian trips a lane"),
    Mutant("ID-8", _AGENTS, "return setAttested(_set(w, 0, type(uint32).max, lineage_), false);",
           "return _set(w, 0, type(uint32).max, lineage_);", "an attestation survives a change of lineage"),
    Mutant("ID-8", _SETTINGS, "attested || !word.attested());", "true);", "an attestation is withdrawn at once"),
    Mutant("ID-8", _SETTINGS, "require(word.lineage() == lineage, LineageNotDeclared(agent, lineage));", "",
           "a provider speaks of other lineages"),
    Mutant("ID-8", _SETTINGS, "accepted ? 1 : 0, accepted == already", "accepted ? 1 : 0, !accepted || already",
           "an acceptance is withdrawn at once"),
    Mutant("ID-8", _CONFIGURATION, "next.attested() == prev.attested()", "(next.attested() || !prev.attested())",
           "attestations are asked for at once"),
    Mutant("ID-8", _LEDGER, "return UNLISTED;", "revert();", "indexes used up stop enrolment"),
    Mutant("ID-9", _ENROLMENT, "block.timestamp < grant.spawnExpiry", "block.timestamp <= grant.spawnExpiry",
           "a grant lasts a second too long"),
    Mutant("ID-9", _ENROLMENT, "--grant.spawnsLeft;", "", "a grant without number"),
    Mutant("ID-9", _ENROLMENT, " && owner == grant.recordedOwner;", ";", "the old owner's wallet spawns after a sale"),
    Mutant("ID-9", _ENROLMENT, "= (owner, 0, 0);", "= (owner, identity.spawnsLeft, identity.spawnExpiry);",
           "a grant outlives its owner"),
    Mutant("ID-9", _BREAKERS, "return subject.isAgent() ? probation : 0;", "return 0;", "no probation for the fresh"),
    Mutant("BR-1", _SERIES, "if (!laneLimits.shadow()) return (failure, 0, 0);", "if (!laneLimits.shadow()) return (failure, list, end);",
           "equivalent: entries of a denial are listed, and never written"),
    Mutant("BR-1", _METERS, "if (mantissa(caps) == UNLIMITED_VALUE || most", "if (most", "unlimited members are not clamped"),
    Mutant("BR-2", _METERS, "taken > full)) {", "taken > full + full)) {", "a second window's burst"),
    Mutant("BR-2", _METERS, "quotient := div(sub(add(a, b), 1), b)", "quotient := div(a, b)", "rounded for the agent"),
    Mutant("BR-2", _METERS, "return (a + (1 << bits) - 1) >> bits;", "return a >> bits;", "rounded down by the exponent"),
    Mutant("BR-2", _EXPRESS, "taken := add(mul(gt(taken, start), sub(taken, start)), div(sub(add(full, count), 1), count))",
           "taken := div(sub(add(full, count), 1), count)", "express: the count meter forgets"),
    Mutant("BR-2", _SETTINGS, "require(policy.window == current.window(), WindowIsFixed(uint24(current.window())));", "",
           "the window may change"),
    Mutant("BR-3", _BREAKERS, "if (guardian > until) until = guardian;", "", "a guardian's trip opens nothing"),
    Mutant("BR-3", _EXPRESS,
           "if iszero(or(and(word, SPECIAL_BREAKER), lt(timestamp(), and(shr(158, word), 0xFFFFFFFF)))) {",
           "if 1 {", "express: an open breaker goes on to the charge"),
    Mutant("BR-4", _SERIES, "if (verdict.strikes()) _strike(", "require(!verdict.strikes()); if (false) _strike(",
           "a denial by a meter reverts"),
    Mutant("BR-5", _METERS, "if (taken * 100 >= level * full) straw = Cause.CountLastStraw;",
           "if (taken * 100 > level * full) straw = Cause.CountLastStraw;", "the exact last straw is missed"),
    Mutant("BR-5", _VERDICTS, "uint8(raw >> 16) == uint8(Scope.Agent) && ", "", "denials of others strike"),
    Mutant("BR-5", _BREAKERS, "now_ >= since + window", "now_ > since + window", "strikes live a second longer"),
    Mutant("BR-5", _BREAKERS, "count >= limit);", "count > limit);", "a strike too many"),
    Mutant("BR-6", _BREAKERS, "if (level > most) level = most;", "", "unbounded backoff"),
    Mutant("BR-6", _BREAKERS, "level = level > clean ? level - clean : 0;", "level = 0;", "closing zeroes the backoff"),
    Mutant("BR-6", _BREAKERS, "return now_ < end ? end - now_ : 0;", "return now_ <= end ? end + 1 - now_ : 0;",
           "a second more of probation"),
    Mutant("BR-6", _BREAKERS, "if (probation != 0 && level < 0xF) ++level;", "", "a reset counts as a clean probation"),
    Mutant("BR-7", _BREAKERS, "if (causes & CAUSE_PROTOCOL != 0) raw &= ~(uint256(1) << LATCHED);",
           "if (causes & CAUSE_PROTOCOL != 0) raw &= ~(uint256(3) << LATCHED);", "one cause clears another"),
    Mutant("BR-7", _LIMITS, "if (causes & CAUSE_ADMIN != 0)", "if (causes & CAUSE_PROTOCOL != 0)", "lane: one cause clears another"),
    Mutant("BR-8", _GUARDIANS, "if (end < current) end = current;", "", "a later trip shortens an earlier one"),
    Mutant("BR-8", _GUARDIANS, "end > type(uint32).max ? type(uint32).max : uint32(end)", "uint32(end)", "a bound wraps in 2106"),
    Mutant("BR-8", _GUARDIANS, "| until | (1 << (32 + bit));", "| until | (1 << 32);", "guardians spend one bit"),
    Mutant("BR-8", _GUARDIANS, "return field & (1 << (32 + bit)) != 0;", "return false;", "guardians trip for ever"),
    Mutant("BR-8", _TRIPPING, "guardian != 0 && current.isSpent(guardian >> 32)", "false", "a spent guardian trips a lane"),
    Mutant("BR-8", _TRIPPING, "require(msg.sender == _ownerOf(agent), GuardianSpent(msg.sender));", "",
           "a spent guardian is told something else"),
    Mutant("BR-8", _SETTINGS, "MAX_GUARDIANS = 8", "MAX_GUARDIANS = 9", "a ninth guardian"),
    Mutant("BR-8", _RESETTING, "        _requireAdmin(protocol);\n", "", "anyone resets"),
    Mutant("BR-9", _CONFIGURATION, "(prev.shadow() || !next.shadow())", "true", "shadow mode at once"),
    Mutant("BR-9", _CONFIGURATION, "next.cooldown() >= prev.cooldown()", "next.cooldown() <= prev.cooldown()",
           "a shorter cooldown at once"),
    Mutant("BR-9", _SETTINGS, "if (loosening.eta != 0) _cancel(target);", "", "a loosening survives a tightening"),
    Mutant("BR-9", _SETTINGS, "block.timestamp >= eta, LooseningNotReady", "block.timestamp > eta, LooseningNotReady",
           "an ETA a second late"),
    Mutant("BR-9", _SETTINGS, "block.timestamp <= eta + LOOSENING_WINDOW", "block.timestamp < eta + LOOSENING_WINDOW",
           "expired a second early"),
    Mutant("BR-9", _SETTINGS, "        delete _loosenings[_id(target)];\n        _apply(target, value);", "        _apply(target, value);",
           "a loosening lands again and again"),
    Mutant("BR-10", _METERS, "if (counted != UNLIMITED_COUNT) counted = _portion(counted, sixteenths, 16);",
           "counted = _portion(counted, sixteenths, 16);", "unlimited is scaled to a limit"),
    Mutant("BR-10", _SERIES, "if (limits.window() == 0) return Verdicts.never(Reason.LaneUnopened, Scope.Lane);", "",
           "an unopened lane is not named"),
    Mutant("BR-11", _SETTINGS, "require(protocol.admin == address(0), AdminAlreadySet(protocol.admin));", "",
           "a protocol replaces its admin"),
    Mutant("BR-11", _SETTINGS, "_requireCaller(p.pendingAdmin);", "", "anyone accepts the admin role"),
    Mutant("BR-11", _METERS, "if (most < counted) counted = most;", "", "a member's share of the count is not capped"),
    Mutant("BR-12", _TRIPPING, "            word = word.latchOwner();",
           "            word = word.latchOwner();\n            for (uint32 i = 1; i <= _agentCount; ++i) if (_agents[i].parent() == agent) _agents[i] = _agents[i].latchOwner();",
           "a trip loops over the children"),
    Mutant("BR-13", _SERIES, "(verdict,,) = _walk(_lane(protocol, lane), wallet, value);",
           "(verdict,,) = _walk(_lane(protocol, lane), wallet, value ^ 1);", "preview asks for another value"),
    Mutant("BR-16", _LEDGER, "staticcall(OWNER_OF_GAS,", "staticcall(gas(),", "a registry takes all the gas"),
    Mutant("BR-14", _AGENTS, "now_ > beatDeadline(w)", "now_ >= beatDeadline(w)", "missed a second early"),
    Mutant("BR-14", _RESETTING, "        require(!word.missed(block.timestamp), HeartbeatMissed(agent, word.beatDeadline()));\n", "",
           "a late beat restores"),
    Mutant("BR-14", _SETTINGS, "word.missed(block.timestamp) ? word.beatDeadline() : block.timestamp + interval",
           "block.timestamp + interval", "a setting restores"),
    Mutant("BR-15", _SERIES, "!laneLimits.shadow() && !(subject == UNKNOWN_WALLETS)", "!(subject == UNKNOWN_WALLETS)",
           "automatic trips in shadow mode"),
    Mutant("BR-15", _SERIES, "!laneLimits.shadow() && !(subject == UNKNOWN_WALLETS)", "!laneLimits.shadow()",
           "unknown wallets trip their breaker"),
    Mutant("BR-17", _SETTINGS, "OUTAGE_ALLOWANCE = 2 hours", "OUTAGE_ALLOWANCE = 1 hours", "shorter cooldowns than an outage"),
)  # fmt: skip
