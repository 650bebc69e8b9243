// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Units} from "../index/Units.sol";

/// @dev What a rebalance wants of a token, in one slot:
/// `given:1 | place:8 | decimals:8 | id:24 | price:64 | dust:64 | target:64` = 233 bits, high to low.
/// It counts for the rebalance `id` alone. `target`, `dust` and `price` are {Units}. `price` is that of the start,
/// D18{USD/whole token}. `given` is set where the proposal gave that price, because the oracle has none: bids then go
/// by it. Packed by hand, because the compiler writes a struct field by field.
type Target is uint256;

using TargetLib for Target global;

/// @title Reading and making a {Target}
/// @notice The caller of `make` keeps every part within its bits.
library TargetLib {
    function make(
        Units target_,
        Units dust_,
        Units price_,
        uint256 id_,
        uint256 decimals_,
        uint256 place_,
        uint256 given_
    ) internal pure returns (Target) {
        uint256 units = Units.unwrap(target_) | uint256(Units.unwrap(dust_)) << 64 | uint256(Units.unwrap(price_))
            << 128;
        return Target.wrap(units | id_ << 192 | decimals_ << 216 | place_ << 224 | given_ << 232);
    }

    function target(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self))).value();
    }

    function dust(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self) >> 64)).value();
    }

    /// @dev D18{USD/whole token}, 57 bits of it. 0 for a token that no start has seen.
    function price(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self) >> 128)).value();
    }

    function id(Target self) internal pure returns (uint256) {
        return uint24(Target.unwrap(self) >> 192);
    }

    function decimals(Target self) internal pure returns (uint256) {
        return uint8(Target.unwrap(self) >> 216);
    }

    function place(Target self) internal pure returns (uint256) {
        return uint8(Target.unwrap(self) >> 224);
    }

    function given(Target self) internal pure returns (bool) {
        return Target.unwrap(self) >> 232 != 0;
    }
}
