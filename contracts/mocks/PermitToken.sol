// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExampleToken} from "./ExampleToken.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title PermitToken
/// @notice An ERC-20 with every common way to grant an allowance: `approve`, `increaseAllowance`, `permit`, also of contracts.
contract PermitToken is ExampleToken, ERC20Permit {
    bytes32 private constant _PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    constructor() ExampleToken("Permit", "PRM") ERC20Permit("Permit") {}

    /// @notice Grants more, as OpenZeppelin's ERC-20 had it up to 4.x.
    function increaseAllowance(address spender, uint256 added) external returns (bool) {
        _approve(msg.sender, spender, allowance(msg.sender, spender) + added);
        return true;
    }

    /// @notice ERC-2612 as USDC has it: of an account that is a contract, by ERC-1271.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
    {
        require(block.timestamp <= deadline, ERC2612ExpiredSignature(deadline));
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(_PERMIT, owner, spender, value, _useNonce(owner), deadline)));
        bool signed = SignatureChecker.isValidSignatureNow(owner, digest, signature);
        require(signed, ERC2612InvalidSigner(address(0), owner));
        _approve(owner, spender, value);
    }
}
