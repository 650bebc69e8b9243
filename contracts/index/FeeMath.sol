// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title The streaming fee as a pure function of time
library FeeMath {
    uint256 private constant _RAY = 1e27;

    /// @dev D27{base/share}. Compounds by the day and is linear within a day, so it does not depend on how often anybody calls.
    /// Bits: anchor 60 + power 90 + day 77 = 227, so nothing overflows; the caller keeps the fee under 1e18. `docs/index-math.md`, "The multiplier".
    /// @param anchor D18, at most 1e18
    /// @param dailyFee D18 per day
    /// @param elapsed seconds since the anchor
    function multiplier(uint256 anchor, uint256 dailyFee, uint256 elapsed) internal pure returns (uint256) {
        unchecked {
            uint256 power = FixedPointMathLib.rpow(_RAY - dailyFee * 1e9, elapsed / 1 days, _RAY);
            return anchor * power * (1 days * 1e18 - dailyFee * (elapsed % 1 days)) / (1 days * 1e36);
        }
    }
}
