// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Units} from "../index/Units.sol";

/// @dev What a rebalance wants of a token, in one slot: `place:8 | decimals:8 | id:32 | dust:64 | target:64` = 176 bits. Of the rebalance `id` alone. `target` and
/// `dust` are {Units}. Packed by hand: a struct is written field by field.
type Target is uint256;

using TargetLib for Target global;

/// @title Reading and making a {Target}
library TargetLib {
    function make(Units target_, Units dust_, uint256 id_, uint256 decimals_, uint256 place_) internal pure returns (Target) {
        uint256 units = Units.unwrap(target_) | uint256(Units.unwrap(dust_)) << 64;
        return Target.wrap(units | id_ << 128 | decimals_ << 160 | place_ << 168);
    }

    function target(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self))).value();
    }

    function dust(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self) >> 64)).value();
    }

    function id(Target self) internal pure returns (uint256) {
        return uint32(Target.unwrap(self) >> 128);
    }

    function decimals(Target self) internal pure returns (uint256) {
        return uint8(Target.unwrap(self) >> 160);
    }

    function place(Target self) internal pure returns (uint256) {
        return uint8(Target.unwrap(self) >> 168);
    }
}
