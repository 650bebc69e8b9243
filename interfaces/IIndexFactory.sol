// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Birth of an index
/// @notice Creates indexes at addresses that depend on the symbol alone, seeds them, sets their roles, and knows which indexes are genuine.
interface IIndexFactory {
    /// @param units D27{tok/base}: token-wei per share-wei at birth
    /// @param dailyFee D18 per day
    /// @param mintFee bp
    /// @param supplyCap whole shares
    struct NewIndex {
        string name;
        string symbol;
        address[] tokens;
        uint256[] units;
        address feeReceiver;
        uint256 dailyFee;
        uint256 mintFee;
        uint256 supplyCap;
    }

    event IndexCreated(address indexed index, string symbol, uint256 seedShares, address indexed seedReceiver);

    error IndexFactory_ZeroAddress();

    /// @notice The code offered is not the code of `IndexToken` that this factory was made for.
    error IndexFactory_WrongCode(bytes32 codeHash, bytes32 expected);

    /// @notice There is an index with this symbol.
    error IndexFactory_SymbolTaken(string symbol, address index);

    /// @notice Creates an index, seeds its first basket from the caller, and gives its functions their roles. Restricted.
    /// @dev The caller has approved the seed amounts to this factory: `ceil(units x base)` with the mint fee and the dead shares included.
    /// The governor schedules this call and then makes it itself, not through the manager, which holds no tokens.
    /// Reverts: AccessManagedUnauthorized, WrongCode, SymbolTaken, CREATE3's DeploymentFailed where IndexToken's constructor refuses (deploy it by itself
    /// on a fork to see why), whatever its first mint refuses, ERC-20 errors.
    /// @param indexCode creation code of IndexToken without arguments. Passed in because it would not fit into this contract.
    /// @param seedShares {share} of the first mint
    /// @param maxAmounts {tok} in the order of the constituents
    function createIndex(
        bytes calldata indexCode,
        NewIndex calldata newIndex,
        uint256 seedShares,
        address seedReceiver,
        uint256[] calldata maxAmounts
    ) external returns (address index);

    /// @notice Where the index with this symbol is, or will be.
    function indexAddress(string calldata symbol) external view returns (address);

    /// @notice True for what this factory created.
    function isIndex(address index) external view returns (bool);

    /// @notice Number of indexes.
    function indexCount() external view returns (uint256);

    /// @notice All indexes, oldest first.
    function indexes() external view returns (address[] memory);

    /// @notice Who trades the constituents of a new index, until its governance names another.
    function rebalancer() external view returns (address);

    /// @notice keccak256 of the creation code of every index.
    function indexCodeHash() external view returns (bytes32);
}
