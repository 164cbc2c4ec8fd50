// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Delayed} from "./Delayed.sol";
import {IActionDecoder} from "./interfaces/IActionDecoder.sol";
import {ICircuitBreaker} from "./interfaces/ICircuitBreaker.sol";
import {ICountersign} from "./interfaces/ICountersign.sol";
import {IEnrolment} from "./interfaces/IEnrolment.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {ISessionPolicy} from "./interfaces/ISessionPolicy.sol";
import {ActionDecoder} from "./libraries/ActionDecoder.sol";
import {Asking} from "./libraries/Asking.sol";
import {Frames, Watch} from "./libraries/Frames.sol";
import {PermissionWord, PermissionWords} from "./libraries/PermissionWords.sol";
import {Rules} from "./libraries/Rules.sol";
import {Spends} from "./libraries/Spends.sol";
import {WalletWords} from "./libraries/WalletWords.sol";
import {UnknownPolicy, WalletWord} from "./types/Types.sol";
import {Verdict} from "./types/Verdict.sol";
import {Call, NATIVE, PLAIN_TRANSFER, Permission, Rule, Spend, Standard, UNDERLYING} from "./types/Wallets.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

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
abstract contract SessionPolicy is ISessionPolicy, Delayed {
    using ActionDecoder for Call;

    struct Grant {
        PermissionWord word;
        Usage usage;
        uint256 nativeCap;
        address[] assets;
        Rule[] rules;
    }

    struct Usage {
        uint24 uses;
        uint24 used;
        uint24 cooldown;
        uint40 lastUse;
        uint128 lifetimeCap;
        uint128 spent;
    }

    /// @dev For reading a balance, an owner or a vault's asset: no answer of a stranger may take all gas (BR-16).
    uint256 private constant _READ_GAS = 150_000;
    uint256 private constant _READ_REQUIRED = _READ_GAS * 64 / 63 + 10_000;
    uint256 private constant _MAX_ASSETS = 4;

    /// @inheritdoc ISessionPolicy
    ICircuitBreaker public immutable circuitBreaker;
    /// @inheritdoc ISessionPolicy
    address public immutable account;
    /// @inheritdoc ISessionPolicy
    ICountersign public immutable countersign;
    /// @inheritdoc ISessionPolicy
    bool public retired;
    /// @inheritdoc ISessionPolicy
    mapping(address party => bool) public trusted;

    mapping(address wallet => mapping(bytes32 action => Grant)) private _grants;

    /// @dev What only the guarded account calls.
    modifier onlyAccount() {
        require(msg.sender == account, WrongAccount(msg.sender, account));
        _;
    }

    /// @param setup The first configuration; lands at once.
    constructor(Setup memory setup) Delayed(setup.owner) {
        require(setup.account != address(0), WrongAccount(address(0), address(0)));
        circuitBreaker = setup.core;
        account = setup.account;
        countersign = setup.countersign;
        setup.core.setAdmin(setup.owner);
        for (uint256 i; i < setup.assets.length; ++i) {
            _openAsset(setup.assets[i]);
        }
        for (uint256 i; i < setup.trusted.length; ++i) {
            _trust(setup.trusted[i]);
        }
        for (uint256 i; i < setup.permissions.length; ++i) {
            _grant(setup.permissions[i]);
        }
    }

    /* The owner */

    /// @inheritdoc ISessionPolicy
    function grant(Permission calldata permission) external onlyDelayed {
        _requireNewer(_actionKey(permission.wallet, permission.target, permission.selector));
        _grant(permission);
    }

    /// @inheritdoc ISessionPolicy
    function revoke(address wallet, address target, bytes4 selector) external onlyOwner {
        _noteTightening(_actionKey(wallet, target, selector));
        delete _grants[wallet][_action(target, selector)];
        emit PermissionRevoked(wallet, target, selector, msg.sender);
    }

    /// @inheritdoc ISessionPolicy
    function trust(address party) external onlyDelayed {
        _requireNewer(bytes32(bytes20(party)));
        _trust(party);
    }

    /// @inheritdoc ISessionPolicy
    function distrust(address party) external onlyOwner {
        _noteTightening(bytes32(bytes20(party)));
        trusted[party] = false;
        emit TrustChanged(party, msg.sender, false);
    }

    /// @inheritdoc ISessionPolicy
    function openAsset(AssetLimits calldata limits) external onlyDelayed {
        _openAsset(limits);
    }

    /// @inheritdoc ISessionPolicy
    function retire() external onlyDelayed {
        retired = true;
        emit Retired(account, owner());
    }

    /// @inheritdoc ISessionPolicy
    function permissionOf(address wallet, address target, bytes4 selector)
        external
        view
        returns (Permission memory p, uint24 used, uint128 spent, uint40 lastUse)
    {
        Grant storage granted = _grants[wallet][_action(target, selector)];
        (PermissionWord word, Usage memory usage) = (granted.word, granted.usage);
        p = Permission({
            wallet: wallet,
            target: target,
            selector: selector,
            standard: word.standard(),
            measured: word.has(PermissionWords.MEASURED),
            expiry: word.expiry(),
            uses: usage.uses,
            cooldown: usage.cooldown,
            nativeCap: granted.nativeCap,
            callCap: word.callCap(),
            lifetimeCap: usage.lifetimeCap,
            approveAbove: word.approveAbove(),
            delayAbove: word.delayAbove(),
            assets: granted.assets,
            rules: granted.rules
        });
        return (p, usage.used, usage.spent, usage.lastUse);
    }

    /* The adapters */

    /// @dev The same as `_before` for nearly every payment, at nearly its price in storage: one exact ERC-20 transfer or approval, of a
    /// permission that has nothing but caps, by nobody's inner execution. `_before` is the rule: whatever is not exactly
    /// that, denials included, gets false here and is decided there; if something was written, that reverts.
    /// @return done Whether it is checked and charged.
    function _express(address wallet, address target, bytes calldata data) internal returns (bool done) {
        uint256 selector;
        uint256 to;
        uint256 amount;
        assembly ("memory-safe") {
            selector := shr(224, calldataload(data.offset))
            to := calldataload(add(data.offset, 0x04))
            amount := calldataload(add(data.offset, 0x24))
        }
        bool known = selector == uint32(IERC20.transfer.selector) || selector == uint32(IERC20.approve.selector);
        if (data.length != 0x44 || !known || to >> 160 != 0 || !Frames.isEmpty()) return false;
        PermissionWord word = _grants[wallet][_action(target, bytes4(uint32(selector)))].word;
        if (!word.allowsPlainly(amount)) return false;
        Verdict verdict;
        (done, verdict,) = Asking.admit(circuitBreaker, uint160(target), wallet, amount);
        return done && verdict.admitted();
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
            (, spend) = ActionDecoder.spend(word.standard(), account, call);
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
        // One call without value, whose data are a selector and two words.
        bool short = mode == 0 && execution.length == 0x78 && bytes32(execution[20:]) == 0;
        if (short && _express(wallet, address(bytes20(execution)), execution[52:])) return;
        _before(wallet, ActionDecoder.erc7579(account, mode, execution));
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
        return trusted[party] && _boundAgent(party) == 0;
    }

    /// @dev Reverts unless a further agent that takes part may act at all: it is not charged, but its breakers are asked.
    function _requireUnbroken(address wallet) internal view {
        Verdict verdict = circuitBreaker.status(wallet);
        require(verdict.admitted(), AgentDenied(0, wallet, verdict));
    }

    /// @inheritdoc Delayed
    function _requireEligible(address actor) internal view override {
        uint32 agent = _boundAgent(actor);
        require(agent == 0, ILedger.BoundWalletHasNoAuthority(actor, agent));
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
        require(address(countersign) != address(0), NeedsCountersignature(wallet, hash));
        countersign.consume(account, wallet, hash, delayed);
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
        (bool answered, Verdict verdict, uint256 available) = Asking.admit(circuitBreaker, lane, wallet, value);
        if (!answered) {
            require(available >= Asking.REQUIRED_GAS, GasTooLow(available, Asking.REQUIRED_GAS));
            revert CoreUnavailable(address(circuitBreaker));
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
        (answered, balance) = _read(asset, abi.encodeCall(IERC20.balanceOf, (account)));
        require(answered, BalanceUnavailable(asset));
    }

    function _underlying(address vault) private view returns (address asset) {
        (bool answered, uint256 word) = _read(vault, abi.encodeCall(IERC4626.asset, ()));
        asset = address(uint160(word));
        require(answered && word == uint160(asset) && asset != NATIVE, BalanceUnavailable(vault));
    }

    /// @dev Agent that an address was ever bound to; 0 if none, or if the core does not answer although it had the gas: then
    /// nobody can tell, and people must still get out (WP-6).
    function _boundAgent(address party) private view returns (uint32) {
        uint256 available = gasleft();
        (bool answered, uint256 word) = _read(address(circuitBreaker), abi.encodeCall(IEnrolment.walletWord, (party)));
        require(answered || available >= _READ_REQUIRED, GasTooLow(available, _READ_REQUIRED));
        return answered ? WalletWords.agent(WalletWord.wrap(word)) : 0;
    }

    /// @dev One word from a view.
    function _read(address target, bytes memory question) private view returns (bool answered, uint256 word) {
        assembly ("memory-safe") {
            answered := staticcall(_READ_GAS, target, add(question, 0x20), mload(question), 0x00, 0x20)
            answered := and(answered, eq(returndatasize(), 0x20))
            word := mload(0x00)
        }
    }

    /* Setting */

    function _grant(Permission memory p) private {
        bool unreachable = p.target == account || p.target == address(this) || p.target == address(circuitBreaker)
            || p.target == address(countersign) || p.target == address(0);
        require(!unreachable, TargetRefused(p.target));
        bool fits = p.wallet != address(0) && p.wallet != account && p.wallet != owner() && !trusted[p.wallet]
            && p.expiry > block.timestamp && p.assets.length <= _MAX_ASSETS
            && !(p.measured && p.standard == Standard.ERC1155) && p.approveAbove <= p.delayAbove
            && Rules.areValid(p.rules, p.standard)
            // An approval that nobody reads would be free.
            && (p.standard != Standard.None || !Spends.isOfTokens(p.selector));
        require(fits, InvalidPermission());

        Grant storage granted = _grants[p.wallet][_action(p.target, p.selector)];
        uint40 lastUse = granted.usage.lastUse;
        delete granted.assets;
        delete granted.rules;
        granted.word = PermissionWords.pack(p);
        granted.usage = Usage(p.uses, 0, p.cooldown, lastUse, p.lifetimeCap, 0);
        granted.nativeCap = p.nativeCap;
        for (uint256 i; i < p.assets.length; ++i) {
            require(p.assets[i] != NATIVE, InvalidPermission());
            granted.assets.push(p.assets[i]);
        }
        for (uint256 i; i < p.rules.length; ++i) {
            granted.rules.push(p.rules[i]);
        }
        emit PermissionGranted(p.wallet, p.target, p.selector, owner(), p.expiry);
    }

    function _trust(address party) private {
        require(party != address(0), InvalidPermission());
        _requireEligible(party);
        trusted[party] = true;
        emit TrustChanged(party, owner(), true);
    }

    function _openAsset(AssetLimits memory limits) private {
        require(limits.policy.unknown == UnknownPolicy.Deny, InvalidPermission());
        circuitBreaker.openLane(uint160(limits.asset), limits.limits, limits.policy, new uint32[](0));
    }

    function _actionKey(address wallet, address target, bytes4 selector) private pure returns (bytes32) {
        return keccak256(abi.encode(wallet, target, selector));
    }

    function _action(address target, bytes4 selector) private pure returns (bytes32) {
        return bytes32(bytes20(target)) | (bytes32(selector) >> 160);
    }
}
