// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Birth of an index
/// @notice Creates indexes at addresses that depend on the symbol alone, seeds them, sets their roles, and knows which
/// indexes are genuine.
interface IIndexFactory {
    /// @notice What an index is born with.
    /// @param name ERC-20 name
    /// @param symbol ERC-20 symbol, which also decides the address
    /// @param tokens constituents
    /// @param units D27{tok/base}: token-wei per share-wei at birth
    /// @param feeReceiver takes the fee shares
    /// @param dailyFee streaming fee, D18 per day
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

    /// @notice An index was born.
    /// @param index its address
    /// @param symbol its symbol
    /// @param seedShares {share} of the first mint
    /// @param seedReceiver got those
    event IndexCreated(address indexed index, string symbol, uint256 seedShares, address indexed seedReceiver);

    /// @notice An address that is needed is zero.
    error IndexFactory_ZeroAddress();

    /// @notice The code offered is not the code of `IndexToken` that this factory was made for.
    /// @param codeHash keccak256 of what was offered
    /// @param expected keccak256 of the right code
    error IndexFactory_WrongCode(bytes32 codeHash, bytes32 expected);

    /// @notice There is an index with this symbol.
    /// @param symbol the symbol
    /// @param index the index that has it
    error IndexFactory_SymbolTaken(string symbol, address index);

    /// @notice Creates an index, seeds its first basket from the caller, and gives its functions their roles.
    /// Restricted.
    /// @dev The caller has approved the seed amounts to this factory: `ceil(units x base)` with the mint fee and the
    /// dead shares included. The governor schedules this call and then makes it from their own account, not through the
    /// manager, because the manager holds no tokens.
    /// Reverts: AccessManagedUnauthorized, WrongCode, SymbolTaken, CREATE3's DeploymentFailed where IndexToken's
    /// constructor refuses (deploy it by itself on a fork to see why), every error of its first mint, ERC-20 errors.
    /// @param indexCode creation code of IndexToken without arguments. Passed in because this contract has no room for
    /// it.
    /// @param newIndex what the index is born with
    /// @param seedShares {share} of the first mint
    /// @param seedReceiver gets those
    /// @param maxAmounts {tok} most to pay, in the order of the constituents
    /// @return index its address
    function createIndex(
        bytes calldata indexCode,
        NewIndex calldata newIndex,
        uint256 seedShares,
        address seedReceiver,
        uint256[] calldata maxAmounts
    ) external returns (address index);

    /// @notice The address that the index with this symbol has, or will have.
    /// @param symbol the symbol
    /// @return the address
    function indexAddress(string calldata symbol) external view returns (address);

    /// @notice Whether this factory created `index`.
    /// @param index any address
    /// @return true for an index of this factory
    function isIndex(address index) external view returns (bool);

    /// @notice Number of indexes.
    /// @return how many this factory created
    function indexCount() external view returns (uint256);

    /// @notice All indexes, oldest first.
    /// @return their addresses
    function indexes() external view returns (address[] memory);

    /// @notice The contract that trades the constituents of a new index, until its governance names another.
    /// @return its address
    function rebalancer() external view returns (address);

    /// @notice The creation code of every index, hashed.
    /// @return keccak256 of it
    function indexCodeHash() external view returns (bytes32);
}
