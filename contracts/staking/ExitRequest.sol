// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev A controller's running request: `parked:8 | cooldown:24 | time:32 | shares:96 | assets:96` = 256 bits, high to
/// low. `cooldown`: the one in force when the request was made, seconds. `parked`: assets that matured before are in a
/// slot of their own. Packed by hand, because the compiler writes a struct field by field.
type ExitRequest is uint256;

using ExitRequestLib for ExitRequest global;

/// @title One packed slot for each account
/// @notice Reading and making an {ExitRequest}.
library ExitRequestLib {
    uint256 private constant _SHARES_SHIFT = 96;
    uint256 private constant _TIME_SHIFT = 192;
    uint256 private constant _COOLDOWN_SHIFT = 224;
    uint256 private constant _PARKED_SHIFT = 248;

    /// @dev The caller keeps every value within its bits.
    function make(uint256 assets_, uint256 shares_, uint256 time_, uint256 cooldown_, bool parked_)
        internal
        pure
        returns (ExitRequest)
    {
        uint256 amounts = assets_ | shares_ << _SHARES_SHIFT;
        uint256 times = time_ << _TIME_SHIFT | cooldown_ << _COOLDOWN_SHIFT;
        return ExitRequest.wrap(amounts | times | (parked_ ? 1 << _PARKED_SHIFT : 0));
    }

    function assets(ExitRequest self) internal pure returns (uint256) {
        return uint96(ExitRequest.unwrap(self));
    }

    function shares(ExitRequest self) internal pure returns (uint256) {
        return uint96(ExitRequest.unwrap(self) >> _SHARES_SHIFT);
    }

    function time(ExitRequest self) internal pure returns (uint256) {
        return uint32(ExitRequest.unwrap(self) >> _TIME_SHIFT);
    }

    function cooldown(ExitRequest self) internal pure returns (uint256) {
        return uint24(ExitRequest.unwrap(self) >> _COOLDOWN_SHIFT);
    }

    function parked(ExitRequest self) internal pure returns (bool) {
        return ExitRequest.unwrap(self) >> _PARKED_SHIFT != 0;
    }
}
