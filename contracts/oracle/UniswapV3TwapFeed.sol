// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

import {IAggregatorV3} from "../../interfaces/external/IAggregatorV3.sol";
import {IUniswapV3Factory, IUniswapV3Pool} from "../../interfaces/external/IUniswapV3.sol";

/// @title A Uniswap v3 pool's time-weighted average price in the shape of a Chainlink feed
/// @notice The geometric mean over the window that ends now, in quote tokens per base token. Refuses to answer where the pool was too thin to be believed.
/// @dev Mean tick and harmonic mean of liquidity as in the Uniswap v3 whitepaper, section 5. To move the mean by x, an attacker has to hold the
/// pool's price off by x for the whole window against everybody's arbitrage.
contract UniswapV3TwapFeed is IAggregatorV3 {
    uint256 private constant _MIN_WINDOW = 10 minutes;
    uint256 private constant _MAX_WINDOW = 1 days;
    uint256 private constant _Q64 = 2 ** 64;
    uint256 private constant _Q128 = 2 ** 128;
    uint256 private constant _Q192 = 2 ** 192;

    IUniswapV3Pool public immutable pool;
    address public immutable baseToken;
    address public immutable quoteToken;

    /// @notice seconds
    uint32 public immutable window;

    /// @notice Least harmonic mean of the pool's liquidity over the window, in the pool's unit.
    uint128 public immutable minLiquidity;

    bool private immutable _baseIs0;
    uint256 private immutable _baseUnit;
    uint256 private immutable _quoteUnit;

    error UniswapV3TwapFeed_InvalidPool(address pool, address baseToken);
    error UniswapV3TwapFeed_InvalidWindow(uint256 window);
    error UniswapV3TwapFeed_TooThin(uint256 liquidity, uint256 minLiquidity);

    constructor(IUniswapV3Factory v3Factory, IUniswapV3Pool pool_, address baseToken_, uint32 window_, uint128 minLiquidity_) {
        (address token0, address token1) = (pool_.token0(), pool_.token1());
        bool genuine = v3Factory.getPool(token0, token1, pool_.fee()) == address(pool_);
        if (!genuine || (baseToken_ != token0 && baseToken_ != token1)) revert UniswapV3TwapFeed_InvalidPool(address(pool_), baseToken_);
        if (window_ < _MIN_WINDOW || window_ > _MAX_WINDOW) revert UniswapV3TwapFeed_InvalidWindow(window_);

        pool = pool_;
        window = window_;
        minLiquidity = minLiquidity_;
        baseToken = baseToken_;
        _baseIs0 = baseToken_ == token0;
        quoteToken = _baseIs0 ? token1 : token0;
        _baseUnit = 10 ** IERC20Metadata(baseToken).decimals();
        _quoteUnit = 10 ** IERC20Metadata(quoteToken).decimals();
    }

    /// @inheritdoc IAggregatorV3
    function decimals() external pure returns (uint8) {
        return 18;
    }

    /// @inheritdoc IAggregatorV3
    function description() external view returns (string memory) {
        return string.concat(IERC20Metadata(baseToken).symbol(), " / ", IERC20Metadata(quoteToken).symbol(), " Uniswap v3 TWAP");
    }

    /// @inheritdoc IAggregatorV3
    /// @dev The average ends now, so it is of now: pools extend their last observation to the present. Old is never the danger here; thin is, and that
    /// is checked. Reverts: TooThin, and the pool's "OLD" where its history is shorter than the window.
    function latestRoundData() external view returns (uint80, int256 answer, uint256 startedAt, uint256 updatedAt, uint80) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = window;
        (int56[] memory ticks, uint160[] memory secondsPerLiquidity) = pool.observe(ago);

        unchecked {
            // Cumulatives wrap by design.
            uint256 liquidity = (uint256(window) << 128) / Math.max(1, uint160(secondsPerLiquidity[1] - secondsPerLiquidity[0]));
            if (liquidity < minLiquidity) revert UniswapV3TwapFeed_TooThin(liquidity, minLiquidity);

            answer = int256(_price(_meanTick(ticks[1] - ticks[0])));
        }
        return (uint80(block.timestamp), answer, block.timestamp - window, block.timestamp, uint80(block.timestamp));
    }

    /// @dev Rounds towards minus infinity.
    function _meanTick(int56 delta) private view returns (int24 tick) {
        int56 length = int56(uint56(window));
        tick = int24(delta / length);
        if (delta < 0 && delta % length != 0) --tick;
    }

    /// @dev D18{quote/whole base}, rounded down. The ratio of token1-wei per token0-wei is the whole square of the root, X192, while that fits: a
    /// small one has no bits to lose before it is inverted. A larger one loses its last 64, which moves the result by at most 1.
    function _price(int24 tick) private view returns (uint256) {
        uint256 root = TickMath.getSqrtPriceAtTick(tick);
        uint256 scale = _baseUnit * 1e18;

        bool whole = root < _Q128;
        uint256 one = whole ? _Q192 : _Q128;
        uint256 ratio = whole ? root * root : Math.mulDiv(root, root, _Q64);
        return _baseIs0 ? Math.mulDiv(ratio, scale, one * _quoteUnit) : Math.mulDiv(scale, one, ratio) / _quoteUnit;
    }
}
