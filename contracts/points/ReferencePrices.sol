// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {ILockedLiquidity} from "../../interfaces/ILpLocker.sol";
import {IPointsLedger} from "../../interfaces/IPointsLedger.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {ITimeWeightedERC20} from "../../interfaces/ITimeWeightedERC20.sol";
import {GovernedUUPS} from "../governance/GovernedUUPS.sol";

/// @title Where points come from, and what that is worth in each epoch
/// @dev A price is written in its own epoch alone, and once. Sources carry the epoch from which they count. So what a closed epoch says cannot change.
/// Nobody gains by making a price fail, with little gas or in the middle of something: whoever comes next finds it.
abstract contract ReferencePrices is IPointsLedger, GovernedUUPS {
    uint256 private constant _WAD = 1e18;
    uint256 private constant _MAX_PAIRS = 16;

    // keccak256(abi.encode(uint256(keccak256("ssi.storage.ReferencePrices")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _SLOT = keccak256(abi.encode(uint256(keccak256("ssi.storage.ReferencePrices")) - 1)) & ~bytes32(uint256(0xff));

    /// @dev The first is empty and of epoch 0.
    struct Version {
        uint40 fromEpoch;
        address stakedSoso;
        address locker;
        address referrals;
        Pair[] pairs;
    }

    /// @dev `opened`: a price was fixed, ever. Prices: D18{USD/1e18 tok}, under 2^128, 0 for none.
    /// @custom:storage-location erc7201:ssi.storage.ReferencePrices
    struct PricesStorage {
        IPriceOracle oracle;
        uint40 genesis;
        uint32 length;
        bool opened;
        Version[] versions;
        mapping(uint256 epoch => mapping(address token => uint256)) prices;
    }

    // solhint-disable-next-line func-name-mixedcase
    function __ReferencePrices_init(IPriceOracle oracle_, uint256 genesis, uint256 length) internal onlyInitializing {
        if (address(oracle_) == address(0)) revert PointsLedger_ZeroAddress();
        if (length == 0 || length > type(uint32).max || genesis > block.timestamp) revert PointsLedger_InvalidEpochGrid(genesis, length);

        PricesStorage storage $ = _prices();
        ($.oracle, $.genesis, $.length) = (oracle_, uint40(genesis), uint32(length));
        $.versions.push();
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc IPointsLedger
    function oracle() external view returns (address) {
        return address(_prices().oracle);
    }

    /// @inheritdoc IPointsLedger
    function epochGenesis() external view returns (uint256) {
        return _prices().genesis;
    }

    /// @inheritdoc IPointsLedger
    function epochLength() external view returns (uint256) {
        return _prices().length;
    }

    /// @inheritdoc IPointsLedger
    function currentEpoch() public view returns (uint256) {
        PricesStorage storage $ = _prices();
        return (block.timestamp - $.genesis) / $.length;
    }

    /// @inheritdoc IPointsLedger
    function referencePrice(uint256 epoch, address token) public view returns (uint256 price, uint256 fixedIn) {
        PricesStorage storage $ = _prices();
        price = $.prices[epoch][token];
        if (price != 0) return (price, epoch);
        if (epoch == 0) return (0, 0);

        price = $.prices[epoch - 1][token];
        if (price != 0) fixedIn = epoch - 1;
    }

    /// @inheritdoc IPointsLedger
    function sourcesOf(uint256 epoch) external view returns (Sources memory) {
        Version storage v = _version(epoch);
        return Sources(v.pairs, v.stakedSoso, v.locker, v.referrals);
    }

    // ---------------------------------------------------------------- sources

    /// @inheritdoc IPointsLedger
    function setSources(Sources calldata newSources) external restricted {
        _requireValid(newSources);

        PricesStorage storage $ = _prices();
        uint256 from = $.opened ? currentEpoch() + 1 : 0;
        if ($.versions[$.versions.length - 1].fromEpoch == from) $.versions.pop();
        Version storage v = $.versions.push();
        v.fromEpoch = uint40(from);
        (v.stakedSoso, v.locker, v.referrals) = (newSources.stakedSoso, newSources.locker, newSources.referrals);
        for (uint256 i = 0; i < newSources.pairs.length; ++i) {
            v.pairs.push(newSources.pairs[i]);
        }
        emit SourcesSet(from, newSources);
    }

    /// @dev No token counts twice, and all count by the same epochs.
    function _requireValid(Sources calldata s) private view {
        uint256 count = s.pairs.length;
        if (count > _MAX_PAIRS) revert PointsLedger_TooManyPairs(count, _MAX_PAIRS);

        address[] memory seen = new address[](2 * count + 1);
        for (uint256 i = 0; i < count; ++i) {
            (address index, address staked) = (s.pairs[i].index, s.pairs[i].staked);
            _requireToken(index, seen, 2 * i);
            if (staked == address(0)) continue;
            _requireToken(staked, seen, 2 * i + 1);
            if (IStakedToken(staked).asset() != index) revert PointsLedger_InvalidSource(staked);
        }
        if (s.stakedSoso != address(0)) _requireToken(s.stakedSoso, seen, 2 * count);
    }

    function _requireToken(address token, address[] memory seen, uint256 place) private view {
        PricesStorage storage $ = _prices();
        bool valid = token.code.length != 0 && ITimeWeightedERC20(token).epochGenesis() == $.genesis
            && ITimeWeightedERC20(token).epochLength() == $.length;
        for (uint256 i = 0; valid && i < place; ++i) {
            valid = seen[i] != token;
        }
        if (!valid) revert PointsLedger_InvalidSource(token);
        seen[place] = token;
    }

    /// @dev The sources that count in `epoch`. Goes back once for each change since; the first counts from epoch 0.
    function _version(uint256 epoch) internal view returns (Version storage) {
        Version[] storage versions = _prices().versions;
        uint256 i = versions.length - 1;
        while (versions[i].fromEpoch > epoch) --i;
        return versions[i];
    }

    /// @dev The newest referrals, for who is bound now.
    function _referrals() internal view returns (address) {
        Version[] storage versions = _prices().versions;
        return versions[versions.length - 1].referrals;
    }

    // ---------------------------------------------------------------- prices

    /// @inheritdoc IPointsLedger
    function openEpoch() external returns (uint256) {
        return _open(0, type(uint256).max);
    }

    /// @inheritdoc IPointsLedger
    function openEpochPart(uint256 first, uint256 end) external returns (uint256) {
        return _open(first, end);
    }

    function _open(uint256 first, uint256 end) private returns (uint256 missing) {
        uint256 epoch = currentEpoch();
        Version storage v = _version(epoch);
        Pair[] memory pairs = v.pairs;
        uint256 last = Math.min(end, pairs.length);
        for (uint256 i = first; i < last; ++i) {
            missing += _openPair(epoch, pairs[i]);
        }
        if (first <= pairs.length && pairs.length < end) missing += _openSoso(epoch, v.stakedSoso);
        if (end > pairs.length + 1 && v.locker != address(0)) {
            uint256 before = pairs.length + 1;
            missing += _openPools(epoch, pairs, ILockedLiquidity(v.locker), Math.saturatingSub(first, before), end - before);
        }
    }

    function _openPair(uint256 epoch, Pair memory pair) private returns (uint256 missing) {
        uint256 price = _prices().prices[epoch][pair.index];
        if (price == 0) {
            price = _bounded(_sharePrice(pair.index));
            missing += _fix(epoch, pair.index, price);
        }
        if (pair.staked != address(0) && _prices().prices[epoch][pair.staked] == 0) {
            missing += _fix(epoch, pair.staked, _stakedPrice(epoch, pair.staked, price));
        }
    }

    function _openSoso(uint256 epoch, address stakedSoso) private returns (uint256 missing) {
        if (stakedSoso == address(0) || _prices().prices[epoch][stakedSoso] != 0) return 0;

        return _fix(epoch, stakedSoso, _stakedPrice(epoch, stakedSoso, _oraclePrice(IStakedToken(stakedSoso).asset())));
    }

    function _openPools(uint256 epoch, Pair[] memory pairs, ILockedLiquidity locker, uint256 first, uint256 end)
        private
        returns (uint256 missing)
    {
        address[] memory pools = locker.pools();
        for (uint256 i = first; i < Math.min(end, pools.length); ++i) {
            if (_prices().prices[epoch][pools[i]] != 0) continue;

            (address token0, address token1) = locker.poolTokens(pools[i]);
            uint256 product = _poolTokenPrice(epoch, pairs, token0) * _poolTokenPrice(epoch, pairs, token1);
            missing += _fix(epoch, pools[i], 2 * Math.sqrt(product));
        }
    }

    /// @dev Returns 1 where there is nothing to fix.
    function _fix(uint256 epoch, address token, uint256 price) private returns (uint256 missing) {
        if (_bounded(price) == 0) {
            emit PriceMissing(epoch, token);
            return 1;
        }
        PricesStorage storage $ = _prices();
        $.prices[epoch][token] = price;
        if (!$.opened) $.opened = true;
        emit PriceFixed(epoch, token, price);
    }

    /// @dev NAV per share, as the lens says it; 0 where a constituent has no price, or the index is in the middle of something.
    function _sharePrice(address index) private view returns (uint256) {
        address[] memory tokens;
        try IIndexToken(index).basket() returns (address[] memory list, uint256[] memory, uint256) {
            tokens = list;
        } catch {
            return 0;
        }
        (uint256[] memory books, uint256[] memory available) = IIndexToken(index).holdings();
        uint256 supply = IIndexToken(index).totalSupply();
        if (supply == 0) return 0;

        uint256 nav = 0;
        for (uint256 i = 0; i < tokens.length; ++i) {
            uint256 value = _oracleValue(tokens[i], Math.min(books[i], available[i]));
            if (value == type(uint256).max) return 0;
            nav = Math.saturatingAdd(nav, value);
        }
        return Math.saturatingMul(nav, _WAD) / supply;
    }

    /// @dev At the rate of the epoch's first second, which nobody can move any more.
    function _stakedPrice(uint256 epoch, address staked, uint256 assetPrice) private view returns (uint256) {
        try IStakedToken(staked).exchangeRateAt(epoch) returns (uint256 rate) {
            return Math.mulDiv(assetPrice, rate, _WAD);
        } catch {
            return 0;
        }
    }

    /// @dev Indexes and their staked tokens at their reference prices of this very epoch, others by the oracle.
    function _poolTokenPrice(uint256 epoch, Pair[] memory pairs, address token) private view returns (uint256) {
        for (uint256 i = 0; i < pairs.length; ++i) {
            if (token == pairs[i].index || token == pairs[i].staked) return _prices().prices[epoch][token];
        }
        return _oraclePrice(token);
    }

    /// @dev D18{USD/1e18 tok}
    function _oraclePrice(address token) private view returns (uint256) {
        return _bounded(_oracleValue(token, _WAD));
    }

    /// @dev The largest number where there is no price.
    function _oracleValue(address token, uint256 amount) private view returns (uint256) {
        try _prices().oracle.value(token, amount) returns (uint256 value) {
            return value;
        } catch {
            return type(uint256).max;
        }
    }

    /// @dev A price beyond 128 bits is none.
    function _bounded(uint256 price) private pure returns (uint256) {
        return price > type(uint128).max ? 0 : price;
    }

    function _grid() internal view returns (uint256 genesis, uint256 length) {
        PricesStorage storage $ = _prices();
        return ($.genesis, $.length);
    }

    function _prices() private pure returns (PricesStorage storage $) {
        bytes32 slot = _SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
