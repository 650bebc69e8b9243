// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IAggregatorV3} from "../../interfaces/external/IAggregatorV3.sol";

/// @title USD prices with stated freshness, or a revert
contract PriceOracle is IPriceOracle, AccessManaged {
    uint256 private constant _WAD = 1e18;
    uint256 private constant _MAX_LEGS = 3;
    uint256 private constant _MIN_HEARTBEAT = 1 minutes;
    uint256 private constant _MAX_HEARTBEAT = 7 days;

    /// @dev The dearest honest source, a TWAP over a history of 65,535 observations, needs some 101,000. A source that burns gas costs no more than this.
    uint256 private constant _SOURCE_GAS = 400_000;

    /// @dev Two slots. `unit`: decimals of the source's answer. `share`: decimals of a vault's share. `decimals` of the token and `legs` count in the first leg.
    struct StoredLeg {
        address source;
        uint32 heartbeat;
        Kind kind;
        uint8 unit;
        uint8 share;
        uint8 decimals;
        uint8 legs;
        uint128 min;
        uint128 max;
    }

    mapping(address token => StoredLeg[_MAX_LEGS]) private _routes;

    constructor(address authority_) AccessManaged(authority_) {
        if (authority_ == address(0)) revert PriceOracle_ZeroAddress();
    }

    /// @inheritdoc IPriceOracle
    function setRoute(address token, Leg[] calldata legs) external restricted {
        if (legs.length == 0 || legs.length > _MAX_LEGS) revert PriceOracle_InvalidRoute(token, Flaw.LegCount);
        uint8 decimals = _decimals(token, token, Flaw.Token);

        delete _routes[token];
        (uint256 least, uint256 most) = (_WAD, _WAD);
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            bool rate = leg.kind == Kind.Erc4626Rate;
            if (rate ? leg.heartbeat != 0 : leg.heartbeat < _MIN_HEARTBEAT || leg.heartbeat > _MAX_HEARTBEAT) {
                revert PriceOracle_InvalidRoute(token, Flaw.Heartbeat);
            }
            // The same products, rounded the same way, as in `_price`: what holds for the bounds holds for every price within them.
            least = Math.mulDiv(least, leg.min, _WAD);
            most = Math.mulDiv(most, leg.max, _WAD);
            if (least == 0 || leg.min > leg.max || most > type(uint128).max) revert PriceOracle_InvalidRoute(token, Flaw.Bounds);
            if (leg.source.code.length == 0) revert PriceOracle_InvalidRoute(token, Flaw.Source);

            _routes[token][i] = StoredLeg({
                source: leg.source,
                heartbeat: leg.heartbeat,
                kind: leg.kind,
                unit: _decimals(token, rate ? _asset(token, leg.source) : leg.source, Flaw.Decimals),
                share: rate ? _decimals(token, leg.source, Flaw.Decimals) : 0,
                decimals: decimals,
                legs: uint8(legs.length),
                min: leg.min,
                max: leg.max
            });
        }
        price(token);

        emit RouteSet(token, legs);
    }

    /// @inheritdoc IPriceOracle
    function removeRoute(address token) external restricted {
        if (_routes[token][0].legs == 0) revert PriceOracle_NoRoute(token);

        delete _routes[token];
        emit RouteRemoved(token);
    }

    /// @inheritdoc IPriceOracle
    function price(address token) public view returns (uint256 price_) {
        (price_,) = _price(token);
    }

    /// @inheritdoc IPriceOracle
    function prices(address[] calldata tokens) external view returns (uint256[] memory list) {
        list = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            list[i] = price(tokens[i]);
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
        (uint256 price_, uint256 decimals) = _price(token);
        return Math.mulDiv(amount, price_, 10 ** decimals);
    }

    /// @inheritdoc IPriceOracle
    function route(address token) external view returns (Leg[] memory legs) {
        legs = new Leg[](_routes[token][0].legs);
        for (uint256 i = 0; i < legs.length; ++i) {
            StoredLeg memory leg = _routes[token][i];
            legs[i] = Leg(leg.source, leg.kind, leg.heartbeat, leg.min, leg.max);
        }
    }

    function _price(address token) private view returns (uint256 price_, uint256 decimals) {
        StoredLeg memory leg = _routes[token][0];
        if (leg.legs == 0) revert PriceOracle_NoRoute(token);

        decimals = leg.decimals;
        price_ = _answer(token, leg);
        for (uint256 i = 1; i < leg.legs; ++i) {
            price_ = Math.mulDiv(price_, _answer(token, _routes[token][i]), _WAD);
        }
    }

    /// @dev D18
    function _answer(address token, StoredLeg memory leg) private view returns (uint256 answer) {
        answer = leg.kind == Kind.Aggregator ? _feed(token, leg) : _rate(token, leg);
        if (answer < leg.min || answer > leg.max) revert PriceOracle_OutOfBounds(token, leg.source, answer, leg.min, leg.max);
    }

    function _feed(address token, StoredLeg memory leg) private view returns (uint256) {
        bytes memory said = _ask(token, leg.source, abi.encodeCall(IAggregatorV3.latestRoundData, ()), 160);
        (, int256 answer,, uint256 updatedAt,) = abi.decode(said, (uint256, int256, uint256, uint256, uint256));
        if (answer <= 0 || updatedAt == 0 || updatedAt > block.timestamp) {
            revert PriceOracle_InvalidAnswer(token, leg.source, answer, updatedAt);
        }
        if (block.timestamp - updatedAt > leg.heartbeat) revert PriceOracle_Stale(token, leg.source, updatedAt, leg.heartbeat);

        return Math.saturatingMul(uint256(answer), 10 ** (18 - leg.unit));
    }

    function _rate(address token, StoredLeg memory leg) private view returns (uint256) {
        bytes memory said = _ask(token, leg.source, abi.encodeCall(IERC4626.convertToAssets, (10 ** uint256(leg.share))), 32);
        return Math.saturatingMul(abi.decode(said, (uint256)), 10 ** (18 - leg.unit));
    }

    /// @dev Dirty upper bits are cut off, so that a hostile answer is refused by name as well.
    function _asset(address token, address vault) private view returns (address) {
        return address(uint160(abi.decode(_ask(token, vault, abi.encodeCall(IERC4626.asset, ()), 32), (uint256))));
    }

    /// @dev Decimals of whatever answers `decimals()`, at most 18.
    function _decimals(address token, address source, Flaw flaw) private view returns (uint8) {
        if (source.code.length == 0) revert PriceOracle_InvalidRoute(token, flaw);

        uint256 said = abi.decode(_ask(token, source, abi.encodeCall(IERC20Metadata.decimals, ()), 32), (uint256));
        if (said > 18) revert PriceOracle_InvalidRoute(token, flaw);
        return uint8(said);
    }

    /// @dev The first `size` bytes of an answer. Bounded in gas and in size, so that no source can do more harm than not to answer.
    function _ask(address token, address source, bytes memory question, uint256 size) private view returns (bytes memory said) {
        bool ok;
        said = new bytes(size);
        assembly ("memory-safe") {
            ok := staticcall(_SOURCE_GAS, source, add(question, 32), mload(question), add(said, 32), size)
            ok := and(ok, iszero(lt(returndatasize(), size)))
        }
        if (!ok) revert PriceOracle_SourceFailed(token, source);
    }
}
