// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {ILockedLiquidity} from "../../interfaces/ILpLocker.sol";
import {IReferencePrices} from "../../interfaces/IReferencePrices.sol";
import {ITimeWeightedERC20} from "../../interfaces/ITimeWeightedERC20.sol";
import {PointsMath} from "./PointsMath.sol";

/// @title What accounts had over an epoch, at its prices
/// @notice Reads balances of indexes, staked tokens and staked SOSO, and locked liquidity, from their sources.
/// @custom:security-contact security@ssi.example
library Positions {
    using Address for address;

    /// @dev Balances of the tokens over the epoch, at its prices. Skips tokens without a price.
    function one(IReferencePrices.Sheet memory sheet, address account, uint256 epoch)
        internal
        view
        returns (PointsMath.Position memory p)
    {
        for (uint256 i = 0; i < sheet.held.length; ++i) {
            p.held += _valueOf(account, epoch, sheet.held[i]);
            p.staked += _valueOf(account, epoch, sheet.staked[i]);
        }
        p.soso = _valueOf(account, epoch, sheet.soso);
        for (uint256 i = 0; i < sheet.locked.length; ++i) {
            IReferencePrices.Item memory pool = sheet.locked[i];
            if (pool.price == 0) continue;
            uint256 amount = ILockedLiquidity(sheet.locker).liquiditySeconds(account, pool.token, epoch, epoch + 1);
            p.locked += PointsMath.valueDown(amount, pool.price);
        }
    }

    function _valueOf(address account, uint256 epoch, IReferencePrices.Item memory item)
        private
        view
        returns (uint256)
    {
        if (item.price == 0) return 0;

        return
            PointsMath.valueDown(ITimeWeightedERC20(item.token).balanceSeconds(account, epoch, epoch + 1), item.price);
    }

    /// @dev The same of many accounts: asks every source once. Of one account, {one} is cheaper.
    function many(IReferencePrices.Sheet memory sheet, address[] memory accounts, uint256 epoch)
        internal
        view
        returns (PointsMath.Position[] memory p)
    {
        uint256 count = accounts.length;
        p = new PointsMath.Position[](count);
        if (count == 1) {
            p[0] = one(sheet, accounts[0], epoch);
            return p;
        }

        bytes memory query = abi.encodeCall(ITimeWeightedERC20.balanceSecondsBatch, (accounts, epoch, epoch + 1));
        uint256[] memory sums = new uint256[](count);
        for (uint256 i = 0; i < sheet.held.length; ++i) {
            _addBalances(sums, sheet.held[i], query);
        }
        for (uint256 i = 0; i < count; ++i) {
            (p[i].held, sums[i]) = (sums[i], 0);
        }
        for (uint256 i = 0; i < sheet.staked.length; ++i) {
            _addBalances(sums, sheet.staked[i], query);
        }
        for (uint256 i = 0; i < count; ++i) {
            (p[i].staked, sums[i]) = (sums[i], 0);
        }
        _addBalances(sums, sheet.soso, query);
        for (uint256 i = 0; i < count; ++i) {
            (p[i].soso, sums[i]) = (sums[i], 0);
        }
        for (uint256 i = 0; i < sheet.locked.length; ++i) {
            IReferencePrices.Item memory pool = sheet.locked[i];
            if (pool.price == 0) continue;
            _addValues(
                sums,
                ILockedLiquidity(sheet.locker).liquiditySecondsBatch(accounts, pool.token, epoch, epoch + 1),
                pool.price
            );
        }
        for (uint256 i = 0; i < count; ++i) {
            p[i].locked = sums[i];
        }
    }

    /// @dev `query` is the same for all tokens, so it is encoded once.
    function _addBalances(uint256[] memory sums, IReferencePrices.Item memory item, bytes memory query) private view {
        if (item.price == 0) return;

        _addValues(sums, abi.decode(item.token.functionStaticCall(query), (uint256[])), item.price);
    }

    /// @dev Most accounts have nothing of most tokens.
    function _addValues(uint256[] memory sums, uint256[] memory amountSeconds, uint256 price) private pure {
        for (uint256 i = 0; i < sums.length; ++i) {
            if (amountSeconds[i] != 0) sums[i] += PointsMath.valueDown(amountSeconds[i], price);
        }
    }
}
