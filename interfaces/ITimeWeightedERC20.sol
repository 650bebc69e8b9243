// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title ERC-20 whose balances remember time
/// @notice Every balance carries the integral of itself over time, so that anybody's time-weighted average over a past epoch is an exact read.
/// Balance-seconds are share-wei multiplied by seconds.
interface ITimeWeightedERC20 is IERC20 {
    /// @notice The issued supply would not fit in 96 bits.
    error TimeWeightedERC20_SupplyOverflow(uint256 supply, uint256 value);

    /// @notice Epochs must be in order and the first one must have begun.
    error TimeWeightedERC20_InvalidEpochs(uint256 fromEpoch, uint256 toEpoch, uint256 currentEpoch);

    /// @notice The epoch grid must start in the past and have a length.
    error TimeWeightedERC20_InvalidEpochGrid(uint256 genesis, uint256 length);

    /// @notice Start of epoch 0, Unix seconds. Common to all tokens of a deployment.
    function epochGenesis() external view returns (uint256);

    /// @notice Length of every epoch in seconds.
    function epochLength() external view returns (uint256);

    /// @notice The running epoch.
    function currentEpoch() external view returns (uint256);

    /// @notice Issued shares: the sum of all balances.
    function issuedSupply() external view returns (uint256);

    /// @notice Balance-seconds of `account` from the start of `fromEpoch` to the start of `toEpoch`, or to now where that is earlier.
    /// @dev Exact, no rounding. Reads one slot more for each epoch after `fromEpoch` in which the account was touched.
    /// Reverts with {TimeWeightedERC20_InvalidEpochs} unless `fromEpoch < toEpoch` and `fromEpoch` has begun.
    function balanceSeconds(address account, uint256 fromEpoch, uint256 toEpoch) external view returns (uint256);

    /// @notice The same for the issued supply: the sum of `balanceSeconds` over all accounts.
    function supplySeconds(uint256 fromEpoch, uint256 toEpoch) external view returns (uint256);
}
