// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RECIPIENT, Rule, Spend, Standard} from "../types/Wallets.sol";

/// @notice What arguments of a call have to be.
library Rules {
    uint256 private constant MAX_RULES = 32;

    /// @notice Whether rules can be kept: ranges are not empty, words in order, and a recipient is asked only of a standard that
    /// says which argument it is.
    function areValid(Rule[] memory rules, Standard standard) internal pure returns (bool) {
        if (rules.length > MAX_RULES) return false;
        for (uint256 i; i < rules.length; ++i) {
            Rule memory rule = rules[i];
            if (rule.low > rule.high || (rule.word == RECIPIENT && standard == Standard.None)) return false;
            if (i != 0 && rules[i - 1].word > rule.word) return false;
        }
        return true;
    }

    /// @notice Whether a call keeps one rule of each word that has any. A word beyond the arguments keeps none.
    /// @param data The call's, selector included.
    /// @return kept Whether it does.
    /// @return word Of which it keeps none, if not.
    function check(Rule[] storage rules, bytes calldata data, Spend memory spend)
        internal
        view
        returns (bool kept, uint16 word)
    {
        uint256 count = rules.length;
        kept = true;
        for (uint256 i; i < count; ++i) {
            Rule memory rule = rules[i];
            if (i == 0 || rule.word != word) {
                if (!kept) return (false, word);
                (kept, word) = (false, rule.word);
            }
            if (!kept) kept = _keeps(rule, data, spend);
        }
    }

    function _keeps(Rule memory rule, bytes calldata data, Spend memory spend) private pure returns (bool) {
        bytes32 value;
        if (rule.word == RECIPIENT) {
            if (!spend.known) return false;
            value = bytes32(uint256(uint160(spend.recipient)));
        } else {
            uint256 start = 4 + 32 * uint256(rule.word);
            if (data.length < start + 32) return false;
            value = bytes32(data[start:]);
        }
        return rule.low <= value && value <= rule.high;
    }
}
