// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @title IdentityReceiverMock
/// @notice A hostile ERC-721 receiver: it owns agents and, when one arrives, looks at the record and re-enters the registry.
contract IdentityReceiverMock is IERC721Receiver {
    /// @notice What it does when an agent arrives, after reporting what it sees.
    enum Mode {
        Accept, // nothing more
        Register, // registers another agent, once
        Rewrite, // writes the URI and the metadata value itself
        Forward, // transfers the agent to itself and then on to the heir
        Refuse, // returns another selector
        Revert // reverts with an error of its own
    }

    /// @notice The registry's record of the agent as the callback saw it.
    event Seen(
        uint256 indexed agentId,
        address operator,
        address from,
        address owner,
        string agentURI,
        address wallet,
        bytes metadataValue,
        bytes data
    );

    /// @notice The refusal of mode Revert.
    error ReceiverRefused(uint256 agentId);

    IERC8004Identity private immutable _REGISTRY;
    address private immutable _HEIR;
    string private _key;
    Mode private _mode;

    constructor(IERC8004Identity registry, address heir) {
        _REGISTRY = registry;
        _HEIR = heir;
    }

    /// @notice Chooses the mode, and the metadata key to look at.
    function prepare(Mode mode, string calldata key) external {
        _mode = mode;
        _key = key;
    }

    /// @notice Sends any call to the registry, as this contract.
    function forward(bytes calldata call) external {
        (bool success, bytes memory result) = address(_REGISTRY).call(call);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @inheritdoc IERC721Receiver
    function onERC721Received(address operator, address from, uint256 agentId, bytes calldata data)
        external
        returns (bytes4)
    {
        emit Seen(
            agentId,
            operator,
            from,
            _REGISTRY.ownerOf(agentId),
            _REGISTRY.tokenURI(agentId),
            _REGISTRY.getAgentWallet(agentId),
            _REGISTRY.getMetadata(agentId, _key),
            data
        );
        Mode mode = _mode;
        _mode = mode == Mode.Register ? Mode.Accept : mode;
        if (mode == Mode.Register) {
            _REGISTRY.register("ipfs://nested");
        } else if (mode == Mode.Rewrite) {
            _REGISTRY.setAgentURI(agentId, "ipfs://rewritten");
            _REGISTRY.setMetadata(agentId, _key, "rewritten");
            _REGISTRY.unsetAgentWallet(agentId);
        } else if (mode == Mode.Forward) {
            _REGISTRY.transferFrom(address(this), address(this), agentId);
            _REGISTRY.transferFrom(address(this), _HEIR, agentId);
        } else if (mode == Mode.Revert) {
            revert ReceiverRefused(agentId);
        }
        return mode == Mode.Refuse ? bytes4(0xdeadbeef) : IERC721Receiver.onERC721Received.selector;
    }
}
