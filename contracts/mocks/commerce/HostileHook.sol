// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183Hook} from "../../interfaces/IERC8183Hook.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title HostileHook
/// @notice A hook that obeys a script, and records what it was told.
contract HostileHook is IERC8183Hook, ERC165 {
    enum Mode {
        Obey,
        Revert,
        BurnGas,
        Bomb, // reverts with all the memory that its gas pays for
        Reenter // makes the scripted call, and reverts with what that reverts with
    }

    /// @notice What the job contract said.
    event Called(bool before, uint256 jobId, bytes4 selector, bytes data, uint256 gas);

    /// @notice What it reverts with.
    error Refused(string text);

    Mode private _mode;
    address private _target;
    bytes private _call;

    /// @notice Chooses what it does from now on.
    function script(Mode mode, address target, bytes calldata call) external {
        (_mode, _target, _call) = (mode, target, call);
    }

    /// @inheritdoc IERC8183Hook
    function beforeAction(uint256 jobId, bytes4 selector, bytes calldata data) external {
        emit Called(true, jobId, selector, data, gasleft());
        _act();
    }

    /// @inheritdoc IERC8183Hook
    function afterAction(uint256 jobId, bytes4 selector, bytes calldata data) external {
        emit Called(false, jobId, selector, data, gasleft());
        _act();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool) {
        return interfaceId == type(IERC8183Hook).interfaceId || super.supportsInterface(interfaceId);
    }

    function _act() private {
        Mode mode = _mode;
        require(mode != Mode.Revert, Refused("as scripted"));
        while (mode == Mode.BurnGas) {}
        if (mode == Mode.Bomb) {
            assembly ("memory-safe") {
                revert(mload(0x40), 350000) // most of what 500,000 gas pays for
            }
        }
        if (mode == Mode.Reenter) {
            (bool success, bytes memory reason) = _target.call(_call);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
    }
}
