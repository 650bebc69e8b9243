// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";
import {ISupplyRegistry} from "../../interfaces/ISupplyRegistry.sol";

/// @title Circulating market capitalisations out of prices and posted supplies
/// @notice The base of methodologies that weigh by market capitalisation.
/// @dev The arithmetic is in `docs/weights-math.md`. Errors of the registry reach the caller as they are.
abstract contract MarketCaps is IMethodology {
    uint256 internal constant _WAD = 1e18;

    /// @dev Below this, 32 capitalisations sum up within 256 bits.
    uint256 private constant _SUMMABLE = 2 ** 251;

    /// @notice Where supplies come from.
    ISupplyRegistry public immutable registry;

    /// @notice An address that is needed is zero.
    error MarketCaps_ZeroAddress();

    /// @notice The parameters are not one word.
    /// @param parameters what was given
    error MarketCaps_InvalidParameters(bytes parameters);

    /// @notice Both lists must have the same length.
    /// @param tokens length of the first
    /// @param prices length of the second
    error MarketCaps_LengthMismatch(uint256 tokens, uint256 prices);

    /// @notice The price is zero or has more than 128 bits, so it is not the oracle's.
    /// @param token the token
    /// @param price D18{USD/whole token} that was given
    error MarketCaps_InvalidPrice(address token, uint256 price);

    constructor(ISupplyRegistry registry_) {
        if (address(registry_) == address(0)) revert MarketCaps_ZeroAddress();
        registry = registry_;
    }

    /// @notice The market capitalisation of each token.
    /// @dev Reverts: LengthMismatch, InvalidPrice, and as `ISupplyRegistry.supplies`.
    /// @param tokens the tokens
    /// @param prices D18{USD/whole token} of each
    /// @return caps D36{USD} of each, or a 32nd of it where the largest is 2^251 or more
    function marketCaps(address[] calldata tokens, uint256[] calldata prices)
        public
        view
        returns (uint256[] memory caps)
    {
        if (prices.length != tokens.length) revert MarketCaps_LengthMismatch(tokens.length, prices.length);

        caps = registry.supplies(tokens);
        uint256 largest = 0;
        for (uint256 i = 0; i < caps.length; ++i) {
            uint256 price = prices[i];
            if (price == 0 || price > type(uint128).max) revert MarketCaps_InvalidPrice(tokens[i], price);
            // The registry keeps supplies within 128 bits as well, and above 0.
            caps[i] *= price;
            largest = Math.max(largest, caps[i]);
        }
        if (largest >= _SUMMABLE) {
            for (uint256 i = 0; i < caps.length; ++i) {
                // Rounded up, so that none becomes 0: once the others are capped, one constituent must take what is
                // left.
                caps[i] = Math.ceilDiv(caps[i], 32);
            }
        }
    }

    /// @dev The one parameter, D18.
    function _readParameter(bytes calldata parameters) internal pure returns (uint256) {
        if (parameters.length != 32) revert MarketCaps_InvalidParameters(parameters);
        return abi.decode(parameters, (uint256));
    }
}
