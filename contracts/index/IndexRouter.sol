// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IBuyHook} from "../../interfaces/IBuyHook.sol";
import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {IPermit2} from "../../interfaces/external/IPermit2.sol";
import {IUniswapV3Factory} from "../../interfaces/external/IUniswapV3.sol";
import {IWETH} from "../../interfaces/external/IWETH.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {Hop, HopTree, SwapPlan} from "./HopTree.sol";
import {Node} from "./Node.sol";
import {RouterSwaps} from "./RouterSwaps.sol";
import {TolerantERC20} from "./TolerantERC20.sol";

/// @title Buy and sell an index in one transaction
/// @notice See {IIndexRouter}.
/// @dev A purchase is an index's mint with callback, in which pools deliver ({RouterSwaps}). A sale redeems and sells
/// node after node, exact inputs, from the last to the first. What a pool does not take is handed over as it is.
/// @custom:security-contact security@ssi.example
contract IndexRouter is FixedAuthority, ReentrancyGuardTransient, RouterSwaps {
    using SafeERC20 for IERC20;

    uint256 private constant _SEARCH_STEPS = 8;

    /// @dev Gas that a hook may spend, so that it cannot make purchases expensive.
    uint256 private constant _HOOK_GAS = 300_000;

    uint256 private constant _BPS = 10_000;
    uint256 private constant _RAY = 1e27;
    uint256 private constant _WAD = 1e18;

    /// @notice Knows all indexes.
    IIndexFactory public immutable factory;

    /// @notice Knows the staked tokens.
    IFeeDistributor public immutable distributor;

    /// @inheritdoc IIndexRouter
    address public buyHook;

    constructor(
        address authority_,
        IIndexFactory factory_,
        IFeeDistributor distributor_,
        IUniswapV3Factory v3Factory_,
        IPermit2 permit2_,
        IWETH weth_
    ) FixedAuthority(authority_) RouterSwaps(v3Factory_, permit2_, weth_) {
        if (authority_ == address(0) || address(factory_) == address(0) || address(distributor_) == address(0)) {
            revert IndexRouter_ZeroAddress();
        }

        factory = factory_;
        distributor = distributor_;
    }

    /// @notice Takes ether from WETH alone.
    /// @dev Reverts: UnexpectedEther.
    receive() external payable {
        if (msg.sender != address(weth)) revert IndexRouter_UnexpectedEther(msg.value);
    }

    // ---------------------------------------------------------------- trades

    /// @inheritdoc IIndexRouter
    function buy(Trade calldata t, uint256 shares, uint256 maxIn)
        external
        payable
        nonReentrant
        returns (uint256 amountIn)
    {
        Purchase memory p = _preparePurchase(t, maxIn);

        (bool minted, bytes memory reason) = _tryMint(t, shares, p);
        if (!minted) LowLevelCall.bubbleRevert(reason);

        return _finishPurchase(t, shares);
    }

    /// @inheritdoc IIndexRouter
    function buyExactInput(Trade calldata t, uint256 amountIn, uint256 targetShares, uint256 minShares)
        external
        payable
        nonReentrant
        returns (uint256 shares, uint256 spent)
    {
        Purchase memory p = _preparePurchase(t, amountIn);
        p.scalable = true;

        shares = targetShares;
        (bool minted, bytes memory reason) = _tryMint(t, shares, p);
        if (!minted && bytes4(reason) == IIndexToken.IndexToken_SupplyCapExceeded.selector) {
            shares = _requireAtLeast(Math.min(shares, mostShares(t.index)), minShares);
            (minted, reason) = _tryMint(t, shares, p);
        }
        if (!minted && bytes4(reason) == IndexRouter_Quote.selector) {
            (uint256 cost, uint256 slack) = _decodeQuote(reason);
            shares = _requireAtLeast(Math.mulDiv(shares, Math.saturatingSub(amountIn, slack), cost), minShares);
            p.scalable = false;
            (minted, reason) = _tryMint(t, shares, p);
        }
        if (!minted) LowLevelCall.bubbleRevert(reason);

        spent = _finishPurchase(t, shares);
    }

    /// @inheritdoc IIndexRouter
    function sell(Trade calldata t, uint256 shares, uint256 minOut) external nonReentrant returns (uint256 amountOut) {
        _requireValidTrade(t);
        return _sell(t, shares, minOut);
    }

    /// @inheritdoc IIndexRouter
    function sellExactOutput(Trade calldata t, uint256 amountOut, uint256 maxShares)
        external
        nonReentrant
        returns (uint256 shares, uint256 received)
    {
        _requireValidTrade(t);
        (uint256 most, uint256 slack) = _quoteSell(t.index, t.token, maxShares);
        if (most == 0 || most < amountOut) revert IndexRouter_TooLittle(most, amountOut);

        shares = Math.min(maxShares, Math.mulDiv(maxShares, amountOut + slack, most, Math.Rounding.Ceil));
        received = _sell(t, shares, amountOut);
    }

    /// @inheritdoc IIndexRouter
    function stakeWithPermit(address index, uint256 shares, address receiver, bytes calldata permit)
        external
        nonReentrant
        returns (uint256 stakedShares)
    {
        _requireReceiver(index, receiver);
        _requireIndex(index);

        if (permit.length != 0) _tryPermit(index, permit);
        IERC20(index).safeTransferFrom(msg.sender, address(this), shares);
        return _stakeShares(index, shares, receiver);
    }

    /// @inheritdoc IIndexRouter
    function prepare(address index) external nonReentrant {
        _requireIndex(index);
        _allowStakedToken(index, _stakedTokenOf(index), type(uint256).max);
    }

    // ---------------------------------------------------------------- quotes

    /// @inheritdoc IIndexRouter
    function quoteBuy(address index, address token, uint256 shares) external nonReentrant returns (uint256 amountIn) {
        _requireIndex(index);
        return _quoteBuy(index, token, shares);
    }

    /// @inheritdoc IIndexRouter
    function quoteSell(address index, address token, uint256 shares)
        external
        nonReentrant
        returns (uint256 amountOut)
    {
        _requireIndex(index);
        (amountOut,) = _quoteSell(index, token, shares);
    }

    /// @inheritdoc IIndexRouter
    function quoteBuyExactInput(address index, address token, uint256 amountIn)
        external
        nonReentrant
        returns (uint256 shares, uint256 cost)
    {
        uint256 most = mostShares(index);
        uint256 under = amountIn; // what is left at `shares`, and what is missing at `above`; either may be halved
        uint256 over;
        uint256 above;
        bool wasAbove;
        uint256 guess = Math.max(1, Math.min(most, _WAD)); // where nothing fits under the cap, the quote says so
        for (uint256 i = 0; i < _SEARCH_STEPS && guess != shares && guess != above; ++i) {
            (bool liquid, uint256 guessCost) = _quoteIfLiquid(index, token, guess);
            bool isAbove = !liquid || guessCost > amountIn;
            bool sameSide = i != 0 && isAbove == wasAbove;
            wasAbove = isAbove;
            if (isAbove) {
                (above, over) = (guess, liquid ? guessCost - amountIn : under); // where a pool runs dry, half way back
                if (sameSide) under /= 2;
            } else {
                (shares, cost, under) = (guess, guessCost, amountIn - guessCost);
                if (sameSide) over /= 2;
            }
            if (under == 0) break;

            // Along the chord between both, or on from the one below.
            guess = above != 0
                ? shares + Math.mulDiv(above - shares, under, under + over)
                : Math.min(most, Math.mulDiv(shares, amountIn, Math.max(cost, 1)));
        }
    }

    /// @inheritdoc IIndexRouter
    function mostShares(address index) public view returns (uint256) {
        _requireIndex(index);
        IIndexToken.IndexTerms memory terms = IIndexToken(index).terms();
        uint256 multiplier = IIndexToken(index).multiplier();
        (uint256 base,,) = IIndexToken(index).unitsForTrade(address(0), address(0));

        // The index refuses where floor((base + added) / multiplier) passes the cap: so much may be added. Then back
        // through fee and multiplier.
        uint256 added = Math.saturatingSub(Math.ceilDiv((terms.supplyCap * _WAD + 1) * multiplier, _RAY) - 1, base);
        return (added * _RAY / multiplier) * (_BPS - terms.mintFee) / _BPS;
    }

    // ---------------------------------------------------------------- rules

    /// @inheritdoc IIndexRouter
    function setBuyHook(address hook) external restricted {
        if (hook != address(0) && hook.code.length == 0) revert IndexRouter_InvalidHook(hook);

        buyHook = hook;
        emit BuyHookSet(hook);
    }

    /// @inheritdoc IIndexRouter
    function setHop(address token, address next, uint24 fee) external restricted {
        if (fee == 0) {
            next = address(0);
        } else {
            if (token == address(weth) || v3Factory.getPool(token, next, fee) == address(0)) {
                revert IndexRouter_InvalidHop(token, next, fee);
            }
            uint256 depth = 1;
            for (address above = next; above != address(weth); ++depth) {
                if (above == token || depth == HopTree.MAX_DEPTH) revert IndexRouter_InvalidHop(token, next, fee);
                if (hop[above].fee == 0) revert IndexRouter_NoPath(above);
                above = hop[above].next;
            }
        }
        hop[token] = Hop(next, fee);
        emit HopSet(token, next, fee);
    }

    // ---------------------------------------------------------------- purchases

    function _preparePurchase(Trade calldata t, uint256 maxIn) private returns (Purchase memory p) {
        _requireValidTrade(t);
        bool ether_ = t.token == address(0);
        if (ether_ ? msg.value < maxIn : msg.value != 0) revert IndexRouter_UnexpectedEther(msg.value);

        p = Purchase({
            quotes: false,
            scalable: false,
            ether_: ether_,
            permission: t.permission,
            asset: _assetOf(t.token),
            payer: msg.sender,
            maxIn: maxIn,
            permit: t.permission == Permission.Permit2 ? t.permit : bytes("")
        });
        if (t.permission == Permission.Permit) _tryPermit(p.asset, t.permit);
    }

    /// @dev Calls the index's mint, whose callback buys the constituents. `reason` is its revert where it fails.
    function _tryMint(Trade calldata t, uint256 shares, Purchase memory p)
        private
        returns (bool minted, bytes memory reason)
    {
        _index = t.index;
        try IIndexToken(t.index).mintWithCallback(shares, t.stake ? address(this) : t.receiver, abi.encode(p)) {
            minted = true;
        } catch (bytes memory why) {
            reason = why;
        }
        _index = address(0);
    }

    /// @dev Stakes if the caller wants that, sends spare ether back, emits the event and calls the hook. Only the
    /// caller's own ether goes back, so that a stranger's gift to the router cannot be in the way.
    function _finishPurchase(Trade calldata t, uint256 shares) private returns (uint256 amountIn) {
        amountIn = _total;
        if (t.stake) _stakeShares(t.index, shares, t.receiver);
        emit Bought(t.index, msg.sender, t.receiver, t.token, amountIn, shares, t.referralCode);

        if (t.token == address(0) && msg.value != amountIn) {
            Address.sendValue(payable(msg.sender), msg.value - amountIn);
        }
        _callBuyHook(t.referralCode);
    }

    /// @dev `shares`, or a revert where the caller wants more.
    function _requireAtLeast(uint256 shares, uint256 minShares) private pure returns (uint256) {
        if (shares < minShares) revert IndexRouter_TooLittle(shares, minShares);
        return shares;
    }

    /// @dev The router's own shares of `index` become the receiver's shares of its staked token.
    function _stakeShares(address index, uint256 shares, address receiver) private returns (uint256 stakedShares) {
        address stakedToken = _stakedTokenOf(index);

        _allowStakedToken(index, stakedToken, shares);
        stakedShares = IStakedToken(stakedToken).deposit(shares, receiver);
        emit Staked(index, msg.sender, receiver, shares, stakedShares);
    }

    function _stakedTokenOf(address index) private view returns (address stakedToken) {
        stakedToken = distributor.stakedTokenOf(index);
        if (stakedToken == address(0)) revert IndexRouter_NoStakedToken(index);
    }

    /// @dev Unlimited, and to staked tokens only. Why that is safe: they pull from their caller alone, and the router
    /// holds nothing between transactions.
    function _allowStakedToken(address index, address stakedToken, uint256 shares) private {
        if (IERC20(index).allowance(address(this), stakedToken) < shares) {
            IERC20(index).forceApprove(stakedToken, type(uint256).max);
        }
    }

    /// @dev Calls the purchase hook with the buyer, not the receiver, so that a stranger's purchase cannot join or bind
    /// an account. Ignores every failure of the hook, so that a hook cannot stop a purchase. But the caller must
    /// provide the hook's gas: an estimate is the least gas with which a call succeeds, and would leave none.
    function _callBuyHook(bytes32 referralCode) private {
        address hook = buyHook;
        if (hook == address(0)) return;

        // A call gets at most 63 parts in 64 of the gas that is left (EIP-150).
        uint256 available = gasleft() * 63 / 64;
        if (available < _HOOK_GAS) revert IndexRouter_TooLittleGas(available, _HOOK_GAS);
        try IBuyHook(hook).onBuy{gas: _HOOK_GAS}(msg.sender, referralCode) {} catch {}
    }

    // ---------------------------------------------------------------- sales

    function _sell(Trade calldata t, uint256 shares, uint256 minOut) private returns (uint256 amountOut) {
        if (t.permission == Permission.Permit2) revert IndexRouter_UnsupportedPermission(t.permission);
        if (t.permission == Permission.Permit) _tryPermit(t.index, t.permit);
        address asset = _assetOf(t.token);

        (address[] memory tokens, uint256[] memory amounts) = _redeem(t.index, shares);
        SwapPlan memory plan = HopTree.plan(hop, address(weth), asset, tokens, amounts, false);
        uint256 here = plan.amounts[0];
        for (uint256 n = plan.count - 1; n != 0; --n) {
            if (plan.amounts[n] == 0) continue;

            Node node = plan.nodes[n];
            uint256 parent = node.parent();
            bool last = parent == 0 && t.token != address(0);
            (bool sold, uint256 flow) =
                _sellLeg(n, node, plan.nodes[parent].token(), plan.amounts[n], last ? t.receiver : address(this));
            if (sold) plan.amounts[parent] += flow;
            else _handOver(t, node.token(), plan.amounts[n]);
        }

        amountOut = plan.amounts[0];
        if (amountOut < minOut) revert IndexRouter_TooLittle(amountOut, minOut);
        emit Sold(t.index, msg.sender, t.receiver, t.token, shares, amountOut);

        if (t.token == address(0)) {
            weth.withdraw(amountOut);
            Address.sendValue(payable(t.receiver), amountOut);
        } else if (here != 0) {
            IERC20(asset).safeTransfer(t.receiver, here);
        }
    }

    /// @dev Redeems the caller's shares to the router. Returns the basket and {tok} that arrived of each constituent.
    /// That is not what the index returns: a failed transfer is a claim of the caller, and a fee on transfer is gone.
    /// Where a token does not tell balances, it is what the index returns less what became a claim.
    function _redeem(address index, uint256 shares)
        private
        returns (address[] memory tokens, uint256[] memory amounts)
    {
        (tokens,,) = IIndexToken(index).basket();
        uint256[] memory before = new uint256[](tokens.length);
        bool[] memory readable = new bool[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            (readable[i], before[i]) = TolerantERC20.tryBalanceOf(tokens[i], address(this));
            if (!readable[i]) before[i] = IIndexToken(index).claimOf(tokens[i], msg.sender);
        }

        amounts = IIndexToken(index).redeem(shares, address(this), msg.sender, 0, new uint256[](0), block.timestamp);
        for (uint256 i = 0; i < tokens.length; ++i) {
            if (readable[i]) {
                // A token that answers no longer counts nothing. A balance that grew by more than the index paid counts
                // as that.
                (bool answers, uint256 held) = TolerantERC20.tryBalanceOf(tokens[i], address(this));
                amounts[i] = answers ? Math.min(amounts[i], Math.saturatingSub(held, before[i])) : 0;
            } else if (IIndexToken(index).claimOf(tokens[i], msg.sender) != before[i]) {
                // All of it became a claim.
                amounts[i] = 0;
            }
        }
    }

    /// @dev Sends what could not be sold to the receiver, or to the caller where the token refuses the receiver.
    function _handOver(Trade calldata t, address token, uint256 amount) private {
        address receiver = t.receiver;
        (bool sent,) = TolerantERC20.tryTransfer(token, receiver, amount);
        if (!sent) {
            receiver = msg.sender;
            IERC20(token).safeTransfer(receiver, amount);
        }
        emit Unsold(t.index, msg.sender, receiver, token, amount);
    }

    // ---------------------------------------------------------------- quoting

    function _quoteBuy(address index, address token, uint256 shares) private returns (uint256 amountIn) {
        (bool quoted, bytes memory answer) = _simulateBuy(index, token, shares);
        if (!quoted) LowLevelCall.bubbleRevert(answer);
        (amountIn,) = _decodeQuote(answer);
    }

    /// @dev False where a pool runs dry.
    function _quoteIfLiquid(address index, address token, uint256 shares)
        private
        returns (bool liquid, uint256 amountIn)
    {
        (bool quoted, bytes memory answer) = _simulateBuy(index, token, shares);
        if (quoted) (amountIn,) = _decodeQuote(answer);
        else if (bytes4(answer) != IndexRouter_NotEnoughLiquidity.selector) LowLevelCall.bubbleRevert(answer);
        return (quoted, amountIn);
    }

    /// @dev Simulates a purchase with the index's own mint, so that a quote meets the same refusals. It always ends in
    /// a revert: a quote, or the error that stopped it.
    function _simulateBuy(address index, address token, uint256 shares)
        private
        returns (bool quoted, bytes memory answer)
    {
        Purchase memory p;
        (p.quotes, p.asset) = (true, _assetOf(token));
        _index = index;
        try IIndexToken(index).mintWithCallback(shares, address(this), abi.encode(p)) {
            assert(false); // a quote always ends in a revert
        } catch (bytes memory reason) {
            (quoted, answer) = (bytes4(reason) == IndexRouter_Quote.selector, reason);
        }
        _index = address(0);
    }

    function _quoteSell(address index, address token, uint256 shares)
        private
        returns (uint256 amountOut, uint256 slack)
    {
        (address[] memory tokens,,) = IIndexToken(index).basket();
        uint256[] memory amounts = IIndexToken(index).previewRedeem(shares);
        return _quoteLegs(HopTree.plan(hop, address(weth), _assetOf(token), tokens, amounts, false), true);
    }

    // ---------------------------------------------------------------- both directions

    function _requireValidTrade(Trade calldata t) private view {
        if (block.timestamp > t.deadline) revert IndexRouter_Expired(t.deadline, block.timestamp);
        _requireReceiver(t.index, t.receiver);
        _requireIndex(t.index);
    }

    function _requireIndex(address index) private view {
        if (!factory.isIndex(index)) revert IndexRouter_UnknownIndex(index);
    }

    /// @dev Shares or tokens that the router or the index received would be lost.
    function _requireReceiver(address index, address receiver) private view {
        if (receiver == address(0)) revert IndexRouter_ZeroAddress();
        if (receiver == address(this) || receiver == index) revert IndexRouter_InvalidReceiver(receiver);
    }

    function _assetOf(address token) private view returns (address) {
        return token == address(0) ? address(weth) : token;
    }

    /// @dev A permit that another account has already used is no reason to fail: the allowance is there.
    function _tryPermit(address token, bytes calldata permit) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(permit, (uint256, uint256, uint8, bytes32, bytes32));
        try IERC20Permit(token).permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {}
    }
}
