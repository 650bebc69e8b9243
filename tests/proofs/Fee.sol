// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StreamingFee, StreamingFeeLib} from "../../contracts/index/StreamingFee.sol";
import {Prover} from "./Prover.sol";

/// @title The multiplier of the streaming fee
contract FeeProof is Prover {
    uint256 private constant _DAY = 1 days;

    /// @dev The fee that the index lets in: at most five percent a year.
    uint256 private constant _MOST = uint256(0.05e18) / 365;

    function _fee(uint64 anchor, uint48 dailyFee) private pure returns (StreamingFee) {
        assume(anchor <= WAD);
        assume(dailyFee <= _MOST);
        return StreamingFeeLib.pack(anchor, 0, dailyFee);
    }

    /// @dev The multiplier at a second of a day.
    function _at(StreamingFee fee, uint256 day, uint256 time) private returns (uint256) {
        assume(time / _DAY == day);
        PROVER.warp(time);
        return fee.multiplier();
    }

    /// @notice On day 0 the multiplier is the anchor less the day's fee by the second, rounded down.
    /// @custom:bound anchor at most 1, every fee that the index lets in, any second of day 0
    function check_multiplierDay0(uint64 anchor, uint48 dailyFee, uint256 time) external {
        uint256 m = _at(_fee(anchor, dailyFee), 0, time);
        // anchor x (1 - fee x time / day), at 27 decimals.
        assert(isDown(m, anchor * (_DAY * WAD - dailyFee * time) * 1e9, _DAY * WAD));
        assert(m <= uint256(anchor) * 1e9);
    }

    /// @notice On day 1 the multiplier is the same of what day 0 left, rounded down.
    /// @custom:bound anchor at most 1, every fee that the index lets in, any second of day 1
    /// @custom:slow a power of the fee times a product
    function check_multiplierDay1(uint64 anchor, uint48 dailyFee, uint256 time) external {
        uint256 m = _at(_fee(anchor, dailyFee), 1, time);
        uint256 left = WAD - dailyFee;
        assert(isDown(m, anchor * left * (_DAY * WAD - dailyFee * (time - _DAY)), _DAY * 1e27));
    }

    /// @notice The multiplier never rises within a day.
    /// @custom:bound anchor at most 1, every fee that the index lets in, any two seconds of day 0
    function check_multiplierFalls(uint64 anchor, uint48 dailyFee, uint256 early, uint256 late) external {
        StreamingFee fee = _fee(anchor, dailyFee);
        assume(early <= late);
        assert(_at(fee, 0, late) <= _at(fee, 0, early));
    }

    /// @notice The multiplier never rises from one day to the next.
    /// @custom:bound anchor at most 1, every fee that the index lets in, any second of day 0 and of day 1
    /// @custom:slow a power of the fee times a product
    function check_multiplierFallsOvernight(uint64 anchor, uint48 dailyFee, uint256 early, uint256 late) external {
        StreamingFee fee = _fee(anchor, dailyFee);
        uint256 before = _at(fee, 0, early);
        assert(_at(fee, 1, late) <= before);
    }

    /// @notice Without a fee the multiplier stays at the anchor.
    /// @custom:bound anchor at most 1, the first seconds of days 0 to 8 and of day 36,500
    function check_multiplierWithoutFee(uint64 anchor) external {
        StreamingFee fee = _fee(anchor, 0);
        for (uint256 day = 0; day < 9; ++day) {
            assert(_at(fee, day, day * _DAY) == uint256(anchor) * 1e9);
        }
        assert(_at(fee, 36_500, 36_500 * _DAY) == uint256(anchor) * 1e9);
    }

    /// @notice A higher fee never gives a higher multiplier.
    /// @custom:bound anchor at most 1, every two fees that the index lets in, any second of day 0
    function check_multiplierByFee(uint64 anchor, uint48 less, uint48 more, uint256 time) external {
        assume(less <= more);
        uint256 low = _at(_fee(anchor, less), 0, time);
        assert(_at(_fee(anchor, more), 0, time) <= low);
    }
}
