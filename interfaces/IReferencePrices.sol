// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Where points come from, and what that is worth in each epoch
/// @notice An epoch has 28 slots of equal length: days, where an epoch has 28 days. In each slot the first caller takes
/// a sample of all prices, all in the same second. The price of the epoch is the median of its samples. So no caller
/// decides it by choosing a second, nor does a price that is held off its value in less than half of the slots. Once
/// the epoch is over, any account settles it: all its prices are written down together, for ever.
/// @dev Units: prices are D18{USD} per 10^18 token-wei, which is dollars per whole token where that has 18 decimals,
/// and under 2^128; 0 is no price. Rates are D18{asset/share}. Epochs are those of all time-weighted tokens. The
/// arithmetic is in `docs/points-math.md`.
interface IReferencePrices {
    /// @notice An index and its staked token.
    /// @param index gives points to its holders
    /// @param staked its staked token, zero where there is none
    struct Pair {
        address index;
        address staked;
    }

    /// @notice Where points come from.
    /// @param pairs at most 8
    /// @param stakedSoso StakedToken over SOSO, zero for no boost
    /// @param locker ILockedLiquidity, zero for none
    /// @param referrals IReferrals, zero for none. It must never name an account as its own referrer.
    struct Sources {
        Pair[] pairs;
        address stakedSoso;
        address locker;
        address referrals;
    }

    /// @notice A token or a pool, and its price in an epoch.
    /// @param token the token or the pool
    /// @param price D18{USD/1e18 tok}, 0 where the token counts nothing
    struct Item {
        address token;
        uint256 price;
    }

    /// @notice All that an epoch's points need to know.
    /// @param held indexes
    /// @param staked their staked tokens, in the same order; zero where there is none
    /// @param locked pools of the locker
    /// @param soso staked SOSO
    /// @param locker the locker of the epoch
    /// @param referrals the registry of the epoch
    struct Sheet {
        Item[] held;
        Item[] staked;
        Item[] locked;
        Item soso;
        address locker;
        address referrals;
    }

    /// @notice The sources of points were set.
    /// @param fromEpoch the first epoch in which they count
    /// @param sources the sources
    event SourcesSet(uint256 indexed fromEpoch, Sources sources);

    /// @notice A sample has a price.
    /// @param epoch the running epoch
    /// @param slot its running slot
    /// @param token the token
    /// @param price D18{USD/1e18 tok}, 0 where there was none
    event PriceSampled(uint256 indexed epoch, uint256 indexed slot, address indexed token, uint256 price);

    /// @notice The slot has its sample. If prices are missing in it, a caller who finds more of them can still replace
    /// it within the slot.
    /// @param epoch the running epoch
    /// @param slot its running slot
    /// @param missing how many tokens had no price
    event SampleTaken(uint256 indexed epoch, uint256 indexed slot, uint256 missing);

    /// @notice A staked token was worth less than the lowest rate that it tells. From now on the epoch counts it at
    /// that.
    /// @param epoch the running epoch
    /// @param staked the staked token
    /// @param rate D18{asset/share}
    event LowRateSeen(uint256 indexed epoch, address indexed staked, uint256 rate);

    /// @notice The prices of an epoch are written down.
    /// @param epoch the epoch
    /// @param sheet its prices
    event EpochSettled(uint256 indexed epoch, Sheet sheet);

    /// @notice An address that is needed is zero.
    error ReferencePrices_ZeroAddress();

    /// @notice The epoch grid must start in the past; its length must fit in 32 bits and not be 0.
    /// @param genesis start of epoch 0, Unix seconds
    /// @param length seconds of every epoch
    error ReferencePrices_InvalidEpochGrid(uint256 genesis, uint256 length);

    /// @notice There are too many pairs for one transaction to price.
    /// @param count pairs given
    /// @param maximum pairs allowed
    error ReferencePrices_TooManyPairs(uint256 count, uint256 maximum);

    /// @notice The source is zero, named twice, on another grid of epochs, not the staked token of its index, or does
    /// not tell its lowest rate.
    /// @param token the source
    error ReferencePrices_InvalidSource(address token);

    /// @notice The slot has a sample, and another one would miss as many prices.
    /// @param epoch the running epoch
    /// @param slot its running slot
    /// @param missing how many tokens have no price in the sample that is there
    error ReferencePrices_AlreadySampled(uint256 epoch, uint256 slot, uint256 missing);

    /// @notice No token has a price now.
    /// @param epoch the running epoch
    /// @param slot its running slot
    error ReferencePrices_NoPriceFound(uint256 epoch, uint256 slot);

    /// @notice The token is in the middle of a call and refuses to be read: call again in a transaction of its own.
    /// @param token the token
    error ReferencePrices_Busy(address token);

    /// @notice The epoch is not over.
    /// @param epoch the epoch
    /// @param end Unix seconds, when it is
    error ReferencePrices_EpochRunning(uint256 epoch, uint256 end);

