// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title How an index weighs its constituents
/// @notice A pure function of the prices that it is handed and of posted supplies, without state of its own.
interface IMethodology {
    /// @notice The target weights of `tokens`, in their order. They sum to 1e18 exactly.
    /// @dev Reverts where a supply that it needs is missing or stale, where a price is not one that the oracle can
    /// give, and as {validate}.
    /// @param tokens the constituents
    /// @param prices D18{USD/whole token} of each. The caller has read them from the oracle anyway, so it passes them
    /// in.
    /// @param parameters ABI-encoded, the methodology's own
    /// @return D18 weight of each
    function weights(address[] calldata tokens, uint256[] calldata prices, bytes calldata parameters)
        external
        view
        returns (uint256[] memory);

    /// @notice Reverts with a typed error unless `parameters` can weigh `tokens`. Prices do not matter.
    /// @param tokens the constituents
    /// @param parameters ABI-encoded, the methodology's own
    function validate(address[] calldata tokens, bytes calldata parameters) external view;
}
