// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";
import {ISupplyRegistry} from "../../interfaces/ISupplyRegistry.sol";
import {Constituents} from "./Constituents.sol";
import {MarketCaps} from "./MarketCaps.sol";

/// @title A floor for each constituent, the rest by circulating market capitalisation
/// @notice Parameters: `abi.encode(uint256 floor)`, D18.
/// @custom:security-contact security@ssi.example
contract FloorAndMarketCap is MarketCaps {
    /// @notice All floors together are more than the whole.
    /// @param floor D18
    /// @param count constituents
    error FloorAndMarketCap_FloorTooHigh(uint256 floor, uint256 count);

    constructor(ISupplyRegistry registry_) MarketCaps(registry_) {}

    /// @inheritdoc IMethodology
    function weights(address[] calldata tokens, uint256[] calldata prices, bytes calldata parameters)
        external
        view
        returns (uint256[] memory list)
    {
        uint256 floor = _readFloor(tokens, parameters);
        list = marketCaps(tokens, prices);
        uint256 count = list.length;
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            sum += list[i];
        }

        uint256 free = _WAD - count * floor;
        uint256 rest = _WAD;
        for (uint256 i = 0; i < count; ++i) {
            list[i] = floor + Math.mulDiv(free, list[i], sum);
            rest -= list[i];
        }
        list[0] += rest;
    }

    /// @inheritdoc IMethodology
    /// @dev Reverts: Constituents_InvalidCount, Constituents_Duplicate, MarketCaps_InvalidParameters, FloorTooHigh.
    function validate(address[] calldata tokens, bytes calldata parameters) external pure {
        _readFloor(tokens, parameters);
    }

    function _readFloor(address[] calldata tokens, bytes calldata parameters) private pure returns (uint256 floor) {
        Constituents.requireSound(tokens);
        floor = _readParameter(parameters);
        if (floor > _WAD / tokens.length) revert FloorAndMarketCap_FloorTooHigh(floor, tokens.length);
    }
}
