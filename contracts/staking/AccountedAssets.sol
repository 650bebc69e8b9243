// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {TimedBalance} from "../tokens/TimedBalance.sol";

/// @dev What a staked token owes its shares, as it was when the supply's slot was last touched:
/// `cooldown:24 | left:24 | unvested:96 | total:96` = 240 bits, high to low.
/// `total`: {asset} that all shares are worth. `unvested`: {asset} that vest linearly over the `left` seconds after
/// that touch. `cooldown`: the one in force, seconds. The two amounts together are under 2^96.
/// Packed by hand, because the compiler writes a struct field by field.
type AccountedAssets is uint256;

using AccountedAssetsLib for AccountedAssets global;

/// @title The accounted assets of a staked token in one slot
/// @notice Why a stream: rewards that counted at once would go to stakers who come a second before and leave a second
/// after. Vesting over a day pays those who stay.
/// @dev `docs/staking-math.md` is the specification.
library AccountedAssetsLib {
    /// @dev Virtual {share} without a holder, and as many virtual {asset}. They are there from the beginning and never
    /// leave, so that the price of a share goes on when the last staker leaves, and no first depositor can make shares
    /// expensive.
    uint256 internal constant VIRTUAL = 1e9;

    uint256 private constant _VESTING = 1 days;

    uint256 private constant _UNVESTED_SHIFT = 96;
    uint256 private constant _LEFT_SHIFT = 192;
    uint256 private constant _COOLDOWN_SHIFT = 216;

    /// @dev The caller keeps every value within its bits.
    function make(uint256 total_, uint256 unvested_, uint256 left_, uint256 cooldown_)
        internal
        pure
        returns (AccountedAssets)
    {
        uint256 amounts = total_ | unvested_ << _UNVESTED_SHIFT;
        return AccountedAssets.wrap(amounts | left_ << _LEFT_SHIFT | cooldown_ << _COOLDOWN_SHIFT);
    }

    function total(AccountedAssets self) internal pure returns (uint256) {
        return uint96(AccountedAssets.unwrap(self));
    }

    function unvested(AccountedAssets self) internal pure returns (uint256) {
        return uint96(AccountedAssets.unwrap(self) >> _UNVESTED_SHIFT);
    }

    function left(AccountedAssets self) internal pure returns (uint256) {
        return uint24(AccountedAssets.unwrap(self) >> _LEFT_SHIFT);
    }

    function cooldown(AccountedAssets self) internal pure returns (uint256) {
        return AccountedAssets.unwrap(self) >> _COOLDOWN_SHIFT;
    }

    /// @dev {asset} among the accounted assets, vested or not.
    function staked(AccountedAssets self) internal pure returns (uint256) {
        unchecked {
            return self.total() + self.unvested();
        }
    }

    /// @dev {asset} that still fit in.
    function room(AccountedAssets self) internal pure returns (uint256) {
        return type(uint96).max - self.staked();
    }

    /// @dev The accounted assets at `timestamp`, provided that `supply` is untouched until then. While there are fewer
    /// shares than {VIRTUAL}, time stands still for what vests: most of it would go to the virtual shares.
    function at(AccountedAssets self, TimedBalance supply, uint256 timestamp) internal pure returns (AccountedAssets) {
        unchecked {
            uint256 left_ = self.left();
            if (left_ == 0 || supply.balance() < VIRTUAL) return self;

            uint256 elapsed = uint32(timestamp - supply.time());
            if (elapsed >= left_) return make(self.staked(), 0, 0, self.cooldown());
            uint256 vested = self.unvested() * elapsed / left_;
            return make(self.total() + vested, self.unvested() - vested, left_ - elapsed, self.cooldown());
        }
    }

    /// @dev The accounted assets with `assets` more for the shares. The caller keeps them within the {room}.
    function plus(AccountedAssets self, uint256 assets) internal pure returns (AccountedAssets) {
        unchecked {
            return AccountedAssets.wrap(AccountedAssets.unwrap(self) + assets);
        }
    }

    /// @dev The accounted assets with `assets` less for the shares. The caller keeps them within the total.
    function minus(AccountedAssets self, uint256 assets) internal pure returns (AccountedAssets) {
        unchecked {
            return AccountedAssets.wrap(AccountedAssets.unwrap(self) - assets);
        }
    }

    /// @dev The accounted assets with `fresh` rewards on their way, which by themselves would take a day. The seconds
    /// left are averaged by size. The caller keeps `fresh` within the {room}.
    function plusRewards(AccountedAssets self, uint256 fresh) internal pure returns (AccountedAssets) {
        unchecked {
            uint256 old = self.unvested();
            uint256 left_ = old == 0 ? _VESTING : Math.max(1, (old * self.left() + fresh * _VESTING) / (old + fresh));
            return make(self.total(), old + fresh, left_, self.cooldown());
        }
    }

    function withCooldown(AccountedAssets self, uint256 cooldown_) internal pure returns (AccountedAssets) {
        return make(self.total(), self.unvested(), self.left(), cooldown_);
    }

    /// @dev {share}
    function toShares(AccountedAssets self, uint256 supply, uint256 assets, Math.Rounding rounding)
        internal
        pure
        returns (uint256)
    {
        return Math.mulDiv(assets, supply + VIRTUAL, self.total() + VIRTUAL, rounding);
    }

    /// @dev {asset}
    function toAssets(AccountedAssets self, uint256 supply, uint256 shares, Math.Rounding rounding)
        internal
        pure
        returns (uint256)
    {
        return Math.mulDiv(shares, self.total() + VIRTUAL, supply + VIRTUAL, rounding);
    }
}
