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
    uint256 private constant _DUST_SHIFT = 64;
    uint256 private constant _PRICE_SHIFT = 128;
    uint256 private constant _ID_SHIFT = 192;
    uint256 private constant _DECIMALS_SHIFT = 216;
    uint256 private constant _PLACE_SHIFT = 224;
    uint256 private constant _GIVEN_SHIFT = 232;

    function make(
        Units target_,
        Units dust_,
        Units price_,
        uint256 id_,
        uint256 decimals_,
        uint256 place_,
        uint256 given_
    ) internal pure returns (Target) {
        uint256 units = Units.unwrap(target_) | uint256(Units.unwrap(dust_)) << _DUST_SHIFT
            | uint256(Units.unwrap(price_)) << _PRICE_SHIFT;
        return Target.wrap(
            units | id_ << _ID_SHIFT | decimals_ << _DECIMALS_SHIFT | place_ << _PLACE_SHIFT | given_ << _GIVEN_SHIFT
        );
    }

    function target(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self))).value();
    }

    function dust(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self) >> _DUST_SHIFT)).value();
    }

    /// @dev D18{USD/whole token}, 57 bits of it. 0 for a token that no start has seen.
    function price(Target self) internal pure returns (uint256) {
        return Units.wrap(uint64(Target.unwrap(self) >> _PRICE_SHIFT)).value();
    }

    function id(Target self) internal pure returns (uint256) {
        return uint24(Target.unwrap(self) >> _ID_SHIFT);
    }

    function decimals(Target self) internal pure returns (uint256) {
        return uint8(Target.unwrap(self) >> _DECIMALS_SHIFT);
    }

    function place(Target self) internal pure returns (uint256) {
        return uint8(Target.unwrap(self) >> _PLACE_SHIFT);
    }

    function given(Target self) internal pure returns (bool) {
        return Target.unwrap(self) >> _GIVEN_SHIFT != 0;
    }
}
