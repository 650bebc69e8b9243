// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimedBalance} from "./TimedBalance.sol";

/// @dev `saved` has, for each epoch with a touch, the slot as it was before the first one. Epochs without a touch store
/// nothing.
struct TimedHistory {
    TimedBalance live;
    mapping(uint256 epoch => TimedBalance) saved;
}

using TimedHistoryLib for TimedHistory global;

/// @title A balance whose integral is known at the start of every epoch
/// @notice Touching and reading a {TimedHistory}.
/// @dev Epoch `n` starts at `genesis + n * length`. Both are the same in every call, and no call is before genesis.
/// {TimeWeightedERC20} has the same code written out, because a transfer would pay 41 gas more for the calls.
library TimedHistoryLib {
    /// @dev Returns the live slot, and saves it for readers if this is the first touch in the epoch that began at
    /// `epochStart`.
    function touch(TimedHistory storage self, uint256 epochStart, uint256 genesis, uint256 length)
        internal
        returns (TimedBalance live)
    {
        live = self.live;
        if (live.time() < epochStart && !live.isEmpty()) self.saved[(epochStart - genesis) / length] = live;
    }

    /// @dev The integral from `start` to `end`. Exact where each is the start of an epoch or not before the last touch.
    /// Bounded: goes back once for each epoch since `start` in which the balance was touched. A slot that was never
    /// written is a balance of 0 at time 0.
    function secondsOf(TimedHistory storage self, uint256 start, uint256 end, uint256 genesis, uint256 length)
        internal
        view
        returns (uint256)
    {
        TimedBalance slot = self.live;
        if (slot.isEmpty()) return 0;
        while (slot.time() > end) slot = self.saved[(slot.time() - genesis) / length];
        uint256 until = slot.cumulativeAt(end);
        while (slot.time() > start) slot = self.saved[(slot.time() - genesis) / length];

        return until - slot.cumulativeAt(start);
    }
}
