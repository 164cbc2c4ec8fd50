// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GasProbe} from "../GasProbe.sol";
import {RateLimiter} from "@layerzerolabs/lz-evm-oapp-v2/contracts/oapp/utils/RateLimiter.sol";

/// @title LayerZeroPeer
/// @notice Holds LayerZero's rate limiter itself: one for each destination, whoever calls.
contract LayerZeroPeer is GasProbe, RateLimiter {
    constructor(bool asks, uint32 lane, uint256 limit, uint256 window) GasProbe(asks) {
        RateLimitConfig[] memory configs = new RateLimitConfig[](1);
        configs[0] = RateLimitConfig(lane, limit, window);
        _setRateLimits(configs);
    }

    function _ask(uint256 lane, uint256 value) internal override returns (bool) {
        _checkAndUpdateRateLimit(uint32(lane), value);
        return true;
    }
}
