// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";
import {IIndexMintCallback} from "../../interfaces/IIndexToken.sol";
import {IPermit2} from "../../interfaces/external/IPermit2.sol";
import {IUniswapV3Factory, IUniswapV3Pool, IUniswapV3SwapCallback} from "../../interfaces/external/IUniswapV3.sol";
import {IWETH} from "../../interfaces/external/IWETH.sol";
import {Hop, HopTree, SwapPlan} from "./HopTree.sol";
import {SwapLeg, SwapLegLib} from "./SwapLeg.sol";
import {Node} from "./Node.sol";
import {SwapPath} from "./SwapPath.sol";

/// @title The pools' side of a trade
/// @notice How the tokens of a trade are swapped; `docs/router.md` has a picture. They are nodes of a tree whose root
/// is the caller's token, parents before children.
/// @dev Why swaps are nested: a purchase is an index's mint with callback. In the callback the router swaps in the last
/// node's pool, for an exact output that goes straight to the index, inside that pool's callback in the next node's,
/// and so on. A pool pays before it calls back, so the caller's token is all that is owed in the innermost callback,
/// and no account has to advance a constituent. Every pool is paid on the way back out.
///
/// A quote asks pool after pool and undoes each swap. No two legs of a trade share a pool, so that is exact.
abstract contract RouterSwaps is IIndexRouter, IIndexMintCallback, IUniswapV3SwapCallback {
    using SafeERC20 for IERC20;

    /// @dev Just inside the ticks that pools allow, so that only the caller's own bounds limit a swap (Uniswap v3 core,
    /// TickMath).
    uint160 private constant _MIN_SQRT_PRICE = 4295128739 + 1;
    uint160 private constant _MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342 - 1;

    /// @dev {tok} By how much rounding may move the amount of a constituent: up once in a mint, down twice in a
    /// redemption and once in the pool.
    uint256 private constant _OFF_IN_MINT = 1;
    uint256 private constant _OFF_IN_SALE = 3;

    /// @dev Gas that one leg of a sale may spend, so that a token that burns gas does not stop the others. A swap over
    /// a hundred ticks takes less. A leg that fails with less than that is starved: see {_requireLegGas}.
    uint256 private constant _LEG_GAS = 4_000_000;

    /// @dev Gas, and some to spare, that the router spends on a leg before it calls the pool.
    uint256 private constant _CALL_GAS = 20_000;

    /// @dev What a purchase carries through the index and the pools.
    /// @param quotes true to learn the cost and undo the purchase
    /// @param scalable true to learn the cost where that is more than `maxIn`
    /// @param ether_ true where the caller pays in ether
    /// @param permission how the router gets at the caller's tokens
    /// @param asset the caller's token, WETH for ether
    /// @param payer the caller
    /// @param maxIn {asset} most to pay
    /// @param permit for `permission`
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

    /// @notice Made all pools that the router uses.
    IUniswapV3Factory public immutable v3Factory;

    /// @notice Uniswap's Permit2.
    IPermit2 public immutable permit2;

    /// @notice Wrapped ether, the root of the tree of tokens.
    IWETH public immutable weth;

    /// @inheritdoc IIndexRouter
    mapping(address token => Hop) public hop;

    /// @dev The only index, and the only pool, that may call back now.
    address internal transient _index;
    address private transient _pool;

    /// @dev {tok} of the caller's token: what the purchase cost.
    uint256 internal transient _total;

    constructor(IUniswapV3Factory v3Factory_, IPermit2 permit2_, IWETH weth_) {
        v3Factory = v3Factory_;
        permit2 = permit2_;
        weth = weth_;
    }

    // ---------------------------------------------------------------- callbacks

    /// @inheritdoc IIndexMintCallback
    function onIndexMint(address[] calldata tokens, uint256[] calldata amounts, bytes calldata data) external {
        if (msg.sender != _index) revert IndexRouter_UnexpectedCallback(msg.sender);

        Purchase memory p = abi.decode(data, (Purchase));
        SwapPlan memory plan = HopTree.plan(hop, address(weth), p.asset, tokens, amounts, true);
        if (p.quotes) {
            (uint256 amountIn, uint256 slack) = _quoteLegs(plan, false);
            revert IndexRouter_Quote(amountIn, slack);
        }

        SwapPath.store(plan);
        _buyNode(plan.count - 1, data);

        // Pools have paid the index, but for constituents that also pay for others: those came to the router.
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

        SwapLeg leg = SwapLeg.wrap(uint256(bytes32(data)));
        uint256 amount = uint256(bytes32(data[32:]));
        (int256 ofNode, int256 ofParent) = leg.nodeIs0() ? (delta0, delta1) : (delta1, delta0);

        // Anything but the exact amount means that the pool has run dry.
        if (ofNode != leg.specified(amount)) revert IndexRouter_NotEnoughLiquidity(msg.sender);
        uint256 flow = uint256(leg.sells() ? -ofParent : ofParent);
        if (leg.quotes()) revert IndexRouter_Quote(flow, 0);

        if (leg.sells()) {
            _pool = address(0);
            IERC20(leg.pays()).safeTransfer(msg.sender, amount);
            return;
        }

        SwapPath.swapped(leg.n(), leg.parent(), flow);
        _buyNode(leg.n() - 1, data[64:]);

        if (leg.parent() == 0) _payAsset(abi.decode(data[64:], (Purchase)), msg.sender, flow);
        else IERC20(leg.pays()).safeTransfer(msg.sender, flow);
    }

    // ---------------------------------------------------------------- swap paths

    /// @dev Buys node `n` with its parent. The pool calls back, and its callback buys the rest of the plan.
    function _buyNode(uint256 n, bytes calldata purchase) private {
        uint256 amount = SwapPath.amount(n);
        while (amount == 0 && n != 0) amount = SwapPath.amount(--n);
        if (n == 0) return _collectPayment(purchase, amount);

        Node node = SwapPath.node(n);
        address parent = SwapPath.node(node.parent()).token();
        SwapLeg leg = SwapLegLib.pack(n, node, parent, false, false);
        IUniswapV3Pool(_openPool(node, parent))
            .swap(
                _payee(node),
                leg.zeroForOne(),
                leg.specified(amount),
                _endOfPrices(leg),
                bytes.concat(bytes32(SwapLeg.unwrap(leg)), bytes32(amount), purchase)
            );
    }

    /// @dev The innermost callback: only the caller's token is owed. Ether and tokens by Permit2 come to the router
    /// now; tokens by allowance go to the pools one by one.
    function _collectPayment(bytes calldata purchase, uint256 amount) private {
        _pool = address(0);
        Purchase memory p = abi.decode(purchase, (Purchase));
        if (amount > p.maxIn) {
            if (p.scalable) revert IndexRouter_Quote(amount, SwapPath.slack(_OFF_IN_MINT));
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

    /// @dev Pays in the caller's token. All payments of a purchase together are {_total}.
    function _payAsset(Purchase memory p, address to, uint256 amount) private {
        if (p.ether_ || p.permission == Permission.Permit2) IERC20(p.asset).safeTransfer(to, amount);
        else IERC20(p.asset).safeTransferFrom(p.payer, to, amount);
    }

    /// @dev The receiver of a bought node: the index, or the router where the node also pays for others.
    function _payee(Node node) private view returns (address) {
        return node.inner() ? address(this) : _index;
    }

    /// @dev Sells node `n` for its parent. False where there is no pool, or where the pool does not take all of the
    /// amount.
    function _sellLeg(uint256 n, Node node, address parent, uint256 amount, address recipient)
        internal
        returns (bool sold, uint256 flow)
    {
        if (node.fee() == 0) return (false, 0);

        SwapLeg leg = SwapLegLib.pack(n, node, parent, true, false);
        bytes memory answer;
        uint256 gasBefore = gasleft();
        (sold, answer) = _trySwap(leg, node, parent, amount, recipient, _LEG_GAS);
        if (!sold) _requireLegGas(gasBefore);
        if (!sold || answer.length != 64) return (false, 0);

        (int256 delta0, int256 delta1) = abi.decode(answer, (int256, int256));
        flow = uint256(-(leg.nodeIs0() ? delta1 : delta0));
    }

    // ---------------------------------------------------------------- quotes

    /// @dev {tok} of the caller's token that a plan costs or brings, and its {HopTree.slack}.
    function _quoteLegs(SwapPlan memory plan, bool sells) internal returns (uint256, uint256) {
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
    function _quoteLeg(bool sells, uint256 n, Node node, address parent, uint256 amount)
        private
        returns (uint256 flow)
    {
        if (node.fee() == 0) return 0;

        SwapLeg leg = SwapLegLib.pack(n, node, parent, sells, true);
        uint256 gasBefore = gasleft();
        (, bytes memory reason) =
            _trySwap(leg, node, parent, amount, sells ? address(this) : _payee(node), sells ? _LEG_GAS : gasleft());
        if (bytes4(reason) == IndexRouter_Quote.selector) (flow,) = _decodeQuote(reason);
        else if (!sells) LowLevelCall.bubbleRevert(reason);
        else _requireLegGas(gasBefore);
    }

    /// @dev The two arguments of {IndexRouter_Quote}, behind length and selector.
    function _decodeQuote(bytes memory reason) internal pure returns (uint256 amount, uint256 slack) {
        assembly ("memory-safe") {
            amount := mload(add(reason, 36))
            slack := mload(add(reason, 68))
        }
    }

    // ---------------------------------------------------------------- pools

    /// @dev The pool of a node and its parent's token, which may call back from now on.
    function _openPool(Node node, address parent) private returns (address pool) {
        _pool = pool = HopTree.poolOf(address(v3Factory), node.token(), parent, node.fee());
    }

    function _endOfPrices(SwapLeg leg) private pure returns (uint160) {
        return leg.zeroForOne() ? _MIN_SQRT_PRICE : _MAX_SQRT_PRICE;
    }

    /// @dev A hundred times the price, or a hundredth, for quotes and for sales alike. So a sale does not sell for next
    /// to nothing what its quote counted as nothing. A dry pool would take a swap to the end of all prices, which costs
    /// millions of gas.
    function _priceLimitOfTry(SwapLeg leg, address pool) private view returns (uint160) {
        (uint160 price,,,,,,) = IUniswapV3Pool(pool).slot0();
        return leg.zeroForOne()
            ? uint160(Math.max(price / 10, _MIN_SQRT_PRICE))
            : uint160(Math.min(uint256(price) * 10, _MAX_SQRT_PRICE));
    }

    /// @dev Swaps a leg that may fail. False where it does, with the reason.
    function _trySwap(SwapLeg leg, Node node, address parent, uint256 amount, address recipient, uint256 gasLimit)
        private
        returns (bool success, bytes memory answer)
    {
        address pool = _openPool(node, parent);
        bytes memory data = bytes.concat(bytes32(SwapLeg.unwrap(leg)), bytes32(amount));
        bytes memory call = abi.encodeCall(
            IUniswapV3Pool.swap,
            (recipient, leg.zeroForOne(), leg.specified(amount), _priceLimitOfTry(leg, pool), data)
        );
        // A high-level `try` would itself revert where there is no pool.
        // solhint-disable-next-line avoid-low-level-calls
        (success, answer) = pool.call{gas: gasLimit}(call);
    }

    /// @dev A leg of a sale that failed counts as one that cannot be sold only if it had its full gas: else a wallet's
    /// estimate, the least gas with which a call succeeds, would hand over what its pool takes. EIP-150 passes on
    /// 63/64 of what is left, after what it takes to prepare the call.
    function _requireLegGas(uint256 gasBefore) private pure {
        uint256 available = Math.saturatingSub(gasBefore - gasBefore / 64, _CALL_GAS);
        if (available < _LEG_GAS) revert IndexRouter_TooLittleGas(available, _LEG_GAS);
    }
}
