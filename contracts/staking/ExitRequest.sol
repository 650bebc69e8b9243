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
    /// @dev The caller keeps every value within its bits.
    function make(uint256 assets_, uint256 shares_, uint256 time_, uint256 cooldown_, bool parked_)
        internal
        pure
        returns (ExitRequest)
    {
        return ExitRequest.wrap(assets_ | shares_ << 96 | time_ << 192 | cooldown_ << 224 | (parked_ ? 1 << 248 : 0));
    }

    function assets(ExitRequest self) internal pure returns (uint256) {
        return uint96(ExitRequest.unwrap(self));
    }

    function shares(ExitRequest self) internal pure returns (uint256) {
        return uint96(ExitRequest.unwrap(self) >> 96);
    }

    function time(ExitRequest self) internal pure returns (uint256) {
        return uint32(ExitRequest.unwrap(self) >> 192);
    }

    function cooldown(ExitRequest self) internal pure returns (uint256) {
        return uint24(ExitRequest.unwrap(self) >> 224);
    }

    function parked(ExitRequest self) internal pure returns (bool) {
        return ExitRequest.unwrap(self) >> 248 != 0;
    }
}
