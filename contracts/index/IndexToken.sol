// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IIndexMintCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";
import {Basket, BasketLib, LoadedBasket, Vesting} from "./BasketLib.sol";
import {Claims} from "./Claims.sol";
import {ManagedIndex} from "./ManagedIndex.sol";
import {State} from "./State.sol";
import {StreamingFee, StreamingFeeLib} from "./StreamingFee.sol";
import {TolerantERC20} from "./TolerantERC20.sol";

/// @title One token that holds its own basket
/// @notice See {IIndexToken}. No proxy, no pause on the way out, no oracle.
/// @dev `docs/index-math.md` is the specification; its names are used here.
/// @custom:security-contact security@ssi.example
contract IndexToken is ManagedIndex {
    using BasketLib for Basket;
    using BasketLib for LoadedBasket;
    using SafeERC20 for IERC20;

    uint256 private constant _DEAD_SHARES = 1e16;
    address private constant _DEAD = 0x000000000000000000000000000000000000dEaD;
    uint256 private constant _BPS = 10_000;

    constructor(Params memory p)
        TimeWeightedERC20(p.name, p.symbol, p.epochGenesis, p.epochLength)
        FixedAuthority(p.authority)
    {
        if (p.authority == address(0)) {
            revert IndexToken_ZeroAddress();
        }
        if (p.units.length != p.tokens.length) revert IndexToken_LengthMismatch(p.tokens.length, p.units.length);

        for (uint256 i = 0; i < p.tokens.length; ++i) {
            _admitConstituent(p.tokens[i]);
        }
        _requireStreamingFee(p.dailyFee);
        _requireFeeReceiver(p.feeReceiver);
        _requireRebalancer(p.rebalancer);
        StreamingFee fee = StreamingFeeLib.pack(_WAD, block.timestamp, p.dailyFee);
        _basket.create(p.tokens, p.units, fee, p.feeReceiver, p.rebalancer);
        LoadedBasket memory c = _basket.load(block.timestamp);
        for (uint256 i = 0; i < p.tokens.length; ++i) {
            emit ConstituentAdded(p.tokens[i]);
            emit UnitsSet(p.tokens[i], c.unit(i));
        }

        emit StreamingFeeSet(p.dailyFee, _WAD);
        _setMintFee(p.mintFee);
        _setSupplyCap(p.supplyCap);
        emit FeeReceiverSet(p.feeReceiver);
        emit RebalancerSet(p.rebalancer);
    }

    // ---------------------------------------------------------------- holders

    /// @inheritdoc IIndexToken
    function mint(
        uint256 shares,
        address receiver,
        bytes32 expectedBasket,
        uint256[] calldata maxAmounts,
        uint256 deadline
    ) external nonReentrant returns (uint256[] memory amounts) {
        LoadedBasket memory c = _basket.load(block.timestamp + _SURPLUS_VESTING);
        _requireBounds(c, expectedBasket, maxAmounts.length, deadline);
        uint256 added = _requireMint(c, shares, receiver);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            address token = c.token(i);
            uint256 unit = c.unit(i);
            uint256 amount = _amountUp(unit, added);
            uint256 most = _uncheckedAt(maxAmounts, i);
            if (amount > most) revert IndexToken_MaxAmountExceeded(token, amount, most);

            (uint256 accounted, uint256 held) = (_amountDown(unit, c.base), _readBalance(token));
            uint256 owed = c.state.hasClaims(i) ? _owedInAll(accounted, _claims[token].total()) : accounted;
            if (held < owed) _revertShort(token, accounted, held, owed);
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
            _requireArrived(token, amount, held);
            _uncheckedSet(amounts, i, amount);
        }

        _issueShares(c, added, shares, receiver);
    }

    /// @inheritdoc IIndexToken
    function mintWithCallback(uint256 shares, address receiver, bytes calldata data)
        external
        nonReentrant
        returns (uint256[] memory amounts)
    {
        LoadedBasket memory c = _basket.load(block.timestamp + _SURPLUS_VESTING);
        uint256 added = _requireMint(c, shares, receiver);

        address[] memory tokens = new address[](c.count);
        uint256[] memory held = new uint256[](c.count);
        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            tokens[i] = c.token(i);
            amounts[i] = _amountUp(c.unit(i), added);
            held[i] = _requireWhole(tokens[i], _accountedOf(c, i), _claimsOn(c, i, tokens[i]));
        }
        IIndexMintCallback(msg.sender).onIndexMint(tokens, amounts, data);
        for (uint256 i = 0; i < amounts.length; ++i) {
            _requireArrived(tokens[i], amounts[i], held[i]);
        }

        _issueShares(c, added, shares, receiver);
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
        LoadedBasket memory c = _basket.load(block.timestamp);
        bool bounded = expectedBasket != 0 || minAmounts.length != 0;
        _requireBounds(c, bounded ? expectedBasket : c.hash(), bounded ? minAmounts.length : c.count, deadline);
        if (shares == 0) revert IndexToken_ZeroShares();
        _requireReceiver(receiver);

        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        uint256 removed = _baseForRedeem(c, shares);
        State state = c.state.withBase(c.base - removed);
        (_basket.state, c.state) = (state, state);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            address token = c.token(i);
            uint256 unit = c.unit(i);
            uint256 full = _amountDown(unit, removed);
            uint256 amount = full;

            uint256 gasBefore = gasleft();
            (bool readable, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
            if (readable) {
                uint256 owed = _owedInAll(_amountDown(unit, c.base), _claimsOn(c, i, token));
                if (held < owed) amount = _shareOfHeld(full, held, owed);
            } else {
                _requireGas(gasBefore, TolerantERC20.BALANCE_GAS);
            }
            if (bounded && amount < _uncheckedAt(minAmounts, i)) {
                revert IndexToken_MinAmountNotMet(token, amount, _uncheckedAt(minAmounts, i));
            }
            _uncheckedSet(amounts, i, amount);
            if (amount == 0) continue;

            // Why a claim and not a revert: one token that is paused, broken or hostile must not stop the redemption of
            // the others. Where its balance cannot be read, a haircut cannot be computed either, so all of it becomes a
            // claim.
            uint256 unpaid = full;
            if (readable) {
                gasBefore = gasleft();
                (bool success, bool reverted) = TolerantERC20.tryTransfer(token, receiver, amount);
                if (success) continue;
                _requireGas(gasBefore, TolerantERC20.TRANSFER_GAS);
                if (!reverted) unpaid = _unpaidOf(token, full, amount, held);
                if (unpaid == 0) continue;
            }
            _segregate(c, i, token, owner, unpaid);
        }
        if (State.unwrap(c.state) != State.unwrap(state)) _basket.state = c.state;

        emit Redeemed(msg.sender, receiver, owner, shares, removed);
    }

    /// @inheritdoc IIndexToken
    function claim(address token, uint256 amount, address receiver, uint256 minAmount)
        external
        nonReentrant
        returns (uint256 paid)
    {
        Claims storage claims = _claims[token];
        _requireReceiver(receiver);
        uint256 owed = claims.owed(msg.sender);
        if (owed == 0) revert IndexToken_NoClaim(token, msg.sender);
        if (amount == type(uint256).max) amount = owed;
        if (amount > owed) revert IndexToken_ClaimExceeded(token, amount, owed);

        LoadedBasket memory c = _basket.load(block.timestamp);
        uint256 i = c.indexOf(token);
        uint256 held = _readBalance(token);
        paid = _shareOfHeld(amount, held, _accountedOf(c, i) + claims.total());
        if (paid == 0) revert IndexToken_ClaimUnbacked(token, amount);
        if (paid < minAmount) revert IndexToken_MinAmountNotMet(token, paid, minAmount);

        claims.take(msg.sender, amount);
        if (claims.total() == 0 && i != c.count) _basket.state = c.state.withClaims(i, false);
        emit Claimed(token, msg.sender, receiver, amount, paid);

        // A token that returns false and moves all the same has paid. Where nothing moved, the second call brings its
        // error.
        if (IERC20(token).trySafeTransfer(receiver, paid)) return paid;
        uint256 left = _readBalance(token);
        if (left == held) IERC20(token).safeTransfer(receiver, paid);
        else if (left + paid > held) revert IndexToken_ClaimUnbacked(token, amount);
    }

    /// @inheritdoc IIndexToken
    function collectFees() external nonReentrantView returns (uint256 shares) {
        return _collectFees();
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IIndexToken
    function previewMint(uint256 shares) external view nonReentrantView returns (uint256[] memory amounts) {
        LoadedBasket memory c = _basket.load(block.timestamp + _SURPLUS_VESTING);
        uint256 added = _baseForMint(c, shares);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            amounts[i] = _amountUp(c.unit(i), added);
        }
    }

    /// @inheritdoc IIndexToken
    function previewRedeem(uint256 shares) external view nonReentrantView returns (uint256[] memory amounts) {
        LoadedBasket memory c = _basket.load(block.timestamp);
        uint256 removed = _baseForRedeem(c, shares);

        amounts = new uint256[](c.count);
        for (uint256 i = 0; i < amounts.length; ++i) {
            address token = c.token(i);
            (bool readable, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
            amounts[i] = _amountDown(c.unit(i), removed);
            if (readable) {
                amounts[i] = _shareOfHeld(amounts[i], held, _owedInAll(_accountedOf(c, i), _claimsOn(c, i, token)));
            }
        }
    }

    /// @inheritdoc IIndexToken
    function basket()
        external
        view
        nonReentrantView
        returns (address[] memory tokens, uint256[] memory units, uint256 base)
    {
        LoadedBasket memory c = _basket.load(block.timestamp);
        (tokens, units, base) = (new address[](c.count), new uint256[](c.count), c.base);
        for (uint256 i = 0; i < c.count; ++i) {
            (tokens[i], units[i]) = (c.token(i), c.unit(i));
        }
    }

    /// @inheritdoc IIndexToken
    function basketHash() external view nonReentrantView returns (bytes32) {
        return _basket.head().hash();
    }

    /// @inheritdoc IIndexToken
    function unitsForTrade(address tokenA, address tokenB)
        external
        view
        nonReentrantView
        returns (uint256 base, uint256 unitsA, uint256 unitsB)
    {
        LoadedBasket memory c = _basket.load(block.timestamp);
        (uint256 a, uint256 b) = (c.indexOf(tokenA), c.indexOf(tokenB));
        return (c.base, a == c.count ? 0 : c.unit(a), b == c.count ? 0 : c.unit(b));
    }

    /// @inheritdoc IIndexToken
    function holdings()
        external
        view
        nonReentrantView
        returns (uint256[] memory accounted, uint256[] memory available)
    {
        LoadedBasket memory c = _basket.load(block.timestamp);
        accounted = new uint256[](c.count);
        available = new uint256[](c.count);
        for (uint256 i = 0; i < accounted.length; ++i) {
            address token = c.token(i);
            (, uint256 held) = TolerantERC20.tryBalanceOf(token, address(this));
            uint256 claims = _claimsOn(c, i, token);
            accounted[i] = _accountedOf(c, i);
            available[i] =
                held < accounted[i] + claims ? _shareOfHeld(accounted[i], held, accounted[i] + claims) : held - claims;
        }
    }

    /// @notice ERC-20 name.
    /// @return the name
    function name() public view override returns (string memory) {
        return _EIP712Name();
    }

    /// @inheritdoc IIndexToken
    function multiplier() external view returns (uint256) {
        return _basket.head().fee.multiplier();
    }

    /// @inheritdoc IIndexToken
    function terms() external view returns (IndexTerms memory) {
        LoadedBasket memory c = _basket.head();
        return IndexTerms({
            anchor: c.fee.anchor(),
            anchorTime: c.fee.anchorTime(),
            dailyFee: c.fee.dailyFee(),
            mintFee: c.state.mintFee(),
            supplyCap: c.state.supplyCap(),
            feeReceiver: c.feeReceiver(),
            rebalancer: c.rebalancer(),
            paused: c.state.paused(),
            deprecated: c.state.deprecated()
        });
    }

    /// @inheritdoc IIndexToken
    function claimOf(address token, address account) external view returns (uint256) {
        return _claims[token].owed(account);
    }

    /// @inheritdoc IIndexToken
    function segregated(address token) external view returns (uint256) {
        return _claims[token].total();
    }

    /// @inheritdoc IIndexToken
    function vestingOf(address token) external view returns (uint256 units, uint256 start, uint256 end) {
        Vesting storage v = _basket.vesting[token];
        return (v.units, v.start, v.end);
    }

    // ---------------------------------------------------------------- minting

    /// @dev Bounds count for the tokens that they were made for, and until their deadline.
    function _requireBounds(LoadedBasket memory c, bytes32 expected, uint256 count, uint256 deadline) private view {
        if (block.timestamp > deadline) revert IndexToken_Expired(deadline, block.timestamp);
        if (c.hash() != expected) revert IndexToken_BasketChanged(expected, c.hash());
        if (count != c.count) revert IndexToken_LengthMismatch(c.count, count);
    }

    /// @dev {base} that the shares stand for, where they may be minted.
    function _requireMint(LoadedBasket memory c, uint256 shares, address receiver) private view returns (uint256) {
        if (shares == 0) revert IndexToken_ZeroShares();
        if (receiver == address(this)) revert IndexToken_InvalidReceiver(receiver);
        if (c.state.paused() || c.state.deprecated()) {
            revert IndexToken_MintingStopped(c.state.paused(), c.state.deprecated());
        }

        return _baseForMint(c, shares);
    }

    function _issueShares(LoadedBasket memory c, uint256 added, uint256 shares, address receiver) private {
        // Fits: the cap keeps the supply under 2^95, and base never exceeds supply.
        _basket.state = c.state.withBase(c.base + added);
        if (c.base == 0) _mint(_DEAD, _DEAD_SHARES);
        _mint(receiver, shares);

        emit Minted(msg.sender, receiver, shares, added);
    }

    // ---------------------------------------------------------------- amounts

    /// @dev {base} = ceil({share} x D27{base/share}), mint fee and dead shares included. Refuses what the supply cap
    /// refuses.
    function _baseForMint(LoadedBasket memory c, uint256 shares) private view returns (uint256 added) {
        _requireInRange(shares);

        // Shares and base have 97 bits at most, the multiplier 90: no overflow. The fee is at most 1 %.
        unchecked {
            uint256 m = c.fee.multiplier();
            uint256 net = _BPS - c.state.mintFee();
            uint256 gross = (shares * _BPS + net - 1) / net;
            if (c.base == 0) gross += _DEAD_SHARES;
            added = _amountUp(gross, m);

            uint256 supply = (c.base + added) * _RAY / m;
            uint256 cap = c.state.supplyCap() * _WAD;
            if (supply > cap) revert IndexToken_SupplyCapExceeded(supply, cap);
        }
    }

    /// @dev {base} = floor({share} x D27{base/share})
    function _baseForRedeem(LoadedBasket memory c, uint256 shares) private view returns (uint256) {
        _requireInRange(shares);

        return shares * c.fee.multiplier() / _RAY;
    }

    function _requireInRange(uint256 shares) private pure {
        if (shares > type(uint96).max) revert IndexToken_SharesOutOfRange(shares);
    }

    // ---------------------------------------------------------------- paying out

    /// @dev `list[i]` without a check of `i`: the callers have compared the lengths.
    function _uncheckedAt(uint256[] calldata list, uint256 i) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(list.offset, shl(5, i)))
        }
    }

    /// @dev `list[i] = value` without a check of `i`: the callers loop over the list's length.
    function _uncheckedSet(uint256[] memory list, uint256 i, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(add(list, 32), shl(5, i)), value)
        }
    }

    /// @dev {tok} of `full` that are left to pay, before a haircut. A token that returns false and moves all the same
    /// has paid what it moved.
    function _unpaidOf(address token, uint256 full, uint256 amount, uint256 held) private view returns (uint256) {
        uint256 gasBefore = gasleft();
        (bool readable, uint256 left) = TolerantERC20.tryBalanceOf(token, address(this));
        if (!readable) _requireGas(gasBefore, TolerantERC20.BALANCE_GAS);
        uint256 moved = readable && left < held ? held - left : 0;
        return _shareOfHeld(full, moved < amount ? amount - moved : 0, amount);
    }

    /// @dev Makes a claim. Marks in `c` alone that constituent `i` has claims: a redemption may make many, and stores
    /// them once.
    function _segregate(LoadedBasket memory c, uint256 i, address token, address owner, uint256 amount) private {
        _claims[token].add(owner, amount);
        c.state = c.state.withClaims(i, true);
        emit Segregated(token, owner, amount);
    }

    /// @dev A failed call counts only if it had its full gas, so that a caller cannot fake a broken token by too little
    /// gas. EIP-150 passes on 63/64.
    function _requireGas(uint256 gasBefore, uint256 needed) private pure {
        if (gasBefore - gasBefore / 64 < needed + 10_000) revert IndexToken_InsufficientGas(gasBefore);
    }
}
