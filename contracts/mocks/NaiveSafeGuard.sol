// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NaivePolicy} from "./NaivePolicy.sol";

/// @title NaiveSafeGuard
/// @notice Safe guard as commonly written, for attacks to be shown on.
/// @dev Naive: looks neither at the operation nor at the refund, and counts no allowance; sees modules only where it is set as their
/// guard as well, and takes what they fail at for done.
contract NaiveSafeGuard is NaivePolicy {
    /// @notice Whether it looks into batches, at the places where Solidity puts their items.
    bool public looksInside;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap)
        NaivePolicy(targets, selectors, cap)
    {}

    /// @notice Makes it look into batches.
    function lookInside() external {
        looksInside = true;
    }

    /// @notice ERC-165: transaction guard, module guard, ERC-165.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0xe6d7a83a || id == 0x58401ed8 || id == 0x01ffc9a7;
    }

    /// @notice Checks target, selector and amount.
    function checkTransaction(
        address to,
        uint256,
        bytes calldata data,
        uint8,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes calldata,
        address msgSender
    ) external {
        bytes32 budget = _budget(perActor ? msgSender : msg.sender);
        _begin(msg.sender);
        // multiSend(bytes)
        if (looksInside && bytes4(data[:4]) == 0x8d80ff0a) _checkItems(budget, data);
        else _check(budget, to, bytes4(data[:4]), data);
    }

    /// @notice Checks a balance, if so tuned.
    function checkAfterExecution(bytes32, bool) external {
        _end(_budget(msg.sender), msg.sender);
    }

    /// @notice Checks target, selector and amount of what a module does.
    function checkModuleTransaction(address to, uint256, bytes calldata data, uint8, address)
        external
        returns (bytes32)
    {
        _check(_budget(msg.sender), to, bytes4(data[:4]), data);
        return 0;
    }

    /// @notice Checks nothing.
    function checkAfterModuleExecution(bytes32, bool) external {}

    /// @dev Naive: after selector, offset and length; and a batch within a batch is one more call.
    function _checkItems(bytes32 budget, bytes calldata data) private {
        uint256 place = 68;
        uint256 end = place + uint256(bytes32(data[36:68]));
        while (place < end) {
            // Operation, target, value, length, data.
            address to = address(bytes20(data[place + 1:place + 21]));
            uint256 length = uint256(bytes32(data[place + 53:place + 85]));
            bytes calldata inner = data[place + 85:place + 85 + length];
            _check(budget, to, bytes4(inner[:4]), inner);
            place += 85 + length;
        }
    }

    function _budget(address whose) private pure returns (bytes32) {
        return bytes32(uint256(uint160(whose)));
    }
}
