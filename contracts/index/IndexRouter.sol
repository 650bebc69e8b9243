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
import {IIndexMintCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {IPermit2} from "../../interfaces/external/IPermit2.sol";
import {IUniswapV3Factory, IUniswapV3Pool, IUniswapV3SwapCallback} from "../../interfaces/external/IUniswapV3.sol";
import {IWETH} from "../../interfaces/external/IWETH.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {Hop, HopTree, Plan} from "./HopTree.sol";
import {Leg, LegLib} from "./Leg.sol";
import {Node} from "./Node.sol";
import {TolerantERC20} from "./TolerantERC20.sol";
import {Walk} from "./Walk.sol";

/// @title Buy and sell an index in one transaction
/// @dev How a trade runs; `docs/router.md` has a picture. Its tokens are nodes of a tree whose root is the caller's
/// token, parents before children.
///
/// A purchase is an index's mint with callback. In the callback the router swaps in the last node's pool, for an exact
/// output that goes straight to the index, inside that pool's callback in the next one's, and so on. A pool pays before
/// it calls back, so nothing is ever fronted. In the innermost callback the caller's token is all that is owed; every
/// pool is paid on the way back out.
///
/// A sale redeems and sells node after node, exact inputs, from the last to the first. What a pool does not take is
/// handed over as it is.
///
/// A quote asks pool after pool and undoes each swap. No two legs of a trade share a pool, so that is exact.
contract IndexRouter is IIndexRouter, IIndexMintCallback, IUniswapV3SwapCallback, FixedAuthority, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Just inside the ticks that pools allow: no limit but the caller's own (Uniswap v3 core, TickMath).
    uint160 private constant _MIN_SQRT_PRICE = 4295128739 + 1;
    uint160 private constant _MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342 - 1;

    uint256 private constant _SEARCH_STEPS = 8;

    /// @dev {tok} By how much rounding may move the amount of a constituent: up once in a mint, down twice in a
    /// redemption and once in the pool.
    uint256 private constant _OFF_IN_MINT = 1;
    uint256 private constant _OFF_IN_SALE = 3;

    /// @dev What one leg of a sale may spend, so that a token that burns gas does not stop the others. A swap over a
    /// hundred ticks takes less.
    uint256 private constant _LEG_GAS = 4_000_000;

    /// @dev What a hook may spend, so that it cannot make purchases dear.
    uint256 private constant _HOOK_GAS = 300_000;

    uint256 private constant _BPS = 10_000;
    uint256 private constant _RAY = 1e27;
    uint256 private constant _WAD = 1e18;

    /// @dev What a purchase carries through the index and the pools.
    /// @param quotes true to be told what it would cost, and nothing more
    /// @param scalable true to be told what it would cost where that is more than `maxIn`
    struct Purchase {
        bool quotes;
        bool scalable;
        bool ether_;
        Permission permission;
        address asset;
        address payer;
        uint256 maxIn;
        bytes permit;
    }

    IIndexFactory public immutable factory;
    IFeeDistributor public immutable distributor;
    IUniswapV3Factory public immutable v3Factory;
    IPermit2 public immutable permit2;
    IWETH public immutable weth;

    mapping(address token => Hop) public hop;

    /// @inheritdoc IIndexRouter
    address public buyHook;

    /// @dev The only index, and the only pool, that may call back now.
    address private transient _index;
    address private transient _pool;

    /// @dev {tok} of the caller's token: what the purchase cost.
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
        Purchase memory p = _purchase(t, maxIn);

        (bool minted, bytes memory reason) = _mint(t, shares, p);
        if (!minted) LowLevelCall.bubbleRevert(reason);

        return _bought(t, shares);
    }

    /// @inheritdoc IIndexRouter
    function buyExactInput(Trade calldata t, uint256 amountIn, uint256 targetShares, uint256 minShares)
        external
        payable
        nonReentrant
        returns (uint256 shares, uint256 spent)
    {
        Purchase memory p = _purchase(t, amountIn);
        p.scalable = true;

        shares = targetShares;
        (bool minted, bytes memory reason) = _mint(t, shares, p);
        if (!minted && bytes4(reason) == IIndexToken.IndexToken_SupplyCapExceeded.selector) {
            shares = _atLeast(Math.min(shares, mostShares(t.index)), minShares);
            (minted, reason) = _mint(t, shares, p);
        }
        if (!minted && bytes4(reason) == IndexRouter_Quote.selector) {
            (uint256 cost, uint256 slack) = _quoted(reason);
            shares = _atLeast(Math.mulDiv(shares, Math.saturatingSub(amountIn, slack), cost), minShares);
            p.scalable = false;
            (minted, reason) = _mint(t, shares, p);
        }
        if (!minted) LowLevelCall.bubbleRevert(reason);

        spent = _bought(t, shares);
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

        if (permit.length != 0) _permit(index, permit);
        IERC20(index).safeTransferFrom(msg.sender, address(this), shares);
        return _stake(index, shares, receiver);
    }

    /// @inheritdoc IIndexRouter
    function prepare(address index) external nonReentrant {
        _requireIndex(index);
        _allow(index, _stakedTokenOf(index), type(uint256).max);
    }

    // ---------------------------------------------------------------- quotes

    /// @inheritdoc IIndexRouter
    function quoteBuy(address index, address token, uint256 shares) external nonReentrant returns (uint256 amountIn) {
        _requireIndex(index);
        return _quoteBuy(index, token, shares);
    }

    /// @inheritdoc IIndexRouter
    function quoteSell(address index, address token, uint256 shares) external nonReentrant returns (uint256 amountOut) {
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
        IIndexToken.Terms memory terms = IIndexToken(index).terms();
        uint256 multiplier = IIndexToken(index).multiplier();
        (uint256 base,,) = IIndexToken(index).baseAndUnits(address(0), address(0));

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

    // ---------------------------------------------------------------- callbacks

    /// @inheritdoc IIndexMintCallback
    function onIndexMint(address[] calldata tokens, uint256[] calldata amounts, bytes calldata data) external {
        if (msg.sender != _index) revert IndexRouter_UnexpectedCallback(msg.sender);

        Purchase memory p = abi.decode(data, (Purchase));
        Plan memory plan = HopTree.plan(hop, address(weth), p.asset, tokens, amounts, true);
        if (p.quotes) {
            (uint256 amountIn, uint256 slack) = _quoteLegs(plan, false);
            revert IndexRouter_Quote(amountIn, slack);
        }

        Walk.store(plan);
        _step(plan.count - 1, data);

        // Pools have paid the index, but for what is a constituent and pays for others as well.
        for (uint256 n = 0; n < plan.count; ++n) {
            if (plan.amounts[n] == 0) continue;
            if (n == 0) _payAsset(p, msg.sender, plan.amounts[n]);
            else if (plan.nodes[n].inner()) IERC20(plan.nodes[n].token()).safeTransfer(msg.sender, plan.amounts[n]);
        }
    }

    /// @inheritdoc IUniswapV3SwapCallback
    /// @param data the leg, {tok} of its node, and the purchase that it is part of
    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata data) external {
        if (msg.sender != _pool) revert IndexRouter_UnexpectedCallback(msg.sender);

        Leg leg = Leg.wrap(uint256(bytes32(data)));
        uint256 amount = uint256(bytes32(data[32:]));
        (int256 ofNode, int256 ofParent) = leg.nodeIs0() ? (delta0, delta1) : (delta1, delta0);

        // Exactly what was asked for, or the pool has run dry.
        if (ofNode != leg.specified(amount)) revert IndexRouter_NotEnoughLiquidity(msg.sender);
        uint256 flow = uint256(leg.sells() ? -ofParent : ofParent);
        if (leg.quotes()) revert IndexRouter_Quote(flow, 0);

        if (leg.sells()) {
            _pool = address(0);
            IERC20(leg.pays()).safeTransfer(msg.sender, amount);
            return;
        }

        Walk.swapped(leg.n(), leg.parent(), flow);
        _step(leg.n() - 1, data[64:]);

        if (leg.parent() == 0) _payAsset(abi.decode(data[64:], (Purchase)), msg.sender, flow);
        else IERC20(leg.pays()).safeTransfer(msg.sender, flow);
    }

    // ---------------------------------------------------------------- purchases

    function _purchase(Trade calldata t, uint256 maxIn) private returns (Purchase memory p) {
        _check(t);
        bool ether_ = t.token == address(0);
        if (ether_ ? msg.value < maxIn : msg.value != 0) revert IndexRouter_UnexpectedEther(msg.value);

        p = Purchase({
            quotes: false,
            scalable: false,
            ether_: ether_,
            permission: t.permission,
            asset: _asset(t.token),
            payer: msg.sender,
            maxIn: maxIn,
            permit: t.permission == Permission.Permit2 ? t.permit : bytes("")
        });
        if (t.permission == Permission.Permit) _permit(p.asset, t.permit);
    }

    /// @dev Has the index mint, for what its callback gets delivered. `reason` is what stopped it.
    function _mint(Trade calldata t, uint256 shares, Purchase memory p) private returns (bool minted, bytes memory reason) {
        _index = t.index;
        try IIndexToken(t.index).mintWithCallback(shares, t.stake ? address(this) : t.receiver, abi.encode(p)) {
            minted = true;
        } catch (bytes memory why) {
            reason = why;
        }
        _index = address(0);
    }

    /// @dev What follows a mint. Of ether only the caller's own goes back, so that nobody's gift can be in the way.
    function _bought(Trade calldata t, uint256 shares) private returns (uint256 amountIn) {
        amountIn = _total;
        if (t.stake) _stake(t.index, shares, t.receiver);
        emit Bought(t.index, msg.sender, t.receiver, t.token, amountIn, shares, t.referralCode);

        if (t.token == address(0) && msg.value != amountIn) Address.sendValue(payable(msg.sender), msg.value - amountIn);
        _tell(t.referralCode);
    }

    /// @dev Buys node `n` with its parent; the pool calls back for the rest of the walk.
    function _step(uint256 n, bytes calldata purchase) private {
        uint256 amount = Walk.amount(n);
        while (amount == 0 && n != 0) amount = Walk.amount(--n);
        if (n == 0) return _settle(purchase, amount);

        Node node = Walk.node(n);
        address parent = Walk.node(node.parent()).token();
        Leg leg = LegLib.pack(n, node, parent, false, false);
        IUniswapV3Pool(_open(node, parent))
            .swap(
                _payee(node),
                leg.zeroForOne(),
                leg.specified(amount),
                _limit(leg),
                bytes.concat(bytes32(Leg.unwrap(leg)), bytes32(amount), purchase)
            );
    }

    /// @dev The end of the walk: all that is owed is the caller's token. Ether and what Permit2 brings come to the
    /// router; other tokens go to the pools.
    function _settle(bytes calldata purchase, uint256 amount) private {
        _pool = address(0);
        Purchase memory p = abi.decode(purchase, (Purchase));
        if (amount > p.maxIn) {
            if (p.scalable) revert IndexRouter_Quote(amount, Walk.slack(_OFF_IN_MINT));
            revert IndexRouter_TooExpensive(amount, p.maxIn);
        }
        _total = amount;

        if (p.ether_) {
            weth.deposit{value: amount}();
        } else if (p.permission == Permission.Permit2) {
            (uint256 maximum, uint256 nonce, uint256 deadline, bytes memory signature) =
                abi.decode(p.permit, (uint256, uint256, uint256, bytes));
            permit2.permitTransferFrom(
                IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(p.asset, maximum), nonce, deadline),
                IPermit2.SignatureTransferDetails(address(this), amount),
                p.payer,
                signature
            );
        }
    }

    /// @dev Pays in the caller's token. All payments of a walk together are its total.
    function _payAsset(Purchase memory p, address to, uint256 amount) private {
        if (p.ether_ || p.permission == Permission.Permit2) IERC20(p.asset).safeTransfer(to, amount);
        else IERC20(p.asset).safeTransferFrom(p.payer, to, amount);
    }

    /// @dev Who gets what a purchase buys: the index, but for what pays for other nodes as well.
    function _payee(Node node) private view returns (address) {
        return node.inner() ? address(this) : _index;
    }

    /// @dev Not fewer than the caller wants.
    function _atLeast(uint256 shares, uint256 minShares) private pure returns (uint256) {
        if (shares < minShares) revert IndexRouter_TooLittle(shares, minShares);
        return shares;
    }

    /// @dev The router's own shares of `index` become the receiver's shares of its staked token.
    function _stake(address index, uint256 shares, address receiver) private returns (uint256 stakedShares) {
        address stakedToken = _stakedTokenOf(index);

        _allow(index, stakedToken, shares);
        stakedShares = IStakedToken(stakedToken).deposit(shares, receiver);
        emit Staked(index, msg.sender, receiver, shares, stakedShares);
    }

    function _stakedTokenOf(address index) private view returns (address stakedToken) {
        stakedToken = distributor.stakedTokenOf(index);
        if (stakedToken == address(0)) revert IndexRouter_NoStakedToken(index);
    }

    /// @dev Unlimited, to staked tokens only: they pull from their caller alone, and the router holds nothing between
    /// transactions.
    function _allow(address index, address stakedToken, uint256 shares) private {
        if (IERC20(index).allowance(address(this), stakedToken) < shares) IERC20(index).forceApprove(stakedToken, type(uint256).max);
    }

    /// @dev Who buys is told about, not who receives: nobody can be joined or bound by a stranger's purchase. Nobody
    /// can stop a purchase either.
    function _tell(bytes32 referralCode) private {
        address hook = buyHook;
        if (hook == address(0)) return;

        try IBuyHook(hook).onBuy{gas: _HOOK_GAS}(msg.sender, referralCode) {} catch {}
    }

    // ---------------------------------------------------------------- sales

    function _sell(Trade calldata t, uint256 shares, uint256 minOut) private returns (uint256 amountOut) {
        if (t.permission == Permission.Permit2) revert IndexRouter_UnsupportedPermission(t.permission);
        if (t.permission == Permission.Permit) _permit(t.index, t.permit);
        address asset = _asset(t.token);

        (address[] memory tokens, uint256[] memory amounts) = _redeem(t.index, shares);
        Plan memory plan = HopTree.plan(hop, address(weth), asset, tokens, amounts, false);
        uint256 here = plan.amounts[0];
        for (uint256 n = plan.count - 1; n != 0; --n) {
            if (plan.amounts[n] == 0) continue;

            Node node = plan.nodes[n];
            uint256 parent = node.parent();
            bool last = parent == 0 && t.token != address(0);
            (bool sold, uint256 flow) = _sellLeg(n, node, plan.nodes[parent].token(), plan.amounts[n], last ? t.receiver : address(this));
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

    /// @dev Redeems the caller's shares to the router.
    /// @return tokens of the basket
    /// @return amounts {tok} what arrived, not what the index says: a failed transfer is a claim of the caller, a fee
    /// on transfer is gone. Where a token does not tell balances, what the index says less what became a claim.
    function _redeem(address index, uint256 shares) private returns (address[] memory tokens, uint256[] memory amounts) {
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
                // A token that no longer answers counts nothing, and one that claims more than the index paid counts no more.
                (bool answers, uint256 held) = TolerantERC20.tryBalanceOf(tokens[i], address(this));
                amounts[i] = answers ? Math.min(amounts[i], Math.saturatingSub(held, before[i])) : 0;
            } else if (IIndexToken(index).claimOf(tokens[i], msg.sender) != before[i]) {
                // All of it became a claim, which rounds down and may be a wei less.
                amounts[i] = 0;
            }
        }
    }

    /// @dev Sells node `n` for its parent. False where there is no pool, or where it does not take all of the amount
    /// for whatever reason.
    function _sellLeg(uint256 n, Node node, address parent, uint256 amount, address recipient) private returns (bool sold, uint256 flow) {
        if (node.fee() == 0) return (false, 0);

        Leg leg = LegLib.pack(n, node, parent, true, false);
        bytes memory answer;
        (sold, answer) = _trySwap(leg, node, parent, amount, recipient, _LEG_GAS);
        if (!sold || answer.length != 64) return (false, 0);

        (int256 delta0, int256 delta1) = abi.decode(answer, (int256, int256));
        flow = uint256(-(leg.nodeIs0() ? delta1 : delta0));
    }

    /// @dev To the caller where the receiver cannot have it.
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

    /// @return amountIn {tok} of the caller's token
    /// @return slack {tok} see {HopTree.slack}
    function _quoteLegs(Plan memory plan, bool sells) private returns (uint256, uint256) {
        uint256[] memory flows = new uint256[](plan.count);
        for (uint256 n = plan.count - 1; n != 0; --n) {
            if (plan.amounts[n] == 0) continue;

            Node node = plan.nodes[n];
            flows[n] = _quoteLeg(sells, n, node, plan.nodes[node.parent()].token(), plan.amounts[n]);
            plan.amounts[node.parent()] += flows[n];
        }
        return (plan.amounts[0], HopTree.slack(plan, flows, sells ? _OFF_IN_SALE : _OFF_IN_MINT));
    }

    /// @dev {tok} of the parent for `amount` of the node. Zero where a sale would hand it over.
    function _quoteLeg(bool sells, uint256 n, Node node, address parent, uint256 amount) private returns (uint256 flow) {
        if (node.fee() == 0) return 0;

        Leg leg = LegLib.pack(n, node, parent, sells, true);
        (, bytes memory reason) = _trySwap(leg, node, parent, amount, sells ? address(this) : _payee(node), sells ? _LEG_GAS : gasleft());
        if (bytes4(reason) == IndexRouter_Quote.selector) (flow,) = _quoted(reason);
        else if (!sells) LowLevelCall.bubbleRevert(reason);
    }

    function _quoteBuy(address index, address token, uint256 shares) private returns (uint256 amountIn) {
        (bool quoted, bytes memory answer) = _askBuy(index, token, shares);
        if (!quoted) LowLevelCall.bubbleRevert(answer);
        (amountIn,) = _quoted(answer);
    }

    /// @dev False where a pool runs dry.
    function _quoteIfLiquid(address index, address token, uint256 shares) private returns (bool liquid, uint256 amountIn) {
        (bool quoted, bytes memory answer) = _askBuy(index, token, shares);
        if (quoted) (amountIn,) = _quoted(answer);
        else if (bytes4(answer) != IndexRouter_NotEnoughLiquidity.selector) LowLevelCall.bubbleRevert(answer);
        return (quoted, amountIn);
    }

    /// @dev Has the index mint as in a purchase, so that it refuses what it would refuse then. The answer is a revert:
    /// a quote, or what stopped it.
    function _askBuy(address index, address token, uint256 shares) private returns (bool quoted, bytes memory answer) {
        Purchase memory p;
        (p.quotes, p.asset) = (true, _asset(token));
        _index = index;
        try IIndexToken(index).mintWithCallback(shares, address(this), abi.encode(p)) {
            assert(false); // a quote always ends in a revert
        } catch (bytes memory reason) {
            (quoted, answer) = (bytes4(reason) == IndexRouter_Quote.selector, reason);
        }
        _index = address(0);
    }

    function _quoteSell(address index, address token, uint256 shares) private returns (uint256 amountOut, uint256 slack) {
        (address[] memory tokens,,) = IIndexToken(index).basket();
        uint256[] memory amounts = IIndexToken(index).previewRedeem(shares);
        return _quoteLegs(HopTree.plan(hop, address(weth), _asset(token), tokens, amounts, false), true);
    }

    /// @dev The two arguments of {IndexRouter_Quote}, behind length and selector.
    function _quoted(bytes memory reason) private pure returns (uint256 amount, uint256 slack) {
        assembly ("memory-safe") {
            amount := mload(add(reason, 36))
            slack := mload(add(reason, 68))
        }
    }

    // ---------------------------------------------------------------- both directions

    /// @dev The pool of a node and its parent's token, which may call back from now on.
    function _open(Node node, address parent) private returns (address pool) {
        _pool = pool = HopTree.poolOf(address(v3Factory), node.token(), parent, node.fee());
    }

    function _limit(Leg leg) private pure returns (uint160) {
        return leg.zeroForOne() ? _MIN_SQRT_PRICE : _MAX_SQRT_PRICE;
    }

    /// @dev A hundred times the price, or a hundredth, for quotes and for sales alike: what a quote counts as nothing is not
    /// sold for next to nothing. A dry pool would take a swap to the end of all prices, which costs millions of gas besides.
    function _limitOfTry(Leg leg, address pool) private view returns (uint160) {
        (uint160 price,,,,,,) = IUniswapV3Pool(pool).slot0();
        return leg.zeroForOne() ? uint160(Math.max(price / 10, _MIN_SQRT_PRICE)) : uint160(Math.min(uint256(price) * 10, _MAX_SQRT_PRICE));
    }

    /// @dev Swaps a leg that may fail. False where it does, with the reason.
    function _trySwap(Leg leg, Node node, address parent, uint256 amount, address recipient, uint256 gasLimit)
        private
        returns (bool success, bytes memory answer)
    {
        address pool = _open(node, parent);
        bytes memory data = bytes.concat(bytes32(Leg.unwrap(leg)), bytes32(amount));
        bytes memory call =
            abi.encodeCall(IUniswapV3Pool.swap, (recipient, leg.zeroForOne(), leg.specified(amount), _limitOfTry(leg, pool), data));
        // A high-level `try` would itself revert where there is no pool.
        // solhint-disable-next-line avoid-low-level-calls
        (success, answer) = pool.call{gas: gasLimit}(call);
    }

    function _check(Trade calldata t) private view {
        if (block.timestamp > t.deadline) revert IndexRouter_Expired(t.deadline, block.timestamp);
        _requireReceiver(t.index, t.receiver);
        _requireIndex(t.index);
    }

    function _requireIndex(address index) private view {
        if (!factory.isIndex(index)) revert IndexRouter_UnknownIndex(index);
    }

    /// @dev What the router or the index got, nobody would get back.
    function _requireReceiver(address index, address receiver) private view {
        if (receiver == address(0)) revert IndexRouter_ZeroAddress();
        if (receiver == address(this) || receiver == index) revert IndexRouter_InvalidReceiver(receiver);
    }

    function _asset(address token) private view returns (address) {
        return token == address(0) ? address(weth) : token;
    }

    /// @dev A permit that somebody else has already used is no reason to fail: the allowance is there.
    function _permit(address token, bytes calldata permit) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) = abi.decode(permit, (uint256, uint256, uint8, bytes32, bytes32));
        try IERC20Permit(token).permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {}
    }
}
