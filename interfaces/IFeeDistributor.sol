// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title From an index's fees to its stakers' daily yield
/// @notice Takes the fee shares that an index has earned and splits them between its stakers and the treasury. Any
/// account may trigger it, once a day. Who does so, at what hour, and whether on every day changes no account's total.
interface IFeeDistributor {
    /// @notice The fees of an index were split.
    /// @param index the index
    /// @param caller the account that triggered it
    /// @param day whole UTC days since 1970
    /// @param toStakers {share} of the index
    /// @param toTreasury {share} of the index
    event Distributed(
        address indexed index, address indexed caller, uint256 indexed day, uint256 toStakers, uint256 toTreasury
    );

    /// @notice The rule of an index was set.
    /// @param index the index
    /// @param stakedToken the staked token that gets the stakers' part
    /// @param stakersPart bp
    event SplitSet(address indexed index, address indexed stakedToken, uint256 stakersPart);

    /// @notice The treasury was set.
    /// @param treasury gets the rest of all fees
    event TreasurySet(address indexed treasury);

    /// @notice An address that is needed is zero.
    error FeeDistributor_ZeroAddress();

    /// @notice No staked token has been set for the index.
    /// @param index the index
    error FeeDistributor_UnknownIndex(address index);

    /// @notice The index has had its distribution of this day.
    /// @param index the index
    /// @param next Unix seconds, the first second in which it can be distributed again
    error FeeDistributor_AlreadyDistributed(address index, uint256 next);

    /// @notice The index has earned nothing since the last time. The day is not used up.
    /// @param index the index
    error FeeDistributor_NothingToDistribute(address index);

    /// @notice The staked token stakes something else.
    /// @param stakedToken the staked token
    /// @param asset what it stakes
    /// @param index what it should stake
    error FeeDistributor_WrongAsset(address stakedToken, address asset, address index);

    /// @notice The stakers' part is too small or too large.
    /// @param stakersPart bp, as asked for
    /// @param minimum bp
    /// @param maximum bp
    error FeeDistributor_PartOutOfBounds(uint256 stakersPart, uint256 minimum, uint256 maximum);

    /// @notice Collects what `index` has earned until now and splits it. The stakers' part starts vesting over 24
    /// hours.
    /// @dev The stakers' part rounds down. Reverts: UnknownIndex, AlreadyDistributed, NothingToDistribute.
    /// @param index the index
    /// @return toStakers {share} of the index
    /// @return toTreasury {share} of the index
    function distribute(address index) external returns (uint256 toStakers, uint256 toTreasury);

    /// @notice Sets the staked token of `index` and its part. Earlier fees are distributed by the old rule first.
    /// Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress, WrongAsset, PartOutOfBounds.
    /// @param index the index
    /// @param stakedToken stakes that index
    /// @param stakersPart bp
    function setSplit(address index, address stakedToken, uint256 stakersPart) external;

    /// @notice Sets where the treasury's part goes. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress.
    /// @param treasury gets the rest of all fees
    function setTreasury(address treasury) external;

    /// @notice What {distribute} would split now. Zeros for an unknown index.
    /// @param index the index
    /// @return toStakers {share} of the index
    /// @return toTreasury {share} of the index
    function pending(address index) external view returns (uint256 toStakers, uint256 toTreasury);

    /// @notice The staked token of an index.
    /// @param index the index
    /// @return zero where there is none
    function stakedTokenOf(address index) external view returns (address);

    /// @notice The rule of an index, and when it was last applied.
    /// @param index the index
    /// @return stakedToken gets the stakers' part; zero where there is none
    /// @return stakersPart bp
    /// @return lastDay the last UTC day with a distribution, in whole days since 1970
    function splitOf(address index) external view returns (address stakedToken, uint256 stakersPart, uint256 lastDay);

    /// @notice The account that takes the rest.
    /// @return its address
    function treasury() external view returns (address);

    /// @notice What all stakers' shares must be worth. Below that, the stakers' part goes to the treasury.
    /// @dev Why: the rewards of days without stakers are no windfall for the next staker.
    /// @return {asset}
    function MIN_STAKED() external view returns (uint256);

    /// @notice The least that the stakers' part can ever be.
    /// @return bp
    function MIN_STAKERS_PART() external view returns (uint256);

    /// @notice The most that the stakers' part can ever be.
    /// @return bp
    function MAX_STAKERS_PART() external view returns (uint256);
}
