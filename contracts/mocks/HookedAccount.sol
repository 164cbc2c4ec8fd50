// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountERC7579Hooked} from "@openzeppelin/contracts/account/extensions/draft-AccountERC7579Hooked.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MODULE_TYPE_VALIDATOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @title HookedAccount
/// @notice OpenZeppelin's ERC-7579 account with hooks, for an EntryPoint of choice and with its first validator.
contract HookedAccount is AccountERC7579Hooked {
    IEntryPoint private immutable _ENTRY_POINT;

    constructor(IEntryPoint entryPoint_, address validator, bytes memory initData) {
        _ENTRY_POINT = entryPoint_;
        _installModule(MODULE_TYPE_VALIDATOR, validator, initData);
    }

    /// @notice The EntryPoint that it obeys.
    function entryPoint() public view override returns (IEntryPoint) {
        return _ENTRY_POINT;
    }
}
