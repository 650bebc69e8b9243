// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibRLP} from "solady/src/utils/LibRLP.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {State} from "./State.sol";
import {StreamingFee} from "./StreamingFee.sol";
import {Units, UnitsLib} from "./Units.sol";

/// @dev A surplus that {IIndexToken.sync} found: `units` D27{tok/base} join those of the basket evenly from `start` to
/// `end`, Unix seconds: `end:32 | start:32 | units:128` = 192 bits, high to low.
struct Vesting {
    uint128 units;
    uint32 start;
    uint32 end;
}

/// @dev Where a basket is stored. Slot 0: state. Slots 1 to 8: units, four in each. Slot 9: what vests.
/// The parts that change seldom are in the code of a contract, because code is cheaper to read than slots: the tokens,
/// 20 bytes each, then the streaming fee in 18 bytes, the fee receiver and the rebalancer. An index creates no other
/// contracts, so the address of the list follows from the number of lists.
struct Basket {
    State state;
    uint256[8] units;
    mapping(address token => Vesting) vesting;
}

/// @dev The same in memory, still packed: `tokens` have 20 bytes each, a word of `units` has four. Read them with
/// `token(i)` and `unit(i)`.
struct LoadedBasket {
    uint256 base;
    uint256 count;
    State state;
    StreamingFee fee;
    bytes tokens;
    uint256[] units;
}

