// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";

/// @title SafeAgentHandler
/// @notice Fallback handler of a guarded Safe: takes tokens, signs nothing, keeps nothing.
/// @dev A Safe hands on whatever anybody calls it with, as itself. So its handler believes nobody, and is no contract that
/// believes the Safe: not its guard, above all.
contract SafeAgentHandler is ERC721Holder, ERC1155Holder {}
