// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title HostileRegistry
/// @notice An identity registry that anyone may deploy: says who owns what as it likes, or does not say it.
contract HostileRegistry {
    /// @notice How `ownerOf` answers.
    enum Mode {
        Honest, // the recorded owner, as one word
        Empty, // no return data
        Short, // 31 bytes
        Long, // two words, the owner first
        Dirty, // the owner with bits set above its 160
        Zero, // the zero address
        Revert, // reverts, with the owner as revert data
        BurnGas, // never returns
        Bomb, // the owner, first of 128 KiB: about what 100,000 gas can return
        ByGas, // the owner if it was given `threshold` gas or more, else the other owner
        ByCaller, // the owner to the core, else the other owner
        Reenter // makes the scripted call; the owner if that failed, the other owner if it succeeded
    }

    /// @notice The call failed.
    error ForwardFailed(bytes reason);

    Mode private _mode;
    address private _other;
    address private _target;
    bytes private _call;
    uint256 private _threshold;
    mapping(uint256 agentId => address owner) private _owners;

    /// @notice Names the owner of an agent, and tells nobody.
    function setOwner(uint256 agentId, address owner) external {
        _owners[agentId] = owner;
    }

    /// @notice Chooses how it answers.
    /// @param other The other owner, of the modes that have one.
    /// @param threshold In gas, for `ByGas`.
    function setMode(Mode mode, address other, uint256 threshold) external {
        (_mode, _other, _threshold) = (mode, other, threshold);
    }

    /// @notice Chooses the core for `ByCaller`, and the call that `Reenter` makes to it.
    function setTarget(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    /// @notice Makes a call as this registry: `onAgentTransfer`, whether true or not, for instance.
    function forward(address target, bytes calldata call) external returns (bytes memory) {
        (bool success, bytes memory result) = target.call(call);
        require(success, ForwardFailed(result));
        return result;
    }

    /// @notice The owner of an agent, so to speak. Not a view: that it can write nothing is for whoever asks to see to.
    function ownerOf(uint256 agentId) external returns (address) {
        uint256 given = gasleft();
        Mode mode = _mode;
        uint256 word = uint160(_owners[agentId]);
        uint256 size = 0x20;
        while (mode == Mode.BurnGas) {}
        if (mode == Mode.Empty) size = 0;
        else if (mode == Mode.Short) size = 0x1f;
        else if (mode == Mode.Long) size = 0x40;
        else if (mode == Mode.Dirty) word |= 1 << 160;
        else if (mode == Mode.Zero) word = 0;
        else if (mode == Mode.Bomb) size = 0x20000;
        else if (mode == Mode.ByGas && given < _threshold) word = uint160(_other);
        else if (mode == Mode.ByCaller && msg.sender != _target) word = uint160(_other);
        else if (mode == Mode.Reenter && _reenter()) word = uint160(_other);
        bool reverting = mode == Mode.Revert;
        assembly ("memory-safe") {
            let answer := mload(0x40)
            mstore(answer, word)
            mstore(add(answer, 0x20), 0)
            if reverting { revert(answer, size) }
            return(answer, size)
        }
    }

    function _reenter() private returns (bool succeeded) {
        (succeeded,) = _target.call(_call);
    }
}
