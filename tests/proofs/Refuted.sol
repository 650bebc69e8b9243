// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StreamingFeeLib} from "../../contracts/index/StreamingFee.sol";
import {UnitsLib} from "../../contracts/index/Units.sol";
import {PointsMath} from "../../contracts/points/PointsMath.sol";
import {Prover} from "./Prover.sol";

/// @title What does not hold
/// @notice The prover has to refute each of these in every run: one that finds nothing wrong here proves nothing
/// elsewhere.
contract RefutedProof is Prover {
    /// @notice Units lose nothing. (They do, beyond 57 bits.)
    /// @custom:bound units under 2^128
    /// @custom:refuted by bits
    function check_unitsAreExact(uint256 x) external pure {
        fits(x, 128);
        assert(UnitsLib.pack(x).value() == x);
    }

    /// @notice Units lose less than one part in 2^56 of any number. (From 2^184 on, the exponent has more than 7 bits.)
    /// @custom:bound every number
    /// @custom:refuted by bits
    function check_unitsOfAnyNumber(uint256 x) external pure {
        uint256 v = UnitsLib.pack(x).value();
        assert(v <= x && x - v <= x >> 56);
    }

    /// @notice A value is rounded up. (It is rounded down.)
    /// @custom:bound amount-seconds and price under 2^128
    /// @custom:refuted by whole numbers
    function check_valueUp(uint256 amountSeconds, uint256 price) external pure {
        fits(amountSeconds, 128);
        fits(price, 128);
        assert(isUp(PointsMath.valueDown(amountSeconds, price), amountSeconds * price, WAD));
    }

    /// @notice The multiplier falls by the second. (It falls by rounding as well, and may stay.)
    /// @custom:bound anchor at most 1, one fee
    /// @custom:refuted by whole numbers
    function check_multiplierAlwaysFalls(uint64 anchor) external {
        assume(anchor <= WAD);
        PROVER.warp(0);
        uint256 first = StreamingFeeLib.pack(anchor, 0, 1e12).multiplier();
        PROVER.warp(1);
        assert(StreamingFeeLib.pack(anchor, 0, 1e12).multiplier() < first);
    }

    /// @notice A number that is not 7 passes. (A path that reverts with an error of its own is no path that holds.)
    /// @custom:bound every number
    /// @custom:refuted by a revert
    function check_revertIsNoProof(uint256 x) external pure {
        require(x != 7, "seven");
    }
}
