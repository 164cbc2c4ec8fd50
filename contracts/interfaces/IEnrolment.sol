// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentWord, WalletWord} from "../types/Types.sol";
import {IAgentTransferSink} from "./IAgentTransferSink.sol";
import {ILedger} from "./ILedger.sol";

/// @title Who: agents, wallets, parents and lineages
/// @notice Agents are identities of any ERC-8004 registry. Enrolment gives each a dense internal handle, never 0 (ID-2), and binds
/// wallets to it. All power over an agent comes from the live `ownerOf` alone (ID-7); a wallet that was ever bound to an agent holds no authority.
interface IEnrolment is ILedger, IAgentTransferSink {
    event AgentEnrolled(
        uint32 indexed agent,
        address indexed registry,
        uint256 indexed agentId,
        address owner,
        uint32 parent,
        uint32 lineage,
        address actor
    );
    event WalletBound(uint32 indexed agent, address indexed wallet, address indexed actor, uint40 expiry);
    event WalletRevoked(uint32 indexed agent, address indexed wallet, address indexed actor);
    event BindingVoided(address indexed wallet, uint40 nonce);
    event OwnerChanged(uint32 indexed agent, address indexed previousOwner, address indexed newOwner, uint24 epoch);
    event SpawnGranted(uint32 indexed agent, address indexed actor, uint16 count, uint40 expiry);
    event LineageRegistered(uint32 indexed lineage, address indexed provider, string name);
    event LineageTransferred(uint32 indexed lineage, address indexed previousProvider, address indexed newProvider);

    error AlreadyEnrolled(uint32 agent);
    error NotEnrolled(address registry, uint256 agentId);
    error DepthExceeded(uint32 parent);
    error DeadlineExpired(uint256 deadline);
    error ExpiryNotInFuture(uint40 expiry);
    error InvalidSignature(address signer);
    /// @dev Bound to another agent until revoked, and for `REBIND_DELAY` after.
    error WalletBoundElsewhere(address wallet, uint32 agent, uint256 freeAt);
    error WalletNotBound(address wallet);
    error WalletAlreadyRevoked(address wallet);
    /// @dev The owner of an agent cannot be its wallet.
    error WalletIsOwner(address wallet);
    error OwnerUnchanged(address owner);
    error SpawnNotGranted(uint32 parent);
    /// @dev The wallet, its agent or an ancestor may not act now.
    error SpawnerFrozen(address wallet);
    error SpawnOwnerMismatch(address childOwner, address parentOwner);

    /// @notice Seconds before a revoked wallet may be bound to another agent (30 days).
    function REBIND_DELAY() external view returns (uint256);

    /// @notice Enrol an agent. The caller is its live owner and no bound wallet. Its breakers start in probation (ID-9).
    /// @param registry ERC-8004 identity registry.
    /// @param agentId Token id in it.
    /// @param parent Handle of the agent that spawned it, 0 for a root; fixed for good. At most four generations above.
    /// @param lineage Declared lineage, 0 for none.
    /// @param deadline Last second at which `parentConsent` counts.
    /// @param parentConsent EIP-712 `ParentConsent(address registry,uint256 agentId,address owner,uint32 parent,uint256 deadline)` by the
    /// parent's live owner; ignored for a root or if the caller owns the parent too.
    /// @return agent The new handle.
    function enroll(
        address registry,
        uint256 agentId,
        uint32 parent,
        uint32 lineage,
        uint256 deadline,
        bytes calldata parentConsent
    ) external returns (uint32 agent);

    /// @notice Enrol a child from a bound wallet of the parent, within the owner's grant, and bind the child's first wallet.
    /// The child's live owner must be the parent's; it inherits the parent's lineage, unattested.
    /// @param signature Of the child's wallet, as for `bindWallet`, with the parent's owner as owner.
    function spawn(
        address registry,
        uint256 agentId,
        address wallet,
        uint40 expiry,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint32 agent);

    /// @notice Allow the agent's wallets to enrol `count` children until `expiry` (exclusive); replaces the previous grant. Owner only;
    /// a change of owner ends it.
    function grantSpawn(uint32 agent, uint16 count, uint40 expiry) external;

    /// @notice Bind a wallet, with both consents: the live owner calls, the wallet signs EIP-712
    /// `WalletBinding(address registry,uint256 agentId,address owner,address wallet,uint256 nonce,uint256 deadline)` (ECDSA first, then ERC-1271).
    /// @param expiry First second at which the binding no longer counts; `type(uint40).max` for none.
    function bindWallet(uint32 agent, address wallet, uint40 expiry, uint256 deadline, bytes calldata signature)
        external;

    /// @notice End a binding at once; callable by the wallet or by its agent's live owner. Leaves a tombstone (ID-1).
    function revokeWallet(address wallet) external;

    /// @notice Void every binding signature the calling wallet has given and not yet seen used.
    function voidBinding() external;

    /// @notice End the old owner's bindings after a change of owner; anyone may call. Reverts and changes nothing unless the
    /// registry answers `ownerOf` with another owner (ID-4).
    function sync(address registry, uint256 agentId) external;

    /// @notice Create a lineage; the caller becomes its provider. Free for anyone: protocols choose which they accept (ID-8).
    function registerLineage(string calldata name) external returns (uint32 lineage);

    /// @notice Hand a lineage to another provider. Provider only.
    function transferLineage(uint32 lineage, address newProvider) external;

    /// @notice Number of enrolled agents; handles are 1..agentCount.
    function agentCount() external view returns (uint32);

    /// @notice Handle of an identity, 0 if not enrolled.
    function agentOf(address registry, uint256 agentId) external view returns (uint32 agent);

    /// @notice Identity behind a handle, with the owner its bindings were made under (not the live owner).
    function identityOf(uint32 agent)
        external
        view
        returns (address registry, uint256 agentId, address recordedOwner, uint16 spawnsLeft, uint40 spawnExpiry);

    /// @notice The packed word of a wallet; layout in types/Types.sol.
    function walletWord(address wallet) external view returns (WalletWord);

    /// @notice The packed word of an agent; layout in types/Types.sol.
    function agentWord(uint32 agent) external view returns (AgentWord);

    /// @notice Provider of a lineage; zero if unknown.
    function providerOf(uint32 lineage) external view returns (address provider);

    /// @notice Dense index of a registry that was enrolled from or named by a lane; 0 if neither, or if there was none left for it.
    function registryIndex(address registry) external view returns (uint32);

    /// @notice EIP-712 domain separator with the live chain id.
    function domainSeparator() external view returns (bytes32);

    /// @notice EIP-5267 description of the domain.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
