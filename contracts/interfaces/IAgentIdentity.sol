// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAgentTransferSink} from "./IAgentTransferSink.sol";
import {IERC8004Identity} from "./IERC8004Identity.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

/// @title IAgentIdentity
/// @notice The ERC-8004 identity registry for chains without the canonical one: the ERC's surface, the two functions that
///         deployed registries have beyond its text, and the core that it tells of transfers.
/// @dev Who may write. `setAgentURI`, `setMetadata`, `setAgentWallet` and `unsetAgentWallet` follow ERC-8004: the owner, the
///      address approved for the agent, or an operator of the owner. Anyone else gets ERC721InsufficientApproval, and
///      an agentId never registered gives ERC721NonexistentToken (both ERC-6093). `register` is open to anyone that can
///      receive ERC-721 tokens. No such approval gives any power in the core, which trusts live `ownerOf` alone (ID-7).
///
///      Re-entrancy. Registration writes owner, URI, wallet and metadata and emits all its events before it calls the
///      receiver, and a transfer clears the wallet and tells the core before it does: whoever is called back sees the
///      final state.
interface IAgentIdentity is IERC8004Identity, IERC5267 {
    /// @notice This key is written by the registry alone; use `setAgentWallet` or `unsetAgentWallet`.
    /// @param metadataKey The reserved key.
    error MetadataKeyReserved(string metadataKey);

    /// @notice The zero address cannot be a wallet; `unsetAgentWallet` clears it.
    /// @param agentId The agent it was meant for.
    error AgentWalletZero(uint256 agentId);

    /// @notice The wallet's consent has run out; ask it for a new signature.
    /// @param deadline The last second at which it was good.
    /// @param currentTime Now.
    error DeadlinePassed(uint256 deadline, uint256 currentTime);

    /// @notice The wallet's consent runs for too long; have it signed with an earlier deadline.
    /// @param deadline The deadline given.
    /// @param latestDeadline The latest one allowed now.
    error DeadlineTooFar(uint256 deadline, uint256 latestDeadline);

    /// @notice The wallet did not sign this, neither as an EOA nor by ERC-1271.
    /// @param newWallet Who has to sign.
    /// @param digest The EIP-712 digest to be signed.
    error AgentWalletSignatureInvalid(address newWallet, bytes32 digest);

    /// @notice The registry was to be deployed with something that does not take `onAgentTransfer` as its core.
    /// @param core The address given.
    error NotAgentTransferSink(address core);

    /// @notice Whether an address may write the record of an agent: as its owner, its approved address or an operator.
    /// @dev In deployed registries, not in the ERC's text. Reverts with ERC721NonexistentToken for an unknown agent.
    /// @param spender The address.
    /// @param agentId The agent.
    /// @return authorized Whether it may.
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool authorized);

    /// @notice The version of the deployed registries whose surface this one has, then, after `+`, its own revision.
    /// @return version In the form of semantic versioning.
    function getVersion() external pure returns (string memory version);

    /// @notice The core that is told of every transfer, by {IAgentTransferSink-onAgentTransfer}; fixed at deployment.
    /// @return core Its address.
    function circuitBreaker() external view returns (IAgentTransferSink core);
}
