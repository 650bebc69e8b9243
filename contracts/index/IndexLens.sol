// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexLens} from "../../interfaces/IIndexLens.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";

/// @title Everything about an index in one call
/// @dev Reads only. Nothing in the protocol depends on it, so it can be replaced at will.
contract IndexLens is IIndexLens {
    uint256 private constant _WAD = 1e18;

    IIndexFactory public immutable factory;
    IPriceOracle public immutable oracle;
    IFeeDistributor public immutable distributor;

    constructor(IIndexFactory factory_, IPriceOracle oracle_, IFeeDistributor distributor_) {
        factory = factory_;
        oracle = oracle_;
        distributor = distributor_;
    }

    /// @inheritdoc IIndexLens
    function overview(address index) public view returns (Overview memory o) {
        IIndexToken token = IIndexToken(index);
        o.index = index;
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
            all[i] = overview(list[i]);
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

    function _constituents(IIndexToken index) private view returns (Constituent[] memory list, uint256 base, uint256 nav, bool priced) {
        address[] memory tokens;
        uint256[] memory units;
        (tokens, units, base) = index.basket();
        (uint256[] memory books, uint256[] memory available) = index.holdings();

        priced = true;
        list = new Constituent[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            Constituent memory c = list[i];
            c.token = tokens[i];
            c.symbol = _symbol(tokens[i]);
            c.decimals = IERC20Metadata(tokens[i]).decimals();
            c.units = units[i];
            c.books = books[i];
            c.available = available[i];
            c.claimed = index.segregated(tokens[i]);
            (c.priced, c.price) = oracle.tryPrice(tokens[i]);
            if (c.priced) c.value = Math.mulDiv(Math.min(books[i], available[i]), c.price, 10 ** c.decimals);
            priced = priced && c.priced;
            nav += c.value;
        }
        for (uint256 i = 0; nav != 0 && i < list.length; ++i) {
            list[i].weight = Math.mulDiv(list[i].value, _WAD, nav);
        }
    }

    /// @dev Some old tokens (MKR) answer with 32 bytes instead of a string.
    function _symbol(address token) private view returns (string memory) {
        (bool ok, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20Metadata.symbol, ()));
        if (!ok || answer.length < 32) return "";
        if (answer.length > 32) return abi.decode(answer, (string));

        uint256 length = 0;
        while (length < 32 && answer[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = answer[i];
        }
        return string(text);
    }
}
