// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";
import {Basket, BasketLib, LoadedBasket} from "./BasketLib.sol";
import {Claims} from "./Claims.sol";
import {TolerantERC20} from "./TolerantERC20.sol";

/// @title What an index holds, owes and has earned
/// @notice The base of {IndexToken}: accounted balances, claims and fee shares.
/// @dev `docs/index-math.md` is the specification; its names are used here.
abstract contract IndexBase is IIndexToken, TimeWeightedERC20, ReentrancyGuardTransient {
    using BasketLib for Basket;
    using BasketLib for LoadedBasket;

    uint256 internal constant _SURPLUS_VESTING = 28 days;

    uint256 internal constant _RAY = 1e27;
    uint256 internal constant _WAD = 1e18;

    Basket internal _basket;
    mapping(address token => Claims) internal _claims;

    // ---------------------------------------------------------------- earned

    /// @notice Issued shares and the fee shares already earned.
    /// @return {share}
    function totalSupply() public view override(TimeWeightedERC20, IERC20) returns (uint256) {
        return issuedSupply() + _pendingFeeShares(_basket.head());
    }

    /// @inheritdoc IIndexToken
    function pendingFeeShares() external view returns (uint256) {
        return _pendingFeeShares(_basket.head());
    }

    function _pendingFeeShares(LoadedBasket memory c) private view returns (uint256) {
        // All balances together have 96 bits: fees beyond that are not issued.
        uint256 supply = Math.min(c.base * _RAY / c.fee.multiplier(), type(uint96).max);
        return Math.saturatingSub(supply, issuedSupply());
    }

    function _collectFees() internal returns (uint256 shares) {
        LoadedBasket memory c = _basket.head();
        shares = _pendingFeeShares(c);
        if (shares == 0) return 0;

        _mint(c.feeReceiver(), shares);
        emit FeesCollected(c.feeReceiver(), shares);
    }

    // ---------------------------------------------------------------- held and owed

    /// @dev {tok} = ceil(D27{tok/base} x {base}). Units have 128 bits and a base at most 97: no overflow.
    function _amountUp(uint256 unit, uint256 base) internal pure returns (uint256) {
        unchecked {
            return (unit * base + (_RAY - 1)) / _RAY;
        }
    }

    /// @dev {tok} = floor(D27{tok/base} x {base})
    function _amountDown(uint256 unit, uint256 base) internal pure returns (uint256) {
        unchecked {
            return unit * base / _RAY;
        }
    }

    /// @dev {tok} that the basket counts of constituent `i`; 0 for a token that is not a constituent (`i` is `count`).
    function _accountedOf(LoadedBasket memory c, uint256 i) internal pure returns (uint256) {
        return i == c.count ? 0 : _amountDown(c.unit(i), c.base);
    }

    /// @dev {tok} of open claims on constituent `i`: not part of the basket.
    function _claimsOn(LoadedBasket memory c, uint256 i, address token) internal view returns (uint256) {
        return c.state.hasClaims(i) ? _claims[token].total() : 0;
    }

    /// @dev {tok} of `amount` that are paid where `held` is there for all of `owed`, that is accounted balances and
    /// claims. Rounded down.
    function _shareOfHeld(uint256 amount, uint256 held, uint256 owed) internal pure returns (uint256) {
        return held < owed ? Math.mulDiv(amount, held, owed) : amount;
    }

    /// @dev Accounted balances and claims. Amounts have 135 bits at most, the sum of all claims 166: no overflow.
    function _owedInAll(uint256 accounted, uint256 claims) internal pure returns (uint256) {
        unchecked {
            return accounted + claims;
        }
    }

    /// @dev {tok} held. Reverts where a constituent is short: a minter would pay for the loss of others.
    function _requireWhole(address token, uint256 accounted, uint256 claims) internal view returns (uint256 held) {
        held = _readBalance(token);
        uint256 owed = _owedInAll(accounted, claims);
        if (held < owed) _revertShort(token, accounted, held, owed);
    }

    function _revertShort(address token, uint256 accounted, uint256 held, uint256 owed) internal pure {
        revert IndexToken_Shortfall(token, accounted, _shareOfHeld(accounted, held, owed));
    }

    /// @dev Trusts balances only: `held` before, and the balance now.
    function _requireArrived(address token, uint256 amount, uint256 held) internal view {
        uint256 there = _readBalance(token);
        uint256 received = there < held ? 0 : there - held;
        if (received < amount) revert IndexToken_ShortDelivery(token, amount, received);
    }

    function _readBalance(address token) internal view returns (uint256) {
        (bool readable, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
        if (!readable) revert IndexToken_BalanceUnreadable(token);
        return held;
    }

    function _requireReceiver(address receiver) internal view {
        if (receiver == address(0) || receiver == address(this)) revert IndexToken_InvalidReceiver(receiver);
    }
}
