// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Circulating supplies, posted by governance within a bounded step
/// @notice What the asset behind a token has in circulation: bitcoins for WBTC, for example. D18 everywhere: 10^18 is
/// one whole unit of the asset.
/// @dev Why a step: every posting waits for governance's notice, so figures are weeks old by design, and nothing on
/// chain can check them. What bounds the harm of a wrong one is how far it may be from the one before.
interface ISupplyRegistry {
    /// @notice The first supply of a token was posted.
    /// @param token the token that stands for the asset
    /// @param supply D18{whole units}
    event SupplyListed(address indexed token, uint256 supply);

    /// @notice A newer supply of a token was posted.
    /// @param token the token that stands for the asset
    /// @param supply D18{whole units} from now on
    /// @param before D18{whole units} until now
    event SupplyPosted(address indexed token, uint256 supply, uint256 before);

    /// @notice An address that is needed is zero.
    error SupplyRegistry_ZeroAddress();

    /// @notice Both lists must have the same length.
    /// @param tokens length of the first
    /// @param supplies length of the second
    error SupplyRegistry_LengthMismatch(uint256 tokens, uint256 supplies);

    /// @notice A supply is between 1 and 2^128 - 1.
    /// @param token the token
    /// @param supply what was posted
    error SupplyRegistry_InvalidSupply(address token, uint256 supply);

    /// @notice `list` is for first supplies; newer ones go through `post`.
    /// @param token the token that has a supply already
    error SupplyRegistry_AlreadyListed(address token);

    /// @notice The token has no supply.
    /// @param token the token
    error SupplyRegistry_NotListed(address token);

    /// @notice The last posting is less than `MIN_INTERVAL` old.
    /// @param token the token
    /// @param earliest Unix seconds, when the next posting is allowed
    error SupplyRegistry_TooSoon(address token, uint256 earliest);

    /// @notice The posting is too far from the one before.
    /// @param token the token
    /// @param supply D18{whole units} that was posted
    /// @param before D18{whole units} of the last posting
    /// @param maxStep bp of `before`
    error SupplyRegistry_StepTooLarge(address token, uint256 supply, uint256 before, uint256 maxStep);

    /// @notice The last posting is too old to be believed.
    /// @param token the token
    /// @param postedAt Unix seconds of the last posting
    /// @param maxAge seconds, the oldest posting that counts
    error SupplyRegistry_Stale(address token, uint256 postedAt, uint256 maxAge);

    /// @notice How far a posting may be from the one before.
    /// @return bp
    function MAX_STEP() external view returns (uint256);

    /// @notice The shortest time between two postings of a token.
    /// @return seconds
    function MIN_INTERVAL() external view returns (uint256);

    /// @notice The time after which a supply is no longer believed.
    /// @return seconds
    function MAX_AGE() external view returns (uint256);

    /// @notice Posts the first supplies of tokens. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, LengthMismatch, AlreadyListed, InvalidSupply.
    /// @param tokens the tokens
    /// @param amounts D18{whole units} of each
    function list(address[] calldata tokens, uint256[] calldata amounts) external;

    /// @notice Posts newer supplies of listed tokens. Posting the same figure again confirms it. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, LengthMismatch, NotListed, TooSoon, InvalidSupply, StepTooLarge.
    /// @param tokens the tokens
    /// @param amounts D18{whole units} of each
    function post(address[] calldata tokens, uint256[] calldata amounts) external;

    /// @notice The supply of a token.
    /// @dev Reverts: NotListed, Stale.
    /// @param token the token
    /// @return D18{whole units}
    function supply(address token) external view returns (uint256);

    /// @notice `supply` of each. Reverts where one of them does.
    /// @param tokens the tokens
    /// @return amounts D18{whole units} of each
    function supplies(address[] calldata tokens) external view returns (uint256[] memory amounts);

    /// @notice The last posting, however old.
    /// @param token the token
    /// @return amount D18{whole units}, 0 where there is none
    /// @return postedAt Unix seconds, 0 where there is none
    function lastPosting(address token) external view returns (uint256 amount, uint256 postedAt);
}
