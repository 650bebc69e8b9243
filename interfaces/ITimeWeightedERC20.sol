// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title ERC-20 whose balances remember time
/// @notice Every balance carries the integral of itself over time, so the time-weighted average of any account over a
/// past epoch is an exact read. Balance-seconds are share-wei multiplied by seconds.
interface ITimeWeightedERC20 is IERC20 {
    /// @notice The issued supply would not fit in 96 bits.
    /// @param supply {share} issued
    /// @param value {share} to be added
    error TimeWeightedERC20_SupplyOverflow(uint256 supply, uint256 value);

    /// @notice Epochs must be in order and the first one must have begun.
    /// @param fromEpoch the first epoch
    /// @param toEpoch the epoch after the last one
    /// @param currentEpoch the running epoch
    error TimeWeightedERC20_InvalidEpochs(uint256 fromEpoch, uint256 toEpoch, uint256 currentEpoch);

    /// @notice The epoch grid must start in the past and have a length.
    /// @param genesis start of epoch 0, Unix seconds
    /// @param length seconds of every epoch
    error TimeWeightedERC20_InvalidEpochGrid(uint256 genesis, uint256 length);

    /// @notice Start of epoch 0, common to all tokens of a deployment.
    /// @return Unix seconds
    function epochGenesis() external view returns (uint256);

    /// @notice Length of every epoch.
    /// @return seconds
    function epochLength() external view returns (uint256);

    /// @notice The running epoch.
    /// @return its number; the first is 0
    function currentEpoch() external view returns (uint256);

    /// @notice Issued shares: the sum of all balances.
    /// @return {share}
    function issuedSupply() external view returns (uint256);

    /// @notice Balance-seconds of `account` from the start of `fromEpoch` to the start of `toEpoch`, or until now where
    /// that is earlier.
    /// @dev Exact, no rounding. Reads one slot more for each epoch after `fromEpoch` in which the account was touched.
    /// Reverts with {TimeWeightedERC20_InvalidEpochs} unless `fromEpoch < toEpoch` and `fromEpoch` has begun.
    /// @param account the account
    /// @param fromEpoch the first epoch that counts
    /// @param toEpoch the first epoch that does not count any more
    /// @return {share s}
    function balanceSeconds(address account, uint256 fromEpoch, uint256 toEpoch) external view returns (uint256);

    /// @notice `balanceSeconds` of many accounts in one call.
    /// @dev Exact, no rounding. Reverts as {balanceSeconds}.
    /// @param accounts the accounts, in any order; the zero address has none
    /// @param fromEpoch the first epoch that counts
    /// @param toEpoch the first epoch that does not count any more
    /// @return {share s} of each account, in the order of `accounts`
    function balanceSecondsBatch(address[] calldata accounts, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256[] memory);

    /// @notice The same for the issued supply: the sum of `balanceSeconds` over all accounts.
    /// @param fromEpoch the first epoch that counts
    /// @param toEpoch the first epoch that does not count any more
    /// @return {share s}
    function supplySeconds(uint256 fromEpoch, uint256 toEpoch) external view returns (uint256);
}
