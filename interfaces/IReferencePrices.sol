// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Where points come from, and what that is worth in each epoch
/// @notice An epoch has 28 slots of equal length: days, where an epoch has 28 days. In each of them the first caller takes a sample of all prices, all in the same
/// second. The price of the epoch is the median of its samples, so nobody's choice of a second decides it, nor do prices that are held off in less than
/// half of the slots. Once the epoch is over, anyone settles it: all its prices are written down together, for ever.
/// @dev Units: prices are D18{USD} per 10^18 token-wei, which is dollars per whole token where that has 18 decimals, and under 2^128; 0 is no price.
/// Rates are D18{asset/share}. Epochs are those of all time-weighted tokens. The arithmetic is in `docs/points-math.md`.
interface IReferencePrices {
    /// @param index whose holders get points
    /// @param staked its staked token, zero where there is none
    struct Pair {
        address index;
        address staked;
    }

    /// @notice Where points come from.
    /// @param pairs at most 8
    /// @param stakedSoso StakedToken over SOSO, zero for no boost
    /// @param locker ILockedLiquidity, zero for none
    /// @param referrals IReferrals, zero for none. Nobody refers themselves in it.
    struct Sources {
        Pair[] pairs;
        address stakedSoso;
        address locker;
        address referrals;
    }

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
    struct Sheet {
        Item[] held;
        Item[] staked;
        Item[] locked;
        Item soso;
        address locker;
        address referrals;
    }

    event SourcesSet(uint256 indexed fromEpoch, Sources sources);

    /// @param price D18{USD/1e18 tok}, 0 where there was none
    event PriceSampled(uint256 indexed epoch, uint256 indexed slot, address indexed token, uint256 price);

    /// @notice The slot has its sample. If prices are missing in it, whoever finds more of them may still replace it within the slot.
    event SampleTaken(uint256 indexed epoch, uint256 indexed slot, uint256 missing);

    /// @notice A staked token was worth less than what it says its lowest rate to be. From now on the epoch counts it at that.
    /// @param rate D18{asset/share}
    event LowRateSeen(uint256 indexed epoch, address indexed staked, uint256 rate);
    event EpochSettled(uint256 indexed epoch, Sheet sheet);

    error ReferencePrices_ZeroAddress();
    error ReferencePrices_InvalidEpochGrid(uint256 genesis, uint256 length);
    error ReferencePrices_TooManyPairs(uint256 count, uint256 maximum);

    /// @notice Zero, named twice, on another grid of epochs, not the staked token of its index, or one that does not tell its lowest rate.
    error ReferencePrices_InvalidSource(address token);

    /// @notice The slot has a sample, and as many prices would be missing in another.
    error ReferencePrices_AlreadySampled(uint256 epoch, uint256 slot, uint256 missing);
    error ReferencePrices_NoPriceFound(uint256 epoch, uint256 slot);

    /// @notice The token is in the middle of something and refuses to be read: call again in a transaction of its own.
    error ReferencePrices_Busy(address token);
    error ReferencePrices_EpochRunning(uint256 epoch, uint256 end);
    error ReferencePrices_FutureEpoch(uint256 epoch, uint256 currentEpoch);

    // ---------------------------------------------------------------- sampling

    /// @notice Takes the running slot's sample: the prices that the oracle has now of every index, of SOSO, and of whatever else is in the locker's pools.
    /// Anyone may. Once in a slot, and again only if fewer prices are missing than in the sample before, which is replaced as a whole.
    /// @dev Reverts: AlreadySampled, NoPriceFound, Busy.
    /// @return missing how many tokens had no price
    function sample() external returns (uint256 missing);

    /// @notice The running slot and when it ends; whether it has its sample, and how many prices are missing in that.
    function runningSlot() external view returns (uint256 epoch, uint256 slot, uint256 end, bool sampled, uint256 missing);

    /// @notice For each slot of `epoch`: 0 where no sample was taken, else 1 more than the prices that were missing in it.
    function slotsOf(uint256 epoch) external view returns (uint8[28] memory);

    /// @notice D18{USD/1e18 tok} of `token` in every slot of `epoch`, 0 where there is none.
    function samplesOf(uint256 epoch, address token) external view returns (uint128[28] memory);

    /// @notice The median of a token's samples, the lower of two, 0 where there are none; and how many there are.
    function medianOf(uint256 epoch, address token) external view returns (uint256 median, uint256 samples);

    /// @notice The tokens that samples of `epoch` are taken of: indexes first.
    function sampledTokens(uint256 epoch) external view returns (address[] memory);

    /// @notice Slots of an epoch.
    function SLOTS() external view returns (uint256);

    /// @notice Samples that the median of a closed epoch takes at least. With fewer, the token has the price of the epoch before, if that one has enough.
    function LEAST_SAMPLES() external view returns (uint256);

    // ---------------------------------------------------------------- prices of an epoch

    /// @notice Writes down all prices of a closed epoch. Anyone may; once. {IPointsLedger.record} does it where nobody has.
    /// @dev Reverts: EpochRunning, FutureEpoch, Busy.
    function settle(uint256 epoch) external returns (Sheet memory);

    /// @notice The prices of `epoch`. Those of a closed epoch never change. Those of the running one are what the samples say so far, be they ever so few;
    /// until there is one, those of the epoch before.
    /// @dev Nothing should be paid out by the prices of a running epoch. Reverts: FutureEpoch, Busy.
    function sheetOf(uint256 epoch) external view returns (Sheet memory);

    /// @notice D18{USD/1e18 tok} of a token, a staked token or a pool's liquidity, as in {sheetOf}; 0 where it counts nothing.
    /// @dev Reverts: FutureEpoch, Busy.
    function referencePrice(uint256 epoch, address token) external view returns (uint256);

    /// @notice Whether the epoch's prices are written down.
    function isSettled(uint256 epoch) external view returns (bool);

    // ---------------------------------------------------------------- sources

    /// @notice Sets where points come from, from the next epoch on; at once as long as no sample was ever taken. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, TooManyPairs, InvalidSource.
    function setSources(Sources calldata newSources) external;

    /// @notice Where the points of `epoch` come from.
    function sourcesOf(uint256 epoch) external view returns (Sources memory);

    /// @notice The newest registry of referrals, zero for none.
    function referrals() external view returns (address);

    function oracle() external view returns (address);
    function epochGenesis() external view returns (uint256);
    function epochLength() external view returns (uint256);
    function currentEpoch() external view returns (uint256);
}
