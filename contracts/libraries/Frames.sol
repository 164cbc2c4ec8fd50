// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A balance that is compared after an execution.
/// @param asset The token.
/// @param before The account's balance before.
/// @param decoded What the calls are known to take of it; charged already.
/// @param grant Storage slot of the permission that watches it.
struct Watch {
    address asset;
    uint256 before;
    uint256 decoded;
    bytes32 grant;
}

/// @notice What a check before an execution leaves for the check after it: a stack in transient storage, one frame an execution, so
/// that an execution within an execution finds its own frame and leaves the outer one alone (WP-8). One policy has one account.
/// @dev Header: depth 8 | mark of each frame 8. An execution that leaves nothing pushes no frame while the stack is empty; with one
/// below it, it must, or the check after it would take that.
library Frames {
    /// @dev Mark of an execution by a trusted party: nothing is checked after it. Any other mark is the number of watches, plus 1.
    uint256 internal constant TRUSTED = 0xFF;
    uint256 internal constant MAX_WATCHES = 16;
    uint256 private constant MAX_DEPTH = 31;
    /// @dev Slot of the header; zero while no execution under way has left anything.
    uint256 internal constant HEADER = uint256(keccak256("switchgear.frames"));
    uint256 private constant FRAME = 5 * MAX_WATCHES;

    error TooDeep();
    error TooManyWatches();

    /// @notice Adds to a watch of the next frame, or begins it.
    /// @param count Watches of that frame so far.
    /// @return found Whether the asset is watched already.
    function add(uint256 count, address asset, uint256 amount) internal returns (bool found) {
        uint256 slot = _next();
        for (uint256 i; i < count; ++i) {
            if (_load(slot) == uint160(asset)) {
                uint256 decoded = _load(slot + 2);
                _store(slot + 2, decoded > type(uint256).max - amount ? type(uint256).max : decoded + amount);
                return true;
            }
            slot += 4;
        }
    }

    /// @notice Writes the watch after the `count` that the next frame has.
    function put(uint256 count, Watch memory watch) internal {
        require(count < MAX_WATCHES, TooManyWatches());
        uint256 slot = _next() + 4 * count;
        _store(slot, uint160(watch.asset));
        _store(slot + 1, watch.before);
        _store(slot + 2, watch.decoded);
        _store(slot + 3, uint256(watch.grant));
    }

    /// @notice Pushes the frame of an execution by an agent.
    /// @param count Its watches.
    function push(uint256 count, address wallet) internal {
        uint256 header = _load(HEADER);
        if (count == 0 && header == 0) return;
        if (count != 0) _store(_slot(header & 0xFF) + 4 * MAX_WATCHES, uint160(wallet));
        _push(header, count + 1);
    }

    /// @notice Whether no execution under way has left anything.
    function isEmpty() internal view returns (bool) {
        return _load(HEADER) == 0;
    }

    /// @notice Pushes the frame of an execution by a trusted party.
    function pushTrusted() internal {
        _push(_load(HEADER), TRUSTED);
    }

    /// @notice Whether the innermost execution under way is a trusted party's.
    function isTrusted() internal view returns (bool) {
        uint256 header = _load(HEADER);
        return header != 0 && _mark(header) == TRUSTED;
    }

    /// @notice Takes the innermost frame off.
    /// @return mark See above; 1 if there is none.
    /// @return frame Where its watches are.
    /// @return wallet Whose execution it was, if it has watches.
    function pop() internal returns (uint256 mark, uint256 frame, address wallet) {
        uint256 header = _load(HEADER);
        if (header == 0) return (1, 0, address(0));
        mark = _mark(header);
        uint256 depth = header & 0xFF;
        frame = _slot(depth - 1);
        header ^= mark << (8 * depth);
        _store(HEADER, depth == 1 ? 0 : header - 1);
        if (mark > 1 && mark != TRUSTED) wallet = address(uint160(_load(frame + 4 * MAX_WATCHES)));
    }

    /// @notice One watch of a frame.
    function watchOf(uint256 frame, uint256 index) internal view returns (Watch memory) {
        uint256 slot = frame + 4 * index;
        return Watch(address(uint160(_load(slot))), _load(slot + 1), _load(slot + 2), bytes32(_load(slot + 3)));
    }

    function _push(uint256 header, uint256 mark) private {
        uint256 depth = (header & 0xFF) + 1;
        require(depth <= MAX_DEPTH, TooDeep());
        _store(HEADER, (header + 1) | (mark << (8 * depth)));
    }

    function _mark(uint256 header) private pure returns (uint256) {
        return (header >> (8 * (header & 0xFF))) & 0xFF;
    }

    function _next() private view returns (uint256) {
        return _slot(_load(HEADER) & 0xFF);
    }

    function _slot(uint256 depth) private pure returns (uint256) {
        unchecked {
            return HEADER + 1 + depth * FRAME;
        }
    }

    function _load(uint256 slot) private view returns (uint256 value) {
        assembly ("memory-safe") {
            value := tload(slot)
        }
    }

    function _store(uint256 slot, uint256 value) private {
        assembly ("memory-safe") {
            tstore(slot, value)
        }
    }
}
