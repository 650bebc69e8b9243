// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";
import {ISupplyRegistry} from "../../interfaces/ISupplyRegistry.sol";
import {Constituents} from "./Constituents.sol";
import {MarketCaps} from "./MarketCaps.sol";

/// @title By circulating market capitalisation, none above a cap
/// @notice Parameters: `abi.encode(uint256 cap)`, D18. What a cap cuts off goes to the others pro rata, until none
/// exceeds it.
/// @custom:security-contact security@ssi.example
contract CappedMarketCap is MarketCaps {
    /// @dev Marks a capitalisation as capped. No true one is as large.
    uint256 private constant _CAPPED = type(uint256).max;

    /// @notice All constituents at the cap would not make a whole.
    /// @param cap D18
    /// @param count constituents
    error CappedMarketCap_CapTooLow(uint256 cap, uint256 count);

    /// @notice The cap is more than the whole.
    /// @param cap D18
    error CappedMarketCap_CapTooHigh(uint256 cap);

    constructor(ISupplyRegistry registry_) MarketCaps(registry_) {}

    /// @inheritdoc IMethodology
    function weights(address[] calldata tokens, uint256[] calldata prices, bytes calldata parameters)
        external
        view
        returns (uint256[] memory list)
    {
        uint256 cap = _readCap(tokens, parameters);
        uint256[] memory caps = marketCaps(tokens, prices);
        (uint256 free, uint256 sum) = _capAll(caps, cap);

        uint256 rest = _WAD;
        list = new uint256[](caps.length);
        for (uint256 i = 0; i < caps.length; ++i) {
            list[i] = caps[i] == _CAPPED ? cap : Math.mulDiv(free, caps[i], sum);
            rest -= list[i];
        }
        // Capped constituents have no room; the others have enough for all of the rest.
        for (uint256 i = 0; rest != 0; ++i) {
            uint256 more = Math.min(rest, cap - list[i]);
            list[i] += more;
            rest -= more;
        }
    }

    /// @inheritdoc IMethodology
    /// @dev Reverts: Constituents_InvalidCount, Constituents_Duplicate, MarketCaps_InvalidParameters, CapTooLow,
    /// CapTooHigh.
    function validate(address[] calldata tokens, bytes calldata parameters) external pure {
        _readCap(tokens, parameters);
    }

    /// @dev Marks the capped constituents in `caps`. Returns the weight that is left for the others, and the sum of
    /// their capitalisations. At least one is never capped, so the sum is not 0. Each round but the last caps one or
    /// more.
    function _capAll(uint256[] memory caps, uint256 cap) private pure returns (uint256 free, uint256 sum) {
        free = _WAD;
        for (uint256 i = 0; i < caps.length; ++i) {
            sum += caps[i];
        }
        bool again = true;
        while (again) {
            (again, free, sum) = _capOnce(caps, cap, free, sum);
        }
    }

    /// @dev One round, all by the same `free` and `sum`. A share exceeds the cap where the share rounded up does,
    /// because the cap is an integer.
    function _capOnce(uint256[] memory caps, uint256 cap, uint256 free, uint256 sum)
        private
        pure
        returns (bool cut, uint256, uint256)
    {
        (uint256 freeLeft, uint256 sumLeft) = (free, sum);
        for (uint256 i = 0; i < caps.length; ++i) {
            uint256 own = caps[i];
            if (own == _CAPPED || Math.mulDiv(free, own, sum, Math.Rounding.Ceil) <= cap) continue;

            caps[i] = _CAPPED;
            freeLeft -= cap;
            sumLeft -= own;
            cut = true;
        }
        return (cut, freeLeft, sumLeft);
    }

    function _readCap(address[] calldata tokens, bytes calldata parameters) private pure returns (uint256 cap) {
        Constituents.requireSound(tokens);
        cap = _readParameter(parameters);
        if (cap > _WAD) revert CappedMarketCap_CapTooHigh(cap);
        if (cap * tokens.length < _WAD) revert CappedMarketCap_CapTooLow(cap, tokens.length);
    }
}
