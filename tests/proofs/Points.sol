// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PointsMath} from "../../contracts/points/PointsMath.sol";
import {Prover} from "./Prover.sol";

/// @title The formula of points
contract PointsProof is Prover {
    /// @dev The width that `PointsMath` states for a sum over all sources.
    uint256 private constant _MOST = 2 ** 201;

    function _position(uint256 held, uint256 staked, uint256 locked, uint256 soso)
        private
        pure
        returns (PointsMath.Position memory)
    {
        assume(held < _MOST);
        assume(staked < _MOST);
        assume(locked < _MOST);
        assume(soso < _MOST);
        return PointsMath.Position(held, staked, locked, soso);
    }

    function _points(uint256 held, uint256 staked, uint256 locked, uint256 soso) private pure returns (uint256) {
        return PointsMath.pointsDown(_position(held, staked, locked, soso));
    }

    /// @notice A value is amount-seconds times the price, rounded down, and nothing overflows.
    /// @custom:bound amount-seconds and price under 2^128
    function check_value(uint256 amountSeconds, uint256 price) external pure {
        fits(amountSeconds, 128);
        fits(price, 128);
        assert(isDown(PointsMath.valueDown(amountSeconds, price), amountSeconds * price, WAD));
    }

    /// @notice SOSO lifts no more than there is of it, and no more of a class than there is of that.
    /// @custom:bound values under 2^201
    function check_boosts(uint256 held, uint256 staked, uint256 locked, uint256 soso) external pure {
        (uint256 h, uint256 s, uint256 l) = PointsMath.boosts(_position(held, staked, locked, soso));
        assert(h <= held && s <= staked && l <= locked);
        assert(h + s + l <= soso);
        assert(h + s + l == soso || (h == held && s == staked && l == locked));
    }

    /// @notice No other use of the same SOSO gives more points.
    /// @custom:bound values under 2^201, every other division of the SOSO
    function check_boostsAreBest(
        uint256 held,
        uint256 staked,
        uint256 locked,
        uint256 soso,
        uint256 h,
        uint256 s,
        uint256 l
    ) external pure {
        (uint256 a, uint256 b, uint256 c) = PointsMath.boosts(_position(held, staked, locked, soso));
        assume(h <= held);
        assume(s <= staked);
        assume(l <= locked);
        assume(h + s + l <= soso);
        assert(3 * h + 15 * s + 20 * l <= 3 * a + 15 * b + 20 * c);
    }

    /// @notice Multipliers stay in their ranges: without SOSO 3, 15 and 20, and eleven times that at most.
    /// @custom:bound values under 2^201
    function check_multipliers(uint256 held, uint256 staked, uint256 locked, uint256 soso) external pure {
        uint256 points = _points(held, staked, locked, soso);
        uint256 base = 3 * held + 15 * staked + 20 * locked;
        assert(points >= base / 1 days && points <= 11 * base / 1 days);
        assert(soso != 0 || points == base / 1 days);
        assert(soso < held + staked + locked || points == 11 * base / 1 days);
    }

    /// @notice More of anything never gives fewer points.
    /// @custom:bound values under 2^201, before and after
    function check_pointsMonotone(
        uint256 held,
        uint256 staked,
        uint256 locked,
        uint256 soso,
        uint256 more,
        uint8 which
    ) external pure {
        assume(more < _MOST);
        uint256 before = _points(held, staked, locked, soso);
        if (which == 0) assert(_points(held + more, staked, locked, soso) >= before);
        else if (which == 1) assert(_points(held, staked + more, locked, soso) >= before);
        else if (which == 2) assert(_points(held, staked, locked + more, soso) >= before);
        else assert(_points(held, staked, locked, soso + more) >= before);
    }

    /// @notice Two wallets never get more points than one that has what both have.
    /// @custom:bound values under 2^200 in each wallet
    function check_splitting(
        uint256 held,
        uint256 staked,
        uint256 locked,
        uint256 soso,
        uint256 held2,
        uint256 staked2,
        uint256 locked2,
        uint256 soso2
    ) external pure {
        uint256 apart = _points(held, staked, locked, soso) + _points(held2, staked2, locked2, soso2);
        assert(apart <= _points(held + held2, staked + staked2, locked + locked2, soso + soso2));
    }
}
