// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IRebalancer} from "../../interfaces/IRebalancer.sol";
import {Node, NodeLib} from "../../contracts/index/Node.sol";
import {State} from "../../contracts/index/State.sol";
import {StreamingFee, StreamingFeeLib} from "../../contracts/index/StreamingFee.sol";
import {SwapLeg, SwapLegLib} from "../../contracts/index/SwapLeg.sol";
import {Units, UnitsLib} from "../../contracts/index/Units.sol";
import {BoundLib} from "../../contracts/oracle/BoundLib.sol";
import {StoredLeg, StoredLegLib} from "../../contracts/oracle/StoredLeg.sol";
import {StoredTerms, StoredTermsLib} from "../../contracts/rebalancing/StoredTerms.sol";
import {Target, TargetLib} from "../../contracts/rebalancing/Target.sol";
import {AccountedAssets, AccountedAssetsLib} from "../../contracts/staking/AccountedAssets.sol";
import {ExitRequest, ExitRequestLib} from "../../contracts/staking/ExitRequest.sol";
import {TimedBalance} from "../../contracts/tokens/TimedBalance.sol";
import {Prover} from "./Prover.sol";

/// @title Words that hold several values
contract PackingProof is Prover {
    // ---------------------------------------------------------------- units

    /// @notice Units are at most what was packed, and lose less than one part in 2^56 of it.
    /// @custom:bound units under 2^128
    function check_unitsRoundDown(uint256 x) external pure {
        fits(x, 128);
        uint256 v = UnitsLib.pack(x).value();
        assert(v <= x && x - v <= x >> 56);
    }

    /// @notice Units that were packed once are packed again without a loss, and those of 57 bits at once.
    /// @custom:bound units under 2^128
    function check_unitsKeep(uint256 x) external pure {
        fits(x, 128);
        Units packed = UnitsLib.pack(x);
        assert(Units.unwrap(UnitsLib.pack(packed.value())) == Units.unwrap(packed));
        assert(x >> 57 != 0 || packed.value() == x);
    }

    /// @notice More units never become fewer by packing.
    /// @custom:bound units under 2^128
    function check_unitsMonotone(uint256 x, uint256 y) external pure {
        fits(y, 128);
        assume(x <= y);
        assert(UnitsLib.pack(x).value() <= UnitsLib.pack(y).value());
    }

    // ---------------------------------------------------------------- state of an index

    /// @notice Every getter of a state reads the bits that the comment draws.
    /// @custom:bound every word of 256 bits, every place under 32
    function check_stateReads(uint256 word, uint256 i) external pure {
        State s = State.wrap(word);
        assume(i < 32);
        assert(s.base() == field(word, 0, 96) && s.list() == field(word, 96, 32));
        assert(s.supplyCap() == field(word, 192, 40) && s.mintFee() == field(word, 232, 8));
        assert(s.paused() == (field(word, 240, 1) == 1) && s.deprecated() == (field(word, 241, 1) == 1));
        assert(s.hasClaims(i) == (field(word, 128, 32) >> i & 1 == 1));
        assert(s.vests(i) == (field(word, 160, 32) >> i & 1 == 1));
        assert(s.vests() == (field(word, 160, 32) != 0));
    }

    /// @notice A new base, list, cap or mint fee changes its own bits of a state alone.
    /// @custom:bound every word of 256 bits, values within their fields
    function check_stateNumbers(uint256 word, uint96 base, uint32 list, uint40 cap, uint8 fee) external pure {
        State s = State.wrap(word);
        assert(State.unwrap(s.withBase(base)) == put(word, 0, 96, base));
        assert(State.unwrap(s.withList(list)) == put(word, 96, 32, list));
        assert(State.unwrap(s.withSupplyCap(cap)) == put(word, 192, 40, cap));
        assert(State.unwrap(s.withMintFee(fee)) == put(word, 232, 8, fee));
    }

    /// @notice A claim, a vesting surplus, a pause or a deprecation changes one bit of a state.
    /// @custom:bound every word of 256 bits, every place under 32
    function check_stateFlags(uint256 word, uint256 i, bool set) external pure {
        State s = State.wrap(word);
        assume(i < 32);
        uint256 bit = set ? 1 : 0;
        assert(State.unwrap(s.withClaims(i, set)) == put(word, 128 + i, 1, bit));
        assert(State.unwrap(s.withVesting(i, set)) == put(word, 160 + i, 1, bit));
        assert(State.unwrap(s.withPaused(set)) == put(word, 240, 1, bit));
        assert(State.unwrap(s.withDeprecated()) == put(word, 241, 1, 1));
    }

    /// @notice A streaming fee gives back what was packed.
    /// @custom:bound anchor 64 bits, time 32, daily fee 48
    function check_streamingFee(uint64 anchor, uint32 time, uint48 dailyFee) external pure {
        StreamingFee fee = StreamingFeeLib.pack(anchor, time, dailyFee);
        assert(fee.anchor() == anchor && fee.anchorTime() == time && fee.dailyFee() == dailyFee);
    }

    // ---------------------------------------------------------------- the router

    /// @notice A node gives back what was packed, and a later parent or mark changes nothing else.
    /// @custom:bound every token and fee, parents under 256
    function check_node(address token, uint8 parent, uint24 fee) external pure {
        Node node = NodeLib.pack(token, parent, fee);
        assert(node.token() == token && node.parent() == parent && node.fee() == fee && !node.inner());

        Node later = NodeLib.pack(token, 0, fee).withParent(parent);
        assert(Node.unwrap(later) == Node.unwrap(node));
        assert(Node.unwrap(node.asInner()) == put(Node.unwrap(node), 192, 1, 1) && node.asInner().inner());
    }

    /// @notice A leg gives back what was packed, and its direction follows from the order of the tokens.
    /// @custom:bound every pair of tokens, nodes under 256
    function check_swapLeg(uint8 n, address token, address parentToken, uint8 parent, bool sells, bool quotes)
        external
        pure
    {
        SwapLeg leg = SwapLegLib.pack(n, NodeLib.pack(token, parent, 3000), parentToken, sells, quotes);
        assert(leg.pays() == (sells ? token : parentToken));
        assert(leg.n() == n && leg.parent() == parent);
        assert(leg.nodeIs0() == (token < parentToken) && leg.sells() == sells && leg.quotes() == quotes);
        assert(leg.zeroForOne() == (sells ? token < parentToken : token >= parentToken));
    }

    // ---------------------------------------------------------------- balances that remember time

    /// @notice A balance that moves keeps its new balance, its time, and the exact integral of the old one.
    /// @custom:bound balances under 2^96, times under 2^32, integrals within what such balances can have
    function check_timedBalance(uint256 word, uint256 later, uint256 balance) external pure {
        TimedBalance slot = TimedBalance.wrap(word);
        (uint256 before, uint256 time, uint256 integral) =
            (field(word, 0, 96), field(word, 96, 32), field(word, 128, 128));
        fits(later, 32);
        fits(balance, 96);
        assume(time <= later);
        assume(integral <= (2 ** 96 - 1) * time);

        assert(slot.balance() == before && slot.time() == time);
        TimedBalance moved = slot.moveTo(later, balance);
        assert(moved.balance() == balance && moved.time() == later);
        assert(moved.cumulativeAt(later) == integral + before * (later - time));
    }

    /// @notice The integral of a balance never leaves its 128 bits: it stays within the largest balance times the time.
    /// @custom:bound balances under 2^96, times under 2^32
    function check_timedBalanceFits(uint256 word, uint256 later) external pure {
        uint256 time = field(word, 96, 32);
        fits(later, 32);
        assume(time <= later);
        assume(field(word, 128, 128) <= (2 ** 96 - 1) * time);
        assert(TimedBalance.wrap(word).cumulativeAt(later) <= (2 ** 96 - 1) * later);
        assert((2 ** 96 - 1) * later < 2 ** 128);
    }

    // ---------------------------------------------------------------- staking

    /// @notice A request to leave gives back what was packed.
    /// @custom:bound amounts 96 bits, time 32, cooldown 24
    function check_exitRequest(uint96 assets, uint96 shares, uint32 time, uint24 cooldown, bool parked) external pure {
        ExitRequest request = ExitRequestLib.make(assets, shares, time, cooldown, parked);
        assert(request.assets() == assets && request.shares() == shares && request.time() == time);
        assert(request.cooldown() == cooldown && request.parked() == parked);
    }

    /// @notice Accounted assets give back what was packed, and another cooldown changes nothing else.
    /// @custom:bound amounts 96 bits, seconds 24
    function check_accountedAssets(uint96 total, uint96 unvested, uint24 left, uint24 cooldown, uint24 next)
        external
        pure
    {
        AccountedAssets a = AccountedAssetsLib.make(total, unvested, left, cooldown);
        assert(a.total() == total && a.unvested() == unvested && a.left() == left && a.cooldown() == cooldown);
        assert(AccountedAssets.unwrap(a.withCooldown(next)) == put(AccountedAssets.unwrap(a), 216, 24, next));
    }

    /// @notice A deposit or an exit changes the total of accounted assets alone.
    /// @custom:bound a deposit within the room, an exit within the total
    function check_accountedAssetsMove(uint256 word, uint256 more, uint256 less) external pure {
        AccountedAssets a = AccountedAssets.wrap(word);
        uint256 total = field(word, 0, 96);
        assume(field(word, 96, 96) + total < 2 ** 96);
        assume(more <= a.room());
        assume(less <= total);
        assert(AccountedAssets.unwrap(a.plus(more)) == put(word, 0, 96, total + more));
        assert(AccountedAssets.unwrap(a.minus(less)) == put(word, 0, 96, total - less));
    }

    // ---------------------------------------------------------------- rebalancing

    /// @notice Terms that are valid come out of their 93 bits as they went in.
    /// @custom:bound all valid terms
    function check_storedTerms(IRebalancer.RebalanceTerms memory t) external pure {
        assume(StoredTermsLib.valid(t));
        StoredTerms packed = StoredTermsLib.pack(t);
        assert(StoredTerms.unwrap(packed) < 2 ** 93);
        IRebalancer.RebalanceTerms memory u = packed.unpack();
        assert(u.premiumStart == t.premiumStart && u.discountEnd == t.discountEnd && u.duration == t.duration);
        assert(u.budget == t.budget && u.dust == t.dust);
        assert(u.turnover == t.turnover && u.daily == t.daily && u.band == t.band);
    }

    /// @notice A target gives back what was packed.
    /// @custom:bound every three units, id 24 bits, decimals and place under 256
    function check_target(uint64 aim, uint64 dust, uint64 price, uint24 id, uint8 decimals, uint8 place, bool given)
        external
        pure
    {
        Target t =
            TargetLib.make(Units.wrap(aim), Units.wrap(dust), Units.wrap(price), id, decimals, place, given ? 1 : 0);
        assert(t.target() == Units.wrap(aim).value());
        assert(t.dust() == Units.wrap(dust).value());
        assert(t.price() == Units.wrap(price).value());
        assert(t.id() == id && t.decimals() == decimals && t.place() == place && t.given() == given);
    }

    // ---------------------------------------------------------------- the oracle

    /// @notice After 35 divisions by ten, any bound has at most four digits: packing one ends.
    /// @custom:bound every bound under 2^128
    function check_boundEnds(uint128 bound) external pure {
        uint256 rest = bound;
        for (uint256 i = 0; i < 35; ++i) {
            rest /= 10;
        }
        assert(rest <= 9_999);
    }

    /// @notice A bound keeps its first four digits, cuts off the rest, and fits into 20 bits.
    /// @custom:bound every bound under 2^128; at most 40 rounds are looked at, and check_boundEnds proves that 35 do
    /// @custom:rounds check_boundEnds
    /// @custom:slow hundreds of paths
    function check_boundPack(uint128 bound) external pure {
        uint256 packed = BoundLib.pack(bound);
        assert(packed < 2 ** 20);
        (uint256 digits, uint256 exponent, uint256 power) = (field(packed, 0, 14), field(packed, 14, 6), 1);
        assert(digits <= 9_999 && exponent < 36);
        for (uint256 e = 0; e < 36; ++e) {
            if (exponent == e) {
                assert(isDown(digits, bound, power));
                assert(e == 0 || digits >= 1_000);
            }
            power *= 10;
        }
    }

    /// @notice A packed bound is worth its digits times the power of ten.
    /// @custom:bound digits under 2^14, exponents under 36
    function check_boundValue(uint256 word) external pure {
        uint256 digits = word & 0x3fff;
        uint256 power = 1;
        for (uint256 e = 0; e < 36; ++e) {
            assert(BoundLib.value(digits | e << 14) == digits * power);
            power *= 10;
        }
    }

    /// @notice Every getter of a leg reads the bits that the comment draws, and a second route changes one bit.
    /// @custom:bound every word of 253 bits
    function check_storedLegReads(uint256 word, bool there) external pure {
        fits(word, 253);
        StoredLeg leg = StoredLeg.wrap(word);
        assert(uint160(leg.source()) == field(word, 0, 160) && leg.heartbeat() == field(word, 160, 20));
        assert(leg.maxMove() == field(word, 180, 14) && leg.isRate() == (field(word, 234, 1) == 1));
        assert(leg.unit() == field(word, 235, 5) && leg.share() == field(word, 240, 5));
        assert(leg.decimals() == field(word, 245, 5) && leg.legs() == field(word, 250, 2));
        assert(leg.hasSecond() == (field(word, 252, 1) == 1));
        assert(StoredLeg.unwrap(leg.withSecond(there)) == put(word, 252, 1, there ? 1 : 0));
    }

    /// @notice A leg gives back what was packed. Its bounds stand at bits 194 and 214, as {BoundLib} packs them.
    /// @custom:bound every part within its bits, bounds under 2^13, which are packed as they are
    function check_storedLeg(IPriceOracle.Leg memory leg, uint256 unit, uint256 share, uint256 decimals, uint256 legs)
        external
        pure
    {
        fits(leg.heartbeat, 20);
        fits(leg.maxMove, 14);
        fits(unit, 5);
        fits(share, 5);
        fits(decimals, 5);
        fits(legs, 2);
        (leg.min, leg.max) = (leg.min & 0x1fff, leg.max & 0x1fff);

        StoredLeg stored = StoredLegLib.make(leg, unit, share, decimals, legs);
        uint256 word = StoredLeg.unwrap(stored);
        assert(field(word, 194, 20) == leg.min && field(word, 214, 20) == leg.max);
        assert(stored.source() == leg.source && stored.heartbeat() == leg.heartbeat);
        assert(stored.maxMove() == leg.maxMove && stored.isRate() == (uint256(leg.kind) == 1));
        assert(stored.unit() == unit && stored.share() == share && stored.decimals() == decimals);
        assert(stored.legs() == legs && !stored.hasSecond());
    }
}
