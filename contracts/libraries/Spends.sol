// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IActionDecoder} from "../interfaces/IActionDecoder.sol";
import {Call, NATIVE, PLAIN_TRANSFER, Spend, Standard, UNDERLYING} from "../types/Wallets.sol";

/// @notice What one call takes from an account: a table of the functions that each standard has, and one reader for all (WP-3).
/// @dev Every grant of an allowance that can be read is here, since no balance shows it. What is not here is not known, among it
/// Permit2's batches, which move several tokens, and its signed transfers: `known` is then false, asset and amount are zero.
///
/// The head of a known function has to be there in full, and what decides amount, asset and recipient has to be canonical. The
/// gross amount is charged (WP-5), whoever receives it, the account included, with two exceptions: tokens that are pulled into
/// the account from another, and another's permits. What the account moves from one stranger to another is charged.
library Spends {
    /// @dev Where a function's arguments stand, as bytes of its calldata (0x04 is the first argument, 0x24 the second): 0x | kind |
    /// asset | owner of the tokens | amount | recipient, a byte each | length of selector and head, two bytes. Zero if it is not known.
    uint256 private constant NONE = 0;
    /// @dev Instead of where the asset stands: the target, or the asset of the vault that is the target.
    uint256 private constant TARGET = 0;
    uint256 private constant VAULT = 1;
    /// @dev How the amount is read; 0 is a word. A word that nobody receives; a word of 160 bits; everything, if a word is true;
    /// everything; one token; the sum of a list; nothing (7); not at all, since nobody knows how much it is.
    uint256 private constant BURNT = 1;
    uint256 private constant NARROW = 2;
    uint256 private constant FLAG = 3;
    uint256 private constant ALL = 4;
    uint256 private constant ONE = 5;
    uint256 private constant SUM = 6;
    uint256 private constant UNKNOWN = 8;

    bytes4 private constant APPROVE = 0x095ea7b3;

    /// @notice What the call takes, and its selector.
    /// @param data The call's, which are not copied.
    /// @param spent Filled in; all zero before.
    function read(Standard standard, address account, Call memory action, bytes calldata data, Spend memory spent)
        internal
        pure
        returns (bytes4 selector)
    {
        if (data.length == 0) {
            (spent.known, spent.asset, spent.amount, spent.recipient) = (true, NATIVE, action.value, action.target);
            return PLAIN_TRANSFER;
        }
        assembly ("memory-safe") {
            selector := and(calldataload(data.offset), shl(224, 0xffffffff))
        }
        if (data.length < 4 || selector == 0) revert IActionDecoder.NoSelector();
        uint256 shape = _shapeOf(standard, selector);
        if (shape == 0) return selector;
        if (shape >> 32 != 0) {
            _read(shape, account, action.target, selector, data, spent);
            return selector;
        }
        // Just so much of the target's tokens to somebody, as `_read` would have it too: what is called most, in short.
        uint256 recipient = word(data, uint8(shape >> 16));
        if (data.length < uint16(shape) || recipient >> 160 != 0) {
            revert IActionDecoder.MalformedArguments(action.target, selector);
        }
        address asset = action.target;
        assembly ("memory-safe") {
            mstore(spent, 1)
            mstore(add(spent, 0x20), asset)
            mstore(add(spent, 0x40), calldataload(add(data.offset, byte(28, shape))))
            mstore(add(spent, 0x60), recipient)
        }
    }

    /// @notice 32 bytes of a slice.
    /// @dev What lies beyond its end belongs to others: callers compare its length, before or after.
    function word(bytes calldata slice, uint256 position) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(slice.offset, position))
        }
    }

    /// @notice A list, as the ABI lays it out: an offset that leads to a length, and so many elements after it.
    /// @param frame What the offset counts from; the list has to lie inside it.
    /// @param position Byte of the frame at which the offset stands.
    /// @param size Bytes of an element.
    /// @return fits Whether it does; if not, the rest means nothing.
    /// @return start Byte of the frame at which the first element stands.
    /// @return count Number of elements.
    function list(bytes calldata frame, uint256 position, uint256 size)
        internal
        pure
        returns (bool fits, uint256 start, uint256 count)
    {
        unchecked {
            if (frame.length < position + 32) return (false, 0, 0);
            start = word(frame, position);
            if (start > frame.length - 32) return (false, 0, 0);
            count = word(frame, start);
            start += 32;
            fits = count <= (frame.length - start) / size;
        }
    }

    function _read(
        uint256 shape,
        address account,
        address target,
        bytes4 selector,
        bytes calldata data,
        Spend memory spent
    ) private pure {
        unchecked {
            bool fits = data.length >= uint16(shape);
            // 32 bytes that mean nothing, where there is no such argument.
            uint256 recipient = word(data, uint8(shape >> 16));
            uint256 amount = word(data, uint8(shape >> 24));
            if (uint8(shape >> 16) == NONE) recipient = 0;
            // Everything that has to fit 160 bits, together.
            uint256 wide = recipient;
            bool free;
            uint256 place = uint8(shape >> 32);
            if (place != NONE) {
                uint256 owner = word(data, place);
                wide |= owner;
                free = owner != uint160(account) && (recipient == uint160(account) || _isPermit(selector));
            }
            uint256 asset = uint160(target);
            place = uint8(shape >> 40);
            if (place == VAULT) {
                asset = uint160(UNDERLYING);
            } else if (place != TARGET) {
                asset = word(data, place);
                // Permit2 takes any token; these two addresses mean something else here.
                if (asset <= uint160(UNDERLYING)) fits = false;
                wide |= asset;
            }
            uint256 kind = shape >> 48;
            if (kind > BURNT) {
                if (kind == NARROW) {
                    wide |= amount;
                } else if (kind == FLAG) {
                    if (amount > 1) fits = false;
                    if (amount != 0) amount = type(uint256).max;
                } else if (kind == ALL) {
                    amount = type(uint256).max;
                } else if (kind == ONE) {
                    // Approving nobody takes an approval back.
                    amount = selector == APPROVE && recipient == 0 ? 0 : 1;
                } else if (kind == SUM) {
                    bool listed;
                    (listed, amount) = _sum(data[4:], uint8(shape >> 24) - 4);
                    if (!listed) fits = false;
                } else {
                    amount = 0;
                }
            }
            require(fits && wide >> 160 == 0, IActionDecoder.MalformedArguments(target, selector));
            spent.recipient = address(uint160(recipient));
            if (kind == UNKNOWN) return;
            spent.known = true;
            spent.asset = address(uint160(asset));
            if (!free) spent.amount = amount;
        }
    }

    /// @dev Saturating: more than any limit is more than any limit.
    function _sum(bytes calldata arguments, uint256 position) private pure returns (bool fits, uint256 total) {
        uint256 start;
        uint256 count;
        (fits, start, count) = list(arguments, position, 32);
        if (!fits) return (false, 0);
        unchecked {
            for (uint256 end = start + 32 * count; start != end; start += 32) {
                uint256 amount = word(arguments, start);
                total += amount;
                if (total < amount) return (true, type(uint256).max);
            }
        }
    }

    /// @dev Whether the owner, not the caller, gives something away.
    function _isPermit(bytes4 selector) private pure returns (bool) {
        return selector == 0xd505accf || selector == 0x9fd5a6cf || selector == 0x8fcbaf0c || selector == 0x2b67b570;
    }

    /// @notice Whether a function is one that moves tokens or lets others take them, for tokens of some standard.
    function isOfTokens(bytes4 selector) internal pure returns (bool) {
        return _shapeOf(Standard.ERC20, selector) | _shapeOf(Standard.ERC721, selector)
                | _shapeOf(Standard.ERC1155, selector) | _shapeOf(Standard.Permit2, selector) != 0;
    }

    function _shapeOf(Standard standard, bytes4 selector) private pure returns (uint256 shape) {
        if (standard == Standard.ERC20) return _erc20(selector);
        if (standard == Standard.ERC721) return _erc721(selector);
        if (standard == Standard.ERC1155) return _erc1155(selector);
        if (standard == Standard.ERC4626) return _erc4626(selector);
        if (standard == Standard.Permit2) return _permit2(selector);
    }

    /// @dev With ERC-2612, DAI's and USDC's permits, ERC-1363 and ERC-777; the most frequent first.
    function _erc20(bytes4 selector) private pure returns (uint256 shape) {
        assembly ("memory-safe") {
            switch shr(224, selector)
            // transfer(address,uint256)
            case 0xa9059cbb { shape := 0x00000024040044 }
            // approve(address,uint256)
            case 0x095ea7b3 { shape := 0x00000024040044 }
            // increaseAllowance(address,uint256)
            case 0x39509351 { shape := 0x00000024040044 }
            // increaseApproval(address,uint256)
            case 0xd73dd623 { shape := 0x00000024040044 }
            // transferAndCall(address,uint256)
            case 0x1296ee62 { shape := 0x00000024040044 }
            // transferAndCall(address,uint256,bytes)
            case 0x4000aea0 { shape := 0x00000024040064 }
            // approveAndCall(address,uint256)
            case 0x3177029f { shape := 0x00000024040044 }
            // approveAndCall(address,uint256,bytes)
            case 0xcae9ca51 { shape := 0x00000024040064 }
            // send(address,uint256,bytes)
            case 0x9bd9bbc6 { shape := 0x00000024040064 }
            // transferFrom(address,address,uint256)
            case 0x23b872dd { shape := 0x00000444240064 }
            // transferFromAndCall(address,address,uint256)
            case 0xd8fbe994 { shape := 0x00000444240064 }
            // transferFromAndCall(address,address,uint256,bytes)
            case 0xc1d34b89 { shape := 0x00000444240084 }
            // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
            case 0xd505accf { shape := 0x000004442400e4 }
            // permit(address,address,uint256,uint256,bytes)
            case 0x9fd5a6cf { shape := 0x000004442400a4 }
            // permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)
            case 0x8fcbaf0c { shape := 0x03000484240104 }
            // decreaseAllowance(address,uint256)
            case 0xa457c2d7 { shape := 0x07000024040044 }
            // authorizeOperator(address)
            case 0x959b8c3f { shape := 0x04000004040024 }
            // burn(uint256)
            case 0x42966c68 { shape := 0x01000004000024 }
            // burn(uint256,bytes)
            case 0xfe9d9303 { shape := 0x01000004000044 }
        }
    }

    /// @dev With ERC-4494's permit, and the one of Uniswap's positions.
    function _erc721(bytes4 selector) private pure returns (uint256 shape) {
        assembly ("memory-safe") {
            switch shr(224, selector)
            // transferFrom(address,address,uint256)
            case 0x23b872dd { shape := 0x05000444240064 }
            // safeTransferFrom(address,address,uint256)
            case 0x42842e0e { shape := 0x05000444240064 }
            // safeTransferFrom(address,address,uint256,bytes)
            case 0xb88d4fde { shape := 0x05000444240084 }
            // approve(address,uint256)
            case 0x095ea7b3 { shape := 0x05000024040044 }
            // permit(address,uint256,uint256,bytes)
            case 0x745a41bc { shape := 0x05000024040084 }
            // permit(address,uint256,uint256,uint8,bytes32,bytes32)
            case 0x7ac2ff7b { shape := 0x050000240400c4 }
            // setApprovalForAll(address,bool)
            case 0xa22cb465 { shape := 0x03000024040044 }
            // burn(uint256)
            case 0x42966c68 { shape := 0x05000004000024 }
        }
    }

    function _erc1155(bytes4 selector) private pure returns (uint256 shape) {
        assembly ("memory-safe") {
            switch shr(224, selector)
            // safeTransferFrom(address,address,uint256,uint256,bytes)
            case 0xf242432a { shape := 0x000004642400a4 }
            // safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)
            case 0x2eb2c2d6 { shape := 0x060004642400a4 }
            // setApprovalForAll(address,bool)
            case 0xa22cb465 { shape := 0x03000024040044 }
        }
    }

    /// @dev Deposits and withdrawals are charged to the asset; redemptions, and all that an ERC-20 has, to the shares.
    function _erc4626(bytes4 selector) private pure returns (uint256 shape) {
        assembly ("memory-safe") {
            switch shr(224, selector)
            // deposit(uint256,address)
            case 0x6e553f65 { shape := 0x00010004240044 }
            // mint(uint256,address)
            case 0x94bf804d { shape := 0x08010004240044 }
            // withdraw(uint256,address,address)
            case 0xb460af94 { shape := 0x00010004240064 }
            // redeem(uint256,address,address)
            case 0xba087652 { shape := 0x00000004240064 }
        }
        if (shape == 0) return _erc20(selector);
    }

    function _permit2(bytes4 selector) private pure returns (uint256 shape) {
        assembly ("memory-safe") {
            switch shr(224, selector)
            // approve(address,address,uint160,uint48)
            case 0x87517c45 { shape := 0x02040044240084 }
            // transferFrom(address,address,uint160,address)
            case 0x36c78516 { shape := 0x02640444240084 }
            // permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)
            case 0x2b67b570 { shape := 0x02240444a40104 }
        }
    }
}
