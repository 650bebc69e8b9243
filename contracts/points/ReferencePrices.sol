// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {ILockedLiquidity} from "../../interfaces/ILpLocker.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IReferencePrices} from "../../interfaces/IReferencePrices.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {ITimeWeightedERC20} from "../../interfaces/ITimeWeightedERC20.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";

/// @title Medians of an epoch's samples, and what follows from them
/// @notice See {IReferencePrices}. No proxy.
/// @dev `docs/points-math.md` is the specification. All that decides the prices of a closed epoch was written in that
/// epoch or before: samples, rates, sources. So settling has the same result at any time and by any caller.
/// @custom:security-contact security@ssi.example
contract ReferencePrices is IReferencePrices, FixedAuthority {
    /// @inheritdoc IReferencePrices
    uint256 public constant SLOTS = 28;

    /// @inheritdoc IReferencePrices
    uint256 public constant LEAST_SAMPLES = 7;

    uint256 private constant _WAD = 1e18;

    /// @dev So many that one transaction can price them all with 32 constituents each.
    uint256 private constant _MAX_PAIRS = 8;

    /// @dev Sources that count from `fromEpoch` on, which shares a slot: `stakedSoso:160 | fromEpoch:40` = 200 bits,
    /// high to low. The first version is empty and counts from epoch 0.
    struct Version {
        uint40 fromEpoch;
        address stakedSoso;
        address locker;
        address referrals;
        Pair[] pairs;
    }

    /// @inheritdoc IReferencePrices
    address public immutable oracle;

    /// @inheritdoc IReferencePrices
    uint256 public immutable epochGenesis;

    /// @inheritdoc IReferencePrices
    uint256 public immutable epochLength;

    bool private _begun;
    Version[] private _versions;

    /// @dev For each slot one more than the prices that were missing, 0 for no sample. One word for each epoch.
    mapping(uint256 epoch => uint8[SLOTS]) private _slots;
    mapping(uint256 epoch => mapping(address token => uint128[SLOTS])) private _samples;

    /// @dev The lowest rates that samples saw, as complements, so that an unwritten word stands for the largest rate.
    mapping(uint256 epoch => mapping(address staked => uint256)) private _lowRates;
    mapping(uint256 epoch => address) private _sheets;

    constructor(address authority_, IPriceOracle oracle_, uint256 genesis, uint256 length) FixedAuthority(authority_) {
        if (authority_ == address(0) || address(oracle_) == address(0)) revert ReferencePrices_ZeroAddress();
        if (length == 0 || length > type(uint32).max || genesis > block.timestamp) {
            revert ReferencePrices_InvalidEpochGrid(genesis, length);
        }

        (oracle, epochGenesis, epochLength) = (address(oracle_), genesis, length);
        _versions.push();
    }

    // ---------------------------------------------------------------- sampling

    /// @inheritdoc IReferencePrices
    function sample() external returns (uint256 missing) {
        (uint256 epoch, uint256 slot) = _epochAndSlotNow();
        uint256 state = _slots[epoch][slot];
        if (state == 1) revert ReferencePrices_AlreadySampled(epoch, slot, 0);

        Version storage v = _versionOf(epoch);
        address[] memory tokens = _tokensToPrice(v);
        uint256 indexes = v.pairs.length;
        for (uint256 i = 0; i < tokens.length; ++i) {
            uint256 price = _priceOrNone(i < indexes ? _sharePrice(tokens[i]) : _oraclePrice(tokens[i]));
            if (price == 0) ++missing;
            _samples[epoch][tokens[i]][slot] = uint128(price);
            emit PriceSampled(epoch, slot, tokens[i], price);
        }
        if (missing == tokens.length) revert ReferencePrices_NoPriceFound(epoch, slot);
        if (state != 0 && missing + 1 >= state) revert ReferencePrices_AlreadySampled(epoch, slot, state - 1);

        // Not at the end: the writes below need more gas than is left where one of these calls runs out of it. So a
        // caller cannot skip this check by a low gas limit.
        _watchRates(epoch, v);
        _slots[epoch][slot] = uint8(missing + 1);
        if (!_begun) _begun = true;
        emit SampleTaken(epoch, slot, missing);
    }

    /// @dev Compares the lowest rate that a staked token tells with its rate now, and notes a lower one.
    function _watchRates(uint256 epoch, Version storage v) private {
        uint256 count = v.pairs.length;
        for (uint256 i = 0; i < count; ++i) {
            _watchRate(epoch, v.pairs[i].staked);
        }
        _watchRate(epoch, v.stakedSoso);
    }

    function _watchRate(uint256 epoch, address staked) private {
        if (staked == address(0)) return;
        try IStakedToken(staked).exchangeRate() returns (uint256 rate) {
            if (rate >= _lowestRate(epoch, staked)) return;
            _lowRates[epoch][staked] = ~rate;
            emit LowRateSeen(epoch, staked, rate);
        } catch {}
    }

    /// @inheritdoc IReferencePrices
    function runningSlot()
        external
        view
        returns (uint256 epoch, uint256 slot, uint256 end, bool sampled, uint256 missing)
    {
        (epoch, slot) = _epochAndSlotNow();
        end = _startOf(epoch) + Math.ceilDiv((slot + 1) * epochLength, SLOTS);
        missing = _slots[epoch][slot];
        sampled = missing != 0;
        if (sampled) --missing;
    }

    /// @inheritdoc IReferencePrices
    function slotsOf(uint256 epoch) external view returns (uint8[SLOTS] memory) {
        return _slots[epoch];
    }

    /// @inheritdoc IReferencePrices
    function samplesOf(uint256 epoch, address token) external view returns (uint128[SLOTS] memory) {
        return _samples[epoch][token];
    }

    /// @inheritdoc IReferencePrices
    function medianOf(uint256 epoch, address token) public view returns (uint256 median, uint256 samples) {
        uint128[SLOTS] memory bySlot = _samples[epoch][token];
        uint256[] memory found = new uint256[](SLOTS);
        for (uint256 i = 0; i < SLOTS; ++i) {
            if (bySlot[i] != 0) found[samples++] = bySlot[i];
        }
        if (samples == 0) return (0, 0);

        assembly ("memory-safe") {
            mstore(found, samples) // shortens it
        }
        LibSort.insertionSort(found);
        median = found[(samples - 1) / 2];
    }

    /// @inheritdoc IReferencePrices
    function sampledTokens(uint256 epoch) external view returns (address[] memory) {
        return _tokensToPrice(_versionOf(epoch));
    }

    // ---------------------------------------------------------------- prices of an epoch

    /// @inheritdoc IReferencePrices
    function settle(uint256 epoch) external returns (Sheet memory sheet) {
        address written = _sheets[epoch];
        if (written != address(0)) _returnSheet(written);
        uint256 end = _startOf(epoch + 1);
        if (block.timestamp < end) revert ReferencePrices_EpochRunning(epoch, end);

        sheet = _computeSheet(epoch);
        _sheets[epoch] = SSTORE2.write(abi.encode(sheet));
        emit EpochSettled(epoch, sheet);
    }

    /// @inheritdoc IReferencePrices
    function sheetOf(uint256 epoch) public view returns (Sheet memory) {
        address written = _sheets[epoch];
        if (written != address(0)) return _readSheet(written);
        uint256 current = currentEpoch();
        if (epoch > current) revert ReferencePrices_FutureEpoch(epoch, current);

        return _computeSheet(epoch);
    }

    /// @inheritdoc IReferencePrices
    function referencePrice(uint256 epoch, address token) external view returns (uint256) {
        return _priceIn(sheetOf(epoch), epoch, token);
    }

    /// @inheritdoc IReferencePrices
    function isSettled(uint256 epoch) external view returns (bool) {
        return _sheets[epoch] != address(0);
    }

    /// @dev Ends the call. What is written is the answer, encoded; to decode it here would cost a record 6,000 gas.
    function _returnSheet(address written) private view {
        bytes memory sheet = SSTORE2.read(written);
        assembly ("memory-safe") {
            return(add(sheet, 0x20), mload(sheet))
        }
    }

    function _readSheet(address written) private view returns (Sheet memory) {
        return abi.decode(SSTORE2.read(written), (Sheet));
    }

    function _computeSheet(uint256 epoch) private view returns (Sheet memory s) {
        Version storage v = _versionOf(epoch);
        uint256 count = v.pairs.length;
        (s.held, s.staked) = (new Item[](count), new Item[](count));
        for (uint256 i = 0; i < count; ++i) {
            Pair memory pair = v.pairs[i];
            s.held[i] = Item(pair.index, _assetPrice(epoch, pair.index));
            if (pair.staked != address(0)) {
                s.staked[i] = Item(pair.staked, _stakedPrice(epoch, pair.staked, s.held[i].price));
            }
        }
        if (v.stakedSoso != address(0)) {
            uint256 price = _assetPrice(epoch, IStakedToken(v.stakedSoso).asset());
            s.soso = Item(v.stakedSoso, _stakedPrice(epoch, v.stakedSoso, price));
        }
        (s.locker, s.referrals) = (v.locker, v.referrals);
        if (v.locker == address(0)) return s;

        address[] memory pools = ILockedLiquidity(v.locker).pools();
        Item[] memory locked = new Item[](pools.length);
        for (uint256 i = 0; i < pools.length; ++i) {
            (address token0, address token1) = ILockedLiquidity(v.locker).poolTokens(pools[i]);
            uint256 product = _priceIn(s, epoch, token0) * _priceIn(s, epoch, token1);
            locked[i] = Item(pools[i], _priceOrNone(2 * Math.sqrt(product)));
        }
        s.locked = locked;
    }

    /// @dev The epoch's own median, or that of the epoch before. For the running epoch one sample is enough.
    function _assetPrice(uint256 epoch, address token) private view returns (uint256) {
        (uint256 median, uint256 samples) = medianOf(epoch, token);
        if (samples >= (epoch == currentEpoch() ? 1 : LEAST_SAMPLES)) return median;
        if (epoch == 0) return 0;

        (median, samples) = medianOf(epoch - 1, token);
        return samples >= LEAST_SAMPLES ? median : 0;
    }

    /// @dev By the lowest rate of the epoch, so that a share-second never counts more than it was worth at any moment.
    function _stakedPrice(uint256 epoch, address staked, uint256 assetPrice) private view returns (uint256) {
        uint256 rate = _lowestRate(epoch, staked);
        // A larger number is no rate: the product would not fit.
        return rate > type(uint128).max ? 0 : _priceOrNone(Math.mulDiv(assetPrice, rate, _WAD));
    }

    /// @dev The rate that the token tells, or a lower one that a sample saw; 0 where the token does not answer.
    function _lowestRate(uint256 epoch, address staked) private view returns (uint256) {
        try IStakedToken(staked).lowestRate(epoch) returns (uint256 rate) {
            return Math.min(rate, ~_lowRates[epoch][staked]);
        } catch (bytes memory reason) {
            _requireNotBusy(staked, reason);
            return 0;
        }
    }

    function _priceIn(Sheet memory s, uint256 epoch, address token) private view returns (uint256) {
        for (uint256 i = 0; i < s.held.length; ++i) {
            if (s.held[i].token == token) return s.held[i].price;
            if (s.staked[i].token == token) return s.staked[i].price;
        }
        if (s.soso.token == token) return s.soso.price;
        for (uint256 i = 0; i < s.locked.length; ++i) {
            if (s.locked[i].token == token) return s.locked[i].price;
        }
        return _assetPrice(epoch, token);
    }

    // ---------------------------------------------------------------- prices of now

    /// @dev Indexes, SOSO, and the other tokens of the pools, each once. Staked tokens are left out: their prices
    /// follow from what they stake.
    function _tokensToPrice(Version storage v) private view returns (address[] memory tokens) {
        uint256 count = v.pairs.length;
        address[] memory pools = v.locker == address(0) ? new address[](0) : ILockedLiquidity(v.locker).pools();
        tokens = new address[](count + 1 + 2 * pools.length);
        address[] memory staked = new address[](count + 1);
        for (uint256 i = 0; i < count; ++i) {
            (tokens[i], staked[i]) = (v.pairs[i].index, v.pairs[i].staked);
        }
        staked[count] = v.stakedSoso;
        if (v.stakedSoso != address(0)) tokens[count++] = IStakedToken(v.stakedSoso).asset();
        for (uint256 i = 0; i < pools.length; ++i) {
            (address token0, address token1) = ILockedLiquidity(v.locker).poolTokens(pools[i]);
            if (!_contains(tokens, count, token0) && !_contains(staked, staked.length, token0)) {
                tokens[count++] = token0;
            }
            if (!_contains(tokens, count, token1) && !_contains(staked, staked.length, token1)) {
                tokens[count++] = token1;
            }
        }
        assembly ("memory-safe") {
            mstore(tokens, count) // shortens it
        }
    }

    function _contains(address[] memory list, uint256 count, address token) private pure returns (bool) {
        for (uint256 i = 0; i < count; ++i) {
            if (list[i] == token) return true;
        }
        return false;
    }

    /// @dev D18{USD/1e18 share}: NAV per share, as the lens computes it; 0 where a constituent has no price.
    function _sharePrice(address index) private view returns (uint256) {
        address[] memory tokens;
        try IIndexToken(index).basket() returns (address[] memory list, uint256[] memory, uint256) {
            tokens = list;
        } catch (bytes memory reason) {
            _requireNotBusy(index, reason);
            return 0;
        }
        (uint256[] memory accounted, uint256[] memory available) = IIndexToken(index).holdings();
        uint256 supply = IIndexToken(index).totalSupply();
        if (supply == 0) return 0;

        uint256 nav = 0;
        for (uint256 i = 0; i < tokens.length; ++i) {
            uint256 value = _oracleValue(tokens[i], Math.min(accounted[i], available[i]));
            if (value == type(uint256).max) return 0;
            nav = Math.saturatingAdd(nav, value);
        }
        return Math.saturatingMul(nav, _WAD) / supply;
    }

    /// @dev D18{USD/1e18 tok}, 0 where there is no price.
    function _oraclePrice(address token) private view returns (uint256) {
        return _priceOrNone(_oracleValue(token, _WAD));
    }

    /// @dev D18{USD}; 2^256 - 1 where there is no price.
    function _oracleValue(address token, uint256 amount) private view returns (uint256) {
        try IPriceOracle(oracle).value(token, amount) returns (uint256 value) {
            return value;
        } catch {
            return type(uint256).max;
        }
    }

    /// @dev A price of more than 128 bits counts as none.
    function _priceOrNone(uint256 price) private pure returns (uint256) {
        return price > type(uint128).max ? 0 : price;
    }

    /// @dev Why: a caller could make a token busy, call from within, and have it count as a token without a price.
    function _requireNotBusy(address token, bytes memory reason) private pure {
        if (bytes4(reason) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector) {
            revert ReferencePrices_Busy(token);
        }
    }

    // ---------------------------------------------------------------- sources

    /// @inheritdoc IReferencePrices
    function setSources(Sources calldata newSources) external restricted {
        _requireValid(newSources);

        uint256 from = _begun ? currentEpoch() + 1 : 0;
        if (_versions[_versions.length - 1].fromEpoch == from) _versions.pop();
        Version storage v = _versions.push();
        v.fromEpoch = uint40(from);
        (v.stakedSoso, v.locker, v.referrals) = (newSources.stakedSoso, newSources.locker, newSources.referrals);
        for (uint256 i = 0; i < newSources.pairs.length; ++i) {
            v.pairs.push(newSources.pairs[i]);
        }
        emit SourcesSet(from, newSources);
    }

    /// @inheritdoc IReferencePrices
    function sourcesOf(uint256 epoch) external view returns (Sources memory) {
        Version storage v = _versionOf(epoch);
        return Sources(v.pairs, v.stakedSoso, v.locker, v.referrals);
    }

    /// @inheritdoc IReferencePrices
    function referrals() external view returns (address) {
        return _versions[_versions.length - 1].referrals;
    }

    /// @dev No token counts twice, and all count by the same epochs.
    function _requireValid(Sources calldata s) private view {
        uint256 count = s.pairs.length;
        if (count > _MAX_PAIRS) revert ReferencePrices_TooManyPairs(count, _MAX_PAIRS);

        address[] memory seen = new address[](2 * count + 1);
        for (uint256 i = 0; i < count; ++i) {
            (address index, address staked) = (s.pairs[i].index, s.pairs[i].staked);
            _requireToken(index, seen, 2 * i);
            if (staked == address(0)) continue;
            _requireToken(staked, seen, 2 * i + 1);
            if (IStakedToken(staked).asset() != index) revert ReferencePrices_InvalidSource(staked);
            _requireLowestRate(staked);
        }
        if (s.stakedSoso == address(0)) return;
        _requireToken(s.stakedSoso, seen, 2 * count);
        _requireLowestRate(s.stakedSoso);
    }

    function _requireToken(address token, address[] memory seen, uint256 place) private view {
        bool valid = token.code.length != 0 && ITimeWeightedERC20(token).epochGenesis() == epochGenesis
            && ITimeWeightedERC20(token).epochLength() == epochLength && !_contains(seen, place, token);
        if (!valid) revert ReferencePrices_InvalidSource(token);
        seen[place] = token;
    }

    function _requireLowestRate(address staked) private view {
        try IStakedToken(staked).lowestRate(currentEpoch()) returns (uint256) {}
        catch {
            revert ReferencePrices_InvalidSource(staked);
        }
    }

    /// @dev The sources that count in `epoch`. Goes back once for each change since then; the first version counts from
    /// epoch 0.
    function _versionOf(uint256 epoch) private view returns (Version storage) {
        uint256 i = _versions.length - 1;
        while (_versions[i].fromEpoch > epoch) --i;
        return _versions[i];
    }

    // ---------------------------------------------------------------- time

    /// @inheritdoc IReferencePrices
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - epochGenesis) / epochLength;
    }

    function _epochAndSlotNow() private view returns (uint256 epoch, uint256 slot) {
        uint256 elapsed = block.timestamp - epochGenesis;
        return (elapsed / epochLength, elapsed % epochLength * SLOTS / epochLength);
    }

    function _startOf(uint256 epoch) private view returns (uint256) {
        return epochGenesis + epoch * epochLength;
    }
}
