// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IRebalancer} from "../../interfaces/IRebalancer.sol";
import {UnitsLib} from "../index/Units.sol";

/// @dev A rebalance in two slots. Slot 0: `nonce:24 | cost:112 | nav:112` = 248 bits, high to low; `nav` and `cost`
/// D27{USD/base share}, and the `nonce` of the next rebalance. Slot 1:
/// `leaving:32 | deficit:32 | surplus:32 | phase:8 | id:24 | turnover:16 | band:16 | budget:8 | discountEnd:16 |
/// premiumStart:16 | duration:24 | started:32` = 256 bits, high to low: when and on which terms it runs; `turnover`,
/// the bp of NAV that it may sell by the prices of the start; and three masks with a bit for each token, at its place
/// in the list of the start: still to be sold (`surplus`), still to be bought (`deficit`), to leave the basket
/// (`leaving`).
struct Auction {
    uint112 nav;
    uint112 cost;
    uint24 nonce;
    uint32 started;
    uint24 duration;
    uint16 premiumStart;
    uint16 discountEnd;
    uint8 budget;
    uint16 band;
    uint16 turnover;
    uint24 id;
    IRebalancer.Phase phase;
    uint32 surplus;
    uint32 deficit;
    uint32 leaving;
}

/// @dev One token of a bid. `units`, `target` and `dust` D27{tok/base}, `price` D36{USD/tok}, `bit` its bit in the
/// masks.
struct Side {
    uint256 units;
    uint256 target;
    uint256 dust;
    uint256 price;
    uint256 bit;
}

/// @dev The two tokens of a bid. `base` {base} of the index. `top` D27{tok/base} that the units of `in_` may not pass,
/// 0 where the pair cannot be bid at all: {AuctionMath.ceiling}.
struct BidPair {
    Side out;
    Side in_;
    uint256 base;
    uint256 top;
}

