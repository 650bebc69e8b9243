// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IAggregatorHistory, IAggregatorV3} from "../../interfaces/external/IAggregatorV3.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {BoundLib} from "./BoundLib.sol";
import {StoredLeg, StoredLegLib} from "./StoredLeg.sol";

/// @title USD prices with stated freshness, or a revert
/// @notice See {IPriceOracle}.
/// @custom:security-contact security@ssi.example
contract PriceOracle is IPriceOracle, FixedAuthority {
    uint256 private constant _WAD = 1e18;
    uint256 private constant _MAX_LEGS = 3;
    uint256 private constant _MIN_HEARTBEAT = 1 minutes;
    uint256 private constant _MAX_HEARTBEAT = 7 days;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _MAX_DEVIATION = 2_000;

    /// @dev bp a day, of a rate.
    uint256 private constant _MAX_GROWTH = 100;
    uint256 private constant _MAX_GROWING = 30 days;
    uint256 private constant _MIN_BETWEEN_POKES = 6 hours;
    uint256 private constant _MAX_GRACE = 1 days;

    /// @dev The most expensive honest source, the median over a pool with a swap in every block and a history of 65,535
    /// observations, needs some 350,000. A source that burns gas costs no more than this.
    uint256 private constant _SOURCE_GAS = 500_000;

    /// @dev `at:64 | rate:128` = 192 bits, high to low: `rate` D18{asset/share}, `at` Unix seconds. Apart from the leg,
    /// so that feeds do not pay for it.
    struct Checkpoint {
        uint128 rate;
        uint64 at;
    }

    struct SecondRoute {
        StoredLeg[_MAX_LEGS] legs;
        uint256 maxDeviation;
    }

    /// @inheritdoc IPriceOracle
    address public immutable sequencer;

    /// @inheritdoc IPriceOracle
    uint256 public immutable grace;

    mapping(address token => StoredLeg[_MAX_LEGS]) private _routes;
    mapping(address token => SecondRoute) private _secondRoutes;
    mapping(address token => mapping(address source => Checkpoint)) private _checkpoints;

    constructor(address authority_, address sequencer_, uint256 grace_) FixedAuthority(authority_) {
        if (authority_ == address(0)) revert PriceOracle_ZeroAddress();
        bool sound = sequencer_ == address(0) ? grace_ == 0 : grace_ != 0 && grace_ <= _MAX_GRACE;
        if (!sound) revert PriceOracle_InvalidSequencer(sequencer_, grace_);

        (sequencer, grace) = (sequencer_, grace_);
    }

    /// @inheritdoc IPriceOracle
    function setRoute(address token, Leg[] calldata legs) external restricted {
        bool second = _routes[token][0].hasSecond();
        _storeRoute(_routes[token], token, legs);
        if (second) _routes[token][0] = _routes[token][0].withSecond(true);
        price(token);

        emit RouteSet(token, legs);
    }

    /// @inheritdoc IPriceOracle
    function removeRoute(address token) external restricted {
        StoredLeg first = _routes[token][0];
        if (first.legs() == 0) revert PriceOracle_NoRoute(token);

        delete _routes[token];
        if (first.hasSecond()) _removeSecondRoute(token);
        emit RouteRemoved(token);
    }

    /// @inheritdoc IPriceOracle
    function setSecondRoute(address token, Leg[] calldata legs, uint256 maxDeviationBps) external restricted {
        StoredLeg first = _routes[token][0];
        if (first.legs() == 0) revert PriceOracle_NoRoute(token);
        if (maxDeviationBps == 0 || maxDeviationBps > _MAX_DEVIATION) {
            revert PriceOracle_InvalidRoute(token, Flaw.Deviation);
        }
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].kind == SourceKind.Erc4626Rate) revert PriceOracle_InvalidRoute(token, Flaw.Rate);
        }

        _storeRoute(_secondRoutes[token].legs, token, legs);
        _secondRoutes[token].maxDeviation = maxDeviationBps;
        _routes[token][0] = first.withSecond(true);
        agreedPrice(token);

        emit SecondRouteSet(token, legs, maxDeviationBps);
    }

    /// @inheritdoc IPriceOracle
    function removeSecondRoute(address token) external restricted {
        StoredLeg first = _routes[token][0];
        if (!first.hasSecond()) revert PriceOracle_NoSecondRoute(token);

        _routes[token][0] = first.withSecond(false);
        _removeSecondRoute(token);
    }

    /// @inheritdoc IPriceOracle
    function poke(address token) external {
        uint256 legs = _routes[token][0].legs();
        if (legs == 0) revert PriceOracle_NoRoute(token);

        bool any = false;
        for (uint256 i = 0; i < legs; ++i) {
            StoredLeg leg = _routes[token][i];
            if (!leg.isRate()) continue;

            any = true;
            (uint256 least, uint256 at) = checkpoint(token, leg.source());
            if (block.timestamp < at + _MIN_BETWEEN_POKES) {
                revert PriceOracle_PokedTooSoon(token, leg.source(), at + _MIN_BETWEEN_POKES);
            }

            uint256 rate = _requireBounds(token, leg, _vaultRate(token, leg));
            uint256 most = _grownRate(least, leg.maxMove(), Math.min(block.timestamp - at, _MAX_GROWING));
            if (rate < least) revert PriceOracle_RateMoved(token, leg.source(), rate, least, most);
            _writeCheckpoint(token, leg.source(), Math.min(rate, most));
        }
        if (!any) revert PriceOracle_NoRate(token);
    }

    /// @inheritdoc IPriceOracle
    function price(address token) public view returns (uint256 price_) {
        _requireSequencer();
        (price_,) = _routePrice(token, _routes[token]);
    }

    /// @inheritdoc IPriceOracle
    function prices(address[] calldata tokens) external view returns (uint256[] memory list) {
        _requireSequencer();
        list = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            (list[i],) = _routePrice(tokens[i], _routes[tokens[i]]);
        }
    }

    /// @inheritdoc IPriceOracle
    function agreedPrice(address token) public view returns (uint256) {
        _requireSequencer();
        return _agreedPrice(token);
    }

    /// @inheritdoc IPriceOracle
    function agreedPrices(address[] calldata tokens) external view returns (uint256[] memory list) {
        _requireSequencer();
        list = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            list[i] = _agreedPrice(tokens[i]);
        }
    }

    /// @inheritdoc IPriceOracle
    function tryPrice(address token) external view returns (bool ok, uint256 price_) {
        try this.price(token) returns (uint256 answer) {
            return (true, answer);
        } catch {
            return (false, 0);
        }
    }

    /// @inheritdoc IPriceOracle
    function value(address token, uint256 amount) external view returns (uint256) {
        _requireSequencer();
        (uint256 price_, uint256 decimals) = _routePrice(token, _routes[token]);
        return Math.mulDiv(amount, price_, 10 ** decimals);
    }

    /// @inheritdoc IPriceOracle
    function route(address token) external view returns (Leg[] memory) {
        return _readLegs(_routes[token]);
    }

    /// @inheritdoc IPriceOracle
    function secondRoute(address token) external view returns (Leg[] memory legs, uint256 maxDeviationBps) {
        SecondRoute storage second = _secondRoutes[token];
        return (_readLegs(second.legs), second.maxDeviation);
    }

    /// @inheritdoc IPriceOracle
    function checkpoint(address token, address source) public view returns (uint256 rate, uint256 at) {
        Checkpoint memory last = _checkpoints[token][source];
        return (last.rate, last.at);
    }

    /// @dev Replaces a route by `legs`, which must be sound.
    function _storeRoute(StoredLeg[_MAX_LEGS] storage stored, address token, Leg[] calldata legs) private {
        if (legs.length == 0 || legs.length > _MAX_LEGS) revert PriceOracle_InvalidRoute(token, Flaw.LegCount);
        uint256 decimals = _decimalsOf(token, token, Flaw.Token);

        (uint256 least, uint256 most) = (_WAD, _WAD);
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            _requireSound(token, leg);
            // The same products, rounded the same way, as in `_routePrice`: a price within the bounds of its legs is
            // within these.
            least = Math.mulDiv(least, leg.min, _WAD);
            most = Math.mulDiv(most, leg.max, _WAD);
            if (least == 0 || most > type(uint128).max) revert PriceOracle_InvalidRoute(token, Flaw.Bounds);

            bool rate = leg.kind == SourceKind.Erc4626Rate;
            uint256 unit = _decimalsOf(token, rate ? _vaultAsset(token, leg.source) : leg.source, Flaw.Decimals);
            uint256 share = rate ? _decimalsOf(token, leg.source, Flaw.Decimals) : 0;
            stored[i] = StoredLegLib.make(leg, unit, share, decimals, legs.length);
            if (rate) {
                _writeCheckpoint(token, leg.source, _requireBounds(token, stored[i], _vaultRate(token, stored[i])));
            }
        }
        for (uint256 i = legs.length; i < _MAX_LEGS; ++i) {
            stored[i] = StoredLeg.wrap(0);
        }
    }

    function _removeSecondRoute(address token) private {
        delete _secondRoutes[token];
        emit SecondRouteRemoved(token);
    }

    function _readLegs(StoredLeg[_MAX_LEGS] storage stored) private view returns (Leg[] memory legs) {
        legs = new Leg[](stored[0].legs());
        for (uint256 i = 0; i < legs.length; ++i) {
            StoredLeg leg = stored[i];
            SourceKind kind = leg.isRate() ? SourceKind.Erc4626Rate : SourceKind.Aggregator;
            // No cast cuts bits off: each part came in as one of these types.
            legs[i] = Leg(
                leg.source(),
                kind,
                uint32(leg.heartbeat()),
                uint16(leg.maxMove()),
                uint128(leg.min()),
                uint128(leg.max())
            );
        }
    }

    /// @dev Checks all of a leg that does not depend on its source's answers.
    function _requireSound(address token, Leg calldata leg) private view {
        bool rate = leg.kind == SourceKind.Erc4626Rate;
        if (rate ? leg.maxMove == 0 || leg.maxMove > _MAX_GROWTH : leg.maxMove >= _BPS) {
            revert PriceOracle_InvalidRoute(token, Flaw.Move);
        }
        if (rate ? leg.heartbeat != 0 : leg.heartbeat < _MIN_HEARTBEAT || leg.heartbeat > _MAX_HEARTBEAT) {
            revert PriceOracle_InvalidRoute(token, Flaw.Heartbeat);
        }
        if (leg.min > leg.max) revert PriceOracle_InvalidRoute(token, Flaw.Bounds);
        if (!BoundLib.exact(leg.min) || !BoundLib.exact(leg.max)) revert PriceOracle_InvalidRoute(token, Flaw.Digits);
        if (leg.source.code.length == 0) revert PriceOracle_InvalidRoute(token, Flaw.Source);
    }

    function _routePrice(address token, StoredLeg[_MAX_LEGS] storage stored)
        private
        view
        returns (uint256 price_, uint256 decimals)
    {
        StoredLeg leg = stored[0];
        if (leg.legs() == 0) revert PriceOracle_NoRoute(token);

        decimals = leg.decimals();
        price_ = _checkedAnswer(token, leg);
        for (uint256 i = 1; i < leg.legs(); ++i) {
            price_ = Math.mulDiv(price_, _checkedAnswer(token, stored[i]), _WAD);
        }
    }

    /// @dev `_storeRoute` keeps both prices below 2^128, so the products fit.
    function _agreedPrice(address token) private view returns (uint256 price_) {
        (price_,) = _routePrice(token, _routes[token]);
        if (!_routes[token][0].hasSecond()) return price_;

        SecondRoute storage second = _secondRoutes[token];
        (uint256 other,) = _routePrice(token, second.legs);
        uint256 maxDeviation = second.maxDeviation;
        (uint256 low, uint256 high) = price_ < other ? (price_, other) : (other, price_);
        if ((high - low) * _BPS > low * maxDeviation) {
            revert PriceOracle_Disagreement(token, price_, other, maxDeviation);
        }
    }

    /// @dev The checked answer of one leg, D18.
    function _checkedAnswer(address token, StoredLeg leg) private view returns (uint256 answer) {
        if (leg.isRate()) {
            answer = _requireBounds(token, leg, _vaultRate(token, leg));
            _requireBelievable(token, leg, answer);
        } else {
            uint256 roundId;
            (answer, roundId) = _feedAnswer(token, leg);
            _requireBounds(token, leg, answer);
            if (leg.maxMove() != 0) _requireSteady(token, leg, answer, roundId);
        }
    }

    function _requireBounds(address token, StoredLeg leg, uint256 answer) private pure returns (uint256) {
        if (answer < leg.min() || answer > leg.max()) {
            revert PriceOracle_OutOfBounds(token, leg.source(), answer, leg.min(), leg.max());
        }
        return answer;
    }

    function _feedAnswer(address token, StoredLeg leg) private view returns (uint256, uint256 roundId) {
        bool ok;
        int256 answer;
        uint256 updatedAt;
        (ok, roundId, answer,, updatedAt) = _latestRound(leg.source());
        if (!ok) revert PriceOracle_SourceFailed(token, leg.source());
        if (answer <= 0 || updatedAt == 0 || updatedAt > block.timestamp) {
            revert PriceOracle_InvalidAnswer(token, leg.source(), answer, updatedAt);
        }
        if (block.timestamp - updatedAt > leg.heartbeat()) {
            revert PriceOracle_Stale(token, leg.source(), updatedAt, leg.heartbeat());
        }

        return (_toD18(uint256(answer), leg.unit()), roundId);
    }

    /// @dev `answer` is within the bounds, so below 2^128, and the quotient fits.
    function _requireSteady(address token, StoredLeg leg, uint256 answer, uint256 roundId) private view {
        bool there = roundId != 0 && roundId <= type(uint80).max;
        int256 past;
        uint256 updatedAt;
        if (there) {
            (there,, past,, updatedAt) =
                _callRound(leg.source(), IAggregatorHistory.getRoundData.selector, roundId - 1, 36);
        }
        if (!there) revert PriceOracle_NoRoundBefore(token, leg.source(), roundId);
        if (past <= 0 || updatedAt == 0) revert PriceOracle_NoRoundBefore(token, leg.source(), roundId);

        uint256 before = _toD18(uint256(past), leg.unit());
        uint256 move = answer > before ? answer - before : before - answer;
        if (Math.mulDiv(move, _BPS, before, Math.Rounding.Ceil) > leg.maxMove()) {
            revert PriceOracle_Jumped(token, leg.source(), answer, before, leg.maxMove());
        }
    }

    /// @dev Allows for one day more than has passed, so that a rate may move in steps. A donation can add no more than
    /// that.
    function _requireBelievable(address token, StoredLeg leg, uint256 rate) private view {
        (uint256 least, uint256 at) = checkpoint(token, leg.source());
        uint256 most = _grownRate(least, leg.maxMove(), Math.min(block.timestamp - at, _MAX_GROWING) + 1 days);
        if (rate < least || rate > most) revert PriceOracle_RateMoved(token, leg.source(), rate, least, most);
    }

    /// @dev What `rate` becomes in `elapsed` seconds at `maxMove` bp a day, rounded down.
    function _grownRate(uint256 rate, uint256 maxMove, uint256 elapsed) private pure returns (uint256) {
        return rate + rate * maxMove * elapsed / (_BPS * 1 days);
    }

    /// @dev `rate` is within the bounds, so below 2^128.
    function _writeCheckpoint(address token, address source, uint256 rate) private {
        _checkpoints[token][source] = Checkpoint(uint128(rate), uint64(block.timestamp));
        emit Checkpointed(token, source, rate);
    }

    /// @dev Chainlink's convention: the answer is 0 for up and 1 for down; `startedAt` is when that began, 0 before the
    /// first start.
    function _requireSequencer() private view {
        if (sequencer == address(0)) return;

        (bool ok,, int256 status, uint256 since,) = _latestRound(sequencer);
        if (!ok) revert PriceOracle_SourceFailed(address(0), sequencer);
        if (status != 0 || since == 0) revert PriceOracle_SequencerDown(sequencer, status);
        if (block.timestamp <= since || block.timestamp - since <= grace) {
            revert PriceOracle_SequencerRestarted(sequencer, since, grace);
        }
    }

    function _vaultRate(address token, StoredLeg leg) private view returns (uint256) {
        bytes memory said =
            _boundedCall(token, leg.source(), abi.encodeCall(IERC4626.convertToAssets, (10 ** leg.share())), 32);
        return _toD18(abi.decode(said, (uint256)), leg.unit());
    }

    /// @dev D18. Saturates, because an answer as large as that is outside all bounds.
    function _toD18(uint256 answer, uint256 unit) private pure returns (uint256) {
        unchecked {
            return Math.saturatingMul(answer, 10 ** (18 - unit));
        }
    }

    /// @dev Cuts off dirty upper bits, so that a hostile answer meets a typed error too.
    function _vaultAsset(address token, address vault) private view returns (address) {
        return
            address(uint160(abi.decode(_boundedCall(token, vault, abi.encodeCall(IERC4626.asset, ()), 32), (uint256))));
    }

    /// @dev Decimals of a feed or a token, at most 18.
    function _decimalsOf(address token, address source, Flaw flaw) private view returns (uint256) {
        if (source.code.length == 0) revert PriceOracle_InvalidRoute(token, flaw);

        uint256 said =
            abi.decode(_boundedCall(token, source, abi.encodeCall(IERC20Metadata.decimals, ()), 32), (uint256));
        if (said > 18) revert PriceOracle_InvalidRoute(token, flaw);
        return said;
    }

    /// @dev Calls a source and returns the first `size` bytes of its answer. Gas and size are bounded, so the worst
    /// that a source can do is not to answer.
    function _boundedCall(address token, address source, bytes memory question, uint256 size)
        private
        view
        returns (bytes memory said)
    {
        bool ok;
        said = new bytes(size);
        assembly ("memory-safe") {
            ok := staticcall(_SOURCE_GAS, source, add(question, 32), mload(question), add(said, 32), size)
            ok := and(ok, iszero(lt(returndatasize(), size)))
        }
        if (!ok) revert PriceOracle_SourceFailed(token, source);
    }

    function _latestRound(address source)
        private
        view
        returns (bool ok, uint256 roundId, int256 answer, uint256 startedAt, uint256 updatedAt)
    {
        return _callRound(source, IAggregatorV3.latestRoundData.selector, 0, 4);
    }

    /// @dev As `_boundedCall`, for a round, without keeping any memory, because every bid reads prices. `length` of the
    /// question is 4 without the id and 36 with it.
    function _callRound(address source, bytes4 selector, uint256 id, uint256 length)
        private
        view
        returns (bool ok, uint256 roundId, int256 answer, uint256 startedAt, uint256 updatedAt)
    {
        assembly ("memory-safe") {
            let head := mload(0x40)
            mstore(head, selector)
            mstore(add(head, 4), id)
            ok := staticcall(_SOURCE_GAS, source, head, length, head, 160)
            ok := and(ok, gt(returndatasize(), 159))
            roundId := mload(head)
            answer := mload(add(head, 32))
            startedAt := mload(add(head, 64))
            updatedAt := mload(add(head, 96))
        }
    }
}
