// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of Permit2: transfers by signature
/// @notice Uniswap's own interface, cut down to the function that the router calls.
interface IPermit2 {
    /// @param token the token that the owner lets go
    /// @param amount {tok} most that may be taken
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    /// @param permitted the token and the most of it
    /// @param nonce a bit of the owner's unordered nonces, used once
    /// @param deadline Unix seconds, the last one that is good
    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    /// @param to the receiver
    /// @param requestedAmount {tok} to take
    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    /// @notice Takes tokens of `owner` by their signature. The caller is the spender that was signed.
    /// @dev Reverts on a wrong or used signature, a passed deadline, and more than was permitted.
    /// @param permit what the owner signed
    /// @param transferDetails where the tokens go, and how many
    /// @param owner the signer
    /// @param signature by key, or by ERC-1271 where the owner is a contract
    function permitTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes calldata signature
    ) external;
}
