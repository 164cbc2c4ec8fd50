// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDelayed} from "./interfaces/IDelayed.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Delayed
/// @notice Base of a contract whose owner tightens at once and loosens a day later.
///
/// @dev Design
///
///      Functions that loosen are `onlyDelayed`: only the contract itself may call them, and only `execute` makes it do
///      so, with exactly the calldata that `schedule` announced. The announcement is the call itself, so everybody can
///      read from the event what is coming. Delay and window are the core's (BR-9).
///
///      Trust assumptions
///
///      The owner is people: a key, a Safe, a timelock. It moves in two steps and cannot be renounced, since an account
///      must keep its way out (WP-6). `_requireEligible` is asked when an owner accepts and whenever it acts (ID-7).
///
///      Warnings
///
///      - A tightening cancels what was announced before it only where the deriving contract says so, by
///        `_noteTightening` and `_requireNewer` of the same setting (BR-9).
///      - A deriving constructor asks `_requireEligible(owner)` itself, once it can answer.
abstract contract Delayed is IDelayed, Ownable2Step {
    struct Loosening {
        uint40 eta;
        uint40 expiry;
    }

    /// @notice Seconds that loosening waits.
    uint256 public constant LOOSENING_DELAY = 1 days;
    /// @notice Seconds after its ETA during which it can be executed.
    uint256 public constant LOOSENING_WINDOW = 7 days;

    mapping(bytes32 id => Loosening) private _loosenings;
    mapping(bytes32 setting => uint256) private _tightenedAt;
    /// @dev When the loosening was announced that is being executed; 0 if none is.
    uint256 private transient _announcedAt;

    /// @dev For what loosens: called through `execute` alone.
    modifier onlyDelayed() {
        require(msg.sender == address(this), NotDelayed(msg.sender));
        _;
    }

    /// @param owner_ Who may schedule, execute and cancel; zero is refused.
    constructor(address owner_) Ownable(owner_) {}

    /// @inheritdoc IDelayed
    function schedule(bytes calldata call) external onlyOwner returns (bytes32 id) {
        id = keccak256(call);
        Loosening storage loosening = _loosenings[id];
        require(block.timestamp > loosening.expiry, AlreadyScheduled(id, loosening.eta));
        uint40 eta = uint40(block.timestamp + LOOSENING_DELAY);
        uint40 expiry = uint40(eta + LOOSENING_WINDOW);
        (loosening.eta, loosening.expiry) = (eta, expiry);
        emit LooseningScheduled(id, msg.sender, call, eta, expiry);
    }

    /// @inheritdoc IDelayed
    function execute(bytes calldata call) external onlyOwner {
        bytes32 id = keccak256(call);
        Loosening memory loosening = _loosenings[id];
        require(loosening.eta != 0, NotScheduled(id));
        require(block.timestamp >= loosening.eta, LooseningNotReady(loosening.eta));
        require(block.timestamp <= loosening.expiry, LooseningExpired(loosening.expiry));
        delete _loosenings[id];
        _announcedAt = loosening.eta - LOOSENING_DELAY;
        (bool success, bytes memory result) = address(this).call(call);
        Address.verifyCallResult(success, result);
        _announcedAt = 0;
        emit LooseningExecuted(id, msg.sender);
    }

    /// @inheritdoc IDelayed
    function cancel(bytes32 id) external onlyOwner {
        require(_loosenings[id].eta != 0, NotScheduled(id));
        delete _loosenings[id];
        emit LooseningCancelled(id, msg.sender);
    }

    /// @notice The second step of a transfer, by the new owner.
    function acceptOwnership() public override {
        _requireEligible(msg.sender);
        super.acceptOwnership();
    }

    /// @notice Refused: nobody could loosen, or take the account its way out, ever again.
    function renounceOwnership() public pure override {
        revert OwnableInvalidOwner(address(0));
    }

    /// @inheritdoc IDelayed
    function etaOf(bytes32 id) external view returns (uint40) {
        return _loosenings[id].eta;
    }

    /// @dev This setting was tightened now.
    function _noteTightening(bytes32 setting) internal {
        _tightenedAt[setting] = block.timestamp;
    }

    /// @dev Reverts unless what is being executed was announced after this setting was tightened last (BR-9).
    function _requireNewer(bytes32 setting) internal view {
        require(_announcedAt > _tightenedAt[setting], SupersededByTightening(_tightenedAt[setting]));
    }

    /// @dev Reverts if this address may have no power here, as it was once bound as an agent's wallet (ID-7).
    function _requireEligible(address actor) internal view virtual;

    /// @dev Every `onlyOwner` comes here.
    function _checkOwner() internal view override {
        require(msg.sender == owner(), NotOwner(msg.sender));
        _requireEligible(msg.sender);
    }
}
