// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IActionDecoder} from "./interfaces/IActionDecoder.sol";
import {ICircuitBreaker} from "./interfaces/ICircuitBreaker.sol";
import {ICountersign} from "./interfaces/ICountersign.sol";
import {ActionDecoder} from "./libraries/ActionDecoder.sol";
import {Asking} from "./libraries/Asking.sol";
import {Frames, Watch} from "./libraries/Frames.sol";
import {PermissionWord, PermissionWords} from "./libraries/PermissionWords.sol";
import {Rules} from "./libraries/Rules.sol";
import {PolicyAdministration} from "./policy/PolicyAdministration.sol";
import {PolicyLedger} from "./policy/PolicyLedger.sol";
import {Verdict} from "./types/Verdict.sol";
import {Call, NATIVE, PLAIN_TRANSFER, Spend, Standard, UNDERLYING} from "./types/Wallets.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title SessionPolicy
/// @notice What agent keys may do with one account: which functions of which targets, with which arguments, how much of which
/// asset, how often and until when; everything else is denied (WP-1). Adapters bring it to where accounts can be stopped.
///
/// @dev Design
///
///      One policy guards one account, and is a protocol of the core: the lanes of an asset's limits are the account's own, as are their
///      breakers, guardians and admin. So whatever an operator does with a protocol, he does with an account.
///
///      Before an execution each call is decoded, held against its permission, and charged once: in the lane of its asset
///      with the decoded amount, or in lane 0, which also counts the calls that move nothing known and takes the
///      chain's own coin. After it, the balances of watched assets are compared: what they fell by more than was decoded is
///      charged too, so that the larger of the two counts (WP-3). Any denial reverts all of it, charges included, and
///      so does a failed inner call (WP-5). What comes in restores nothing but the balance it is measured by.
///
///      People are told from agents by name: parties that the owner trusts pass unasked, without a call to the core, so that
///      nothing that is broken here locks them out (WP-6).
///
///      A policy has one address and two halves, as the core has: this hot one is asked at every action, and what its owner
///      sets is in the cold one, `PolicyAdministration`, which the constructor creates and the fallback runs on this storage.
///
///      Trust assumptions
///
///      Agents' keys may be hostile, and so may every target, token and neighbour. The owner is people. It loosens a day in
///      advance (`Delayed`), tightens at once, and cannot move what the account holds. The core is immutable.
///
///      Warnings
///
///      - A permitted target can do with the account's allowances what it likes: where amounts are not decoded, name the
///        `assets` it can reach, and it is charged for what they drop by.
///      - An approval is charged when it is given. Where the same execution also spends it, `measured` keeps it to one charge.
///      - A `measured` approval and a drop of equal size in one execution are one charge, whoever was approved: permit it only with
///        a rule for the spender.
///      - In a batch, the excess of an asset counts for the first permission that watches it.
///      - A wallet that was replaced needs permissions of its own; its agent's breakers come along by themselves.
///      - The admin of the lanes is the owner named at deployment, and moves in the core, separately.
abstract contract SessionPolicy is PolicyLedger {
    using ActionDecoder for Call;

    uint32 private constant _TRANSFER = 0xa9059cbb;
    uint32 private constant _APPROVE = 0x095ea7b3;
    bytes3 private constant _DELEGATED = 0xef0100;

    /// @dev What only the guarded account calls.
    modifier onlyAccount() {
        require(msg.sender == _ACCOUNT, WrongAccount(msg.sender, _ACCOUNT));
        _;
    }

    /// @param setup The first configuration; lands at once.
    constructor(Setup memory setup) PolicyLedger(setup.core, setup.account, setup.countersign) {
        new PolicyAdministration(setup.core, setup.account, setup.countersign);
        _administer(abi.encodeCall(PolicyAdministration.configure, (setup)));
    }

    /// @notice What this half does not know, the cold one does: see `ISessionPolicy` and `IDelayed`.
    fallback(bytes calldata call) external virtual returns (bytes memory) {
        return _administer(call);
    }

    /// @notice What this half was created with: the core, the account and the council, zero for none. The cold half has them of its own,
    /// and answers for it to whoever asks it directly: only whoever deploys a copy by hand could make them differ.
    function immutables() external view returns (ICircuitBreaker, address, ICountersign) {
        return (_CORE, _ACCOUNT, _COUNTERSIGN);
    }

    /// @dev The cold half's answer to a call. It is the first contract that this one has created, and its address follows from that: so
    /// the code of this half says where the other is, which a stored address would leave to whoever deploys a copy.
    function _administer(bytes memory call) internal returns (bytes memory) {
        address half = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), hex"01")))));
        (bool success, bytes memory result) = half.delegatecall(call);
        return Address.verifyCallResult(success, result);
    }

    /* The adapters */

    /// @dev The same as `_before` for nearly every payment, at nearly its price in storage: one exact ERC-20 transfer or approval, of a
    /// permission that has nothing but caps, by nobody's inner execution. `_before` is the rule: whatever is not exactly
    /// that, or gets no answer of the core's, gets false here, before anything was written, and is decided there.
    /// @return done Whether it is checked and charged.
    function _express(address wallet, address target, bytes calldata data) internal returns (bool done) {
        uint256 amount;
        uint256 plain = uint256(Standard.ERC20);
        uint256 frames = Frames.HEADER;
        assembly ("memory-safe") {
            let selector := shr(224, calldataload(data.offset))
            let known := or(eq(selector, _TRANSFER), eq(selector, _APPROVE))
            // The recipient's high bits, and executions under way.
            let strange := or(shr(160, calldataload(add(data.offset, 0x04))), tload(frames))
            if and(known, iszero(or(strange, xor(data.length, 0x44)))) {
                amount := calldataload(add(data.offset, 0x24))
                wallet := shr(96, shl(96, wallet))
                mstore(0x00, wallet)
                mstore(0x20, _grants.slot)
                mstore(0x20, keccak256(0x00, 0x40))
                // As `_action` has it.
                mstore(0x00, or(shl(96, target), shl(64, selector)))
                // As PermissionWords packs it; no flag may be set.
                let word := sload(keccak256(0x00, 0x40))
                let cap := and(word, 0xFFFFFFFFFFFFFFFF)
                let threshold := and(shr(64, word), 0xFFFFFFFFFFFFFFFF)
                // Floats have the order of what they stand for, and delayAbove is no less than approveAbove.
                if lt(threshold, cap) { cap := threshold }
                // That of an unlimited one is 2**255 here: whatever is more is decided in `_before`.
                cap := shl(shr(56, cap), and(cap, 0xFFFFFFFFFFFFFF))
                let inForce := lt(timestamp(), and(shr(192, word), 0xFFFFFFFFFF))
                done := and(and(eq(shr(232, word), plain), inForce), iszero(gt(amount, cap)))
            }
        }
        if (!done) return false;
        Verdict verdict;
        (done, verdict,) = Asking.admit(_CORE, uint160(target), wallet, amount);
        // Not asked again: a strike of this answer could open the breaker, and the next answer would say so.
        require(!done || verdict.admitted(), AgentDenied(uint160(target), wallet, verdict));
    }

    /// @dev Before an agent's execution: every call is checked and charged, or all reverts.
    /// @param wallet Whose permissions they need.
    function _before(address wallet, Call[] memory calls) internal {
        uint256 watches;
        uint256 level;
        for (uint256 i; i < calls.length; ++i) {
            Call memory call = calls[i];
            bytes4 selector = _selector(call.dataOf());
            Grant storage granted = _grants[wallet][_action(call.target, selector)];
            PermissionWord word = granted.word;
            require(word.expiry() != 0, NotPermitted(wallet, call.target, selector));
            Spend memory spend;
            (, spend) = ActionDecoder.spend(word.standard(), _ACCOUNT, call);
            if (spend.asset == UNDERLYING) spend.asset = _underlying(call.target);
            uint256 needed = _check(granted, word, wallet, call, selector, spend);
            if (needed > level) level = needed;
            watches = _watch(granted, word, spend, watches);
            _chargeCall(wallet, call, spend);
        }
        if (level != 0) _countersigned(wallet, calls, level == 2);
        Frames.push(watches, wallet);
    }

    /// @dev The same for an ERC-7579 execution.
    function _beforeERC7579(address wallet, bytes32 mode, bytes calldata execution) internal {
        _before(wallet, ActionDecoder.erc7579(_ACCOUNT, mode, execution));
    }

    /// @dev `_express` for an ERC-7579 execution: one call without value, whose data are a selector and two words.
    function _expressERC7579(address wallet, bytes32 mode, bytes calldata execution) internal returns (bool done) {
        bytes calldata data;
        address target;
        assembly ("memory-safe") {
            target := shr(96, calldataload(execution.offset))
            let value := calldataload(add(execution.offset, 20))
            done := iszero(or(or(mode, value), xor(execution.length, 0x78)))
            data.offset := add(execution.offset, 52)
            data.length := 0x44
        }
        return done && _express(wallet, target, data);
    }

    /// @dev After an execution: what balances fell by more than was decoded is charged.
    /// @param success Whether the account says that its call succeeded.
    /// @return agent Whether it was an agent's.
    function _after(bool success) internal returns (bool agent) {
        (uint256 mark, uint256 frame, address wallet) = Frames.pop();
        if (mark == Frames.TRUSTED) return false;
        require(success, InnerCallFailed());
        for (uint256 i; i + 1 < mark; ++i) {
            Watch memory watch = Frames.watchOf(frame, i);
            uint256 balance = _balance(watch.asset);
            if (balance >= watch.before) continue;
            uint256 drop = watch.before - balance;
            if (drop > watch.decoded) _chargeExcess(wallet, watch, drop);
        }
        return true;
    }

    /// @dev Whether a wallet has a permission for a call, in force or not; false for data without a selector.
    function _hasPermission(address wallet, address target, bytes calldata data) internal view returns (bool) {
        if (data.length != 0 && data.length < 4) return false;
        return _grants[wallet][_action(target, data.length == 0 ? PLAIN_TRANSFER : bytes4(data))].word.expiry() != 0;
    }

    /// @dev Whether a party passes unasked. One that was bound as an agent's wallet since does not (ID-7).
    function _isTrusted(address party) internal view returns (bool) {
        return _trusted[party] && _boundAgent(party) == 0;
    }

    /// @dev Reverts unless a further agent that takes part may act at all: it is not charged, but its breakers are asked.
    function _requireUnbroken(address wallet) internal view {
        Verdict verdict = _CORE.status(wallet);
        require(verdict.admitted(), AgentDenied(0, wallet, verdict));
    }

    /// @dev Reverts if the account is an EOA that runs another's code (EIP-7702), which is 23 bytes long then: its key needs none of it.
    function _requireOwnCode() internal view {
        bytes memory code = _ACCOUNT.code;
        require(code.length != 23 || bytes3(code) != _DELEGATED, DelegatedAccount(_ACCOUNT));
    }

    /// @dev Selector of a call; `PLAIN_TRANSFER` for one without data.
    function _selector(bytes calldata data) private pure returns (bytes4 selector) {
        if (data.length == 0) return PLAIN_TRANSFER;
        require(data.length > 3, IActionDecoder.NoSelector());
        selector = bytes4(data);
        require(selector != PLAIN_TRANSFER, IActionDecoder.NoSelector());
    }

    /* Checking */

    /// @return level 0, or 1 if it needs countersignatures, or 2 if it must also have been scheduled.
    function _check(
        Grant storage granted,
        PermissionWord word,
        address wallet,
        Call memory call,
        bytes4 selector,
        Spend memory spend
    ) private returns (uint256 level) {
        address target = call.target;
        require(block.timestamp < word.expiry(), PermissionExpired(wallet, target, selector, word.expiry()));
        // What cannot be decoded is measured afterwards, or above every finite cap.
        uint256 amount = spend.known ? spend.amount : word.has(PermissionWords.ASSETS) ? 0 : type(uint256).max;
        uint256 cap = word.callCap();
        require(amount <= cap, CallCapExceeded(wallet, target, selector, amount, cap));
        if (call.value != 0 && selector != PLAIN_TRANSFER) {
            cap = word.has(PermissionWords.NATIVE_CAP) ? granted.nativeCap : 0;
            require(call.value <= cap, NativeCapExceeded(wallet, target, selector, call.value, cap));
        }
        if (word.has(PermissionWords.METERED)) _use(granted.usage, wallet, target, selector);
        if (word.has(PermissionWords.LIFETIME)) _spend(granted.usage, wallet, target, selector, amount);
        if (word.has(PermissionWords.RULES)) {
            (bool kept, uint16 index) = Rules.check(granted.rules, call.dataOf(), spend);
            require(kept, RuleViolated(wallet, target, selector, index));
        }
        if (word.hasThreshold()) {
            amount = spend.known ? spend.amount : type(uint256).max;
            if (amount > word.delayAbove()) return 2;
            if (amount > word.approveAbove()) return 1;
        }
    }

    function _use(Usage storage usage, address wallet, address target, bytes4 selector) private {
        Usage memory u = usage;
        uint256 next = uint256(u.lastUse) + u.cooldown;
        require(u.lastUse == 0 || block.timestamp >= next, CoolingDown(wallet, target, selector, uint40(next)));
        require(u.uses == 0 || u.used < u.uses, PermissionUsedUp(wallet, target, selector));
        if (u.used != type(uint24).max) usage.used = u.used + 1;
        usage.lastUse = uint40(block.timestamp);
    }

    function _spend(Usage storage usage, address wallet, address target, bytes4 selector, uint256 amount) private {
        uint256 left = usage.lifetimeCap - usage.spent;
        require(amount <= left, LifetimeCapExceeded(wallet, target, selector, amount, left));
        usage.spent += uint128(amount);
    }

    function _countersigned(address wallet, Call[] memory calls, bool delayed) private {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            hashes[i] = keccak256(abi.encode(calls[i].target, calls[i].value, keccak256(calls[i].dataOf())));
        }
        bytes32 hash = keccak256(abi.encodePacked(hashes));
        require(address(_COUNTERSIGN) != address(0), NeedsCountersignature(wallet, hash));
        _COUNTERSIGN.consume(_ACCOUNT, wallet, hash, delayed);
    }

    /* Charging */

    function _chargeCall(address wallet, Call memory call, Spend memory spend) private {
        bool native = !spend.known || spend.asset == NATIVE;
        if (!native) _charge(uint160(spend.asset), wallet, spend.amount);
        if (native || call.value != 0) _charge(uint160(NATIVE), wallet, call.value);
    }

    function _chargeExcess(address wallet, Watch memory watch, uint256 drop) private {
        Grant storage granted;
        bytes32 slot = watch.grant;
        assembly ("memory-safe") {
            granted.slot := slot
        }
        PermissionWord word = granted.word;
        uint256 cap = word.callCap();
        uint256 excess = drop - watch.decoded;
        require(drop <= cap, CallCapExceeded(wallet, watch.asset, 0, drop, cap));
        if (word.has(PermissionWords.LIFETIME)) _spend(granted.usage, wallet, watch.asset, 0, excess);
        _charge(uint160(watch.asset), wallet, excess);
    }

    /// @dev Asks the core, or reverts: a wallet fails closed, as people have their own way.
    function _charge(uint256 lane, address wallet, uint256 value) private {
        (bool answered, Verdict verdict, uint256 available) = Asking.admit(_CORE, lane, wallet, value);
        if (!answered) {
            require(available >= Asking.REQUIRED_GAS, GasTooLow(available, Asking.REQUIRED_GAS));
            revert CoreUnavailable(address(_CORE));
        }
        require(verdict.admitted(), AgentDenied(lane, wallet, verdict));
    }

    /* Measuring */

    /// @return The number of watches, new ones included.
    function _watch(Grant storage granted, PermissionWord word, Spend memory spend, uint256 watches)
        private
        returns (uint256)
    {
        if (word.has(PermissionWords.MEASURED) && spend.known && spend.asset != NATIVE) {
            watches = _watchOne(granted, spend.asset, spend.amount, watches);
        }
        if (word.has(PermissionWords.ASSETS)) {
            address[] memory assets = granted.assets;
            for (uint256 i; i < assets.length; ++i) {
                watches = _watchOne(granted, assets[i], 0, watches);
            }
        }
        return watches;
    }

    function _watchOne(Grant storage granted, address asset, uint256 amount, uint256 watches)
        private
        returns (uint256)
    {
        if (Frames.add(watches, asset, amount)) return watches;
        bytes32 slot;
        assembly ("memory-safe") {
            slot := granted.slot
        }
        Frames.put(watches, Watch(asset, _balance(asset), amount, slot));
        return watches + 1;
    }

    function _balance(address asset) private view returns (uint256 balance) {
        bool answered;
        (answered, balance) = _read(asset, abi.encodeCall(IERC20.balanceOf, (_ACCOUNT)));
        require(answered, BalanceUnavailable(asset));
    }

    function _underlying(address vault) private view returns (address asset) {
        (bool answered, uint256 word) = _read(vault, abi.encodeCall(IERC4626.asset, ()));
        asset = address(uint160(word));
        require(answered && word == uint160(asset) && asset != NATIVE, BalanceUnavailable(vault));
    }
}
