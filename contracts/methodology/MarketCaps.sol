// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {ISupplyRegistry} from "../../interfaces/ISupplyRegistry.sol";

/// @title Circulating market capitalisations out of oracle prices and posted supplies
/// @dev docs/weights-math.md. Errors of the oracle and the registry reach the caller as they are.
abstract contract MarketCaps is IMethodology {
    uint256 internal constant _WAD = 1e18;

    /// @dev Below this, 32 capitalisations sum up within 256 bits.
    uint256 private constant _SUMMABLE = 2 ** 251;

    IPriceOracle public immutable oracle;
    ISupplyRegistry public immutable registry;

    error MarketCaps_ZeroAddress();

    /// @notice The parameters are not one word.
    error MarketCaps_InvalidParameters(bytes parameters);

    constructor(IPriceOracle oracle_, ISupplyRegistry registry_) {
        if (address(oracle_) == address(0) || address(registry_) == address(0)) revert MarketCaps_ZeroAddress();
        (oracle, registry) = (oracle_, registry_);
    }

    /// @notice D36{USD} of each, or a 32nd of it where the largest is 2^251 or more.
    /// @dev Reverts: as `IPriceOracle.prices` and `ISupplyRegistry.supplies`.
    function marketCaps(address[] calldata tokens) public view returns (uint256[] memory caps) {
        caps = oracle.prices(tokens);
        uint256[] memory supplies = registry.supplies(tokens);
        uint256 largest = 0;
        for (uint256 i = 0; i < caps.length; ++i) {
            // Both are within 128 bits, and above 0.
            caps[i] *= supplies[i];
            if (caps[i] > largest) largest = caps[i];
        }
        if (largest >= _SUMMABLE) {
            for (uint256 i = 0; i < caps.length; ++i) {
                // Upwards, so that none becomes 0: once the others are capped, somebody must be there to take what is left.
                caps[i] = Math.ceilDiv(caps[i], 32);
            }
        }
    }

    /// @dev D18, the one parameter.
    function _parameter(bytes calldata parameters) internal pure returns (uint256) {
        if (parameters.length != 32) revert MarketCaps_InvalidParameters(parameters);
        return abi.decode(parameters, (uint256));
    }
}
