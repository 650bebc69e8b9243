// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Bounds of four significant digits in 20 bits
/// @notice `exponent:6 | digits:14`, high to low; the value is digits x 10^exponent.
library BoundLib {
    uint256 private constant _DIGITS = 9_999;
    uint256 private constant _DIGIT_BITS = 14;

    /// @dev Whether `bound` has at most four significant digits. 128 bits keep the exponent under 36.
    function exact(uint128 bound) internal pure returns (bool) {
        return value(pack(bound)) == bound;
    }

    /// @dev Keeps the first four significant digits and cuts off the rest.
    function pack(uint128 bound) internal pure returns (uint256) {
        uint256 exponent = 0;
        uint256 digits = bound;
        for (; digits > _DIGITS; ++exponent) {
            digits /= 10;
        }
        return digits | exponent << _DIGIT_BITS;
    }

    function value(uint256 packed) internal pure returns (uint256) {
        unchecked {
            return (packed & (1 << _DIGIT_BITS) - 1) * 10 ** (packed >> _DIGIT_BITS);
        }
    }
}
