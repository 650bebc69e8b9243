// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {Rules} from "./Rules.sol";
import {Units, UnitsLib} from "./Units.sol";

/// @dev Where a basket is stored. Slot 0: `tokens:160 | base:96`. Slot 1: rules. Slots 2 to 9: units, four a slot.
/// The list of tokens changes seldom and lives in contract code (20 bytes each), which is cheaper to read than seven slots.
struct Basket {
    uint96 base;
    address tokens;
    Rules rules;
    uint256[8] units;
}

/// @dev The same in memory, still packed: `tokens` are 20 bytes each, `units` four a word. Read with `token(i)` and `unit(i)`.
struct Constituents {
    uint256 base;
    uint256 count;
    Rules rules;
    bytes tokens;
    uint256[] units;
}

/// @title Reading and writing the list of constituents
library BasketLib {
    uint256 internal constant MAX_CONSTITUENTS = 32;

    /// @dev Reverts: ConstituentCount, UnitsOutOfRange, DuplicateConstituent.
    function create(Basket storage self, address[] memory tokens, uint256[] memory units) internal {
        if (tokens.length == 0 || tokens.length > MAX_CONSTITUENTS) revert IIndexToken.IndexToken_ConstituentCount(tokens.length);

        bytes memory packed = "";
        for (uint256 i = 0; i < tokens.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (tokens[i] == tokens[j]) revert IIndexToken.IndexToken_DuplicateConstituent(tokens[i]);
            }
            if (units[i] == 0) revert IIndexToken.IndexToken_UnitsOutOfRange(tokens[i], 0);
            setUnit(self, i, tokens[i], units[i]);
            packed = bytes.concat(packed, bytes20(tokens[i]));
        }
        self.tokens = SSTORE2.write(packed);
    }

    function load(Basket storage self) internal view returns (Constituents memory) {
        bytes memory tokens = SSTORE2.read(self.tokens);
        unchecked {
            uint256 count = tokens.length / 20;
            uint256[] memory units = new uint256[]((count + 3) / 4);
            for (uint256 i = 0; i < units.length; ++i) {
                units[i] = self.units[i];
            }
            return Constituents(self.base, count, self.rules, tokens, units);
        }
    }

    /// @dev {base}, and the D27{tok/base} of two tokens, 0 for one that is not a constituent. As {load} and {indexOf}, without the rest.
    function pair(Basket storage self, address a, address b) internal view returns (uint256 base, uint256 unitA, uint256 unitB) {
        bytes memory tokens = SSTORE2.read(self.tokens);
        base = self.base;
        uint256 count = tokens.length / 20;
        (uint256 iA, uint256 iB) = (_search(tokens, count, a), _search(tokens, count, b));
        unitA = iA == count ? 0 : _storedUnit(self, iA);
        unitB = iB == count ? 0 : _storedUnit(self, iB);
    }

    /// @dev Constituents, their D27{tok/base} and {base}. As {load}, without the rules, which cost a slot.
    function lists(Basket storage self) internal view returns (address[] memory tokens, uint256[] memory units, uint256 base) {
        bytes memory packed = SSTORE2.read(self.tokens);
        base = self.base;
        uint256 count = packed.length / 20;
        (tokens, units) = (new address[](count), new uint256[](count));
        uint256 word = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (i % 4 == 0) word = self.units[i / 4];
            (tokens[i], units[i]) = (_at(packed, i), Units.wrap(uint64(word)).value());
            word >>= 64;
        }
    }

    function _storedUnit(Basket storage self, uint256 i) private view returns (uint256) {
        unchecked {
            return Units.wrap(uint64(self.units[i / 4] >> ((i % 4) * 64))).value();
        }
    }

    /// @dev The caller keeps `i` under `count`.
    function token(Constituents memory c, uint256 i) internal pure returns (address) {
        return _at(c.tokens, i);
    }

    /// @dev D27{tok/base}. The caller keeps `i` under `count`.
    function unit(Constituents memory c, uint256 i) internal pure returns (uint256) {
        unchecked {
            return Units.wrap(uint64(Arrays.unsafeMemoryAccess(c.units, i / 4) >> ((i % 4) * 64))).value();
        }
    }

    /// @dev Names the tokens and their order: keccak256 of their addresses, 20 bytes each.
    function hash(Constituents memory c) internal pure returns (bytes32) {
        return keccak256(c.tokens);
    }

    /// @dev `count` where `wanted` is not a constituent.
    function indexOf(Constituents memory c, address wanted) internal pure returns (uint256) {
        return _search(c.tokens, c.count, wanted);
    }

    /// @dev Reverts: NotAConstituent.
    function find(Constituents memory c, address wanted) internal pure returns (uint256 i) {
        i = indexOf(c, wanted);
        if (i == c.count) revert IIndexToken.IndexToken_NotAConstituent(wanted);
    }

    /// @dev Rounds down to 57 significant bits and returns what is stored. Reverts: UnitsOutOfRange.
    function setUnit(Basket storage self, uint256 i, address token_, uint256 units) internal returns (uint256) {
        if (units > type(uint128).max) revert IIndexToken.IndexToken_UnitsOutOfRange(token_, units);

        Units packed = UnitsLib.pack(units);
        uint256 shift = (i % 4) * 64;
        uint256 word = self.units[i / 4];
        self.units[i / 4] = (word & ~(uint256(type(uint64).max) << shift)) | (uint256(Units.unwrap(packed)) << shift);
        return packed.value();
    }

    /// @dev The newcomer comes last and has no units yet. Reverts: ConstituentCount.
    function append(Basket storage self, address token_, bool claimed) internal {
        Constituents memory c = load(self);
        if (c.count == MAX_CONSTITUENTS) revert IIndexToken.IndexToken_ConstituentCount(c.count + 1);

        self.tokens = SSTORE2.write(bytes.concat(c.tokens, bytes20(token_)));
        self.rules = self.rules.withClaims(c.count, claimed);
    }

    /// @dev The last constituent takes the place of the removed one. Open claims outlive both moves. Reverts: LastConstituent.
    function remove(Basket storage self, uint256 i) internal {
        Constituents memory c = load(self);
        uint256 last = c.count - 1;
        if (last == 0) revert IIndexToken.IndexToken_LastConstituent(token(c, 0));

        bytes memory tokens = "";
        for (uint256 j = 0; j < last; ++j) {
            tokens = bytes.concat(tokens, bytes20(token(c, j == i ? last : j)));
        }
        self.tokens = SSTORE2.write(tokens);
        setUnit(self, i, token(c, last), unit(c, last));
        self.rules = self.rules.withClaims(i, c.rules.hasClaims(last)).withClaims(last, false);
        setUnit(self, last, token(c, last), 0);
    }

    /// @dev The 20 bytes at `20 i` behind the length word.
    function _at(bytes memory tokens, uint256 i) private pure returns (address token_) {
        assembly ("memory-safe") {
            token_ := shr(96, mload(add(add(tokens, 32), mul(i, 20))))
        }
    }

    /// @dev The place of `wanted` among `count` addresses of 20 bytes, `count` where it is not there.
    function _search(bytes memory tokens, uint256 count, address wanted) private pure returns (uint256 i) {
        // As `while (i < count && <address at 20 i> != wanted) ++i`, with a pointer that walks along.
        assembly ("memory-safe") {
            let pointer := add(tokens, 32)
            let sought := shr(96, shl(96, wanted))
            for {} lt(i, count) { i := add(i, 1) } {
                if eq(shr(96, mload(pointer)), sought) { break }
                pointer := add(pointer, 20)
            }
        }
    }
}
