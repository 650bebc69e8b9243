// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Points as a function of what an account had
/// @notice Every class has a base; SOSO lifts the class with the largest base first.
/// @dev `docs/points-math.md` has the proofs. Widths: an amount-second is under 2^128 and a price under 2^128, so a
/// value is under 2^197, the sum over 16 sources under 2^201, and the sum of everything with its multiplier under
/// 2^210.
library PointsMath {
    /// @dev Points for a dollar-day of each class, the base.
    uint256 internal constant HELD = 3;
    uint256 internal constant STAKED = 15;
    uint256 internal constant LOCKED = 20;

    /// @dev SOSO adds ten times the base, so eleven times in all.
    uint256 internal constant BOOST = 10;

    uint256 private constant _WAD = 1e18;
    uint256 private constant _DAY = 1 days;

    /// @dev D18{USD s} by class, and of staked SOSO.
    struct Position {
        uint256 held;
        uint256 staked;
        uint256 locked;
        uint256 soso;
    }

    /// @dev D18{USD s} = {tok s} x D18{USD/1e18 tok} / 1e18, rounded down. Both are under 2^128.
    function valueDown(uint256 amountSeconds, uint256 price) internal pure returns (uint256) {
        return amountSeconds * price / _WAD;
    }

    /// @dev D18{USD s} of each class that SOSO lifts: the class with the largest gain first.
    function boosts(Position memory p) internal pure returns (uint256 held, uint256 staked, uint256 locked) {
        locked = Math.min(p.locked, p.soso);
        staked = Math.min(p.staked, p.soso - locked);
        held = Math.min(p.held, p.soso - locked - staked);
    }

    /// @dev D18{point}, rounded down once
    function pointsDown(Position memory p) internal pure returns (uint256) {
        (uint256 held, uint256 staked, uint256 locked) = boosts(p);
        uint256 weighted = HELD * (p.held + BOOST * held) + STAKED * (p.staked + BOOST * staked) + LOCKED
            * (p.locked + BOOST * locked);
        return weighted / _DAY;
    }
}
