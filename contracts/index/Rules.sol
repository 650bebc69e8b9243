// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev High to low: `deprecated:1 | paused:1 | claims:32 | supplyCap:40 | mintFee:16 | dailyFee:48 | anchorTime:32 | anchor:64` = 234 bits.
/// Units as in {IIndexToken.Terms}. `claims` has bit `i` set while somebody has an open claim on constituent `i`.
type Rules is uint256;

using RulesLib for Rules global;

/// @title The rules of an index in one slot
library RulesLib {
    function anchor(Rules self) internal pure returns (uint256) {
        return uint64(Rules.unwrap(self));
    }

    function anchorTime(Rules self) internal pure returns (uint256) {
        return uint32(Rules.unwrap(self) >> 64);
    }

    function dailyFee(Rules self) internal pure returns (uint256) {
        return uint48(Rules.unwrap(self) >> 96);
    }

    function mintFee(Rules self) internal pure returns (uint256) {
        return uint16(Rules.unwrap(self) >> 144);
    }

    function supplyCap(Rules self) internal pure returns (uint256) {
        return uint40(Rules.unwrap(self) >> 160);
    }

    function hasClaims(Rules self, uint256 i) internal pure returns (bool) {
        return (Rules.unwrap(self) >> (200 + i)) & 1 != 0;
    }

    function paused(Rules self) internal pure returns (bool) {
        return (Rules.unwrap(self) >> 232) & 1 != 0;
    }

    function deprecated(Rules self) internal pure returns (bool) {
        return (Rules.unwrap(self) >> 233) & 1 != 0;
    }

    // The callers bound every value below its width.

    function withStreamingFee(Rules self, uint256 anchor_, uint256 time, uint256 dailyFee_) internal pure returns (Rules) {
        return _with(self, 0, 144, anchor_ | (uint256(uint32(time)) << 64) | (dailyFee_ << 96));
    }

    function withMintFee(Rules self, uint256 mintFee_) internal pure returns (Rules) {
        return _with(self, 144, 16, mintFee_);
    }

    function withSupplyCap(Rules self, uint256 cap) internal pure returns (Rules) {
        return _with(self, 160, 40, cap);
    }

    function withClaims(Rules self, uint256 i, bool claimed) internal pure returns (Rules) {
        return _with(self, 200 + i, 1, claimed ? 1 : 0);
    }

    function withPaused(Rules self, bool paused_) internal pure returns (Rules) {
        return _with(self, 232, 1, paused_ ? 1 : 0);
    }

    function withDeprecated(Rules self) internal pure returns (Rules) {
        return _with(self, 233, 1, 1);
    }

    function _with(Rules self, uint256 shift, uint256 bits, uint256 value) private pure returns (Rules) {
        uint256 mask = ((1 << bits) - 1) << shift;
        return Rules.wrap((Rules.unwrap(self) & ~mask) | (value << shift));
    }
}