/// @title What a bid moves, and what that costs
/// @notice The loss budget bounds what all bids of a rebalance together may cost the index against the oracle's prices.
/// @dev `docs/rebalancing-math.md` is the specification; its names are used here.
library AuctionMath {
    uint256 private constant _RAY = 1e27;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _BP = 1e14;

    uint256 private constant _BPS = 10_000;

    /// @dev The most bp that a price may be off that of the last start, however long ago it was: a factor of seven.
    uint256 private constant _MOST_DRIFT = 60_000;

    /// @dev How far, in dusts, the rest of a leaving constituent may raise another over its target.
    uint256 private constant _LIFT = 16;

    function ended(Auction memory a) internal view returns (bool) {
        return block.timestamp >= uint256(a.started) + a.duration;
    }

    /// @dev D18{1} of the oracle price that a bidder pays now, rounded up.
    function factor(Auction memory a) internal view returns (uint256) {
        unchecked {
            uint256 elapsed = Math.min(block.timestamp - a.started, a.duration);
            uint256 fall = (uint256(a.premiumStart) + a.discountEnd) * _BP;
            return _WAD + a.premiumStart * _BP - fall * elapsed / a.duration;
        }
    }

    /// @dev D27{USD/base share} that may be lost.
    function budgetOf(Auction memory a) internal pure returns (uint256) {
        unchecked {
            return uint256(a.nav) * a.budget / _BPS;
        }
    }

    /// @dev Whether neither is more than `bp`, at most 2^16, over the other. False for numbers of more than 224 bits.
    function near(uint256 x, uint256 y, uint256 bp) internal pure returns (bool) {
        unchecked {
            return (x | y) >> 224 == 0 && x * _BPS <= y * (_BPS + bp) && y * _BPS <= x * (_BPS + bp);
        }
    }

    /// @dev bp that a start may be off the prices of the last one: the band for each day since then, and once more.
    function drift(Auction memory last, uint256 band) internal view returns (uint256) {
        return Math.min(band * (1 + (block.timestamp - last.started) / 1 days), _MOST_DRIFT);
    }

    /// @dev bp of NAV that a start may sell. All starts within n days may sell `most + n x daily` together, because
    /// each has `daily` for the days since the one before.
    function allowance(Auction memory last, uint256 most, uint256 daily) internal view returns (uint256) {
        return last.started == 0 ? most : Math.min(most, daily * (block.timestamp - last.started) / 1 days);
    }

    /// @dev The units of `in_` that a bid may not pass, 0 where the pair cannot be bid at all.
    function ceiling(Auction memory a, Side memory out, Side memory in_) internal pure returns (uint256) {
        if (a.surplus & out.bit == 0) return 0;
        if (a.deficit & in_.bit != 0) return in_.target;
        if (a.deficit == 0 && out.target == 0 && in_.target != 0 && a.surplus & in_.bit == 0) {
            return in_.target + _LIFT * in_.dust;
        }
        return 0;
    }

    /// @dev {tok} that a bid for `wanted` gets and pays, the payment rounded up; zeros where it moves nothing. `cut`
    /// where the loss budget made it smaller. Changes nothing: {settle} does.
    ///
    /// Products stay under 2^256: at the start the value of everything is under 2^179 D36{USD}, because `nav` has 112
    /// bits and a base 96; a factor has 61. Where prices rise beyond that, checked arithmetic stops the bid.
    function quote(Auction memory a, BidPair memory p, uint256 wanted)
        internal
        view
        returns (uint256 amountOut, uint256 amountIn, bool cut)
    {
        if (p.top == 0) return (0, 0, false);
        (Side memory out, Side memory in_, uint256 base) = (p.out, p.in_, p.base);
        uint256 surplus = Math.saturatingSub(_amountDown(out.units, base), _amountUp(out.target, base));
        uint256 room = Math.saturatingSub(_amountDown(p.top, base), _amountDown(in_.units, base));
        uint256 factor_ = factor(a);

        amountOut = Math.min(Math.min(wanted, surplus), room * in_.price * _WAD / (out.price * factor_));
        uint256 affordable = _affordable(a, p, factor_);
        cut = affordable < amountOut;
        if (cut) amountOut = affordable;
        if (amountOut == 0 || (amountOut < surplus && amountOut < _amountDown(out.dust, base) / 2)) {
            return (0, 0, cut);
        }

        amountIn = Math.ceilDiv(amountOut * out.price * factor_, in_.price * _WAD);
    }

    /// @dev Writes what a quoted bid does to the rebalance into `a`, and the units that the index is going to have into
    /// `p`. Counts the loss by those units. Clears the bits of tokens that are done, and ends the rebalance where all
    /// are, or where the rest of the budget does not afford another bid: it would run on without an offer.
    function settle(Auction memory a, BidPair memory p, uint256 amountOut, uint256 amountIn, bool cut) internal view {
        (Side memory out, Side memory in_, uint256 base) = (p.out, p.in_, p.base);
        uint256 before = out.units * out.price + in_.units * in_.price;
        // What comes fits the room, and what goes is there. Amounts have 135 bits at most.
        unchecked {
            out.units = UnitsLib.pack((_amountDown(out.units, base) - amountOut) * _RAY / base).value();
            in_.units = UnitsLib.pack((_amountDown(in_.units, base) + amountIn) * _RAY / base).value();
        }
        uint256 later = out.units * out.price + in_.units * in_.price;

        // The cost stays within the budget, which has 112 bits.
        if (later < before) a.cost += uint112(Math.ceilDiv(before - later, _WAD));
        if (!tooMuch(out.units, out.target, out.dust, base)) a.surplus &= ~uint32(out.bit);
        if (!tooLittle(in_.units, in_.target, in_.dust, base)) a.deficit &= ~uint32(in_.bit);
        if (completed(a)) {
            a.phase = IRebalancer.Phase.Completed;
        } else if (
            cut || (later < before && _affordable(a, p, factor(a)) < Math.max(1, _amountDown(out.dust, base) / 2))
        ) {
            a.phase = IRebalancer.Phase.Halted;
        }
    }

    /// @dev Whether a token with these D27{tok/base} is to be sold. Amounts have 135 bits at most.
    function tooMuch(uint256 units, uint256 target, uint256 dust, uint256 base) internal pure returns (bool) {
        unchecked {
            uint256 accounted = _amountDown(units, base);
            if (target == 0) return accounted != 0;
            return accounted > _amountUp(target, base) + _amountDown(dust, base);
        }
    }

    /// @dev Whether a token with these D27{tok/base} is to be bought.
    function tooLittle(uint256 units, uint256 target, uint256 dust, uint256 base) internal pure returns (bool) {
        unchecked {
            return _amountDown(target, base) > _amountDown(units, base) + _amountDown(dust, base);
        }
    }

    /// @dev Whether nothing is left to be sold, or nothing to be bought while no leaving token is left.
    function completed(Auction memory a) internal pure returns (bool) {
        return a.surplus == 0 || (a.deficit == 0 && a.surplus & a.leaving == 0);
    }

    /// @dev {tok} of `out` that the loss budget still allows, less the most that the index may round away. No limit
    /// while the premium is not negative.
    function _affordable(Auction memory a, BidPair memory p, uint256 factor_) private pure returns (uint256) {
        (Side memory out, Side memory in_, uint256 base) = (p.out, p.in_, p.base);
        uint256 left = budgetOf(a) - a.cost;
        uint256 wearOut;
        uint256 wearIn;
        // Units have 128 bits, the budget 112.
        unchecked {
            left *= _WAD;
            uint256 step = _RAY / base + 3;
            wearOut = step + (out.units >> 56);
            wearIn = step + (Math.max(in_.units, p.top) >> 56);
        }
        uint256 wear = out.price * wearOut + in_.price * wearIn;
        if (left <= wear) return 0;
        if (factor_ >= _WAD) return type(uint256).max;
        // A scaled price has 188 bits: 248 here at most, and 238 there.
        unchecked {
            return Math.mulDiv(left - wear, base, _RAY) * _WAD / ((_WAD - factor_) * out.price);
        }
    }

    /// @dev D36{USD/tok} = D18{USD/whole token} x 10^(18 - decimals)
    function scaled(uint256 price, uint256 decimals) internal pure returns (uint256) {
        // 128 and 60 bits.
        unchecked {
            return price * 10 ** (18 - decimals);
        }
    }

    /// @dev {tok} = floor(D27{tok/base} x {base}). Units have 128 bits and a base 96: no overflow.
    function _amountDown(uint256 units, uint256 base) private pure returns (uint256) {
        unchecked {
            return units * base / _RAY;
        }
    }

    function _amountUp(uint256 units, uint256 base) private pure returns (uint256) {
        unchecked {
            return (units * base + (_RAY - 1)) / _RAY;
        }
    }
}
