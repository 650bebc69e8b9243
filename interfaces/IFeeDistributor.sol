// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title From an index's fees to its stakers' daily yield
/// @notice Takes the fee shares that an index has earned and splits them between those who stake it and the treasury. Anybody may trigger it, once a day;
/// who does, when, and whether on every day changes nobody's total.
interface IFeeDistributor {
    /// @param day whole UTC days since 1970
    event Distributed(address indexed index, address indexed caller, uint256 indexed day, uint256 toStakers, uint256 toTreasury);
    event SplitSet(address indexed index, address indexed stakedToken, uint256 stakersPart);
    event TreasurySet(address indexed treasury);

    error FeeDistributor_ZeroAddress();

    /// @notice No staked token has been set for it.
    error FeeDistributor_UnknownIndex(address index);

    /// @param next first second in which it can be distributed again
    error FeeDistributor_AlreadyDistributed(address index, uint256 next);

    /// @notice The index has earned nothing since the last time. The day is not used up.
    error FeeDistributor_NothingToDistribute(address index);

    /// @notice The staked token stakes something else.
    error FeeDistributor_WrongAsset(address stakedToken, address asset, address index);
    error FeeDistributor_PartOutOfBounds(uint256 stakersPart, uint256 minimum, uint256 maximum);

    /// @notice Collects what `index` has earned until now and splits it. The stakers' part starts vesting over 24 hours.
    /// @dev The stakers' part rounds down. Reverts: UnknownIndex, AlreadyDistributed, NothingToDistribute.
    /// @return toStakers {share} of the index
    /// @return toTreasury {share} of the index
    function distribute(address index) external returns (uint256 toStakers, uint256 toTreasury);

    /// @notice Sets who stakes `index` and their part, bp. What was earned before is distributed by the old rule first. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress, WrongAsset, PartOutOfBounds.
    function setSplit(address index, address stakedToken, uint256 stakersPart) external;

    /// @notice Sets where the treasury's part goes. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress.
    function setTreasury(address treasury) external;

    /// @notice What {distribute} would split now, {share} of the index. Zeros for an unknown index.
    function pending(address index) external view returns (uint256 toStakers, uint256 toTreasury);

    /// @notice The staked token of an index, zero where there is none.
    function stakedTokenOf(address index) external view returns (address);

    /// @notice Who stakes `index`, their part in bp, and the last UTC day on which it was distributed.
    function splitOf(address index) external view returns (address stakedToken, uint256 stakersPart, uint256 lastDay);

    /// @notice Takes the rest.
    function treasury() external view returns (address);

    /// @notice {asset} that stakers' shares must be worth, or else their part goes to the treasury: the rewards of days on which nobody stakes are no windfall for who comes next.
    function MIN_STAKED() external view returns (uint256);

    /// @notice The least and the most that the stakers' part can ever be, bp.
    function MIN_STAKERS_PART() external view returns (uint256);
    function MAX_STAKERS_PART() external view returns (uint256);
}
