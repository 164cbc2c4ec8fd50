// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Delayed} from "./Delayed.sol";
import {ICircuitBreaker} from "./interfaces/ICircuitBreaker.sol";
import {ICountersign} from "./interfaces/ICountersign.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {ISettings} from "./interfaces/ISettings.sol";
import {WalletWords} from "./libraries/WalletWords.sol";
import {WalletWord} from "./types/Types.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {MultiSignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";

/// @title Countersign
/// @notice A council of people that approves what an agent may not do alone (WP-7). One council serves all policies of its owner.
///
/// @dev Design
///
///      Signers are ERC-7913 byte strings: 20 bytes are a key or an ERC-1271 contract, more are a verifier and a key of its
///      kind (P-256, WebAuthn, RSA...). They sign one exact action: chain, council, policy, account, wallet, calls, nonce.
///
///      There is one way in, `approve`, for what waits and for what does not. Whether an action has to wait depends on its
///      amount, which only the policy can read, and only when it happens. So each approval notes when its wait
///      would be over, and the policy says at `consume` whether that matters. Two ways in would need two
///      messages to sign, or let whoever hands them in choose.
///
///      At any time one approval of equal actions is unused, so that `consume` needs no nonce: the agent executes what
///      it would execute anyway. A nonce is good for one approval, whatever became of it. So of two proposals
///      with one nonce at most one can be approved: that is how people replace what they signed.
///
///      `approve` calls signers and verifiers statically, and writes after it: none of them can re-enter.
///
///      Trust assumptions
///
///      M of the signers can approve anything that the policy would let them approve; caps and breakers still hold. The owner
///      can replace them all, a day after announcing it; one signer or guardian alone can stop everything, and start nothing.
///      No address that was ever bound as an agent's wallet can be owner, signer, verifier or vetoer, checked
///      when set and when used (ID-7). A policy can consume nothing but its own approvals.
///
///      Warnings
///
///      - A contract that signs (ERC-1271) or verifies may be an agent's without being its wallet: nobody can see that from here.
///      - Signatures count when they are handed in. What signers could revoke afterwards, they veto.
///      - Whoever has M signatures decides when to hand them in, until the expiry: keep it short.
///      - Only what waits gives time for a veto. The rest can be approved and consumed in one block.
///      - A key that delegates its code (EIP-7702) signs by ERC-1271, if what it delegates to can.
///      - Raising the threshold and removing a signer leave past approvals valid: veto them.
contract Countersign is ICountersign, Delayed, EIP712, MultiSignerERC7913 {
    using WalletWords for WalletWord;

    bytes32 private constant _ACTION_TYPEHASH =
        keccak256("Action(address policy,address account,address wallet,bytes32 calls,uint256 nonce,uint40 expiry)");
    uint256 private constant _ADDRESS_LENGTH = 20;

    /// @inheritdoc ICountersign
    uint256 public constant APPROVAL_WINDOW = 7 days;
    /// @inheritdoc ICountersign
    uint256 public constant MAX_DELAY = 30 days;

    /// @inheritdoc ICountersign
    ICircuitBreaker public immutable circuitBreaker;
    /// @inheritdoc ICountersign
    uint40 public delay;

    mapping(bytes32 id => Approval) private _approvals;
    mapping(bytes32 execution => bytes32 id) private _newest;

    /// @param core The core; one without code is refused, by the call to it.
    /// @param owner_ Who may change the council.
    /// @param signers Who may sign.
    /// @param threshold_ How many must.
    /// @param delay_ Seconds that what has to wait waits: more than the core's `OUTAGE_ALLOWANCE`, at most `MAX_DELAY`.
    constructor(ICircuitBreaker core, address owner_, bytes[] memory signers, uint64 threshold_, uint40 delay_)
        Delayed(owner_)
        EIP712("Switchgear Countersign", "1")
        MultiSignerERC7913(signers, threshold_)
    {
        circuitBreaker = core;
        _requireEligible(owner_);
        for (uint256 i; i < signers.length; ++i) {
            _requireUsable(signers[i]);
        }
        _setDelay(delay_);
    }

    // ------------------------------------------------------------------ anyone

    /// @inheritdoc ICountersign
    function approve(Action calldata action, bytes[] calldata signers, bytes[] calldata signatures)
        external
        returns (bytes32 id)
    {
        require(block.timestamp < action.expiry, ActionExpired(action.expiry));
        id = idOf(action.policy, action.nonce);
        require(_approvals[id].state == State.None, NonceUsed(action.policy, action.nonce));
        bytes32 execution = _execution(action.policy, action.account, action.wallet, action.calls);
        bytes32 newest = _newest[execution];
        require(!_isUnused(_approvals[newest]), AlreadyApproved(newest));
        _requireSigned(digestOf(action), signers, signatures);

        uint40 eta = uint40(block.timestamp + delay);
        uint40 expiry = uint40(eta + APPROVAL_WINDOW);
        if (action.expiry < expiry) expiry = action.expiry;
        _approvals[id] = Approval(action.policy, eta, expiry, State.Approved);
        _newest[execution] = id;
        emit Countersigned(id, action.policy, action.wallet, msg.sender, action, eta, expiry, signers);
    }

    // ------------------------------------------------------------------ policies

    /// @inheritdoc ICountersign
    function consume(address account, address wallet, bytes32 calls, bool delayed) external {
        bytes32 id = _newest[_execution(msg.sender, account, wallet, calls)];
        Approval storage approval = _approvals[id];
        bool unused = _isUnused(approval);
        require(
            unused && (!delayed || block.timestamp >= approval.eta),
            NotCountersigned(msg.sender, wallet, calls, unused ? approval.eta : 0)
        );
        approval.state = State.Consumed;
        emit Consumed(id, msg.sender, wallet, calls, delayed);
    }

    // ------------------------------------------------------------------ owner, signers, guardians

    /// @inheritdoc ICountersign
    function veto(bytes32 id) external {
        Approval storage approval = _approvals[id];
        (address policy, State state) = (approval.policy, approval.state);
        require(state == State.None || state == State.Approved, NotVetoable(id, state));
        require(
            msg.sender == owner() || isSigner(abi.encodePacked(msg.sender)) || _isGuardian(policy, msg.sender),
            NotVetoer(msg.sender)
        );
        _requireEligible(msg.sender);
        approval.state = State.Vetoed;
        emit Vetoed(id, policy, msg.sender);
    }

    // ------------------------------------------------------------------ owner

    /// @inheritdoc ICountersign
    function addSigners(bytes[] calldata signers) external onlyDelayed {
        for (uint256 i; i < signers.length; ++i) {
            _requireUsable(signers[i]);
        }
        _addSigners(signers);
    }

    /// @inheritdoc ICountersign
    function removeSigners(bytes[] calldata signers) external onlyDelayed {
        _removeSigners(signers);
    }

    /// @inheritdoc ICountersign
    function setThreshold(uint64 threshold_) external {
        _requireMay(this.setThreshold.selector, threshold_ > threshold());
        _setThreshold(threshold_);
    }

    /// @inheritdoc ICountersign
    function setDelay(uint40 delay_) external {
        _requireMay(this.setDelay.selector, delay_ > delay);
        _setDelay(delay_);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ICountersign
    function digestOf(Action calldata action) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_ACTION_TYPEHASH, action)));
    }

    /// @inheritdoc ICountersign
    function idOf(address policy, uint256 nonce) public pure returns (bytes32) {
        return keccak256(abi.encode(policy, nonce));
    }

    /// @inheritdoc ICountersign
    function approvalOf(bytes32 id) external view returns (Approval memory) {
        return _approvals[id];
    }

    /// @inheritdoc ICountersign
    function newestOf(address policy, address account, address wallet, bytes32 calls)
        external
        view
        returns (bytes32 id)
    {
        return _newest[_execution(policy, account, wallet, calls)];
    }

    function _setDelay(uint40 delay_) private {
        uint256 above = circuitBreaker.OUTAGE_ALLOWANCE();
        require(delay_ > above && delay_ <= MAX_DELAY, ISettings.InvalidDuration(delay_, above, MAX_DELAY));
        emit DelayChanged(msg.sender, delay, delay_);
        delay = delay_;
    }

    /// @dev Enough signers of the council, none of them an agent's wallet by now, each once, signed this.
    function _requireSigned(bytes32 digest, bytes[] calldata signers, bytes[] calldata signatures) private view {
        uint64 least = threshold();
        require(signers.length >= least, TooFewSignatures(signers.length, least));
        for (uint256 i; i < signers.length; ++i) {
            require(isSigner(signers[i]), NotSigner(signers[i]));
            _requireEligible(address(bytes20(signers[i])));
        }
        require(SignatureChecker.areValidSignaturesNow(digest, signers, signatures), InvalidSignatures(digest));
    }

    /// @dev A signer may be added. A verifier without code is refused: among them are precompiles, one of which would answer yes to
    /// everything.
    function _requireUsable(bytes memory signer) private view {
        address party = address(bytes20(signer));
        require(signer.length == _ADDRESS_LENGTH || party.code.length != 0, MultiSignerERC7913InvalidSigner(signer));
        _requireEligible(party);
    }

    /// @dev ID-7, as the core has it: whoever was ever bound as a wallet has no authority over anything.
    function _requireEligible(address actor) internal view override {
        uint32 agent = circuitBreaker.walletWord(actor).agent();
        require(agent == 0, ILedger.BoundWalletHasNoAuthority(actor, agent));
    }

    /// @dev The owner may tighten at once; whatever waited may be anything, unless it was tightened meanwhile.
    function _requireMay(bytes4 setting, bool tightens) private {
        if (msg.sender == address(this)) {
            _requireNewer(setting);
        } else {
            _checkOwner();
            require(tightens, NotDelayed(msg.sender));
            _noteTightening(setting);
        }
    }

    function _isGuardian(address policy, address actor) private view returns (bool) {
        (uint32 bound,) = circuitBreaker.guardianOf(policy, actor);
        return bound != 0;
    }

    function _isUnused(Approval storage approval) private view returns (bool) {
        return approval.state == State.Approved && block.timestamp < approval.expiry;
    }

    function _execution(address policy, address account, address wallet, bytes32 calls) private pure returns (bytes32) {
        return keccak256(abi.encode(policy, account, wallet, calls));
    }
}
