// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NaivePolicy} from "./NaivePolicy.sol";
import {NoopHook} from "./NoopHook.sol";

/// @title NaiveHook7579
/// @notice ERC-7579 hook as commonly written, for attacks to be shown on.
/// @dev Naive: takes `execute` to have its bytes where Solidity puts them, while accounts follow the offset; lets every other
/// function pass, executors unless each who acts has a budget; counts whatever it is asked about, by whomever.
contract NaiveHook7579 is NoopHook, NaivePolicy {
    /// @notice More than a hundred calls.
    error AskedTooOften(address account);

    /// @notice Calls of an account so far.
    mapping(address account => uint256 calls) public asked;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap)
        NaivePolicy(targets, selectors, cap)
    {}

    /// @notice Checks target, selector and amount at their usual places: 4 + mode + offset + length, then the execution.
    function preCheck(address msgSender, uint256, bytes calldata msgData) external override returns (bytes memory) {
        require(++asked[msg.sender] <= 100, AskedTooOften(msg.sender));
        _begin(msg.sender);
        bytes4 selector = bytes4(msgData);
        // execute(bytes32,bytes), executeFromExecutor(bytes32,bytes)
        if (selector == 0xe9ae5c53 || perActor && selector == 0xd691c964) {
            _checkExecution(_budget(perActor ? msgSender : msg.sender), bytes1(msgData[4]), msgData[100:]);
        }
        return "";
    }

    /// @notice Checks a balance, if so tuned.
    function postCheck(bytes calldata) external override {
        _end(_budget(msg.sender), msg.sender);
    }

    function _budget(address whose) private pure returns (bytes32) {
        return bytes32(uint256(uint160(whose)));
    }
}
