// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBuyHook} from "../../interfaces/IBuyHook.sol";
import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {IPermit2} from "../../interfaces/external/IPermit2.sol";
import {IUniswapV3Factory, IUniswapV3Pool, IUniswapV3SwapCallback} from "../../interfaces/external/IUniswapV3.sol";
import {IWETH} from "../../interfaces/external/IWETH.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {Hop, HopTree, Node} from "./HopTree.sol";

/// @title Buy and sell an index in one transaction
/// @dev How a trade runs. Its tokens are nodes of a tree whose root is the caller's token, deepest first. The router swaps in the first node's pool, and
/// inside that pool's callback in the next node's, and so on. A pool pays before it calls back, so amounts flow down the tree, and every pool is paid
/// on the way back out. A buy is the same walk with exact outputs, a sale with exact inputs. In the innermost callback the caller's token is
/// all that is left: there a quote ends by reverting with the amount, and a buy collects it from the payer.
contract IndexRouter is IIndexRouter, IUniswapV3SwapCallback, FixedAuthority, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Just inside the ticks that pools allow: no limit but the caller's own (Uniswap v3 core, TickMath).
    uint160 private constant _MIN_SQRT_PRICE = 4295128739 + 1;
    uint160 private constant _MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342 - 1;

    /// @dev Amounts are whole token-wei, so cost is not quite convex: a hundred-thousandth covers that for all but tiny trades.
    uint256 private constant _SLACK_SHIFT = 17;

    uint256 private constant _SEARCH_STEPS = 6;

    /// @dev What a hook may spend, so that it cannot make purchases dear.
    uint256 private constant _HOOK_GAS = 300_000;

    enum Mode {
        Buy,
        Sell,
        QuoteBuy,
        QuoteSell
    }

    /// @dev What a trade carries from callback to callback. `payer` and `maxIn` matter in a buy only.
    struct Walk {
        Mode mode;
        bool ether_;
        Permission permission;
        address payer;
        uint256 maxIn;
        bytes permit;
        Node[] nodes;
    }

    IIndexFactory public immutable factory;
    IFeeDistributor public immutable distributor;
    IUniswapV3Factory public immutable v3Factory;
    IPermit2 public immutable permit2;
    IWETH public immutable weth;

    mapping(address token => Hop) public hop;

    /// @inheritdoc IIndexRouter
    address public buyHook;

    /// @dev The only contract that may call back now.
    address private transient _pool;

    /// @dev {tok} of the caller's token: what the buy cost, or the sale brought.
    uint256 private transient _total;

    constructor(
        address authority_,
        IIndexFactory factory_,
        IFeeDistributor distributor_,
        IUniswapV3Factory v3Factory_,
        IPermit2 permit2_,
        IWETH weth_
    ) FixedAuthority(authority_) {
        if (authority_ == address(0) || address(factory_) == address(0) || address(distributor_) == address(0)) {
            revert IndexRouter_ZeroAddress();
        }

        factory = factory_;
        distributor = distributor_;
        v3Factory = v3Factory_;
        permit2 = permit2_;
        weth = weth_;
    }

    /// @dev Ether comes from WETH alone.
    receive() external payable {
        if (msg.sender != address(weth)) revert IndexRouter_UnexpectedEther(msg.value);
    }

    // ---------------------------------------------------------------- trades

    /// @inheritdoc IIndexRouter
    function buy(Trade calldata t, uint256 shares, uint256 maxIn) external payable nonReentrant returns (uint256 amountIn) {
        _check(t);
        return _buy(t, shares, maxIn);
    }

    /// @inheritdoc IIndexRouter
    function buyExactInput(Trade calldata t, uint256 amountIn, uint256 targetShares, uint256 minShares)
        external
        payable
        nonReentrant
        returns (uint256 shares, uint256 spent)
    {
        _check(t);
        uint256 cost = _quote(Mode.QuoteBuy, t.index, _asset(t.token), targetShares);
        shares = targetShares;
        if (cost > amountIn) {
            shares = Math.mulDiv(targetShares, amountIn, cost);
            shares -= shares >> _SLACK_SHIFT;
        }
        if (shares < minShares) revert IndexRouter_TooLittle(shares, minShares);

        spent = _buy(t, shares, amountIn);
    }

    /// @inheritdoc IIndexRouter
    function sell(Trade calldata t, uint256 shares, uint256 minOut) external nonReentrant returns (uint256 amountOut) {
        _check(t);
        return _sell(t, shares, minOut);
    }

    /// @inheritdoc IIndexRouter
    function sellExactOutput(Trade calldata t, uint256 amountOut, uint256 maxShares)
        external
        nonReentrant
        returns (uint256 shares, uint256 received)
    {
        _check(t);
        uint256 most = _quote(Mode.QuoteSell, t.index, _asset(t.token), maxShares);
        if (most < amountOut) revert IndexRouter_TooLittle(most, amountOut);

        // A wei of the output for every rounding on the way.
        shares = Math.min(maxShares, Math.mulDiv(maxShares, amountOut + 1, most, Math.Rounding.Ceil));
        received = _sell(t, shares, amountOut);
    }

    /// @inheritdoc IIndexRouter
    function stakeWithPermit(address index, uint256 shares, address receiver, bytes calldata permit)
        external
        nonReentrant
        returns (uint256 stakedShares)
    {
        if (receiver == address(0)) revert IndexRouter_ZeroAddress();
        if (!factory.isIndex(index)) revert IndexRouter_UnknownIndex(index);

        if (permit.length != 0) _permit(index, permit);
        IERC20(index).safeTransferFrom(msg.sender, address(this), shares);
        return _stake(index, shares, receiver);
    }

    // ---------------------------------------------------------------- quotes

    /// @inheritdoc IIndexRouter
    function quoteBuy(address index, address token, uint256 shares) external nonReentrant returns (uint256) {
        return _quote(Mode.QuoteBuy, index, _asset(token), shares);
    }

    /// @inheritdoc IIndexRouter
    function quoteSell(address index, address token, uint256 shares) external nonReentrant returns (uint256) {
        return _quote(Mode.QuoteSell, index, _asset(token), shares);
    }

    /// @inheritdoc IIndexRouter
    function quoteBuyExactInput(address index, address token, uint256 amountIn)
        external
        nonReentrant
        returns (uint256 shares, uint256 cost)
    {
        uint256 under = amountIn; // what is left at `shares`, and what is missing at `above`; either may be halved
        uint256 over;
        uint256 above;
        bool wasAbove;
        uint256 guess = 1e18;
        for (uint256 i = 0; i < _SEARCH_STEPS && guess != shares && guess != above; ++i) {
            uint256 guessCost = _quote(Mode.QuoteBuy, index, _asset(token), guess);
            bool isAbove = guessCost > amountIn;
            bool sameSide = i != 0 && isAbove == wasAbove;
            wasAbove = isAbove;
            if (isAbove) {
                (above, over) = (guess, guessCost - amountIn);
                if (sameSide) under /= 2;
            } else {
                (shares, cost, under) = (guess, guessCost, amountIn - guessCost);
                if (sameSide) over /= 2;
            }
            if (under == 0) break;

            // Along the chord between both, or on from the one below.
            guess =
                above != 0 ? shares + Math.mulDiv(above - shares, under, under + over) : Math.mulDiv(shares, amountIn, Math.max(cost, 1));
        }
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

    // ---------------------------------------------------------------- the walk

    /// @inheritdoc IUniswapV3SwapCallback
    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata data) external {
        if (msg.sender != _pool) revert IndexRouter_UnexpectedCallback(msg.sender);

        (uint256 n, Walk memory w) = abi.decode(data, (uint256, Walk));
        Node memory node = w.nodes[n];
        Node memory parent = w.nodes[node.parent];
        bool nodeIs0 = node.token < parent.token;
        (int256 ofNode, int256 ofParent) = nodeIs0 ? (delta0, delta1) : (delta1, delta0);

        // Exactly what was asked for, or the pool has run dry.
        bool buying = _buys(w.mode);
        int256 wanted = buying ? -node.amount.toInt256() : node.amount.toInt256();
        if (ofNode != wanted) revert IndexRouter_NotEnoughLiquidity(msg.sender);

        uint256 flow = uint256(buying ? ofParent : -ofParent);
        parent.amount += flow;
        _step(w, n + 1);

        if (buying) IERC20(parent.token).safeTransfer(msg.sender, flow);
        else IERC20(node.token).safeTransfer(msg.sender, node.amount);
    }

    /// @dev Swaps node `n` against its parent; the pool calls back for the rest of the walk.
    function _step(Walk memory w, uint256 n) private {
        uint256 last = w.nodes.length - 1;
        while (n < last && w.nodes[n].amount == 0) ++n;
        if (n == last) return _settle(w, w.nodes[last]);

        Node memory node = w.nodes[n];
        bool buying = _buys(w.mode);
        bool zeroForOne = (node.token < w.nodes[node.parent].token) != buying;
        int256 amount = node.amount.toInt256();

        _pool = node.pool;
        IUniswapV3Pool(node.pool)
            .swap(address(this), zeroForOne, buying ? -amount : amount, zeroForOne ? _MIN_SQRT_PRICE : _MAX_SQRT_PRICE, abi.encode(n, w));
    }

    /// @dev The end of the walk: all is in the caller's token.
    function _settle(Walk memory w, Node memory asset) private {
        _pool = address(0);
        if (w.mode == Mode.QuoteBuy || w.mode == Mode.QuoteSell) revert IndexRouter_Quote(asset.amount);

        _total = asset.amount;
        if (w.mode == Mode.Buy) _collect(w, asset);
    }

    /// @dev Gets the cost of a buy from the payer.
    function _collect(Walk memory w, Node memory asset) private {
        uint256 amount = asset.amount;
        if (amount > w.maxIn) revert IndexRouter_TooExpensive(amount, w.maxIn);

        if (w.ether_) {
            weth.deposit{value: amount}();
        } else if (w.permission == Permission.Permit2) {
            (uint256 maximum, uint256 nonce, uint256 deadline, bytes memory signature) =
                abi.decode(w.permit, (uint256, uint256, uint256, bytes));
            permit2.permitTransferFrom(
                IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(asset.token, maximum), nonce, deadline),
                IPermit2.SignatureTransferDetails(address(this), amount),
                w.payer,
                signature
            );
        } else {
            IERC20(asset.token).safeTransferFrom(w.payer, address(this), amount);
        }
    }

    // ---------------------------------------------------------------- both directions

    function _buy(Trade calldata t, uint256 shares, uint256 maxIn) private returns (uint256 amountIn) {
        bool ether_ = t.token == address(0);
        address asset = _asset(t.token);
        if (ether_ ? msg.value < maxIn : msg.value != 0) revert IndexRouter_UnexpectedEther(msg.value);
        if (t.permission == Permission.Permit) _permit(asset, t.permit);

        (address[] memory tokens,,) = IIndexToken(t.index).basket();
        uint256[] memory amounts = IIndexToken(t.index).previewMint(shares);
        _step(
            Walk({
                mode: Mode.Buy,
                ether_: ether_,
                permission: t.permission,
                payer: msg.sender,
                maxIn: maxIn,
                permit: t.permission == Permission.Permit2 ? t.permit : bytes(""),
                nodes: HopTree.plan(hop, address(v3Factory), address(weth), asset, tokens, amounts)
            }),
            0
        );
        amountIn = _total;

        for (uint256 i = 0; i < tokens.length; ++i) {
            _allow(tokens[i], t.index, amounts[i]);
        }
        IIndexToken(t.index).mint(shares, t.stake ? address(this) : t.receiver, IIndexToken(t.index).basketHash(), amounts, block.timestamp);
        if (t.stake) _stake(t.index, shares, t.receiver);
        emit Bought(t.index, msg.sender, t.receiver, t.token, amountIn, shares, t.referralCode);

        for (uint256 i = 0; i < tokens.length; ++i) {
            _sweep(tokens[i], msg.sender);
        }
        if (address(this).balance != 0) Address.sendValue(payable(msg.sender), address(this).balance);
        _tell(t.referralCode);
    }

    /// @dev The router's own shares of `index` become the receiver's shares of its staked token.
    function _stake(address index, uint256 shares, address receiver) private returns (uint256 stakedShares) {
        address stakedToken = distributor.stakedTokenOf(index);
        if (stakedToken == address(0)) revert IndexRouter_NoStakedToken(index);

        _allow(index, stakedToken, shares);
        stakedShares = IStakedToken(stakedToken).deposit(shares, receiver);
        emit Staked(index, msg.sender, receiver, shares, stakedShares);
    }

    /// @dev Who buys is told about, not who receives: nobody can be joined or bound by a stranger's purchase. Nobody can stop a purchase either.
    function _tell(bytes32 referralCode) private {
        address hook = buyHook;
        if (hook == address(0)) return;

        try IBuyHook(hook).onBuy{gas: _HOOK_GAS}(msg.sender, referralCode) {} catch {}
    }

    /// @dev Unlimited, to indexes and staked tokens only: both pull from their caller alone, and the router holds nothing between transactions.
    function _allow(address token, address spender, uint256 amount) private {
        if (IERC20(token).allowance(address(this), spender) < amount) IERC20(token).forceApprove(spender, type(uint256).max);
    }

    function _sell(Trade calldata t, uint256 shares, uint256 minOut) private returns (uint256 amountOut) {
        if (t.permission == Permission.Permit2) revert IndexRouter_UnsupportedPermission(t.permission);
        if (t.permission == Permission.Permit) _permit(t.index, t.permit);
        address asset = _asset(t.token);

        (address[] memory tokens,,) = IIndexToken(t.index).basket();
        IIndexToken(t.index).redeem(shares, address(this), msg.sender, 0, new uint256[](0), block.timestamp);
        uint256[] memory amounts = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            // Not what the index says: a failed transfer is a claim of the caller, a fee on transfer is gone.
            amounts[i] = IERC20(tokens[i]).balanceOf(address(this));
        }

        Walk memory w;
        w.mode = Mode.Sell;
        w.nodes = HopTree.plan(hop, address(v3Factory), address(weth), asset, tokens, amounts);
        _step(w, 0);
        amountOut = _total;
        if (amountOut < minOut) revert IndexRouter_TooLittle(amountOut, minOut);
        emit Sold(t.index, msg.sender, t.receiver, t.token, shares, amountOut);

        if (t.token == address(0)) {
            weth.withdraw(amountOut);
            Address.sendValue(payable(t.receiver), amountOut);
        } else {
            IERC20(asset).safeTransfer(t.receiver, amountOut);
        }
    }

    /// @dev Runs the walk until it reverts with the amount.
    function _quote(Mode mode, address index, address asset, uint256 shares) private returns (uint256 amount) {
        if (!factory.isIndex(index)) revert IndexRouter_UnknownIndex(index);

        (address[] memory tokens,,) = IIndexToken(index).basket();
        Walk memory w;
        w.mode = mode;
        uint256[] memory amounts = mode == Mode.QuoteBuy ? IIndexToken(index).previewMint(shares) : IIndexToken(index).previewRedeem(shares);
        w.nodes = HopTree.plan(hop, address(v3Factory), address(weth), asset, tokens, amounts);
        try this.simulate(w) {
            assert(false); // a quote always ends in a revert
        } catch (bytes memory reason) {
            if (reason.length != 36 || bytes4(reason) != IndexRouter_Quote.selector) LowLevelCall.bubbleRevert(reason);
            assembly ("memory-safe") {
                amount := mload(add(reason, 36)) // the one argument behind length and selector
            }
        }
    }

    /// @notice Runs a quote's walk. Only the router itself can call it, and it always reverts.
    function simulate(Walk memory w) external {
        if (msg.sender != address(this)) revert IndexRouter_UnexpectedCallback(msg.sender);
        _step(w, 0);
    }

    function _check(Trade calldata t) private view {
        if (block.timestamp > t.deadline) revert IndexRouter_Expired(t.deadline, block.timestamp);
        if (t.receiver == address(0)) revert IndexRouter_ZeroAddress();
        if (!factory.isIndex(t.index)) revert IndexRouter_UnknownIndex(t.index);
    }

    function _buys(Mode mode) private pure returns (bool) {
        return mode == Mode.Buy || mode == Mode.QuoteBuy;
    }

    function _asset(address token) private view returns (address) {
        return token == address(0) ? address(weth) : token;
    }

    /// @dev A permit that somebody else has already used is no reason to fail: the allowance is there.
    function _permit(address token, bytes calldata permit) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) = abi.decode(permit, (uint256, uint256, uint8, bytes32, bytes32));
        try IERC20Permit(token).permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {}
    }

    function _sweep(address token, address to) private {
        uint256 left = IERC20(token).balanceOf(address(this));
        if (left != 0) IERC20(token).safeTransfer(to, left);
    }
}
