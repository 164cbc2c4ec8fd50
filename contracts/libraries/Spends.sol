// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IActionDecoder} from "../interfaces/IActionDecoder.sol";
import {NATIVE, PLAIN_TRANSFER, Spend, Standard, UNDERLYING} from "../types/Wallets.sol";

/// @notice What one call takes from an account: a table of the functions that each standard has, and one reader for all of them (WP-3).
/// @dev Everything that grants an allowance and can be read is here, since no balance shows it. What is not here is not known, Permit2's
/// batches and signed transfers among it: they move several tokens, or others' by a signature. `known` is then false and asset and amount are zero.
///
/// Arguments that decide amount, asset or recipient have to be canonical; all that come before them have to be there. Charged is
/// the gross amount (WP-5), whoever receives it, the account itself included, with two exceptions: tokens that are pulled into the
/// account from another, and permits of another's tokens. Tokens that the account moves from one stranger to another are charged.
library Spends {
    enum Kind {
        Unknown, // by this function nobody knows how much, but to whom is known
        Word, // the argument
        Narrow, // an argument of 160 bits
        Flag, // everything if the argument is true
        All, // everything
        One, // one token
        Sum, // of a list
        Nothing
    }

    /// @dev Where a function's arguments stand, as indexes of words; `NONE` for what it has not.
    struct Shape {
        uint256 words; // that have to be there; 0 for a function that is not known
        uint256 owner; // whose tokens they are; the account's if `NONE`
        uint256 recipient;
        uint256 amount;
        Kind kind;
        uint256 asset; // the target if `NONE`
    }

    uint256 private constant NONE = type(uint256).max;
    uint256 private constant VAULT = NONE - 1;

    bytes4 private constant APPROVE = 0x095ea7b3;

    /// @notice What the call takes, and its selector.
    function spend(Standard standard, address account, address target, uint256 value, bytes calldata data)
        internal
        pure
        returns (bytes4 selector, Spend memory spent)
    {
        if (data.length == 0) return (PLAIN_TRANSFER, Spend(true, NATIVE, value, target));
        selector = bytes4(data);
        require(data.length > 3 && selector != 0, IActionDecoder.NoSelector());
        Shape memory shape = _shapeOf(standard, selector);
        if (shape.words != 0) _read(shape, account, target, selector, data[4:], spent);
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
        Shape memory shape,
        address account,
        address target,
        bytes4 selector,
        bytes calldata arguments,
        Spend memory spent
    ) private pure {
        unchecked {
            bool fits = arguments.length >= 32 * shape.words;
            // Everything that has to fit 160 bits, together.
            uint256 owner = shape.owner == NONE ? uint160(account) : word(arguments, 32 * shape.owner);
            uint256 recipient = shape.recipient == NONE ? 0 : word(arguments, 32 * shape.recipient);
            uint256 wide = owner | recipient;
            uint256 amount = word(arguments, 32 * shape.amount);
            uint256 asset = uint160(target);
            Kind kind = shape.kind;
            if (kind != Kind.Word) {
                if (kind == Kind.Narrow) {
                    wide |= amount;
                } else if (kind == Kind.Flag) {
                    if (amount > 1) fits = false;
                    amount = amount == 0 ? 0 : type(uint256).max;
                } else if (kind == Kind.All) {
                    amount = type(uint256).max;
                } else if (kind == Kind.One) {
                    // Approving nobody takes an approval back.
                    amount = selector == APPROVE && recipient == 0 ? 0 : 1;
                } else if (kind == Kind.Sum) {
                    bool listed;
                    (listed, amount) = _sum(arguments, 32 * shape.amount);
                    if (!listed) fits = false;
                } else {
                    amount = 0;
                }
            }
            if (shape.asset != NONE) {
                if (shape.asset == VAULT) {
                    asset = uint160(UNDERLYING);
                } else {
                    asset = word(arguments, 32 * shape.asset);
                    // Permit2 takes any token; these two addresses mean something else here.
                    if (asset <= uint160(UNDERLYING)) fits = false;
                    wide |= asset;
                }
            }
            require(fits && wide >> 160 == 0, IActionDecoder.MalformedArguments(target, selector));
            spent.recipient = address(uint160(recipient));
            if (kind == Kind.Unknown) return;
            spent.known = true;
            spent.asset = address(uint160(asset));
            if (owner == uint160(account) || !(_isPermit(selector) || recipient == uint160(account))) {
                spent.amount = amount;
            }
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

    function _shapeOf(Standard standard, bytes4 selector) private pure returns (Shape memory shape) {
        if (standard == Standard.ERC20) return _erc20(selector);
        if (standard == Standard.ERC721) return _erc721(selector);
        if (standard == Standard.ERC1155) return _erc1155(selector);
        if (standard == Standard.ERC4626) return _erc4626(selector);
        if (standard == Standard.Permit2) return _permit2(selector);
    }

    /// @dev With ERC-2612, DAI's and USDC's permits, ERC-1363 and ERC-777.
    function _erc20(bytes4 selector) private pure returns (Shape memory) {
        if (
            selector == 0xa9059cbb // transfer(address,uint256)
                || selector == APPROVE // approve(address,uint256)
                || selector == 0x39509351 // increaseAllowance(address,uint256)
                || selector == 0xd73dd623 // increaseApproval(address,uint256)
                || selector == 0x1296ee62 // transferAndCall(address,uint256)
                || selector == 0x4000aea0 // transferAndCall(address,uint256,bytes)
                || selector == 0x3177029f // approveAndCall(address,uint256)
                || selector == 0xcae9ca51 // approveAndCall(address,uint256,bytes)
                || selector == 0x9bd9bbc6 // send(address,uint256,bytes)
        ) {
            return Shape(2, NONE, 0, 1, Kind.Word, NONE);
        }
        if (
            selector == 0x23b872dd // transferFrom(address,address,uint256)
                || selector == 0xd8fbe994 // transferFromAndCall(address,address,uint256)
                || selector == 0xc1d34b89 // transferFromAndCall(address,address,uint256,bytes)
                || selector == 0xd505accf // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
                || selector == 0x9fd5a6cf // permit(address,address,uint256,uint256,bytes)
        ) {
            return Shape(3, 0, 1, 2, Kind.Word, NONE);
        }
        // permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)
        if (selector == 0x8fcbaf0c) return Shape(5, 0, 1, 4, Kind.Flag, NONE);
        // decreaseAllowance(address,uint256)
        if (selector == 0xa457c2d7) return Shape(2, NONE, 0, 1, Kind.Nothing, NONE);
        // authorizeOperator(address)
        if (selector == 0x959b8c3f) return Shape(1, NONE, 0, 0, Kind.All, NONE);
        // burn(uint256), burn(uint256,bytes)
        if (selector == 0x42966c68 || selector == 0xfe9d9303) return Shape(1, NONE, NONE, 0, Kind.Word, NONE);
        return Shape(0, 0, 0, 0, Kind.Unknown, 0);
    }

    /// @dev With ERC-4494's permit, and the one of Uniswap's positions.
    function _erc721(bytes4 selector) private pure returns (Shape memory) {
        if (
            selector == 0x23b872dd // transferFrom(address,address,uint256)
                || selector == 0x42842e0e // safeTransferFrom(address,address,uint256)
                || selector == 0xb88d4fde // safeTransferFrom(address,address,uint256,bytes)
        ) {
            return Shape(3, 0, 1, 2, Kind.One, NONE);
        }
        if (
            selector == APPROVE // approve(address,uint256)
                || selector == 0x745a41bc // permit(address,uint256,uint256,bytes)
                || selector == 0x7ac2ff7b // permit(address,uint256,uint256,uint8,bytes32,bytes32)
        ) {
            return Shape(2, NONE, 0, 1, Kind.One, NONE);
        }
        // setApprovalForAll(address,bool)
        if (selector == 0xa22cb465) return Shape(2, NONE, 0, 1, Kind.Flag, NONE);
        // burn(uint256)
        if (selector == 0x42966c68) return Shape(1, NONE, NONE, 0, Kind.One, NONE);
        return Shape(0, 0, 0, 0, Kind.Unknown, 0);
    }

    function _erc1155(bytes4 selector) private pure returns (Shape memory) {
        // safeTransferFrom(address,address,uint256,uint256,bytes)
        if (selector == 0xf242432a) return Shape(4, 0, 1, 3, Kind.Word, NONE);
        // safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)
        if (selector == 0x2eb2c2d6) return Shape(4, 0, 1, 3, Kind.Sum, NONE);
        // setApprovalForAll(address,bool)
        if (selector == 0xa22cb465) return Shape(2, NONE, 0, 1, Kind.Flag, NONE);
        return Shape(0, 0, 0, 0, Kind.Unknown, 0);
    }

    /// @dev Charged to the asset are deposits and withdrawals, to the shares (the target) redemptions and all that an ERC-20 has.
    function _erc4626(bytes4 selector) private pure returns (Shape memory) {
        // deposit(uint256,address)
        if (selector == 0x6e553f65) return Shape(2, NONE, 1, 0, Kind.Word, VAULT);
        // mint(uint256,address)
        if (selector == 0x94bf804d) return Shape(2, NONE, 1, 0, Kind.Unknown, VAULT);
        // withdraw(uint256,address,address)
        if (selector == 0xb460af94) return Shape(3, NONE, 1, 0, Kind.Word, VAULT);
        // redeem(uint256,address,address)
        if (selector == 0xba087652) return Shape(3, NONE, 1, 0, Kind.Word, NONE);
        return _erc20(selector);
    }

    function _permit2(bytes4 selector) private pure returns (Shape memory) {
        // approve(address,address,uint160,uint48)
        if (selector == 0x87517c45) return Shape(4, NONE, 1, 2, Kind.Narrow, 0);
        // transferFrom(address,address,uint160,address)
        if (selector == 0x36c78516) return Shape(4, 0, 1, 2, Kind.Narrow, 3);
        // permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)
        if (selector == 0x2b67b570) return Shape(6, 0, 5, 2, Kind.Narrow, 1);
        return Shape(0, 0, 0, 0, Kind.Unknown, 0);
    }
}
