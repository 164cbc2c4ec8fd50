// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IAgentTransferSink} from "../interfaces/IAgentTransferSink.sol";
import {IEnrolment} from "../interfaces/IEnrolment.sol";
import {ISeries} from "../interfaces/ISeries.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {WalletWords} from "../libraries/WalletWords.sol";
import {AgentWord, WalletWord} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {Ledger} from "./Ledger.sol";

/// @notice Who: agents, wallets, parents and lineages.
abstract contract Enrolment is Ledger, IEnrolment {
    using AgentWords for AgentWord;
    using WalletWords for WalletWord;

    /// @inheritdoc IEnrolment
    uint256 public constant REBIND_DELAY = 30 days;

    uint256 private constant MAX_DEPTH = 4;
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("Switchgear");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant PARENT_CONSENT_TYPEHASH =
        keccak256("ParentConsent(address registry,uint256 agentId,address owner,uint32 parent,uint256 deadline)");
    bytes32 private constant WALLET_BINDING_TYPEHASH = keccak256(
        "WalletBinding(address registry,uint256 agentId,address owner,address wallet,uint256 nonce,uint256 deadline)"
    );

    /// @inheritdoc IEnrolment
    function enroll(
        address registry,
        uint256 agentId,
        uint32 parent,
        uint32 lineage,
        uint256 deadline,
        bytes calldata parentConsent
    ) external returns (uint32 agent) {
        _requireCaller(_ownerOf(registry, agentId));
        _requireLineage(lineage);
        if (parent != 0) {
            address parentOwner = _ownerOf(parent);
            _requireUnbound(parentOwner);
            if (parentOwner != msg.sender) {
                bytes32 consent =
                    keccak256(abi.encode(PARENT_CONSENT_TYPEHASH, registry, agentId, msg.sender, parent, deadline));
                _requireSignature(parentOwner, consent, deadline, parentConsent);
            }
        }
        agent = _enroll(registry, agentId, msg.sender, parent, lineage);
    }

    /// @inheritdoc IEnrolment
    function spawn(
        address registry,
        uint256 agentId,
        address wallet,
        uint40 expiry,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint32 agent) {
        Verdict verdict = ISeries(address(this)).status(msg.sender);
        require(verdict.admitted(), SpawnerFrozen(msg.sender));
        uint32 parent = verdict.agent();
        Identity storage grant = _identities[parent];
        address owner = _ownerOf(parent);
        // A grant is the word of the owner who gave it, not of the next one.
        bool granted = grant.spawnsLeft != 0 && block.timestamp < grant.spawnExpiry && owner == grant.recordedOwner;
        require(granted, SpawnNotGranted(parent));
        address childOwner = _ownerOf(registry, agentId);
        require(childOwner == owner, SpawnOwnerMismatch(childOwner, owner));
        _requireUnbound(owner);
        --grant.spawnsLeft;
        agent = _enroll(registry, agentId, owner, parent, _agents[parent].lineage());
        _bind(agent, owner, wallet, expiry, deadline, signature);
    }

    /// @inheritdoc IEnrolment
    function grantSpawn(uint32 agent, uint16 count, uint40 expiry) external {
        _requireOwner(agent);
        Identity storage identity = _identities[agent];
        if (msg.sender != identity.recordedOwner) _changeOwner(agent, msg.sender);
        (identity.spawnsLeft, identity.spawnExpiry) = (count, expiry);
        emit SpawnGranted(agent, msg.sender, count, expiry);
    }

    /// @inheritdoc IEnrolment
    function bindWallet(uint32 agent, address wallet, uint40 expiry, uint256 deadline, bytes calldata signature)
        external
    {
        _requireOwner(agent);
        _bind(agent, msg.sender, wallet, expiry, deadline, signature);
    }

    /// @inheritdoc IEnrolment
    function revokeWallet(address wallet) external {
        WalletWord word = _wallets[wallet];
        uint32 agent = word.agent();
        require(agent != 0, WalletNotBound(wallet));
        if (msg.sender != wallet) _requireOwner(agent);
        require(word.revokedAt() == 0, WalletAlreadyRevoked(wallet));
        _wallets[wallet] = word.revoke(block.timestamp);
        emit WalletRevoked(agent, wallet, msg.sender);
    }

    /// @inheritdoc IEnrolment
    function voidBinding() external {
        WalletWord word = _wallets[msg.sender].voidNonce();
        _wallets[msg.sender] = word;
        emit BindingVoided(msg.sender, word.nonce());
    }

    /// @inheritdoc IEnrolment
    function sync(address registry, uint256 agentId) external {
        uint32 agent = _handles[registry][agentId];
        require(agent != 0, NotEnrolled(registry, agentId));
        address owner = _ownerOf(registry, agentId);
        require(owner != _identities[agent].recordedOwner, OwnerUnchanged(owner));
        _changeOwner(agent, owner);
    }

    /// @inheritdoc IAgentTransferSink
    function onAgentTransfer(uint256 agentId, address newOwner) external {
        uint32 agent = _handles[msg.sender][agentId];
        if (agent != 0) _changeOwner(agent, newOwner);
    }

    /// @inheritdoc IEnrolment
    function registerLineage(string calldata name) external returns (uint32 lineage) {
        _requireUnbound(msg.sender);
        lineage = ++_lineageCount;
        _providers[lineage] = msg.sender;
        emit LineageRegistered(lineage, msg.sender, name);
    }

    /// @inheritdoc IEnrolment
    function transferLineage(uint32 lineage, address newProvider) external {
        _requireProvider(lineage);
        require(newProvider != address(0), ZeroAddress());
        _requireUnbound(newProvider);
        _providers[lineage] = newProvider;
        emit LineageTransferred(lineage, msg.sender, newProvider);
    }

    /// @inheritdoc IEnrolment
    function agentCount() external view returns (uint32) {
        return _agentCount;
    }

    /// @inheritdoc IEnrolment
    function agentOf(address registry, uint256 agentId) external view returns (uint32) {
        return _handles[registry][agentId];
    }

    /// @inheritdoc IEnrolment
    function identityOf(uint32 agent) external view returns (address, uint256, address, uint16, uint40) {
        Identity storage identity = _identities[agent];
        return (identity.registry, identity.agentId, identity.recordedOwner, identity.spawnsLeft, identity.spawnExpiry);
    }

    /// @inheritdoc IEnrolment
    function walletWord(address wallet) external view returns (WalletWord) {
        return _wallets[wallet];
    }

    /// @inheritdoc IEnrolment
    function agentWord(uint32 agent) external view returns (AgentWord) {
        return _agents[agent];
    }

    /// @inheritdoc IEnrolment
    function providerOf(uint32 lineage) external view returns (address) {
        return _providers[lineage];
    }

    /// @inheritdoc IEnrolment
    function registryIndex(address registry) external view returns (uint32) {
        return _registries[registry];
    }

    /// @inheritdoc IEnrolment
    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (0x0f, "Switchgear", "1", block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    /// @inheritdoc IEnrolment
    function domainSeparator() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }

    function _enroll(address registry, uint256 agentId, address owner, uint32 parent, uint32 lineage)
        private
        returns (uint32 agent)
    {
        agent = _handles[registry][agentId];
        require(agent == 0, AlreadyEnrolled(agent));
        uint256 depth;
        if (parent != 0) {
            depth = _agents[parent].depth() + 1;
            require(depth <= MAX_DEPTH, DepthExceeded(parent));
        }
        agent = ++_agentCount;
        _handles[registry][agentId] = agent;
        _agents[agent] = AgentWords.create(lineage, parent, _indexRegistry(registry), depth, block.timestamp);
        Identity storage identity = _identities[agent];
        (identity.registry, identity.agentId, identity.recordedOwner) = (registry, agentId, owner);
        emit AgentEnrolled(agent, registry, agentId, owner, parent, lineage, msg.sender);
    }

    /// @dev `owner` is the live owner and has consented, by calling or by a grant.
    function _bind(
        uint32 agent,
        address owner,
        address wallet,
        uint40 expiry,
        uint256 deadline,
        bytes calldata signature
    ) private {
        require(wallet != address(0), ZeroAddress());
        require(wallet != owner, WalletIsOwner(wallet));
        require(expiry > block.timestamp, ExpiryNotInFuture(expiry));
        WalletWord word = _wallets[wallet];
        uint32 bound = word.agent();
        if (bound != 0 && bound != agent) {
            uint256 freeAt = word.revokedAt() == 0 ? type(uint256).max : word.revokedAt() + REBIND_DELAY;
            require(block.timestamp >= freeAt, WalletBoundElsewhere(wallet, bound, freeAt));
        }
        Identity storage identity = _identities[agent];
        bytes32 binding = keccak256(
            abi.encode(
                WALLET_BINDING_TYPEHASH,
                identity.registry,
                identity.agentId,
                owner,
                wallet,
                uint256(word.nonce()),
                deadline
            )
        );
        _requireSignature(wallet, binding, deadline, signature);
        // A transfer that nobody reported yet: bindings of the old owner must not come along with the new one's.
        if (owner != identity.recordedOwner) _changeOwner(agent, owner);
        _wallets[wallet] = word.bind(agent, _agents[agent].epoch(), expiry);
        emit WalletBound(agent, wallet, msg.sender, expiry);
    }

    function _changeOwner(uint32 agent, address owner) private {
        AgentWord word = _agents[agent].nextEpoch();
        _agents[agent] = word;
        Identity storage identity = _identities[agent];
        emit OwnerChanged(agent, identity.recordedOwner, owner, word.epoch());
        (identity.recordedOwner, identity.spawnsLeft, identity.spawnExpiry) = (owner, 0, 0);
    }

    /// @dev ECDSA first, so that an EOA with delegated code (EIP-7702) can still sign; then ERC-1271.
    function _requireSignature(address signer, bytes32 structHash, uint256 deadline, bytes calldata signature)
        private
        view
    {
        require(block.timestamp <= deadline, DeadlineExpired(deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", domainSeparator(), structHash));
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return;
        require(SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature), InvalidSignature(signer));
    }
}
