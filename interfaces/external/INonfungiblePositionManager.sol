// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of Uniswap v3's position manager
interface INonfungiblePositionManager {
    struct CollectParams {
        uint256 tokenId;
        address recipient;
        uint128 amount0Max;
        uint128 amount1Max;
    }

    function factory() external view returns (address);

    /// @dev Reverts with "Invalid token ID" where there is no such position.
    function positions(uint256 tokenId)
        external
        view
        returns (
            uint96 nonce,
            address operator,
            address token0,
            address token1,
            uint24 fee,
            int24 tickLower,
            int24 tickUpper,
            uint128 liquidity,
            uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128,
            uint128 tokensOwed0,
            uint128 tokensOwed1
        );

    /// @dev Pays what the position has earned, and nothing of its liquidity.
    function collect(CollectParams calldata params) external payable returns (uint256 amount0, uint256 amount1);

    /// @dev Calls nobody back.
    function transferFrom(address from, address to, uint256 tokenId) external;
}
