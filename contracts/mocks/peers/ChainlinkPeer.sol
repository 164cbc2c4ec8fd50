// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GasProbe} from "../GasProbe.sol";
import {RateLimiter} from "@chainlink/contracts-ccip/contracts/libraries/RateLimiter.sol";

/// @title ChainlinkPeer
/// @notice Holds CCIP's token bucket itself, as its token pools do: one for everybody.
contract ChainlinkPeer is GasProbe {
    using RateLimiter for RateLimiter.TokenBucket;

    RateLimiter.TokenBucket private _bucket;

    constructor(bool asks, uint128 capacity, uint128 window) GasProbe(asks) {
        _bucket = RateLimiter.TokenBucket({
            tokens: capacity,
            lastUpdated: uint32(block.timestamp),
            isEnabled: true,
            capacity: capacity,
            rate: capacity / window
        });
    }

    function _ask(uint256, uint256 value) internal override returns (bool) {
        _bucket._consume(value, address(0));
        return true;
    }
}
