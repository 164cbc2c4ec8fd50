// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISessionPolicy} from "../interfaces/ISessionPolicy.sol";
import {Op, Rule, Spend, Standard} from "../types/Wallets.sol";

/// @notice What arguments of a call have to be.
library Rules {
    uint256 private constant MAX_RULES = 8;
    uint256 private constant MAX_VALUES = 16;

    /// @notice Reverts unless rules can be kept.
    function requireValid(Rule[] memory rules, Standard standard) internal pure {
        require(rules.length <= MAX_RULES, ISessionPolicy.InvalidPermission());
        for (uint256 i; i < rules.length; ++i) {
            Rule memory rule = rules[i];
            uint256 count = rule.values.length;
            bool fits = rule.op == Op.Equal
                ? count == 1
                : rule.op == Op.Range
                    ? count == 2 && rule.values[0] <= rule.values[1]
                    : count != 0 && count <= MAX_VALUES;
            // A recipient is known only where the standard says which argument it is.
            if (rule.op == Op.Recipient) fits = fits && rule.word == 0 && standard != Standard.None;
            require(fits, ISessionPolicy.InvalidPermission());
        }
    }

    /// @notice Index of the first rule that a call breaks; `type(uint256).max` if it keeps all. A word beyond the arguments breaks any.
    /// @param data The call's, selector included.
    function firstBroken(Rule[] storage rules, bytes calldata data, Spend memory spend)
        internal
        view
        returns (uint256)
    {
        uint256 count = rules.length;
        for (uint256 i; i < count; ++i) {
            Rule memory rule = rules[i];
            if (rule.op == Op.Recipient) {
                if (!spend.known || !_contains(rule.values, bytes32(uint256(uint160(spend.recipient))))) return i;
                continue;
            }
            uint256 start = 4 + 32 * uint256(rule.word);
            if (data.length < start + 32) return i;
            bytes32 word = bytes32(data[start:]);
            bool kept =
                rule.op == Op.Range ? rule.values[0] <= word && word <= rule.values[1] : _contains(rule.values, word);
            if (!kept) return i;
        }
        return type(uint256).max;
    }

    function _contains(bytes32[] memory values, bytes32 value) private pure returns (bool) {
        for (uint256 i; i < values.length; ++i) {
            if (values[i] == value) return true;
        }
        return false;
    }
}
