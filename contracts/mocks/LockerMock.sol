// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILockedLiquidity} from "../../interfaces/ILpLocker.sol";
import {ITimeWeightedERC20} from "../../interfaces/ITimeWeightedERC20.sol";

/// @title A locker whose pools are time-weighted tokens: a holder's balance counts as locked liquidity
contract LockerMock is ILockedLiquidity {
    struct LockedTokens {
        address token0;
        address token1;
    }

    address[] private _pools;
    mapping(address pool => LockedTokens) private _tokens;

    function addPool(address pool, address token0, address token1) external {
        _pools.push(pool);
        _tokens[pool] = LockedTokens(token0, token1);
    }

    function pools() external view returns (address[] memory) {
        return _pools;
    }

    function poolTokens(address pool) external view returns (address, address) {
        return (_tokens[pool].token0, _tokens[pool].token1);
    }

    function liquiditySeconds(address account, address pool, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256)
    {
        return ITimeWeightedERC20(pool).balanceSeconds(account, fromEpoch, toEpoch);
    }

    function liquiditySecondsBatch(address[] calldata accounts, address pool, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256[] memory)
    {
        return ITimeWeightedERC20(pool).balanceSecondsBatch(accounts, fromEpoch, toEpoch);
    }
}
