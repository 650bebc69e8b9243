// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";

/// @dev 64 + 32 + 48 + 16 + 40 + 32 + 8 + 8 = 248 bits, one slot. Units as in {IIndexToken.Fees} and `supplyCap`.
/// `claims` has bit `i` set while somebody has an open claim on constituent `i`.
struct Rules {
    uint64 anchor;
    uint32 anchorTime;
    uint48 dailyFee;
    uint16 mintFee;
    uint40 supplyCap;
    uint32 claims;
    bool paused;
    bool deprecated;
}

/// @dev Where a basket is stored. Slot 0: `tokens:160 | base:96`. Slot 1: rules. Slots 2 to 17: units, two of 128 bits a slot.
/// The list of tokens changes seldom and lives in contract code (20 bytes each), which is cheaper to read than seven slots.
struct Basket {
    uint96 base;
    address tokens;
    Rules rules;
    uint256[16] units;
}

/// @dev The same in memory.
struct Constituents {
    uint256 base;
    Rules rules;
    address[] tokens;
    uint256[] units;
}

/// @title Reading and writing the list of constituents
library BasketLib {
    uint256 internal constant MAX_CONSTITUENTS = 32;

    /// @dev Reverts: ConstituentCount, UnitsOutOfRange, DuplicateConstituent.
    function create(Basket storage self, address[] memory tokens, uint256[] memory units) internal {
        if (tokens.length == 0 || tokens.length > MAX_CONSTITUENTS) revert IIndexToken.IndexToken_ConstituentCount(tokens.length);

        for (uint256 i = 0; i < tokens.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (tokens[i] == tokens[j]) revert IIndexToken.IndexToken_DuplicateConstituent(tokens[i]);
            }
            if (units[i] == 0) revert IIndexToken.IndexToken_UnitsOutOfRange(tokens[i], 0);
            _storeUnits(self, i, tokens[i], units[i]);
        }
        _storeTokens(self, tokens);
    }

    function load(Basket storage self) internal view returns (Constituents memory c) {
        bytes memory code = SSTORE2.read(self.tokens);
        uint256 count = code.length / 20;
        c.base = self.base;
        c.rules = self.rules;
        c.tokens = new address[](count);
        c.units = new uint256[](count);

        uint256 pair;
        for (uint256 i = 0; i < count; ++i) {
            c.tokens[i] = _tokenAt(code, i);
            pair = i % 2 == 0 ? self.units[i / 2] : pair >> 128;
            c.units[i] = uint128(pair);
        }
    }

    function contains(Constituents memory c, address token) internal pure returns (bool) {
        return _indexOf(c, token) != c.tokens.length;
    }

    /// @dev Reverts: NotAConstituent.
    function find(Constituents memory c, address token) internal pure returns (uint256 i) {
        i = _indexOf(c, token);
        if (i == c.tokens.length) revert IIndexToken.IndexToken_NotAConstituent(token);
    }

    /// @dev Reverts: UnitsOutOfRange.
    function setUnits(Basket storage self, Constituents memory c, uint256 i, uint256 units) internal {
        c.units[i] = units;
        _storeUnits(self, i, c.tokens[i], units);
    }

    /// @dev The newcomer has no units yet. Reverts: ConstituentCount.
    function append(Basket storage self, Constituents memory c, address token, bool claimed) internal {
        uint256 count = c.tokens.length;
        if (count == MAX_CONSTITUENTS) revert IIndexToken.IndexToken_ConstituentCount(count + 1);

        address[] memory tokens = new address[](count + 1);
        uint256[] memory units = new uint256[](count + 1);
        for (uint256 i = 0; i < count; ++i) {
            (tokens[i], units[i]) = (c.tokens[i], c.units[i]);
        }
        tokens[count] = token;
        (c.tokens, c.units) = (tokens, units);
        _storeTokens(self, tokens);
        _storeClaims(self, c, count, claimed);
    }

    /// @dev The last constituent takes the place of the removed one. Open claims outlive it. Reverts: LastConstituent.
    function remove(Basket storage self, Constituents memory c, uint256 i) internal {
        uint256 last = c.tokens.length - 1;
        if (last == 0) revert IIndexToken.IndexToken_LastConstituent(c.tokens[0]);

        address[] memory tokens = new address[](last);
        for (uint256 j = 0; j < last; ++j) {
            tokens[j] = c.tokens[j == i ? last : j];
        }
        bool lastClaimed = hasClaims(c, last);
        _storeClaims(self, c, last, false);
        if (i != last) {
            _storeUnits(self, i, c.tokens[last], c.units[last]);
            _storeClaims(self, c, i, lastClaimed);
        }
        _storeUnits(self, last, c.tokens[i], 0);
        _storeTokens(self, tokens);
    }

    // ---------------------------------------------------------------- claims

    function hasClaims(Constituents memory c, uint256 i) internal pure returns (bool) {
        return (c.rules.claims >> i) & 1 != 0;
    }

    function markClaims(Basket storage self, uint256 i) internal {
        self.rules.claims |= uint32(1 << i);
    }

    /// @dev Nobody has a claim on `token` any more. It may have left the basket.
    function clearClaims(Basket storage self, address token) internal {
        Constituents memory c = load(self);
        uint256 i = _indexOf(c, token);
        if (i != c.tokens.length) _storeClaims(self, c, i, false);
    }

    // ---------------------------------------------------------------- storage

    function _storeClaims(Basket storage self, Constituents memory c, uint256 i, bool claimed) private {
        uint32 bit = uint32(1 << i);
        c.rules.claims = claimed ? c.rules.claims | bit : c.rules.claims & ~bit;
        self.rules.claims = c.rules.claims;
    }

    function _storeUnits(Basket storage self, uint256 i, address token, uint256 units) private {
        if (units > type(uint128).max) revert IIndexToken.IndexToken_UnitsOutOfRange(token, units);

        uint256 shift = (i % 2) * 128;
        self.units[i / 2] = (self.units[i / 2] & ~(uint256(type(uint128).max) << shift)) | (units << shift);
    }

    function _storeTokens(Basket storage self, address[] memory tokens) private {
        bytes memory code = "";
        for (uint256 i = 0; i < tokens.length; ++i) {
            code = bytes.concat(code, bytes20(tokens[i]));
        }
        self.tokens = SSTORE2.write(code);
    }

    function _tokenAt(bytes memory code, uint256 i) private pure returns (address token) {
        // Reads the 20 bytes at `20 i`, which the caller has taken from the length of `code`.
        assembly ("memory-safe") {
            token := shr(96, mload(add(add(code, 32), mul(i, 20))))
        }
    }

    function _indexOf(Constituents memory c, address token) private pure returns (uint256 i) {
        while (i < c.tokens.length && c.tokens[i] != token) ++i;
    }
}
