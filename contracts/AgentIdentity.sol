// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentIdentity} from "./interfaces/IAgentIdentity.sol";
import {IAgentTransferSink} from "./interfaces/IAgentTransferSink.sol";
import {IERC8004Identity} from "./interfaces/IERC8004Identity.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title AgentIdentity
/// @notice An ERC-8004 identity registry, for chains without the canonical one.
///
/// @dev Design
///
///      ERC-721 with a stored URI for each agent; free-form metadata; one payment wallet for each agent. Surface, events,
///      their order and the EIP-712 domain are those of the deployed registries, so that clients need not know which one
///      they speak to. Two things differ. First, nothing is written after the receiver is called. Second, a
///      transfer tells the core, which drops the agent's wallet bindings in the same transaction (ID-4).
///      Agents are never burned. Ids count up from 0 (ID-2).
///
///      Trust assumptions
///
///      No owner, no proxy, no pause: nobody can change or stop the registry. It trusts the core it was deployed with
///      to return from `onAgentTransfer`; the call is not caught, since a transfer that left old wallets bound would be
///      the worse failure. The core depends on no registry.
///
///      Warnings
///
///      - If the core reverted, agents could not be transferred; everything else would still work.
///      - `agentWallet` is where an agent is paid. It is not unique, and it is not the wallet the core admits.
///      - `register` makes owner and wallet one address. The core refuses an agent whose owner is a bound wallet
///        (ID-7), so enrolment needs another wallet.
///      - A marketplace that holds an approval can rewrite the record of the agent it lists. ERC-8004 has it so.
///      - A wallet's consent has no nonce: until its deadline, 5 minutes at most, it can be used again for the same
///        agent, wallet and owner.
///      - The ERC-1271 call has no gas limit, as smart accounts differ widely; whoever names a wallet that burns gas
///        pays for it.
contract AgentIdentity is IAgentIdentity, ERC721URIStorage, EIP712 {
    bytes32 private constant _AGENT_WALLET_SET_TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    uint256 private constant _MAX_DEADLINE_DELAY = 5 minutes;
    string private constant _AGENT_WALLET_KEY = "agentWallet";

    /// @inheritdoc IAgentIdentity
    IAgentTransferSink public immutable circuitBreaker;

    uint256 private _nextAgentId;
    mapping(uint256 agentId => address wallet) private _wallets;
    mapping(uint256 agentId => mapping(string metadataKey => bytes metadataValue)) private _metadata;

    /// @param core The core that is told of transfers. It is tried with an agent that cannot exist: wired to
    ///        anything else, no agent could ever be transferred.
    constructor(IAgentTransferSink core) ERC721("AgentIdentity", "AGENT") EIP712("ERC8004IdentityRegistry", "1") {
        require(address(core).code.length != 0, NotAgentTransferSink(address(core)));
        try core.onAgentTransfer(type(uint256).max, address(this)) {}
        catch {
            revert NotAgentTransferSink(address(core));
        }
        circuitBreaker = core;
    }

    // ------------------------------------------------------------------ anyone

    /// @inheritdoc IERC8004Identity
    function register() external returns (uint256 agentId) {
        agentId = _create("");
        _callReceiver(agentId);
    }

    /// @inheritdoc IERC8004Identity
    function register(string calldata agentURI) external returns (uint256 agentId) {
        agentId = _create(agentURI);
        _callReceiver(agentId);
    }

    /// @inheritdoc IERC8004Identity
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId) {
        agentId = _create(agentURI);
        for (uint256 i; i < metadata.length; ++i) {
            _setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }
        _callReceiver(agentId);
    }

    // ------------------------------------------------------------------ owner, approved address, operator

    /// @inheritdoc IERC8004Identity
    function setAgentURI(uint256 agentId, string calldata newURI) external {
        _authorize(agentId);
        _setTokenURI(agentId, newURI);
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @inheritdoc IERC8004Identity
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external {
        _authorize(agentId);
        _setMetadata(agentId, metadataKey, metadataValue);
    }

    /// @inheritdoc IERC8004Identity
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external {
        address owner = _authorize(agentId);
        require(newWallet != address(0), AgentWalletZero(agentId));
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
        uint256 latestDeadline = block.timestamp + _MAX_DEADLINE_DELAY;
        require(deadline <= latestDeadline, DeadlineTooFar(deadline, latestDeadline));

        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(_AGENT_WALLET_SET_TYPEHASH, agentId, newWallet, owner, deadline)));
        require(_signed(newWallet, digest, signature), AgentWalletSignatureInvalid(newWallet, digest));

        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IERC8004Identity
    function unsetAgentWallet(uint256 agentId) external {
        _authorize(agentId);
        _setWallet(agentId, address(0));
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IERC8004Identity
    function getAgentWallet(uint256 agentId) external view returns (address wallet) {
        return _wallets[agentId];
    }

    /// @inheritdoc IERC8004Identity
    function getMetadata(uint256 agentId, string calldata metadataKey)
        external
        view
        returns (bytes memory metadataValue)
    {
        return _isReserved(metadataKey) ? _walletAsMetadata(_wallets[agentId]) : _metadata[agentId][metadataKey];
    }

    /// @inheritdoc IAgentIdentity
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool authorized) {
        return _isAuthorized(_requireOwned(agentId), spender, agentId);
    }

    /// @inheritdoc IAgentIdentity
    function getVersion() external pure returns (string memory version) {
        return "2.0.0+switchgear.1";
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721URIStorage, IERC165) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    // ------------------------------------------------------------------ internal

    /// @dev A transfer (self-transfer included, a mint not) clears the wallet and tells the core, in the end state.
    function _update(address to, uint256 agentId, address auth) internal override returns (address from) {
        bool transferred = to != address(0) && _ownerOf(agentId) != address(0);
        if (transferred) _setWallet(agentId, address(0));
        from = super._update(to, agentId, auth);
        if (transferred) circuitBreaker.onAgentTransfer(agentId, to);
    }

    /// @dev Everything about a registration but the caller's own entries and the receiver's callback, which comes last.
    function _create(string memory agentURI) private returns (uint256 agentId) {
        agentId = _nextAgentId++;
        _mint(msg.sender, agentId);
        if (bytes(agentURI).length != 0) _setTokenURI(agentId, agentURI);
        emit Registered(agentId, agentURI, msg.sender);
        _setWallet(agentId, msg.sender);
    }

    function _callReceiver(uint256 agentId) private {
        ERC721Utils.checkOnERC721Received(msg.sender, address(0), msg.sender, agentId, "");
    }

    function _setWallet(uint256 agentId, address wallet) private {
        _wallets[agentId] = wallet;
        emit MetadataSet(agentId, _AGENT_WALLET_KEY, _AGENT_WALLET_KEY, _walletAsMetadata(wallet));
    }

    function _setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) private {
        require(!_isReserved(metadataKey), MetadataKeyReserved(metadataKey));
        _metadata[agentId][metadataKey] = metadataValue;
        emit MetadataSet(agentId, metadataKey, metadataKey, metadataValue);
    }

    function _authorize(uint256 agentId) private view returns (address owner) {
        owner = _ownerOf(agentId);
        _checkAuthorized(owner, msg.sender, agentId);
    }

    /// @dev ECDSA comes first for accounts with code too: an EOA delegated by EIP-7702 still signs with its key.
    function _signed(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecoverCalldata(digest, signature);
        return (err == ECDSA.RecoverError.NoError && signer == wallet)
            || SignatureChecker.isValidERC1271SignatureNowCalldata(wallet, digest, signature);
    }

    function _isReserved(string calldata metadataKey) private pure returns (bool) {
        return keccak256(bytes(metadataKey)) == keccak256(bytes(_AGENT_WALLET_KEY));
    }

    function _walletAsMetadata(address wallet) private pure returns (bytes memory) {
        return wallet == address(0) ? bytes("") : abi.encodePacked(wallet);
    }
}