    /// @notice The epoch has not begun.
    /// @param epoch the epoch
    /// @param currentEpoch the running epoch
    error ReferencePrices_FutureEpoch(uint256 epoch, uint256 currentEpoch);

    // ---------------------------------------------------------------- sampling

    /// @notice Takes the running slot's sample: the prices that the oracle has now of every index, of SOSO, and of
    /// every other token in the locker's pools. Any account may, once in a slot, and again only if fewer prices are
    /// missing than in the sample before, which is replaced as a whole.
    /// @dev Reverts: AlreadySampled, NoPriceFound, Busy.
    /// @return missing how many tokens had no price
    function sample() external returns (uint256 missing);

    /// @notice The running slot and its sample.
    /// @return epoch the running epoch
    /// @return slot its running slot, from 0
    /// @return end Unix seconds, when the slot ends
    /// @return sampled whether it has its sample
    /// @return missing how many tokens have no price in that
    function runningSlot()
        external
        view
        returns (uint256 epoch, uint256 slot, uint256 end, bool sampled, uint256 missing);

    /// @notice The state of every slot of an epoch.
    /// @param epoch the epoch
    /// @return for each slot 0 where no sample was taken, else 1 more than the prices that were missing in it
    function slotsOf(uint256 epoch) external view returns (uint8[28] memory);

    /// @notice The samples of a token in every slot of an epoch.
    /// @param epoch the epoch
    /// @param token the token
    /// @return D18{USD/1e18 tok}, 0 where there is none
    function samplesOf(uint256 epoch, address token) external view returns (uint128[28] memory);

    /// @notice The median of a token's samples; of two in the middle, the lower.
    /// @param epoch the epoch
    /// @param token the token
    /// @return median D18{USD/1e18 tok}, 0 where there are no samples
    /// @return samples how many there are
    function medianOf(uint256 epoch, address token) external view returns (uint256 median, uint256 samples);

    /// @notice The tokens that samples of an epoch are taken of.
    /// @param epoch the epoch
    /// @return indexes first
    function sampledTokens(uint256 epoch) external view returns (address[] memory);

    /// @notice Slots of an epoch.
    /// @return how many
    function SLOTS() external view returns (uint256);

    /// @notice The samples that the median of a closed epoch takes at least. With fewer, the token has the price of the
    /// epoch before, if that one has enough.
    /// @return how many
    function LEAST_SAMPLES() external view returns (uint256);

    // ---------------------------------------------------------------- prices of an epoch

    /// @notice Writes down all prices of a closed epoch, once. Any account may; {IPointsLedger.record} does it where it
    /// is still to be done.
    /// @dev Reverts: EpochRunning, FutureEpoch, Busy.
    /// @param epoch the epoch
    /// @return its prices
    function settle(uint256 epoch) external returns (Sheet memory);

    /// @notice The prices of `epoch`. Those of a closed epoch never change. Those of the running epoch are what its
    /// samples say so far, however few; before its first sample they are those of the epoch before.
    /// @dev Warning: pay nothing out by the prices of a running epoch. Reverts: FutureEpoch, Busy.
    /// @param epoch the epoch
    /// @return its prices
    function sheetOf(uint256 epoch) external view returns (Sheet memory);

    /// @notice The price of a token, a staked token or a pool's liquidity, as in {sheetOf}.
    /// @dev Reverts: FutureEpoch, Busy.
    /// @param epoch the epoch
    /// @param token the token or the pool
    /// @return D18{USD/1e18 tok}, 0 where it counts nothing
    function referencePrice(uint256 epoch, address token) external view returns (uint256);

    /// @notice Whether the epoch's prices are written down.
    /// @param epoch the epoch
    /// @return true where they are
    function isSettled(uint256 epoch) external view returns (bool);

    // ---------------------------------------------------------------- sources

    /// @notice Sets where points come from, from the next epoch on; at once as long as no sample was ever taken.
    /// Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, TooManyPairs, InvalidSource.
    /// @param newSources the sources
    function setSources(Sources calldata newSources) external;

    /// @notice Where the points of an epoch come from.
    /// @param epoch the epoch
    /// @return the sources that count in it
    function sourcesOf(uint256 epoch) external view returns (Sources memory);

    /// @notice The newest registry of referrals.
    /// @return zero for none
    function referrals() external view returns (address);

    /// @notice IPriceOracle: where samples come from.
    /// @return its address
    function oracle() external view returns (address);

    /// @notice Start of epoch 0, common to all contracts of a deployment.
    /// @return Unix seconds
    function epochGenesis() external view returns (uint256);

    /// @notice Length of every epoch.
    /// @return seconds
    function epochLength() external view returns (uint256);

    /// @notice The running epoch.
    /// @return its number; the first is 0
    function currentEpoch() external view returns (uint256);
}
