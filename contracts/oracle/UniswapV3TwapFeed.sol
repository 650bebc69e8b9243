// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

import {IAggregatorV3} from "../../interfaces/external/IAggregatorV3.sol";
import {IUniswapV3Factory, IUniswapV3Pool} from "../../interfaces/external/IUniswapV3.sol";

/// @title A price from a Uniswap v3 pool that a few blocks cannot move, in the shape of a Chainlink feed
/// @notice The median of the pool's mean ticks over nine equal parts of the window that ends now, in quote tokens per
/// base token. A run of blocks that is shorter than a part touches two parts at most, and two wrong parts move the
/// answer by less than a percent. Refuses to answer where that does not hold, after a jump until the window has taken
/// it in, and while the pool is too thin.
/// @dev `docs/oracle-math.md` says why a median, why nine parts, and what it costs to move it.
/// @custom:security-contact security@ssi.example
contract UniswapV3TwapFeed is IAggregatorV3 {
    uint256 private constant _PARTS = 9;
    uint256 private constant _MEDIAN = 4;

    /// @dev Parts that a run of blocks touches. Four times as many and one more make nine, so two parts cannot silence
    /// the feed.
    uint256 private constant _TOUCHED = 2;

    /// @dev Ticks. 1.0001^99 < 1.01. With any two parts wrong, the right median is within this many ticks of the
    /// answer.
    int256 private constant _MAX_SPREAD = 99;

    /// @dev Ticks, some two percent. A median lags: where the last part is further away, the market has moved on.
    int256 private constant _MAX_DRIFT = 200;

    uint256 private constant _MIN_WINDOW = 15 minutes;
    uint256 private constant _MAX_WINDOW = 1 days;

    /// @dev Seconds between two blocks, each of which may write an observation.
    uint256 private constant _BLOCK = 12;

    /// @dev The minimum liquidity is the liquidity at birth divided by this.
    uint256 private constant _MIN_PART = 10;

    uint256 private constant _Q64 = 2 ** 64;
    uint256 private constant _Q128 = 2 ** 128;
    uint256 private constant _Q192 = 2 ** 192;

    /// @notice The pool that the price comes from.
    IUniswapV3Pool public immutable pool;

    /// @notice The token that is priced.
    address public immutable baseToken;

    /// @notice The token that it is priced in.
    address public immutable quoteToken;

    /// @notice Length of the window, seconds.
    uint256 public immutable window;

    /// @notice {L} Least harmonic mean of the pool's liquidity over a part of the window: a tenth of what it was at
    /// birth.
    uint256 public immutable minLiquidity;

    bool private immutable _baseIs0;
    uint256 private immutable _baseUnit;
    uint256 private immutable _quoteUnit;

    /// @notice The pool is not one of the factory, does not hold that token, or is empty.
    /// @param pool the pool
    /// @param baseToken the token that was to be priced
    error UniswapV3TwapFeed_InvalidPool(address pool, address baseToken);

    /// @notice A window is a multiple of nine seconds, from 15 minutes to a day.
    /// @param window seconds that were given
    error UniswapV3TwapFeed_InvalidWindow(uint256 window);

    /// @notice The pool keeps too few observations: one in each block would push the start of the window out. Let it
    /// keep `needed` (`increaseObservationCardinalityNext`); it does so once its trades have filled the `cardinality`
    /// that it has.
    /// @param pool the pool
    /// @param cardinality observations that it keeps
    /// @param needed observations that it must keep
    error UniswapV3TwapFeed_ShortHistory(address pool, uint256 cardinality, uint256 needed);

    /// @notice The pool had too little liquidity in more than two parts of the window.
    /// @param parts of the window in which there was less than `minLiquidity`
    /// @param minLiquidity {L}
    error UniswapV3TwapFeed_TooThin(uint256 parts, uint256 minLiquidity);

    /// @notice The price moves too much to be believed. It is believed again once the window has taken the move in.
    /// @param spread ticks from the median to the part two ranks away from it
    error UniswapV3TwapFeed_Unsettled(int256 spread);

    /// @notice The price has moved away from the median. The feed answers again once the window has followed.
    /// @param tick median of the window
    /// @param last mean tick of its last part
    error UniswapV3TwapFeed_Drifted(int256 tick, int256 last);

    constructor(IUniswapV3Factory v3Factory, IUniswapV3Pool pool_, address baseToken_, uint256 window_) {
        (address token0, address token1) = (pool_.token0(), pool_.token1());
        bool genuine = v3Factory.getPool(token0, token1, pool_.fee()) == address(pool_);
        if (!genuine || (baseToken_ != token0 && baseToken_ != token1)) {
            revert UniswapV3TwapFeed_InvalidPool(address(pool_), baseToken_);
        }
        if (window_ < _MIN_WINDOW || window_ > _MAX_WINDOW || window_ % _PARTS != 0) {
            revert UniswapV3TwapFeed_InvalidWindow(window_);
        }

        (,,, uint16 cardinality,,,) = pool_.slot0();
        uint256 needed = window_ / _BLOCK + 1;
        if (cardinality < needed) revert UniswapV3TwapFeed_ShortHistory(address(pool_), cardinality, needed);

        pool = pool_;
        window = window_;
        baseToken = baseToken_;
        _baseIs0 = baseToken_ == token0;
        quoteToken = _baseIs0 ? token1 : token0;
        _baseUnit = 10 ** IERC20Metadata(baseToken).decimals();
        _quoteUnit = 10 ** IERC20Metadata(quoteToken).decimals();

        (, uint160[] memory perLiquidity) = _observeParts();
        int256[_PARTS] memory depths;
        for (uint256 i = 0; i < _PARTS; ++i) {
            _insertSorted(depths, i, int256((window_ / _PARTS << 128) / _secondsPerLiquidity(perLiquidity, i)));
        }
        minLiquidity = uint256(depths[_MEDIAN]) / _MIN_PART;
        if (minLiquidity == 0) revert UniswapV3TwapFeed_InvalidPool(address(pool_), baseToken_);
    }

    /// @inheritdoc IAggregatorV3
    function decimals() external pure returns (uint8) {
        return 18;
    }

    /// @inheritdoc IAggregatorV3
    function description() external view returns (string memory) {
        return string.concat(
            IERC20Metadata(baseToken).symbol(), " / ", IERC20Metadata(quoteToken).symbol(), " Uniswap v3 TWAP"
        );
    }

    /// @inheritdoc IAggregatorV3
    /// @dev The window ends now, and pools extend their last observation to the present, so the answer is never old:
    /// `updatedAt` is the block's timestamp, and so is the number of the round. Reverts: TooThin, Unsettled, Drifted,
    /// and the pool's "OLD" where its history is shorter than the window.
    function latestRoundData()
        external
        view
        returns (uint80, int256 answer, uint256 startedAt, uint256 updatedAt, uint80)
    {
        answer = int256(_priceAtTick(int24(_settledMedian())));
        return (uint80(block.timestamp), answer, block.timestamp - window, block.timestamp, uint80(block.timestamp));
    }

    /// @dev The median of the means of the parts. Means round towards minus infinity.
    function _settledMedian() private view returns (int256 median) {
        (int56[] memory ticks, uint160[] memory perLiquidity) = _observeParts();
        uint256 part = window / _PARTS;
        uint256 most = (part << 128) / minLiquidity;

        int256[_PARTS] memory means;
        int256 last = 0;
        uint256 thin = 0;
        for (uint256 i = 0; i < _PARTS; ++i) {
            if (_secondsPerLiquidity(perLiquidity, i) > most) ++thin;
            last = _meanTick(ticks[i], ticks[i + 1], int256(part));
            _insertSorted(means, i, last);
        }
        if (thin > _TOUCHED) revert UniswapV3TwapFeed_TooThin(thin, minLiquidity);

        unchecked {
            // Ticks have 24 bits.
            median = means[_MEDIAN];
            (int256 above, int256 below) = (means[_MEDIAN + _TOUCHED] - median, median - means[_MEDIAN - _TOUCHED]);
            int256 spread = above > below ? above : below;
            if (spread > _MAX_SPREAD) revert UniswapV3TwapFeed_Unsettled(spread);
            if (last > median + _MAX_DRIFT || last < median - _MAX_DRIFT) {
                revert UniswapV3TwapFeed_Drifted(median, last);
            }
        }
    }

    /// @dev The pool's cumulatives at the edges of the parts, oldest first.
    function _observeParts() private view returns (int56[] memory ticks, uint160[] memory perLiquidity) {
        uint32[] memory ago = new uint32[](_PARTS + 1);
        unchecked {
            uint256 part = window / _PARTS;
            for (uint256 i = 0; i < _PARTS; ++i) {
                ago[i] = uint32((_PARTS - i) * part);
            }
        }
        return pool.observe(ago);
    }

    /// @dev X128{seconds/L} of a part. Cumulatives wrap by design. Never 0, because liquidity has 128 bits.
    function _secondsPerLiquidity(uint160[] memory perLiquidity, uint256 i) private pure returns (uint256) {
        unchecked {
            return uint160(perLiquidity[i + 1] - perLiquidity[i]);
        }
    }

    /// @dev Rounds towards minus infinity. Cumulatives wrap by design.
    function _meanTick(int56 before, int56 after_, int256 length) private pure returns (int256 tick) {
        unchecked {
            int256 delta = int56(after_ - before);
            tick = delta / length;
            if (delta < 0 && delta % length != 0) --tick;
        }
    }

    /// @dev Inserts a value among the first `count`, which are in order, so that they stay in order.
    function _insertSorted(int256[_PARTS] memory sorted, uint256 count, int256 value) private pure {
        unchecked {
            for (; count != 0 && sorted[count - 1] > value; --count) {
                sorted[count] = sorted[count - 1];
            }
        }
        sorted[count] = value;
    }

    /// @dev D18{quote/whole base}, rounded down. The ratio of token1-wei per token0-wei is the whole square of the
    /// root, X192, while that fits: a small ratio has no bits to lose before it is inverted. A larger one loses its
    /// last 64 bits, which moves the result by at most 1.
    function _priceAtTick(int24 tick) private view returns (uint256) {
        uint256 root = TickMath.getSqrtPriceAtTick(tick);
        uint256 scale = _baseUnit * 1e18;

        bool whole = root < _Q128;
        uint256 one = whole ? _Q192 : _Q128;
        uint256 ratio = whole ? root * root : Math.mulDiv(root, root, _Q64);
        return _baseIs0 ? Math.mulDiv(ratio, scale, one * _quoteUnit) : Math.mulDiv(scale, one, ratio) / _quoteUnit;
    }
}
