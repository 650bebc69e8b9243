// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";
import {Constituents} from "./Constituents.sol";

/// @title Weights that governance states
/// @notice Parameters: `abi.encode(uint256[] weights)`, D18, one for each constituent in their order. A weight may be
/// 0.
/// @custom:security-contact security@ssi.example
contract FixedWeights is IMethodology {
    uint256 private constant _WAD = 1e18;

    /// @notice The parameters are not the canonical encoding of `count` words.
    /// @param count constituents
    /// @param parameters what was given
    error FixedWeights_InvalidParameters(uint256 count, bytes parameters);

    /// @notice The weights do not sum to 1e18.
    /// @param sum D18; 2^256 - 1 where it is more than that
    error FixedWeights_InvalidSum(uint256 sum);

    /// @inheritdoc IMethodology
    function weights(address[] calldata tokens, uint256[] calldata, bytes calldata parameters)
        external
        pure
        returns (uint256[] memory)
    {
        return _readWeights(tokens, parameters);
    }

    /// @inheritdoc IMethodology
    /// @dev Reverts: Constituents_InvalidCount, Constituents_Duplicate, InvalidParameters, InvalidSum.
    function validate(address[] calldata tokens, bytes calldata parameters) external pure {
        _readWeights(tokens, parameters);
    }

    function _readWeights(address[] calldata tokens, bytes calldata parameters)
        private
        pure
        returns (uint256[] memory list)
    {
        Constituents.requireSound(tokens);
        uint256 count = tokens.length;
        bool canonical = parameters.length == 64 + 32 * count && uint256(bytes32(parameters[:32])) == 32
            && uint256(bytes32(parameters[32:64])) == count;
        if (!canonical) revert FixedWeights_InvalidParameters(count, parameters);

        list = abi.decode(parameters, (uint256[]));
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            sum = Math.saturatingAdd(sum, list[i]);
        }
        if (sum != _WAD) revert FixedWeights_InvalidSum(sum);
    }
}
