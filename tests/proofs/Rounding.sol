// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Claims} from "../../contracts/index/Claims.sol";
import {AccountedAssets, AccountedAssetsLib} from "../../contracts/staking/AccountedAssets.sol";
import {TimedBalance} from "../../contracts/tokens/TimedBalance.sol";
import {Prover} from "./Prover.sol";

/// @title Rounding, against the caller: quotients, shares of a staked token, claims
contract RoundingProof is Prover {
    address private constant _ALICE = address(1);
    address private constant _BOB = address(2);
    uint256 private constant _VIRTUAL = 1e9;

    Claims private _claims;

    /// @notice A quotient of a product is the exact one rounded down, or rounded up where that is asked for.
    /// @custom:bound factors under 2^128, every divisor but 0
    function check_mulDiv(uint256 x, uint256 y, uint256 z) external pure {
        fits(x, 128);
        fits(y, 128);
        assume(z != 0);
        uint256 down = Math.mulDiv(x, y, z);
        uint256 up = Math.mulDiv(x, y, z, Math.Rounding.Ceil);
        uint256 exact = x * y;
        assert(down == exact / z);
        assert(up == (exact % z == 0 ? down : down + 1));
    }

    // ---------------------------------------------------------------- a staked token

    function _accounted(uint256 total, uint256 supply) private pure returns (AccountedAssets) {
        fits(total, 96);
        fits(supply, 96);
        return AccountedAssetsLib.make(total, 0, 0, 0);
    }

    /// @notice A deposit gives no more shares than it pays for, and never lowers the worth of a share.
    /// @custom:bound total, supply and assets under 2^96
    function check_deposit(uint256 total, uint256 supply, uint256 assets) external pure {
        fits(assets, 96);
        uint256 shares = _accounted(total, supply).toShares(supply, assets, Math.Rounding.Floor);
        assert(isDown(shares, assets * (supply + _VIRTUAL), total + _VIRTUAL));
        assert((total + assets + _VIRTUAL) * (supply + _VIRTUAL) >= (total + _VIRTUAL) * (supply + shares + _VIRTUAL));
    }

    /// @notice Minting shares costs no less than they are worth, and never lowers the worth of a share.
    /// @custom:bound total, supply and shares under 2^96
    function check_mintShares(uint256 total, uint256 supply, uint256 shares) external pure {
        fits(shares, 96);
        uint256 assets = _accounted(total, supply).toAssets(supply, shares, Math.Rounding.Ceil);
        assert(isUp(assets, shares * (total + _VIRTUAL), supply + _VIRTUAL));
        assert((total + assets + _VIRTUAL) * (supply + _VIRTUAL) >= (total + _VIRTUAL) * (supply + shares + _VIRTUAL));
    }

    /// @notice An exit pays no more than the shares are worth, and never lowers the worth of the others.
    /// @custom:bound total and supply under 2^96, shares within the supply
    function check_exit(uint256 total, uint256 supply, uint256 shares) external pure {
        assume(shares <= supply);
        uint256 assets = _accounted(total, supply).toAssets(supply, shares, Math.Rounding.Floor);
        assert(isDown(assets, shares * (total + _VIRTUAL), supply + _VIRTUAL));
        uint256 left = total + _VIRTUAL - assets;
        assert(left * (supply + _VIRTUAL) >= (total + _VIRTUAL) * (supply - shares + _VIRTUAL));
    }

    /// @notice Assets that are turned into shares and back at once are never more.
    /// @custom:bound total, supply and assets under 2^96
    function check_inAndOut(uint256 total, uint256 supply, uint256 assets) external pure {
        fits(assets, 96);
        AccountedAssets a = _accounted(total, supply);
        uint256 shares = a.toShares(supply, assets, Math.Rounding.Floor);
        assert(a.toAssets(supply, shares, Math.Rounding.Floor) <= assets);
    }

    /// @notice What vests goes from the unvested rewards to the total, by the second, rounded down; all of it once its
    /// time is over.
    /// @custom:bound every word in which both amounts are under 2^96 together, at least 1e9 shares, times under 2^32
    /// @custom:slow a product of an amount and a time, divided by another time
    function check_vesting(uint256 word, uint256 supplyWord, uint256 time) external pure {
        (uint256 total, uint256 unvested, uint256 left) =
            (field(word, 0, 96), field(word, 96, 96), field(word, 192, 24));
        fits(word, 240);
        fits(time, 32);
        assume(total + unvested < 2 ** 96);
        assume(field(supplyWord, 0, 96) >= _VIRTUAL);
        assume(field(supplyWord, 96, 32) <= time);
        uint256 elapsed = time - field(supplyWord, 96, 32);

        AccountedAssets later = AccountedAssets.wrap(word).at(TimedBalance.wrap(supplyWord), time);
        assert(later.total() + later.unvested() == total + unvested);
        assert(later.total() >= total && later.cooldown() == field(word, 216, 24));
        if (left == 0) {
            assert(AccountedAssets.unwrap(later) == word);
        } else if (elapsed >= left) {
            assert(later.unvested() == 0 && later.left() == 0);
        } else {
            assert(isDown(later.total() - total, unvested * elapsed, left) && later.left() == left - elapsed);
        }
    }

    /// @notice Rewards join the unvested ones in full and change no total. They vest within a day where the others do,
    /// and not at once.
    /// @custom:bound both amounts and the new rewards under 2^96 together, at most a day left
    /// @custom:slow a product of an amount and a time, divided by a sum of amounts
    function check_rewards(uint256 word, uint256 fresh) external pure {
        (uint256 total, uint256 unvested, uint256 left) =
            (field(word, 0, 96), field(word, 96, 96), field(word, 192, 24));
        fits(word, 240);
        fits(fresh, 96);
        assume(total + unvested + fresh < 2 ** 96);
        assume(left <= 1 days);

        AccountedAssets later = AccountedAssets.wrap(word).plusRewards(fresh);
        assert(later.total() == total && later.unvested() == unvested + fresh);
        assert(later.cooldown() == field(word, 216, 24));
        assert(later.left() >= 1 && later.left() <= 1 days);
    }

    // ---------------------------------------------------------------- claims

    /// @notice Two claims are what was set aside for each, and together they are the total.
    /// @custom:bound amounts under 2^135, no loss
    function check_claims(uint256 a, uint256 b, uint256 paid) external {
        fits(a, 135);
        fits(b, 135);
        assume(paid <= a);
        _claims.add(_ALICE, a);
        _claims.add(_BOB, b);
        assert(_claims.owed(_ALICE) == a && _claims.owed(_BOB) == b && _claims.total() == a + b);

        _claims.take(_ALICE, paid);
        assert(_claims.owed(_ALICE) == a - paid && _claims.owed(_BOB) == b && _claims.total() == a + b - paid);
    }

    /// @notice A loss cuts the total, rounded down, and no claims together are ever more than what is held for them.
    /// @custom:bound amounts under 2^56, holdings under 2^128, one loss
    /// @custom:slow quotients of products of three numbers
    function check_claimsAfterLoss(uint256 a, uint256 b, uint256 held, uint256 all) external {
        fits(a, 56);
        fits(b, 56);
        fits(all, 128);
        assume(held < all);
        assume(a != 0 && b != 0);
        _claims.add(_ALICE, a);
        _claims.add(_BOB, b);
        _claims.writeOff(held, all);
        (uint256 one, uint256 other, uint256 total) = (_claims.owed(_ALICE), _claims.owed(_BOB), _claims.total());
        assert(one * all <= a * held);
        assert(other * all <= b * held);
        assert(total * all <= (a + b) * held);
        assert(one + other <= total);
    }
}
