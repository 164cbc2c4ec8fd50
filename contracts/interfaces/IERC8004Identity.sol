// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

/// @title IERC8004Identity
/// @notice What every ERC-8004 identity registry has: ERC-721 with a URI for each agent, metadata, and a payment wallet.
/// @dev The surface by which Switchgear speaks to a registry it does not know, the canonical one included. Only what the
///      ERC's text names is here, with the ERC's parameter names; ERC-8004 defines no ERC-165 id for it. The first
///      agentId of the deployed registries is 0, so 0 never means "none". In the ERC `tokenId` is called agentId and
///      `tokenURI` agentURI. Errors are the implementation's own: see {IAgentIdentity} for ours.
interface IERC8004Identity is IERC721Metadata {
    /// @notice One metadata entry given at registration.
    /// @param metadataKey The key; any string except the reserved `agentWallet`.
    /// @param metadataValue The value, uninterpreted.
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    /// @notice An agent was registered.
    /// @param agentId The new agent.
    /// @param agentURI Where its registration file is, empty if none was given.
    /// @param owner Who registered it and answers for it.
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);

    /// @notice A metadata value was written, `agentWallet` included.
    /// @param agentId The agent.
    /// @param indexedMetadataKey The key, as a topic (its keccak-256).
    /// @param metadataKey The key in clear.
    /// @param metadataValue The new value; empty if cleared.
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );

    /// @notice The place of an agent's registration file changed.
    /// @param agentId The agent.
    /// @param newURI The new place.
    /// @param updatedBy Who changed it: owner, approved address or operator.
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice Registers an agent that belongs to the caller, without a URI.
    /// @dev The caller also becomes its `agentWallet`. Emits Transfer, Registered and MetadataSet for `agentWallet`.
    /// @return agentId The new agent; ids are given in order.
    function register() external returns (uint256 agentId);

    /// @notice Registers an agent that belongs to the caller.
    /// @dev As `register()`.
    /// @param agentURI Where its registration file is.
    /// @return agentId The new agent.
    function register(string calldata agentURI) external returns (uint256 agentId);

    /// @notice Registers an agent that belongs to the caller, with metadata.
    /// @dev As `register()`, then one MetadataSet for each entry, in order; of two entries with one key the later stays.
    /// @param agentURI Where its registration file is.
    /// @param metadata The entries; none may have the reserved key `agentWallet`.
    /// @return agentId The new agent.
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId);

    /// @notice Changes the place of an agent's registration file.
    /// @param agentId The agent.
    /// @param newURI The new place.
    function setAgentURI(uint256 agentId, string calldata newURI) external;

    /// @notice Writes one metadata value of an agent.
    /// @param agentId The agent.
    /// @param metadataKey The key; not the reserved `agentWallet`.
    /// @param metadataValue The value; empty clears it.
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external;

    /// @notice Names the address at which an agent is paid, with that address's consent.
    /// @dev The wallet signs the EIP-712 struct `AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256
    ///      deadline)` in the domain ("ERC8004IdentityRegistry", "1", chain id, registry), as an EOA or by ERC-1271;
    ///      `owner` is the agent's owner at the time of the call, whoever calls. There is no nonce: until the deadline
    ///      the same signature names the same wallet again.
    /// @param agentId The agent.
    /// @param newWallet The wallet.
    /// @param deadline Last second at which the signature is good, in Unix time; at most 5 minutes ahead.
    /// @param signature The wallet's signature.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external;

    /// @notice Clears an agent's payment wallet.
    /// @param agentId The agent.
    function unsetAgentWallet(uint256 agentId) external;

    /// @notice The address at which an agent is paid.
    /// @dev Not a lookup from wallet to agent, nor proof of who acts: one address may stand for many agents. The
    ///      binding that admission uses is the core's.
    /// @param agentId The agent, registered or not.
    /// @return wallet The wallet; zero if none is set or the agent was transferred since.
    function getAgentWallet(uint256 agentId) external view returns (address wallet);

    /// @notice One metadata value of an agent.
    /// @param agentId The agent, registered or not.
    /// @param metadataKey The key; `agentWallet` gives the 20 bytes of the wallet, or nothing.
    /// @return metadataValue The value; empty if never set.
    function getMetadata(uint256 agentId, string calldata metadataKey)
        external
        view
        returns (bytes memory metadataValue);
}
