// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRebalancer} from "../../interfaces/IRebalancer.sol";
import {Basket, BasketLib, LoadedBasket, Vesting} from "../../contracts/index/BasketLib.sol";
import {State} from "../../contracts/index/State.sol";
import {StreamingFee} from "../../contracts/index/StreamingFee.sol";
import {Units, UnitsLib} from "../../contracts/index/Units.sol";
import {Auction} from "../../contracts/rebalancing/AuctionMath.sol";
import {Prover} from "./Prover.sol";

/// @title Slots that hold several values
contract StorageProof is Prover {
    using BasketLib for Basket;
    using BasketLib for LoadedBasket;

    Auction private _auction;
    Basket private _basket;
    Vesting private _vesting;

    /// @notice An auction comes out of storage as it went in, from the bits that the comment draws.
    /// @custom:bound every auction
    function check_auction(Auction memory a) external {
        _auction = a;
        (uint256 first, uint256 second) = (0, 0);
        assembly {
            first := sload(_auction.slot)
            second := sload(add(_auction.slot, 1))
        }
        assert(field(first, 0, 112) == a.nav && field(first, 112, 112) == a.cost && field(first, 224, 24) == a.nonce);
        assert(field(second, 0, 32) == a.started && field(second, 32, 24) == a.duration);
        assert(field(second, 56, 16) == a.premiumStart && field(second, 72, 16) == a.discountEnd);
        assert(field(second, 88, 8) == a.budget && field(second, 96, 16) == a.band);
        assert(field(second, 112, 16) == a.turnover && field(second, 128, 24) == a.id);
        assert(field(second, 152, 8) == uint256(a.phase) && field(second, 160, 32) == a.surplus);
        assert(field(second, 192, 32) == a.deficit && field(second, 224, 32) == a.leaving);
        _sameAuction(_auction, a);
    }

    function _sameAuction(Auction memory a, Auction memory b) private pure {
        assert(a.nav == b.nav && a.cost == b.cost && a.nonce == b.nonce);
        assert(a.started == b.started && a.duration == b.duration);
        assert(a.premiumStart == b.premiumStart && a.discountEnd == b.discountEnd);
        assert(a.budget == b.budget && a.band == b.band && a.turnover == b.turnover);
        assert(a.id == b.id && a.phase == b.phase);
        assert(a.surplus == b.surplus && a.deficit == b.deficit && a.leaving == b.leaving);
    }

    /// @notice A vesting surplus comes out of storage as it went in, from the bits that the comment draws.
    /// @custom:bound every surplus
    function check_vesting(Vesting memory v) external {
        _vesting = v;
        uint256 word;
        assembly {
            word := sload(_vesting.slot)
        }
        assert(field(word, 0, 128) == v.units && field(word, 128, 32) == v.start && field(word, 160, 32) == v.end);
        assert(_vesting.units == v.units && _vesting.start == v.start && _vesting.end == v.end);
    }

    /// @notice Setting the units of one constituent changes its own quarter of its own slot alone, and a loaded basket
    /// reads each constituent's own quarter.
    /// @custom:bound the places 0 to 7, any words in both slots, units under 2^128
    function check_unitPlaces(uint256 word0, uint256 word1, uint256 units) external {
        fits(units, 128);
        LoadedBasket memory c;
        c.units = new uint256[](2);
        for (uint256 i = 0; i < 8; ++i) {
            (_basket.units[0], _basket.units[1], _basket.units[2]) = (word0, word1, word0);
            _basket.setUnit(i, address(1), units);
            uint256 packed = Units.unwrap(UnitsLib.pack(units));
            assert(_basket.units[0] == (i < 4 ? put(word0, 64 * i, 64, packed) : word0));
            assert(_basket.units[1] == (i < 4 ? word1 : put(word1, 64 * (i - 4), 64, packed)));
            assert(_basket.units[2] == word0);

            (c.units[0], c.units[1]) = (word0, word1);
            uint256 own = i < 4 ? field(word0, 64 * i, 64) : field(word1, 64 * (i - 4), 64);
            assert(c.unit(i) == Units.wrap(uint64(own)).value());
        }
    }
}
