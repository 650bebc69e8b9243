// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @dev `dailyFee:48 | anchorTime:32 | anchor:64` = 144 bits, high to low. Units as in {IIndexToken.IndexTerms}.
type StreamingFee is uint144;

using StreamingFeeLib for StreamingFee global;

/// @title The streaming fee as a pure function of time
/// @notice Making and reading a {StreamingFee}.
library StreamingFeeLib {
    uint256 private constant _ANCHOR_TIME_SHIFT = 64;
    uint256 private constant _DAILY_FEE_SHIFT = 96;

    uint256 private constant _RAY = 1e27;

    /// @dev The caller keeps the anchor within 1e18 and the fee far below that.
    function pack(uint256 anchor_, uint256 time, uint256 dailyFee_) internal pure returns (StreamingFee) {
        uint256 times = uint256(uint32(time)) << _ANCHOR_TIME_SHIFT;
        return StreamingFee.wrap(uint144(anchor_ | times | dailyFee_ << _DAILY_FEE_SHIFT));
    }

    function anchor(StreamingFee self) internal pure returns (uint256) {
        return uint64(StreamingFee.unwrap(self));
    }

    function anchorTime(StreamingFee self) internal pure returns (uint256) {
        return uint32(StreamingFee.unwrap(self) >> _ANCHOR_TIME_SHIFT);
    }

    function dailyFee(StreamingFee self) internal pure returns (uint256) {
        return StreamingFee.unwrap(self) >> _DAILY_FEE_SHIFT;
    }

    /// @dev D27{base/share} now. Compounds by the day and is linear within a day, so it does not depend on the number
    /// of calls. Bits: anchor 60 + power 90 + day 77 = 227, so nothing overflows. `docs/index-math.md`, "The
    /// multiplier".
    function multiplier(StreamingFee self) internal view returns (uint256) {
        unchecked {
            uint256 fee = dailyFee(self);
            uint256 elapsed = block.timestamp - anchorTime(self);
            uint256 power = FixedPointMathLib.rpow(_RAY - fee * 1e9, elapsed / 1 days, _RAY);
            return anchor(self) * power * (1 days * 1e18 - fee * (elapsed % 1 days)) / (1 days * 1e36);
        }
    }
}
