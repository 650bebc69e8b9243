// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What every methodology demands of a list of constituents
/// @notice One to 32 tokens, each of them once.
library Constituents {
    uint256 internal constant MAX = 32;

    /// @notice The list is empty or too long.
    /// @param count tokens in it
    /// @param max tokens allowed
    error Constituents_InvalidCount(uint256 count, uint256 max);

    /// @notice A token is listed twice.
    /// @param token the token
    error Constituents_Duplicate(address token);

    /// @dev Why each once: a token that is listed twice would get two floors or two caps.
    function requireSound(address[] calldata tokens) internal pure {
        uint256 count = tokens.length;
        if (count == 0 || count > MAX) revert Constituents_InvalidCount(count, MAX);

        for (uint256 i = 1; i < count; ++i) {
            address token = tokens[i];
            for (uint256 j = 0; j < i; ++j) {
                if (tokens[j] == token) revert Constituents_Duplicate(token);
            }
        }
    }
}