/// @title Reading and writing the list of constituents
/// @notice {Basket} is the form in storage, {LoadedBasket} the one in memory.
library BasketLib {
    uint256 internal constant MAX_CONSTITUENTS = 32;

    uint256 private constant _FEE_BYTES = 18;
    uint256 private constant _RULES_BYTES = 58;

    /// @dev Reverts: ConstituentCount, UnitsOutOfRange, DuplicateConstituent.
    function create(
        Basket storage self,
        address[] memory tokens,
        uint256[] memory units,
        StreamingFee fee,
        address feeReceiver_,
        address rebalancer_
    ) internal {
        if (tokens.length == 0 || tokens.length > MAX_CONSTITUENTS) {
            revert IIndexToken.IndexToken_ConstituentCount(tokens.length);
        }

        bytes memory packed = "";
        for (uint256 i = 0; i < tokens.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (tokens[i] == tokens[j]) revert IIndexToken.IndexToken_DuplicateConstituent(tokens[i]);
            }
            if (units[i] == 0) revert IIndexToken.IndexToken_UnitsOutOfRange(tokens[i], 0);
            setUnit(self, i, tokens[i], units[i]);
            packed = bytes.concat(packed, bytes20(tokens[i]));
        }
        _writeList(self, packed, fee, feeReceiver_, rebalancer_);
    }

    /// @dev All but the units.
    function head(Basket storage self) internal view returns (LoadedBasket memory c) {
        _loadHead(self, c);
    }

    /// @dev Units with what has vested at `time`: now for a redeemer, after the end of all vesting for a minter.
    function load(Basket storage self, uint256 time) internal view returns (LoadedBasket memory c) {
        _loadHead(self, c);
        uint256[8] storage stored = self.units;
        uint256[] memory units = new uint256[]((c.count + 3) / 4);
        c.units = units;
        // As `units[i] = stored[i]` for each, of which there are eight at most.
        assembly ("memory-safe") {
            for { let i := mload(units) } i {} {
                i := sub(i, 1)
                mstore(add(add(units, 32), mul(i, 32)), sload(add(stored.slot, i)))
            }
        }
        if (c.state.vests()) _addVesting(self, c, time);
    }

    function _loadHead(Basket storage self, LoadedBasket memory c) private view {
        c.state = self.state;
        c.base = c.state.base();
        (c.tokens, c.count, c.fee) = _readList(c.state);
    }

    function _addVesting(Basket storage self, LoadedBasket memory c, uint256 time) private view {
        for (uint256 i = 0; i < c.count; ++i) {
            if (!c.state.vests(i)) continue;
            Vesting storage v = self.vesting[token(c, i)];
            c.units[i / 4] = _withUnit(c.units[i / 4], i, UnitsLib.pack(unit(c, i) + vested(v, time)));
        }
    }

    /// @dev D27{tok/base} of a surplus that have joined the basket by `time`.
    function vested(Vesting storage v, uint256 time) internal view returns (uint256) {
        (uint256 units, uint256 start, uint256 end) = (v.units, v.start, v.end);
        return time >= end ? units : units * (time - start) / (end - start);
    }

    /// @dev Lets `units` D27{tok/base} vest for constituent `i`, in place of an earlier surplus; 0 for none.
    function setVesting(Basket storage self, uint256 i, address token_, uint256 units, uint256 end) internal {
        // Both have fewer than 128 bits: {setUnit} has refused more.
        if (units == 0) delete self.vesting[token_];
        else self.vesting[token_] = Vesting(uint128(units), uint32(block.timestamp), uint32(end));
        self.state = self.state.withVesting(i, units != 0);
    }

    /// @dev Takes what has vested of constituent `i` out of its surplus. The caller writes the loaded units, which
    /// include it, to storage.
    function settle(Basket storage self, LoadedBasket memory c, uint256 i) internal {
        if (i >= c.count || !c.state.vests(i)) return;
        Vesting storage v = self.vesting[token(c, i)];
        setVesting(self, i, token(c, i), v.units - vested(v, block.timestamp), v.end);
    }

    /// @dev The caller keeps `i` under `count`.
    function token(LoadedBasket memory c, uint256 i) internal pure returns (address) {
        return _tokenAt(c.tokens, i);
    }

    /// @dev D27{tok/base}. The caller keeps `i` under `count`.
    function unit(LoadedBasket memory c, uint256 i) internal pure returns (uint256) {
        uint256[] memory units = c.units;
        uint256 word;
        // `units[i / 4]` without a check of `i`.
        assembly ("memory-safe") {
            word := mload(add(add(units, 32), mul(shr(2, i), 32)))
        }
        return Units.wrap(uint64(word >> i % 4 * 64)).value();
    }

    /// @dev Names the tokens and their order: keccak256 of their addresses, 20 bytes each.
    function hash(LoadedBasket memory c) internal pure returns (bytes32) {
        return keccak256(c.tokens);
    }

    /// @dev `count` where `wanted` is not a constituent.
    function indexOf(LoadedBasket memory c, address wanted) internal pure returns (uint256 i) {
        (bytes memory tokens, uint256 count) = (c.tokens, c.count);
        // As `while (i < count && token(c, i) != wanted) ++i`, with a pointer that moves along.
        assembly ("memory-safe") {
            let pointer := add(tokens, 32)
            let sought := shr(96, shl(96, wanted))
            for {} lt(i, count) { i := add(i, 1) } {
                if eq(shr(96, mload(pointer)), sought) { break }
                pointer := add(pointer, 20)
            }
        }
    }

    /// @dev Reverts: NotAConstituent.
    function find(LoadedBasket memory c, address wanted) internal pure returns (uint256 i) {
        i = indexOf(c, wanted);
        if (i == c.count) revert IIndexToken.IndexToken_NotAConstituent(wanted);
    }

    /// @dev Rounds down to 57 significant bits and returns what is stored. Reverts: UnitsOutOfRange.
    function setUnit(Basket storage self, uint256 i, address token_, uint256 units) internal returns (uint256) {
        if (units > type(uint128).max) revert IIndexToken.IndexToken_UnitsOutOfRange(token_, units);

        Units packed = UnitsLib.pack(units);
        self.units[i / 4] = _withUnit(self.units[i / 4], i, packed);
        return packed.value();
    }

    function _withUnit(uint256 word, uint256 i, Units units) private pure returns (uint256) {
        uint256 shift = (i % 4) * 64;
        return (word & ~(uint256(type(uint64).max) << shift)) | (uint256(Units.unwrap(units)) << shift);
    }

    /// @dev Writes the rules behind the tokens.
    function setRules(
        Basket storage self,
        LoadedBasket memory c,
        StreamingFee fee,
        address feeReceiver_,
        address rebalancer_
    ) internal {
        _writeList(self, c.tokens, fee, feeReceiver_, rebalancer_);
    }

    function feeReceiver(LoadedBasket memory c) internal pure returns (address) {
        return _addressBehind(c, _FEE_BYTES);
    }

    function rebalancer(LoadedBasket memory c) internal pure returns (address) {
        return _addressBehind(c, _FEE_BYTES + 20);
    }

    /// @dev The new constituent comes last and has no units yet. Reverts: ConstituentCount.
    function append(Basket storage self, address token_, bool claimed) internal {
        LoadedBasket memory c = head(self);
        if (c.count == MAX_CONSTITUENTS) revert IIndexToken.IndexToken_ConstituentCount(c.count + 1);

        _writeList(self, bytes.concat(c.tokens, bytes20(token_)), c.fee, feeReceiver(c), rebalancer(c));
        self.state = self.state.withClaims(c.count, claimed);
    }

    /// @dev The last constituent takes the place of the removed one. Open claims outlive both moves. A surplus of the
    /// removed one that still vests is dropped. Reverts: LastConstituent.
    function remove(Basket storage self, uint256 i) internal {
        LoadedBasket memory c = head(self);
        uint256 last = c.count - 1;
        if (last == 0) revert IIndexToken.IndexToken_LastConstituent(token(c, 0));

        delete self.vesting[token(c, i)];
        (bytes memory tokens, address moved) = (c.tokens, token(c, last));
        (address feeReceiver_, address rebalancer_) = (feeReceiver(c), rebalancer(c));
        assembly ("memory-safe") {
            // Writes the last 20 bytes over those at `20 i`; the 12 bytes behind them stay.
            let place := add(add(tokens, 32), mul(i, 20))
            mstore(place, or(shl(96, moved), shr(160, shl(160, mload(place)))))
            mstore(tokens, mul(last, 20))
        }
        _writeList(self, tokens, c.fee, feeReceiver_, rebalancer_);
        self.units[i / 4] =
            _withUnit(self.units[i / 4], i, Units.wrap(uint64(self.units[last / 4] >> ((last % 4) * 64))));
        self.units[last / 4] = _withUnit(self.units[last / 4], last, Units.wrap(0));
        State s = self.state.withClaims(i, c.state.hasClaims(last)).withVesting(i, last != i && c.state.vests(last));
        self.state = s.withClaims(last, false).withVesting(last, false);
    }

    /// @dev The tokens, 20 bytes each, their number, and the fee. The other rules stay in memory behind the tokens:
    /// {feeReceiver}, {rebalancer}.
    function _readList(State state) private view returns (bytes memory tokens, uint256 count, StreamingFee fee) {
        tokens = SSTORE2.read(LibRLP.computeAddress(address(this), state.list()));
        assembly ("memory-safe") {
            let length := sub(mload(tokens), _RULES_BYTES)
            count := div(length, 20)
            fee := shr(112, mload(add(add(tokens, 32), length)))
            mstore(tokens, length)
        }
    }

    /// @dev A contract creates its `n`-th contract at an address that follows from `n`, which starts at 1.
    function _writeList(
        Basket storage self,
        bytes memory tokens,
        StreamingFee fee,
        address feeReceiver_,
        address rebalancer_
    ) private {
        SSTORE2.write(
            bytes.concat(tokens, bytes18(StreamingFee.unwrap(fee)), bytes20(feeReceiver_), bytes20(rebalancer_))
        );
        self.state = self.state.withList(self.state.list() + 1);
    }

    /// @dev The address that begins `offset` bytes behind the last token.
    function _addressBehind(LoadedBasket memory c, uint256 offset) private pure returns (address found) {
        bytes memory tokens = c.tokens;
        assembly ("memory-safe") {
            found := shr(96, mload(add(add(tokens, 32), add(mload(tokens), offset))))
        }
    }

    /// @dev The 20 bytes at `20 i` behind the length word.
    function _tokenAt(bytes memory tokens, uint256 i) private pure returns (address token_) {
        assembly ("memory-safe") {
            token_ := shr(96, mload(add(add(tokens, 32), mul(i, 20))))
        }
    }
}
