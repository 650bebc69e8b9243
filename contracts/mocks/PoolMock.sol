// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Describes itself as a pool and is none
contract PoolMock {
    address public immutable token0;
    address public immutable token1;
    uint24 public constant fee = 3000;
    int24 public constant tickSpacing = 60;

    constructor(address token0_, address token1_) {
        (token0, token1) = (token0_, token1_);
    }
}
