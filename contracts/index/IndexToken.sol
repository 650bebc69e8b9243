// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexMintCallback, IIndexSwapCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";
import {Basket, BasketLib, Constituents} from "./BasketLib.sol";
import {FeeMath} from "./FeeMath.sol";
import {Rules} from "./Rules.sol";
import {TolerantERC20} from "./TolerantERC20.sol";

/// @title One token that holds its own basket
/// @dev `docs/index-math.md` is the specification; its names are used here. No proxy, no pause on the way out, no oracle.
contract IndexToken is IIndexToken, TimeWeightedERC20, FixedAuthority, ReentrancyGuardTransient {
    using BasketLib for Basket;
    using BasketLib for Constituents;
    using SafeERC20 for IERC20;

    uint256 private constant _DEAD_SHARES = 1e16;
    uint256 private constant _MAX_SUPPLY_CAP = 2 ** 35;
    uint256 private constant _MAX_DAILY_FEE = uint256(0.05e18) / 365;
    uint256 private constant _MAX_MINT_FEE = 100;

    address private constant _DEAD = 0x000000000000000000000000000000000000dEaD;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _RAY = 1e27;
    uint256 private constant _WAD = 1e18;

    struct Trade {
        address tokenOut;
        uint256 amountOut;
        address tokenIn;
        uint256 amountIn;
        address receiver;
    }

    Basket private _basket;
    address private _feeReceiver;
    address private _rebalancer;

    mapping(address token => uint256) private _segregated;
    mapping(address token => mapping(address account => uint256)) private _claims;

    constructor(Params memory p) TimeWeightedERC20(p.name, p.symbol, p.epochGenesis, p.epochLength) FixedAuthority(p.authority) {
        if (p.authority == address(0)) revert IndexToken_ZeroAddress();
        if (p.units.length != p.tokens.length) revert IndexToken_LengthMismatch(p.tokens.length, p.units.length);

        for (uint256 i = 0; i < p.tokens.length; ++i) {
            _admit(p.tokens[i]);
        }
        _basket.create(p.tokens, p.units);
        Constituents memory c = _basket.load();
        for (uint256 i = 0; i < p.tokens.length; ++i) {
            emit ConstituentAdded(p.tokens[i]);
            emit UnitsSet(p.tokens[i], c.unit(i));
        }

        _basket.rules = Rules.wrap(0).withStreamingFee(_WAD, block.timestamp, 0);
        _setStreamingFee(p.dailyFee);
        _setMintFee(p.mintFee);
        _setSupplyCap(p.supplyCap);
        _setFeeReceiver(p.feeReceiver);
        _setRebalancer(p.rebalancer);
    }

    // ---------------------------------------------------------------- holders

    /// @inheritdoc IIndexToken
    function mint(uint256 shares, address receiver, bytes32 expectedBasket, uint256[] calldata maxAmounts, uint256 deadline)
        external
        nonReentrant
        returns (uint256[] memory amounts)
    {
        Constituents memory c = _basket.load();
        _requireBounds(c, expectedBasket, maxAmounts.length, deadline);
        uint256 added = _requireMint(c, shares, receiver);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            address token = c.token(i);
            uint256 amount = _up(c.unit(i), added);
            if (amount > maxAmounts[i]) revert IndexToken_MaxAmountExceeded(token, amount, maxAmounts[i]);

            uint256 held = _requireWhole(c, i, token);
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
            _requireArrived(token, amount, held);
            amounts[i] = amount;
        }

        _issue(c, added, shares, receiver);
    }

    /// @inheritdoc IIndexToken
    function mintWithCallback(uint256 shares, address receiver, bytes calldata data)
        external
        nonReentrant
        returns (uint256[] memory amounts)
    {
        Constituents memory c = _basket.load();
        uint256 added = _requireMint(c, shares, receiver);

        address[] memory tokens = new address[](c.count);
        uint256[] memory held = new uint256[](c.count);
        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            tokens[i] = c.token(i);
            held[i] = _requireWhole(c, i, tokens[i]);
            amounts[i] = _up(c.unit(i), added);
        }
        IIndexMintCallback(msg.sender).onIndexMint(tokens, amounts, data);
        for (uint256 i = 0; i < amounts.length; ++i) {
            _requireArrived(tokens[i], amounts[i], held[i]);
        }

        _issue(c, added, shares, receiver);
    }

    /// @inheritdoc IIndexToken
    function redeem(
        uint256 shares,
        address receiver,
        address owner,
        bytes32 expectedBasket,
        uint256[] calldata minAmounts,
        uint256 deadline
    ) external nonReentrant returns (uint256[] memory amounts) {
        Constituents memory c = _basket.load();
        bool bounded = expectedBasket != 0 || minAmounts.length != 0;
        _requireBounds(c, bounded ? expectedBasket : c.hash(), bounded ? minAmounts.length : c.count, deadline);
        if (shares == 0) revert IndexToken_ZeroShares();
        if (receiver == address(0) || receiver == address(this)) revert IndexToken_InvalidReceiver(receiver);

        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        uint256 removed = _baseForRedeem(c, shares);
        _basket.base = uint96(c.base - removed);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            address token = c.token(i);
            uint256 amount = _amountDown(c, i, token, removed);
            if (bounded && amount < minAmounts[i]) revert IndexToken_MinAmountNotMet(token, amount, minAmounts[i]);
            if (amount != 0) _sendOrSegregate(i, token, receiver, owner, amount);
            amounts[i] = amount;
        }

        emit Redeemed(msg.sender, receiver, owner, shares, removed);
    }

    /// @inheritdoc IIndexToken
    function claim(address token, uint256 amount, address receiver, uint256 minAmount) external nonReentrant returns (uint256 paid) {
        uint256 owed = _claims[token][msg.sender];
        uint256 total = _segregated[token];
        if (receiver == address(0) || receiver == address(this)) revert IndexToken_InvalidReceiver(receiver);
        if (owed == 0) revert IndexToken_NoClaim(token, msg.sender);
        if (amount == type(uint256).max) amount = owed;
        if (amount > owed) revert IndexToken_ClaimExceeded(token, amount, owed);

        uint256 real = _balanceOf(token);
        paid = real >= total ? amount : Math.mulDiv(amount, real, total);
        if (paid == 0) revert IndexToken_ClaimUnbacked(token, amount);
        if (paid < minAmount) revert IndexToken_MinAmountNotMet(token, paid, minAmount);

        _claims[token][msg.sender] = owed - amount;
        _segregated[token] = total - amount;
        if (total == amount) {
            Constituents memory c = _basket.load();
            uint256 i = c.indexOf(token);
            if (i != c.count) _basket.rules = c.rules.withClaims(i, false);
        }
        emit Claimed(token, msg.sender, receiver, amount, paid);

        IERC20(token).safeTransfer(receiver, paid);
    }

    /// @inheritdoc IIndexToken
    function collectFees() external nonReentrant returns (uint256 shares) {
        return _collectFees();
    }

    // ---------------------------------------------------------------- the rebalancer

    /// @inheritdoc IIndexToken
    function swap(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, address receiver, bytes calldata data)
        external
        nonReentrant
    {
        if (msg.sender != _rebalancer) revert IndexToken_NotRebalancer(msg.sender);
        _swap(Trade(tokenOut, amountOut, tokenIn, amountIn, receiver), data);
    }

    // ---------------------------------------------------------------- restricted

    /// @inheritdoc IIndexToken
    function sync(address token) external restricted nonReentrant returns (uint256 units) {
        Constituents memory c = _basket.load();
        if (c.base == 0) revert IndexToken_NotSeeded();

        uint256 i = c.find(token);
        units = _setUnits(i, token, Math.mulDiv(_available(c, i), _RAY, c.base));
        emit UnitsSet(token, units);
    }

    /// @inheritdoc IIndexToken
    function setStreamingFee(uint256 dailyFee) external restricted nonReentrant {
        if (_basket.rules.deprecated()) revert IndexToken_AlreadyDeprecated();
        _setStreamingFee(dailyFee);
    }

    /// @inheritdoc IIndexToken
    function setMintFee(uint256 mintFee) external restricted nonReentrant {
        _setMintFee(mintFee);
    }

    /// @inheritdoc IIndexToken
    function setFeeReceiver(address receiver) external restricted nonReentrant {
        _collectFees();
        _setFeeReceiver(receiver);
    }

    /// @inheritdoc IIndexToken
    function setRebalancer(address rebalancer) external restricted nonReentrant {
        _setRebalancer(rebalancer);
    }

    /// @inheritdoc IIndexToken
    function setSupplyCap(uint256 cap) external restricted nonReentrant {
        _setSupplyCap(cap);
    }

    /// @inheritdoc IIndexToken
    function pauseMinting() external restricted nonReentrant {
        _basket.rules = _basket.rules.withPaused(true);
        emit MintingPaused(msg.sender);
    }

    /// @inheritdoc IIndexToken
    function unpauseMinting() external restricted nonReentrant {
        _basket.rules = _basket.rules.withPaused(false);
        emit MintingUnpaused(msg.sender);
    }

    /// @inheritdoc IIndexToken
    function deprecate() external restricted nonReentrant {
        if (_basket.rules.deprecated()) revert IndexToken_AlreadyDeprecated();

        _basket.rules = _basket.rules.withDeprecated();
        _setStreamingFee(0);
        emit Deprecated(msg.sender);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IIndexToken
    function previewMint(uint256 shares) external view nonReentrantView returns (uint256[] memory amounts) {
        Constituents memory c = _basket.load();
        uint256 added = _baseForMint(c, shares);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            amounts[i] = _up(c.unit(i), added);
        }
    }

    /// @inheritdoc IIndexToken
    function previewRedeem(uint256 shares) external view nonReentrantView returns (uint256[] memory amounts) {
        Constituents memory c = _basket.load();
        uint256 removed = _baseForRedeem(c, shares);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            amounts[i] = _amountDown(c, i, c.token(i), removed);
        }
    }

    /// @inheritdoc IIndexToken
    function sharesForAmounts(uint256[] calldata amounts) external view nonReentrantView returns (uint256 shares) {
        Constituents memory c = _basket.load();
        if (amounts.length != c.count) revert IndexToken_LengthMismatch(c.count, amounts.length);

        uint256 base = type(uint96).max;
        for (uint256 i = 0; i < amounts.length; ++i) {
            base = Math.min(base, Math.saturatingMul(amounts[i], _RAY) / c.unit(i));
        }
        uint256 gross = base * _RAY / _multiplierOf(c.rules);
        if (c.base == 0) gross = Math.saturatingSub(gross, _DEAD_SHARES);

        return gross * (_BPS - c.rules.mintFee()) / _BPS;
    }

    /// @inheritdoc IIndexToken
    function basket() external view nonReentrantView returns (address[] memory tokens, uint256[] memory units, uint256 base) {
        return _basket.lists();
    }

    /// @inheritdoc IIndexToken
    function basketHash() external view nonReentrantView returns (bytes32) {
        return _basket.load().hash();
    }

    /// @inheritdoc IIndexToken
    function baseAndUnits(address tokenA, address tokenB)
        external
        view
        nonReentrantView
        returns (uint256 base, uint256 unitsA, uint256 unitsB)
    {
        return _basket.pair(tokenA, tokenB);
    }

    /// @inheritdoc IIndexToken
    function holdings() external view nonReentrantView returns (uint256[] memory books, uint256[] memory available) {
        Constituents memory c = _basket.load();
        books = new uint256[](c.count);
        available = new uint256[](c.count);
        for (uint256 i = 0; i < books.length; ++i) {
            address token = c.token(i);
            (, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
            books[i] = _down(c.unit(i), c.base);
            available[i] = Math.saturatingSub(held, _claimsOn(c, i, token));
        }
    }

    /// @notice {share} Issued shares and the fee shares already earned.
    function totalSupply() public view override(TimeWeightedERC20, IERC20) returns (uint256) {
        return issuedSupply() + pendingFeeShares();
    }

    /// @inheritdoc IIndexToken
    function pendingFeeShares() public view returns (uint256) {
        return Math.saturatingSub(uint256(_basket.base) * _RAY / multiplier(), issuedSupply());
    }

    /// @inheritdoc IIndexToken
    function multiplier() public view returns (uint256) {
        return _multiplierOf(_basket.rules);
    }

    /// @inheritdoc IIndexToken
    function terms() external view returns (Terms memory) {
        Rules r = _basket.rules;
        return Terms({
            anchor: r.anchor(),
            anchorTime: r.anchorTime(),
            dailyFee: r.dailyFee(),
            mintFee: r.mintFee(),
            supplyCap: r.supplyCap(),
            feeReceiver: _feeReceiver,
            rebalancer: _rebalancer,
            paused: r.paused(),
            deprecated: r.deprecated()
        });
    }

    /// @inheritdoc IIndexToken
    function claimOf(address token, address account) external view returns (uint256) {
        return _claims[token][account];
    }

    /// @inheritdoc IIndexToken
    function segregated(address token) external view returns (uint256) {
        return _segregated[token];
    }

    // ---------------------------------------------------------------- minting

    /// @dev Bounds are for the tokens that they were made for, and for as long as their maker says.
    function _requireBounds(Constituents memory c, bytes32 expected, uint256 count, uint256 deadline) private view {
        if (block.timestamp > deadline) revert IndexToken_Expired(deadline, block.timestamp);
        if (c.hash() != expected) revert IndexToken_BasketChanged(expected, c.hash());
        if (count != c.count) revert IndexToken_LengthMismatch(c.count, count);
    }

    /// @dev {base} that the shares stand for, where they may be minted.
    function _requireMint(Constituents memory c, uint256 shares, address receiver) private view returns (uint256) {
        if (shares == 0) revert IndexToken_ZeroShares();
        if (receiver == address(this)) revert IndexToken_InvalidReceiver(receiver);
        if (c.rules.paused() || c.rules.deprecated()) revert IndexToken_MintingStopped(c.rules.paused(), c.rules.deprecated());

        return _baseForMint(c, shares);
    }

    function _issue(Constituents memory c, uint256 added, uint256 shares, address receiver) private {
        // Fits: the cap keeps the supply under 2^95, and base never exceeds supply.
        _basket.base = uint96(c.base + added);
        if (c.base == 0) _mint(_DEAD, _DEAD_SHARES);
        _mint(receiver, shares);

        emit Minted(msg.sender, receiver, shares, added);
    }

    // ---------------------------------------------------------------- amounts

    /// @dev {base} = ceil({share} x D27{base/share}), mint fee and dead shares included. Refuses what the supply cap refuses.
    function _baseForMint(Constituents memory c, uint256 shares) private view returns (uint256 added) {
        if (shares > type(uint96).max) revert IndexToken_SharesOutOfRange(shares);

        // Shares and base have 97 bits at most, the multiplier 90: no overflow. The fee is at most 1 %.
        unchecked {
            uint256 m = _multiplierOf(c.rules);
            uint256 gross = Math.ceilDiv(shares * _BPS, _BPS - c.rules.mintFee());
            if (c.base == 0) gross += _DEAD_SHARES;
            added = Math.ceilDiv(gross * m, _RAY);

            uint256 supply = (c.base + added) * _RAY / m;
            uint256 cap = c.rules.supplyCap() * _WAD;
            if (supply > cap) revert IndexToken_SupplyCapExceeded(supply, cap);
        }
    }

    /// @dev {base} = floor({share} x D27{base/share})
    function _baseForRedeem(Constituents memory c, uint256 shares) private view returns (uint256) {
        if (shares > type(uint96).max) revert IndexToken_SharesOutOfRange(shares);

        return shares * _multiplierOf(c.rules) / _RAY;
    }

    /// @dev {tok} = ceil(D27{tok/base} x {base}). Units have 128 bits and a base at most 97: no overflow.
    function _up(uint256 unit, uint256 base) private pure returns (uint256) {
        unchecked {
            return (unit * base + (_RAY - 1)) / _RAY;
        }
    }

    /// @dev {tok} = floor(D27{tok/base} x {base})
    function _down(uint256 unit, uint256 base) private pure returns (uint256) {
        unchecked {
            return unit * base / _RAY;
        }
    }

    /// @dev {tok} for `base`, rounded down, less the pro-rata haircut where the basket is short. No haircut on what cannot be read.
    function _amountDown(Constituents memory c, uint256 i, address token, uint256 base) private view returns (uint256 amount) {
        uint256 unit = c.unit(i);
        uint256 books = _down(unit, c.base);
        amount = _down(unit, base);

        uint256 gasBefore = gasleft();
        (bool readable, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
        if (!readable) {
            _requireGas(gasBefore, TolerantERC20.BALANCE_GAS);
        } else {
            uint256 available = Math.saturatingSub(held, _claimsOn(c, i, token));
            if (available < books) amount = Math.mulDiv(amount, available, books);
        }
    }

    /// @dev {tok} Open claims on constituent `i`: not part of the basket.
    function _claimsOn(Constituents memory c, uint256 i, address token) private view returns (uint256) {
        return c.rules.hasClaims(i) ? _segregated[token] : 0;
    }

    /// @dev {tok} What the basket holds of constituent `i` after open claims. Reverts where it cannot be read.
    function _available(Constituents memory c, uint256 i) private view returns (uint256) {
        address token = c.token(i);
        return Math.saturatingSub(_balanceOf(token), _claimsOn(c, i, token));
    }

    // ---------------------------------------------------------------- moving assets

    /// @dev {tok} held of constituent `i`, claims included. A newcomer joins a whole basket or none.
    function _requireWhole(Constituents memory c, uint256 i, address token) private view returns (uint256 held) {
        uint256 books = _down(c.unit(i), c.base);
        uint256 claims = _claimsOn(c, i, token);
        held = _balanceOf(token);
        if (held < books + claims) revert IndexToken_Shortfall(token, books, Math.saturatingSub(held, claims));
    }

    /// @dev Believes only the balances: `held` before, and what is there now.
    function _requireArrived(address token, uint256 amount, uint256 held) private view {
        uint256 received = Math.saturatingSub(_balanceOf(token), held);
        if (received < amount) revert IndexToken_ShortDelivery(token, amount, received);
    }

    function _balanceOf(address token) private view returns (uint256) {
        (bool readable, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
        if (!readable) revert IndexToken_BalanceUnreadable(token);
        return held;
    }

    /// @dev A transfer that fails becomes the owner's claim, so that one broken constituent blocks nobody and forfeits nothing.
    function _sendOrSegregate(uint256 i, address token, address receiver, address owner, uint256 amount) private {
        uint256 gasBefore = gasleft();
        if (TolerantERC20.tryTransfer(token, receiver, amount)) return;
        _requireGas(gasBefore, TolerantERC20.TRANSFER_GAS);

        _segregated[token] += amount;
        _claims[token][owner] += amount;
        _basket.rules = _basket.rules.withClaims(i, true);

        emit Segregated(token, owner, amount);
    }

    /// @dev A failed call counts only if it had its full gas: a caller cannot fake a broken token by sending too little. EIP-150 passes on 63/64.
    function _requireGas(uint256 gasBefore, uint256 needed) private pure {
        if (gasBefore - gasBefore / 64 < needed + 10_000) revert IndexToken_InsufficientGas(gasBefore);
    }

    /// @dev Sends, calls back, and believes only the balances. {IIndexToken.swap}
    function _swap(Trade memory t, bytes calldata data) private {
        Constituents memory c = _basket.load();
        if (c.base == 0) revert IndexToken_NotSeeded();
        if (t.receiver == address(0) || t.receiver == address(this)) revert IndexToken_InvalidReceiver(t.receiver);
        if (t.tokenIn == t.tokenOut) revert IndexToken_DuplicateConstituent(t.tokenIn);

        uint256 iOut = c.find(t.tokenOut);
        uint256 iIn = c.indexOf(t.tokenIn);
        uint256 booksOut = _down(c.unit(iOut), c.base);
        uint256 claims = _claimsOn(c, iOut, t.tokenOut);
        uint256 available = Math.saturatingSub(_balanceOf(t.tokenOut), claims);
        if (t.amountOut > booksOut) revert IndexToken_AmountExceedsBooks(t.tokenOut, t.amountOut, booksOut);
        if (available < booksOut) revert IndexToken_Shortfall(t.tokenOut, booksOut, available);
        uint256 balanceIn = _balanceOf(t.tokenIn);

        if (t.amountOut != 0) IERC20(t.tokenOut).safeTransfer(t.receiver, t.amountOut);
        IIndexSwapCallback(msg.sender).onIndexSwap(t.tokenOut, t.amountOut, t.tokenIn, t.amountIn, data);

        _requireArrived(t.tokenIn, t.amountIn, balanceIn);
        uint256 left = Math.saturatingSub(_balanceOf(t.tokenOut), claims);
        if (left + t.amountOut < available) revert IndexToken_Shortfall(t.tokenOut, available - t.amountOut, left);

        // Nothing that is in `c` changes during a call back: whatever could change it refuses to be re-entered.
        uint256 unitsIn = _raise(c, iIn, t.tokenIn, t.amountIn);
        uint256 unitsOut = _setUnits(iOut, t.tokenOut, (booksOut - t.amountOut) * _RAY / c.base);

        emit Swapped(t.tokenOut, t.tokenIn, t.receiver, t.amountOut, t.amountIn, unitsOut, unitsIn);
    }

    // ---------------------------------------------------------------- the basket

    /// @dev Books `amount` more of `token`, which joins the basket if it is new.
    function _raise(Constituents memory c, uint256 i, address token, uint256 amount) private returns (uint256) {
        uint256 books = i == c.count ? 0 : _down(c.unit(i), c.base);
        if (i == c.count) {
            _admit(token);
            _basket.append(token, _segregated[token] != 0);
            emit ConstituentAdded(token);
        }

        uint256 units = Math.mulDiv(books + amount, _RAY, c.base);
        if (units == 0) revert IndexToken_UnitsOutOfRange(token, 0);
        return _setUnits(i, token, units);
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
    function _admit(address token) private view {
        if (token == address(this) || token.code.length == 0) revert IndexToken_InvalidConstituent(token);
        (bool known, uint8 decimals_) = SafeERC20.tryGetDecimals(IERC20(token));
        if (!known || decimals_ > 18) revert IndexToken_InvalidConstituent(token);
    }

    // ---------------------------------------------------------------- fees and rules

    function _multiplierOf(Rules rules) private view returns (uint256) {
        return FeeMath.multiplier(rules.anchor(), rules.dailyFee(), block.timestamp - rules.anchorTime());
    }

    function _collectFees() private returns (uint256 shares) {
        shares = pendingFeeShares();
        if (shares == 0) return 0;

        _mint(_feeReceiver, shares);
        emit FeesCollected(_feeReceiver, shares);
    }

    function _setStreamingFee(uint256 dailyFee) private {
        if (dailyFee > _MAX_DAILY_FEE) revert IndexToken_StreamingFeeTooHigh(dailyFee, _MAX_DAILY_FEE);

        uint256 anchor = multiplier() / (_RAY / _WAD);
        _basket.rules = _basket.rules.withStreamingFee(anchor, block.timestamp, dailyFee);
        emit StreamingFeeSet(dailyFee, anchor);
    }

    function _setMintFee(uint256 mintFee) private {
        if (mintFee > _MAX_MINT_FEE) revert IndexToken_MintFeeTooHigh(mintFee, _MAX_MINT_FEE);

        _basket.rules = _basket.rules.withMintFee(mintFee);
        emit MintFeeSet(mintFee);
    }

    function _setFeeReceiver(address receiver) private {
        if (receiver == address(0)) revert IndexToken_ZeroAddress();

        _feeReceiver = receiver;
        emit FeeReceiverSet(receiver);
    }

    function _setRebalancer(address rebalancer) private {
        if (rebalancer.code.length == 0) revert IndexToken_InvalidRebalancer(rebalancer);

        _rebalancer = rebalancer;
        emit RebalancerSet(rebalancer);
    }

    function _setSupplyCap(uint256 cap) private {
        if (cap > _MAX_SUPPLY_CAP) revert IndexToken_SupplyCapTooHigh(cap, _MAX_SUPPLY_CAP);

        _basket.rules = _basket.rules.withSupplyCap(cap);
        emit SupplyCapSet(cap);
    }
}
