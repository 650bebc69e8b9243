// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev `cumulative:128 | time:32 | balance:96` = 256 bits, high to low.
/// `cumulative` is the integral of the balance over time up to `time`, in wei x seconds.
type TimedBalance is uint256;

using TimedBalanceLib for TimedBalance global;

/// @title One slot that holds a balance and its history's integral
/// @notice Reading and moving a {TimedBalance}.
/// @dev Why nothing overflows: a balance is under 2^96 and all seconds together are under 2^32 until February 2106, so
/// the integral is under 2^96 x 2^32 = 2^128. After 2106 the clock wraps: averages become meaningless, but balances
/// stay right, because every step is modular within its field.
library TimedBalanceLib {
    uint256 private constant _TIME_SHIFT = 96;
    uint256 private constant _CUMULATIVE_SHIFT = 128;

    function balance(TimedBalance self) internal pure returns (uint256) {
        return uint96(TimedBalance.unwrap(self));
    }

    function time(TimedBalance self) internal pure returns (uint256) {
        return uint32(TimedBalance.unwrap(self) >> _TIME_SHIFT);
    }

    function isEmpty(TimedBalance self) internal pure returns (bool) {
        return TimedBalance.unwrap(self) == 0;
    }

    /// @dev The integral up to `timestamp`, which must not be before the slot's time.
    function cumulativeAt(TimedBalance self, uint256 timestamp) internal pure returns (uint256) {
        unchecked {
            return (TimedBalance.unwrap(self) >> _CUMULATIVE_SHIFT) + balance(self) * uint32(timestamp - time(self));
        }
    }

    /// @dev The slot at `timestamp` with a new balance. The caller keeps `newBalance` under 2^96.
    function moveTo(TimedBalance self, uint256 timestamp, uint256 newBalance) internal pure returns (TimedBalance) {
        return TimedBalance.wrap(
            (cumulativeAt(self, timestamp) << _CUMULATIVE_SHIFT) | (uint256(uint32(timestamp)) << _TIME_SHIFT)
                | newBalance
        );
    }
}
