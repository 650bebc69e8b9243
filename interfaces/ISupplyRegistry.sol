// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Circulating supplies, posted by governance within a bounded step
/// @notice What the asset behind a token has in circulation, e.g. bitcoins for WBTC. D18 everywhere: 10^18 is one whole unit of the asset.
/// @dev Every posting waits for governance's notice, so figures are weeks old by design. What bounds the harm of a wrong one is its step.
interface ISupplyRegistry {
    event SupplyListed(address indexed token, uint256 supply);
    event SupplyPosted(address indexed token, uint256 supply, uint256 before);

    error SupplyRegistry_ZeroAddress();
    error SupplyRegistry_LengthMismatch(uint256 tokens, uint256 supplies);

    /// @notice A supply is between 1 and 2^128 - 1.
    error SupplyRegistry_InvalidSupply(address token, uint256 supply);
    error SupplyRegistry_AlreadyListed(address token);
    error SupplyRegistry_NotListed(address token);

    /// @param earliest Unix seconds, when the next posting is allowed
    error SupplyRegistry_TooSoon(address token, uint256 earliest);

    /// @param maxStep bp of `before`
    error SupplyRegistry_StepTooLarge(address token, uint256 supply, uint256 before, uint256 maxStep);
    error SupplyRegistry_Stale(address token, uint256 postedAt, uint256 maxAge);

    /// @notice bp, how far a posting may be from the one before.
    function MAX_STEP() external view returns (uint256);

    /// @notice seconds between two postings of a token.
    function MIN_INTERVAL() external view returns (uint256);

    /// @notice seconds after which a supply is no longer believed.
    function MAX_AGE() external view returns (uint256);

    /// @notice The first supplies of tokens. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, LengthMismatch, AlreadyListed, InvalidSupply.
    function list(address[] calldata tokens, uint256[] calldata amounts) external;

    /// @notice Newer supplies of listed tokens. Restricted. Posting the same figure again confirms it.
    /// @dev Reverts: AccessManagedUnauthorized, LengthMismatch, NotListed, TooSoon, InvalidSupply, StepTooLarge.
    function post(address[] calldata tokens, uint256[] calldata amounts) external;

    /// @notice D18{whole units}.
    /// @dev Reverts: NotListed, Stale.
    function supply(address token) external view returns (uint256);

    /// @notice `supply` of each. Reverts where one of them does.
    function supplies(address[] calldata tokens) external view returns (uint256[] memory amounts);

    /// @notice The last posting, however old: D18{whole units} and Unix seconds; zeros where there is none.
    function lastPosting(address token) external view returns (uint256 amount, uint256 postedAt);
}
