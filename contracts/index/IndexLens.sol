// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {MetadataReaderLib} from "solady/src/utils/MetadataReaderLib.sol";

import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexLens} from "../../interfaces/IIndexLens.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {TolerantERC20} from "./TolerantERC20.sol";

/// @title Everything about an index in one call
/// @notice See {IIndexLens}.
/// @dev Reads only. No contract of the protocol depends on it, so it can be replaced at will.
/// @custom:security-contact security@ssi.example
contract IndexLens is IIndexLens {
    uint256 private constant _BPS = 10_000;
    uint256 private constant _DEAD_SHARES = 1e16;
    uint256 private constant _RAY = 1e27;
    uint256 private constant _WAD = 1e18;

    /// @dev Enough for a symbol or decimals behind a proxy, and so little that 32 tokens which burn it stop no call.
    uint256 private constant _METADATA_GAS = 100_000;
    uint256 private constant _SYMBOL_LENGTH = 32;

    /// @notice Knows all indexes.
    IIndexFactory public immutable factory;

    /// @notice Where prices come from.
    IPriceOracle public immutable oracle;

    /// @notice Knows how indexes are staked.
    IFeeDistributor public immutable distributor;

    constructor(IIndexFactory factory_, IPriceOracle oracle_, IFeeDistributor distributor_) {
        factory = factory_;
        oracle = oracle_;
        distributor = distributor_;
    }

    /// @inheritdoc IIndexLens
    function overview(address index) public view returns (Overview memory o) {
        IIndexToken token = IIndexToken(index);
        (o.index, o.readable) = (index, true);
        o.name = IERC20Metadata(index).name();
        o.symbol = IERC20Metadata(index).symbol();
        o.totalSupply = token.totalSupply();
        o.issuedSupply = token.issuedSupply();
        o.pendingFeeShares = token.pendingFeeShares();
        o.multiplier = token.multiplier();
        o.terms = token.terms();
        (o.constituents, o.baseSupply, o.nav, o.priced) = _constituents(token);
        if (o.totalSupply != 0) o.sharePrice = Math.mulDiv(o.nav, _WAD, o.totalSupply);
        o.staking = staking(index);
    }

    /// @inheritdoc IIndexLens
    function overviews() external view returns (Overview[] memory all) {
        address[] memory list = factory.indexes();
        all = new Overview[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            try this.overview(list[i]) returns (Overview memory o) {
                all[i] = o;
            } catch {
                all[i].index = list[i];
            }
        }
    }

    /// @inheritdoc IIndexLens
    function valueOf(address index, uint256 shares) external view returns (uint256 value) {
        (address[] memory tokens,,) = IIndexToken(index).basket();
        uint256[] memory amounts = IIndexToken(index).previewRedeem(shares);
        for (uint256 i = 0; i < tokens.length; ++i) {
            value += oracle.value(tokens[i], amounts[i]);
        }
    }

    /// @inheritdoc IIndexLens
    function sharesForAmounts(address index, uint256[] calldata amounts) external view returns (uint256) {
        IIndexToken token = IIndexToken(index);
        (address[] memory tokens, uint256[] memory units, uint256 held) = token.basket();
        if (amounts.length != tokens.length) {
            revert IIndexToken.IndexToken_LengthMismatch(tokens.length, amounts.length);
        }

        uint256 base = type(uint96).max;
        for (uint256 i = 0; i < tokens.length; ++i) {
            base = Math.min(base, Math.saturatingMul(amounts[i], _RAY) / _wholeUnit(token, tokens[i], units[i]));
        }
        uint256 gross = base * _RAY / token.multiplier();
        if (held == 0) gross = Math.saturatingSub(gross, _DEAD_SHARES);

        return gross * (_BPS - token.terms().mintFee) / _BPS;
    }

    /// @inheritdoc IIndexLens
    function previewClaim(address index, address token, address account) external view returns (uint256) {
        (bool readable, uint256 held) = TolerantERC20.tryBalanceOf(token, index);
        if (!readable) revert IIndexToken.IndexToken_BalanceUnreadable(token);
        (uint256 base, uint256 unit,) = IIndexToken(index).unitsForTrade(token, token);
        uint256 owed = unit * base / _RAY + IIndexToken(index).segregated(token);
        uint256 claim = IIndexToken(index).claimOf(token, account);

        return held < owed ? Math.mulDiv(claim, held, owed) : claim;
    }

    /// @inheritdoc IIndexLens
    function staking(address index) public view returns (Staking memory s) {
        (s.stakedToken, s.stakersPart,) = distributor.splitOf(index);
        if (s.stakedToken == address(0)) return s;

        IStakedToken token = IStakedToken(s.stakedToken);
        uint256 epoch = token.currentEpoch();
        s.totalAssets = token.totalAssets();
        s.totalSupply = token.totalSupply();
        s.exchangeRate = token.exchangeRate();
        s.epochStartRate = token.exchangeRateAt(epoch);
        s.unvestedRewards = token.unvestedRewards();
        s.setAside = token.assetsSetAside();
        s.cooldown = token.cooldown();
        s.currentApr = token.currentApr();
        s.epochApr = token.epochApr(epoch);
        if (epoch != 0) s.lastEpochApr = token.epochApr(epoch - 1);
        (s.pendingToStakers,) = distributor.pending(index);
    }

    function _constituents(IIndexToken index)
        private
        view
        returns (Constituent[] memory list, uint256 base, uint256 nav, bool priced)
    {
        address[] memory tokens;
        uint256[] memory units;
        (tokens, units, base) = index.basket();
        (uint256[] memory accounted, uint256[] memory available) = index.holdings();

        priced = true;
        list = new Constituent[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            Constituent memory c = list[i];
            bool countable = _readToken(c, address(index), tokens[i]);
            c.units = units[i];
            c.accounted = accounted[i];
            c.available = available[i];
            c.claimed = index.segregated(tokens[i]);
            if (countable) (c.priced, c.price) = oracle.tryPrice(tokens[i]);
            if (c.priced) c.value = Math.mulDiv(Math.min(accounted[i], available[i]), c.price, 10 ** c.decimals);
            priced = priced && c.priced;
            nav += c.value;
        }
        for (uint256 i = 0; nav != 0 && i < list.length; ++i) {
            list[i].weight = Math.mulDiv(list[i].value, _WAD, nav);
        }
    }

    /// @dev D27{tok/base} that a mint pays for: all of a surplus, vested or not. The basket has rounded what has
    /// vested, so the last bit and 1 are added, to keep this from being less.
    function _wholeUnit(IIndexToken index, address token, uint256 unit) private view returns (uint256) {
        (uint256 extra, uint256 start, uint256 end) = index.vestingOf(token);
        if (block.timestamp >= end) return unit;
        extra -= extra * (block.timestamp - start) / (end - start);
        return unit + extra + (unit + extra >> 55) + 1;
    }

    /// @dev Reads a token's symbol and decimals, and tells whether the index's balance of it can be counted. No answer
    /// of the token, and no missing answer, stops the call. Some old tokens (MKR) have a symbol of 32 bytes.
    function _readToken(Constituent memory c, address index, address token) private view returns (bool countable) {
        c.token = token;
        c.symbol = _toPrintable(MetadataReaderLib.readSymbol(token, _SYMBOL_LENGTH, _METADATA_GAS));
        (bool known, bytes memory answer) =
            token.staticcall{gas: _METADATA_GAS}(abi.encodeCall(IERC20Metadata.decimals, ()));
        known = known && answer.length >= 32 && uint256(bytes32(answer)) <= 18;
        if (known) c.decimals = uint8(uint256(bytes32(answer)));
        (bool held,) = TolerantERC20.tryBalanceOf(token, index);
        countable = known && held;
        c.readable = countable && bytes(c.symbol).length != 0;
    }

    /// @dev A text that every client can read: question marks replace all that is not printable ASCII.
    function _toPrintable(string memory text) private pure returns (string memory) {
        bytes memory letters = bytes(text);
        for (uint256 i = 0; i < letters.length; ++i) {
            if (letters[i] < 0x20 || letters[i] > 0x7e) letters[i] = "?";
        }
        return text;
    }
}
