// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";

/// @dev D27{tok/base}, so that four constituents share a slot: `mantissa:57 | exponent:7` = 64 bits, high to low. The
/// value is mantissa x 2^exponent.
type Units is uint64;

using UnitsLib for Units global;

/// @title Units with 57 significant bits
/// @notice Rounding down loses less than one part in 10^17. The loss is surplus in the vault: accounted balances are
/// never more than what is there.
library UnitsLib {
    uint256 private constant _MANTISSA_BITS = 57;
    uint256 private constant _MANTISSA_SHIFT = 7;

    /// @dev Rounds down. The caller keeps `units` under 2^128.
    function pack(uint256 units) internal pure returns (Units) {
        unchecked {
            uint256 exponent = units >> _MANTISSA_BITS == 0 ? 0 : LibBit.fls(units) + 1 - _MANTISSA_BITS;
            return Units.wrap(uint64((units >> exponent) << _MANTISSA_SHIFT | exponent));
        }
    }

    function value(Units self) internal pure returns (uint256) {
        uint256 packed = Units.unwrap(self);
        return (packed >> _MANTISSA_SHIFT) << (packed & (1 << _MANTISSA_SHIFT) - 1);
    }
}
