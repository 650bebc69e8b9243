// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexSwapCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {Basket, BasketLib, LoadedBasket} from "./BasketLib.sol";
import {IndexBase} from "./IndexBase.sol";
import {StreamingFeeLib} from "./StreamingFee.sol";

/// @title What the rebalancer and governance may do with an index
/// @notice All functions that change the basket's units or the rules.
abstract contract ManagedIndex is IndexBase, FixedAuthority {
    using BasketLib for Basket;
    using BasketLib for LoadedBasket;
    using SafeERC20 for IERC20;

    uint256 private constant _MAX_SUPPLY_CAP = 2 ** 35;
    uint256 private constant _MAX_DAILY_FEE = uint256(0.05e18) / 365;
    uint256 private constant _MAX_MINT_FEE = 100;

    // ---------------------------------------------------------------- the rebalancer

    /// @inheritdoc IIndexToken
    function swap(
        address tokenOut,
        uint256 amountOut,
        address tokenIn,
        uint256 amountIn,
        address receiver,
        bytes calldata data
    ) external nonReentrant {
        LoadedBasket memory c = _basket.load(block.timestamp);
        if (msg.sender != c.rebalancer()) revert IndexToken_NotRebalancer(msg.sender);
        if (c.base == 0) revert IndexToken_NotSeeded();
        _requireReceiver(receiver);
        if (tokenIn == tokenOut) revert IndexToken_DuplicateConstituent(tokenIn);

        uint256 iOut = c.find(tokenOut);
        uint256 iIn = c.indexOf(tokenIn);
        uint256 accountedOut = _accountedOf(c, iOut);
        uint256 accountedIn = _accountedOf(c, iIn);
        if (amountOut > accountedOut) revert IndexToken_AmountExceedsAccounted(tokenOut, amountOut, accountedOut);
        uint256 heldOut = _requireWhole(tokenOut, accountedOut, _claimsOn(c, iOut, tokenOut));
        uint256 heldIn = _requireWhole(
            tokenIn, accountedIn, iIn == c.count ? _claims[tokenIn].total() : _claimsOn(c, iIn, tokenIn)
        );

        if (amountOut != 0) IERC20(tokenOut).safeTransfer(receiver, amountOut);
        IIndexSwapCallback(msg.sender).onIndexSwap(tokenOut, amountOut, tokenIn, amountIn, data);

        _requireArrived(tokenIn, amountIn, heldIn);
        uint256 left = _readBalance(tokenOut);
        if (left + amountOut < heldOut) revert IndexToken_Shortfall(tokenOut, heldOut - amountOut, left);

        // `c` is still right after the callback: every function that could change it refuses to be re-entered.
        uint256 unitsIn = _addToAccounted(c, iIn, tokenIn, accountedIn + amountIn);
        _basket.settle(c, iOut);
        uint256 unitsOut = _setUnits(iOut, tokenOut, (accountedOut - amountOut) * _RAY / c.base);

        emit Swapped(tokenOut, tokenIn, receiver, amountOut, amountIn, unitsOut, unitsIn);
    }

    // ---------------------------------------------------------------- restricted

    /// @inheritdoc IIndexToken
    function sync(address token) external restricted nonReentrantView returns (uint256 units) {
        LoadedBasket memory c = _basket.load(block.timestamp);
        if (c.base == 0) revert IndexToken_NotSeeded();

        uint256 i = c.indexOf(token);
        uint256 claims = _claims[token].total();
        if (i == c.count && claims == 0) revert IndexToken_NotAConstituent(token);
        uint256 accounted = _accountedOf(c, i);
        uint256 held = _readBalance(token);

        if (held < accounted + claims) {
            _claims[token].writeOff(held, accounted + claims);
            if (i != c.count) {
                units = _setUnitsAndSurplus(
                    c, i, token, _shareOfHeld(accounted, held, accounted + claims) * _RAY / c.base, 0
                );
            }
            emit LossWrittenOff(token, held, accounted + claims);
        } else if (i != c.count) {
            units = _setUnitsAndSurplus(c, i, token, c.unit(i), held - claims);
        }
    }

    /// @inheritdoc IIndexToken
    function setStreamingFee(uint256 dailyFee) external restricted nonReentrantView {
        if (_basket.state.deprecated()) revert IndexToken_AlreadyDeprecated();
        _setStreamingFee(dailyFee);
    }

    /// @inheritdoc IIndexToken
    function setMintFee(uint256 mintFee) external restricted nonReentrantView {
        _setMintFee(mintFee);
    }

    /// @inheritdoc IIndexToken
    function setFeeReceiver(address receiver) external restricted nonReentrantView {
        _requireFeeReceiver(receiver);
        _collectFees();

        LoadedBasket memory c = _basket.head();
        _basket.setRules(c, c.fee, receiver, c.rebalancer());
        emit FeeReceiverSet(receiver);
    }

    /// @inheritdoc IIndexToken
    function setRebalancer(address rebalancer) external restricted nonReentrantView {
        _requireRebalancer(rebalancer);

        LoadedBasket memory c = _basket.head();
        _basket.setRules(c, c.fee, c.feeReceiver(), rebalancer);
        emit RebalancerSet(rebalancer);
    }

    /// @inheritdoc IIndexToken
    function setSupplyCap(uint256 cap) external restricted nonReentrantView {
        _setSupplyCap(cap);
    }

    /// @inheritdoc IIndexToken
    function pauseMinting() external restricted nonReentrantView {
        _basket.state = _basket.state.withPaused(true);
        emit MintingPaused(msg.sender);
    }

    /// @inheritdoc IIndexToken
    function unpauseMinting() external restricted nonReentrantView {
        _basket.state = _basket.state.withPaused(false);
        emit MintingUnpaused(msg.sender);
    }

    /// @inheritdoc IIndexToken
    function deprecate() external restricted nonReentrantView {
        if (_basket.state.deprecated()) revert IndexToken_AlreadyDeprecated();

        _basket.state = _basket.state.withDeprecated();
        _setStreamingFee(0);
        emit Deprecated(msg.sender);
    }

    // ---------------------------------------------------------------- the basket

    /// @dev Sets the accounted balances of `token` to `accounted`. A new token joins the basket.
    function _addToAccounted(LoadedBasket memory c, uint256 i, address token, uint256 accounted)
        private
        returns (uint256)
    {
        uint256 units = accounted * _RAY / c.base;
        if (units == 0) revert IndexToken_UnitsOutOfRange(token, 0);

        if (i == c.count) {
            _admitConstituent(token);
            _basket.append(token, _claims[token].total() != 0);
            emit ConstituentAdded(token);
        }
        _basket.settle(c, i);
        return _setUnits(i, token, units);
    }

    /// @dev Sets `units` D27{tok/base} at once. What {tok} `whole` has beyond them vests.
    function _setUnitsAndSurplus(LoadedBasket memory c, uint256 i, address token, uint256 units, uint256 whole)
        private
        returns (uint256)
    {
        uint256 vesting = Math.saturatingSub(whole * _RAY / c.base, units);
        if (units + vesting > type(uint128).max) revert IndexToken_UnitsOutOfRange(token, units + vesting);

        _basket.setVesting(i, token, vesting, block.timestamp + _SURPLUS_VESTING);
        units = _setUnits(i, token, units);
        emit UnitsSet(token, units);
        if (vesting != 0) emit SurplusVesting(token, vesting, block.timestamp + _SURPLUS_VESTING);
        return units;
    }

    /// @dev Sets D27{tok/base}; a constituent without units leaves the basket.
    function _setUnits(uint256 i, address token, uint256 units) private returns (uint256 stored) {
        if (units == 0) {
            _basket.remove(i);
            emit ConstituentRemoved(token);
        } else {
            stored = _basket.setUnit(i, token, units);
        }
    }

    /// @dev A constituent must look like an ERC-20 of at most 18 decimals.
    function _admitConstituent(address token) internal view {
        if (token == address(this) || token.code.length == 0) revert IndexToken_InvalidConstituent(token);
        (bool known, uint8 decimals_) = SafeERC20.tryGetDecimals(IERC20(token));
        if (!known || decimals_ > 18) revert IndexToken_InvalidConstituent(token);
    }

    // ---------------------------------------------------------------- fees and rules

    function _requireFeeReceiver(address receiver) internal pure {
        if (receiver == address(0)) revert IndexToken_ZeroAddress();
    }

    function _requireRebalancer(address rebalancer) internal view {
        if (rebalancer.code.length == 0) revert IndexToken_InvalidRebalancer(rebalancer);
    }

    function _requireStreamingFee(uint256 dailyFee) internal pure {
        if (dailyFee > _MAX_DAILY_FEE) revert IndexToken_StreamingFeeTooHigh(dailyFee, _MAX_DAILY_FEE);
    }

    function _setStreamingFee(uint256 dailyFee) private {
        _requireStreamingFee(dailyFee);

        LoadedBasket memory c = _basket.head();
        uint256 anchor = c.fee.multiplier() / (_RAY / _WAD);
        _basket.setRules(c, StreamingFeeLib.pack(anchor, block.timestamp, dailyFee), c.feeReceiver(), c.rebalancer());
        emit StreamingFeeSet(dailyFee, anchor);
    }

    function _setMintFee(uint256 mintFee) internal {
        if (mintFee > _MAX_MINT_FEE) revert IndexToken_MintFeeTooHigh(mintFee, _MAX_MINT_FEE);

        _basket.state = _basket.state.withMintFee(mintFee);
        emit MintFeeSet(mintFee);
    }

    function _setSupplyCap(uint256 cap) internal {
        if (cap > _MAX_SUPPLY_CAP) revert IndexToken_SupplyCapTooHigh(cap, _MAX_SUPPLY_CAP);

        _basket.state = _basket.state.withSupplyCap(cap);
        emit SupplyCapSet(cap);
    }
}
