// SPDX-License-Identifier: MIT
// solhint-disable use-natspec
pragma solidity 0.8.37;

import {ITimeWeightedERC20} from "./ITimeWeightedERC20.sol";

/// @title An ERC-20 that holds its own basket
/// @notice Shares are minted and redeemed in kind, pro rata of the vault's own books. No price and no outside balance enters either.
/// @dev Units: `{share}` share-wei (18 decimals), `{base}` base-wei (shares before the streaming fee), `{tok}` token-wei, D18 and D27 fixed point. The
/// arithmetic, and why the books are always covered, is in `docs/index-math.md`.
///
/// Assumptions on a constituent: its balances move only by its own transfers, at most 18 decimals, a transfer needs less than 200,000 gas and
/// `balanceOf` less than 50,000. Where one breaks an assumption, holders bear the loss of that constituent alone: redemption of the rest goes on.
/// @dev Warning: a constituent that takes a fee on transfer cannot be minted with; one that rebases downwards stops minting until `sync`. The table of
/// SECURITY.md says what happens with every other kind.
interface IIndexToken is ITimeWeightedERC20 {
    /// @notice What an index is born with.
    /// @param name ERC-20 name
    /// @param symbol ERC-20 symbol
    /// @param authority AccessManager that decides on the restricted functions
    /// @param feeReceiver takes the fee shares
    /// @param rebalancer the contract that may trade constituents
    /// @param epochGenesis start of epoch 0, Unix seconds
    /// @param epochLength seconds
    /// @param supplyCap whole shares, at most 2^35
    /// @param dailyFee streaming fee, D18 per day, at most 0.05e18 / 365
    /// @param mintFee bp, at most 100
    /// @param tokens constituents, 1 to 32, no duplicates
    /// @param units D27{tok/base} of each, at least 1
    struct Params {
        string name;
        string symbol;
        address authority;
        address feeReceiver;
        address rebalancer;
        uint256 epochGenesis;
        uint256 epochLength;
        uint256 supplyCap;
        uint256 dailyFee;
        uint256 mintFee;
        address[] tokens;
        uint256[] units;
    }

    /// @notice The rules in force. See `docs/index-math.md`.
    /// @param anchor D18 multiplier when the streaming fee was last set
    /// @param anchorTime when that was, Unix seconds
    /// @param dailyFee streaming fee, D18 per day
    /// @param mintFee bp
    /// @param supplyCap whole shares
    /// @param feeReceiver takes the fee shares
    /// @param rebalancer may trade constituents
    /// @param paused minting is stopped, and may be let go on
    /// @param deprecated minting is over
    struct Terms {
        uint256 anchor;
        uint256 anchorTime;
        uint256 dailyFee;
        uint256 mintFee;
        uint256 supplyCap;
        address feeReceiver;
        address rebalancer;
        bool paused;
        bool deprecated;
    }

    /// @dev The amounts are in the constituents' own `Transfer` events, and in {Segregated} for those that failed.
    event Minted(address indexed caller, address indexed receiver, uint256 shares, uint256 base);
    event Redeemed(address indexed caller, address indexed receiver, address indexed owner, uint256 shares, uint256 base);
    event Segregated(address indexed token, address indexed account, uint256 amount);
    event Claimed(address indexed token, address indexed account, address indexed receiver, uint256 claim, uint256 paid);
    event FeesCollected(address indexed receiver, uint256 shares);

    /// @param unitsOut D27{tok/base} of `tokenOut` from now on, 0 where it leaves the basket
    /// @param unitsIn D27{tok/base} of `tokenIn` from now on
    event Swapped(
        address indexed tokenOut,
        address indexed tokenIn,
        address indexed receiver,
        uint256 amountOut,
        uint256 amountIn,
        uint256 unitsOut,
        uint256 unitsIn
    );

    /// @dev At the birth of the index and by {sync}; a swap says so itself.
    event UnitsSet(address indexed token, uint256 units);

    /// @param units D27{tok/base} that join those of the basket evenly until `end`, Unix seconds
    event SurplusVesting(address indexed token, uint256 units, uint256 end);

    /// @param held {tok} that are there
    /// @param owed {tok} that books and claims said, which both are cut down to what is there, alike
    event LossWrittenOff(address indexed token, uint256 held, uint256 owed);
    event ConstituentAdded(address indexed token);
    event ConstituentRemoved(address indexed token);
    event StreamingFeeSet(uint256 dailyFee, uint256 anchor);
    event MintFeeSet(uint256 mintFee);
    event FeeReceiverSet(address indexed receiver);
    event RebalancerSet(address indexed rebalancer);
    event SupplyCapSet(uint256 supplyCap);
    event MintingPaused(address indexed caller);
    event MintingUnpaused(address indexed caller);
    event Deprecated(address indexed caller);

    error IndexToken_ZeroAddress();
    error IndexToken_InvalidReceiver(address receiver);
    error IndexToken_ZeroShares();
    error IndexToken_SharesOutOfRange(uint256 shares);
    error IndexToken_MintingStopped(bool paused, bool deprecated);
    error IndexToken_LengthMismatch(uint256 expected, uint256 actual);
    error IndexToken_MaxAmountExceeded(address token, uint256 amount, uint256 maxAmount);
    error IndexToken_MinAmountNotMet(address token, uint256 amount, uint256 minAmount);
    error IndexToken_SupplyCapExceeded(uint256 supply, uint256 supplyCap);
    error IndexToken_Shortfall(address token, uint256 books, uint256 available);
    error IndexToken_ShortDelivery(address token, uint256 required, uint256 received);
    error IndexToken_BalanceUnreadable(address token);
    error IndexToken_InsufficientGas(uint256 gasLeft);
    error IndexToken_BasketChanged(bytes32 expected, bytes32 actual);
    error IndexToken_Expired(uint256 deadline, uint256 timestamp);
    error IndexToken_NoClaim(address token, address account);
    error IndexToken_ClaimExceeded(address token, uint256 amount, uint256 claim);
    error IndexToken_ClaimUnbacked(address token, uint256 claim);
    error IndexToken_ConstituentCount(uint256 count);
    error IndexToken_InvalidConstituent(address token);
    error IndexToken_DuplicateConstituent(address token);
    error IndexToken_NotAConstituent(address token);
    error IndexToken_LastConstituent(address token);
    error IndexToken_UnitsOutOfRange(address token, uint256 units);
    error IndexToken_AmountExceedsBooks(address token, uint256 amount, uint256 books);
    error IndexToken_NotSeeded();
    error IndexToken_NotRebalancer(address caller);
    error IndexToken_InvalidRebalancer(address rebalancer);
    error IndexToken_StreamingFeeTooHigh(uint256 dailyFee, uint256 maximum);
    error IndexToken_MintFeeTooHigh(uint256 mintFee, uint256 maximum);
    error IndexToken_SupplyCapTooHigh(uint256 supplyCap, uint256 maximum);
    error IndexToken_AlreadyDeprecated();

    // ---------------------------------------------------------------- holders

    /// @notice Mints exactly `shares` to `receiver` for constituents pulled from the caller.
    /// @dev Amounts round up. The first mint also pays for 1e16 dead shares.
    /// Reverts: Expired, BasketChanged, LengthMismatch, ZeroShares, InvalidReceiver, MintingStopped, SharesOutOfRange, SupplyCapExceeded, MaxAmountExceeded,
    /// Shortfall (the basket is short, a newcomer would pay for what is not there), ShortDelivery (less arrived than was owed), BalanceUnreadable,
    /// ERC-20 errors of the constituents.
    /// @param shares {share}, without the mint fee
    /// @param receiver owner of the new shares
    /// @param expectedBasket `basketHash` of the tokens that the bounds are for
    /// @param maxAmounts {tok} most the caller pays of each constituent, in the basket's order
    /// @param deadline last second in which this may happen, Unix seconds
    /// @return amounts {tok} pulled, equal to `previewMint`
    function mint(uint256 shares, address receiver, bytes32 expectedBasket, uint256[] calldata maxAmounts, uint256 deadline)
        external
        returns (uint256[] memory amounts);

    /// @notice Mints exactly `shares` to `receiver` for constituents that the caller has delivered inside {IIndexMintCallback.onIndexMint}, from wherever.
    /// @dev What arrived is measured: the balance before the call back, and after it. Views of this index revert meanwhile. Bounds are the caller's
    /// own business: the call back names the tokens and their amounts. Reverts as {mint}, but for the bounds.
    /// @param shares {share}, without the mint fee
    /// @param receiver owner of the new shares
    /// @param data handed to the callback
    /// @return amounts {tok} that were owed, equal to `previewMint`; what arrives beyond them is a gift
    function mintWithCallback(uint256 shares, address receiver, bytes calldata data) external returns (uint256[] memory amounts);

    /// @notice Burns `shares` of `owner` and sends their part of every constituent to `receiver`. Nobody can stop this.
    /// @dev Amounts round down. A constituent that is short pays its pro-rata part, claims on it alike. One whose transfer fails, or whose balance cannot be
    /// read, becomes a claim of `owner`, counted in `amounts` at what it is worth now; the claim itself is before that haircut. A caller who is not the owner spends their allowance. No hash and no minimum, `0` and `[]`, stand for no bounds.
    /// Reverts: Expired, BasketChanged, LengthMismatch, ZeroShares, InvalidReceiver, SharesOutOfRange, MinAmountNotMet, ERC20InsufficientBalance,
    /// ERC20InsufficientAllowance, InsufficientGas (a transfer failed and may have failed for lack of gas: send more).
    /// @param expectedBasket `basketHash` of the tokens that the bounds are for
    /// @param minAmounts {tok} least to receive of each constituent, in the basket's order
    /// @param deadline last second in which this may happen, Unix seconds
    /// @return amounts {tok} paid or segregated, equal to `previewRedeem`
    function redeem(
        uint256 shares,
        address receiver,
        address owner,
        bytes32 expectedBasket,
        uint256[] calldata minAmounts,
        uint256 deadline
    ) external returns (uint256[] memory amounts);

    /// @notice Pays the caller's claim on `token`, or a part of it.
    /// @dev Where less is there than books and claims, both take the same haircut, rounded down. Reverts, and the claim stays: InvalidReceiver, NoClaim,
    /// ClaimExceeded, ClaimUnbacked (nothing is there, or less moved than was said), MinAmountNotMet, BalanceUnreadable, ERC-20 errors of the token.
    /// @param amount {tok} of the claim, before any haircut; `type(uint256).max` is all of it
    /// @param receiver who is paid
    /// @param minAmount {tok} least to be paid
    /// @return paid {tok}
    function claim(address token, uint256 amount, address receiver, uint256 minAmount) external returns (uint256 paid);

    /// @notice Issues the fee shares earned so far to the fee receiver. Anybody may call, whenever: the sum does not depend on it.
    /// @return shares {share}
    function collectFees() external returns (uint256 shares);

    // ---------------------------------------------------------------- the rebalancer

    /// @notice Trades one constituent against another token: sends `amountOut`, calls back {IIndexSwapCallback.onIndexSwap} on the caller, and requires that
    /// `amountIn` arrived. For the rebalancer of {terms} alone. The only way to move an asset out besides redemption and claims.
    /// @dev Units round down. A new `tokenIn` joins the basket, a sold-out `tokenOut` leaves it. Surplus over `amountIn` is not booked.
    /// Reverts: NotRebalancer, NotSeeded, NotAConstituent, InvalidConstituent, AmountExceedsBooks, Shortfall, ShortDelivery,
    /// ConstituentCount, LastConstituent, UnitsOutOfRange.
    function swap(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, address receiver, bytes calldata data) external;

    // ---------------------------------------------------------------- restricted

    /// @notice Sets the units of `token` by what is really there. A loss is written off at once, books and claims alike. A surplus vests evenly over 28 days, while
    /// mints pay for all of it: it is for those who hold meanwhile. Rounds down.
    /// @dev A surplus that still vests is counted anew. A token that is not a constituent but has open claims can lose, and nothing else.
    /// Reverts: NotSeeded, NotAConstituent, BalanceUnreadable, UnitsOutOfRange, LastConstituent (all of the last constituent is gone).
    /// @return units D27{tok/base} from now on, without what vests
    function sync(address token) external returns (uint256 units);

    /// @notice Sets the streaming fee from now on, D18 per day. What was earned before stays as it was.
    function setStreamingFee(uint256 dailyFee) external;

    /// @notice Sets the mint fee in bp.
    function setMintFee(uint256 mintFee) external;

    /// @notice Pays the fees earned so far to the old receiver, then changes it.
    function setFeeReceiver(address receiver) external;

    /// @notice Names the contract that may trade constituents from now on. It can take them on terms of its own: that is what the notice is for.
    /// @dev What the old one runs is to be cancelled first, because its bids revert from now on; the new one needs a plan and terms. Reverts: InvalidRebalancer (no code).
    function setRebalancer(address rebalancer) external;

    /// @notice Sets the supply cap in whole shares. A cap under the supply stops minting and nothing else.
    function setSupplyCap(uint256 supplyCap) external;

    /// @notice Stops minting at once. Redemption and claims go on.
    function pauseMinting() external;

    /// @notice Lets minting go on, unless the index is deprecated.
    function unpauseMinting() external;

    /// @notice Ends minting and the streaming fee for ever. Redemption and claims go on.
    function deprecate() external;

    // ---------------------------------------------------------------- views

    /// @notice What `mint(shares)` would pull now. {tok}, rounded up. Refuses what the supply cap refuses; says nothing of pauses and shortfalls.
    function previewMint(uint256 shares) external view returns (uint256[] memory amounts);

    /// @notice What `redeem(shares)` would pay now. {tok}, rounded down, haircuts included.
    function previewRedeem(uint256 shares) external view returns (uint256[] memory amounts);

    /// @notice Constituents and their D27{tok/base}, in the basket's order, and the {base} behind all shares, which time does not change.
    function basket() external view returns (address[] memory tokens, uint256[] memory units, uint256 base);

    /// @notice Names the constituents and their order: keccak256 of their addresses, 20 bytes each, one after the other.
    function basketHash() external view returns (bytes32);

    /// @notice {base} behind all shares and D27{tok/base} of two tokens, 0 for one that is not a constituent: what a trade between them goes by.
    function unitsForTrade(address tokenA, address tokenB) external view returns (uint256 base, uint256 unitsA, uint256 unitsB);

    /// @notice {tok} that the basket says it holds of each constituent, and what it holds after open claims.
    function holdings() external view returns (uint256[] memory books, uint256[] memory available);

    /// @notice D27{base/share}: what one share stands for now. Falls with the streaming fee.
    function multiplier() external view returns (uint256);

    /// @notice {share} earned as fees and not yet issued. `totalSupply` includes them.
    function pendingFeeShares() external view returns (uint256);

    /// @notice Fees, cap and switches.
    function terms() external view returns (Terms memory);

    /// @notice {tok} that `account` may claim of `token`, before any haircut. Falls where a loss is written off.
    function claimOf(address token, address account) external view returns (uint256);

    /// @notice {tok} of all open claims on `token`, before any haircut. Not part of the basket. After a loss was written off it may exceed their sum by a
    /// wei for each claimant.
    function segregated(address token) external view returns (uint256);

    /// @notice The surplus of `token` that the last {sync} found: D27{tok/base} that are not in `basket` yet at `start` and all there at `end`, Unix seconds.
    /// A mint pays for all of it from the beginning. Zeros where there is none.
    function vestingOf(address token) external view returns (uint256 units, uint256 start, uint256 end);
}

/// @title What a caller of {IIndexToken.mintWithCallback} must answer
interface IIndexMintCallback {
    /// @notice `amounts` of `tokens`, the whole basket in its order, must have reached the index, which is the caller of this, on return.
    /// @dev Any contract can be called like this by anything that claims to be an index: know who calls.
    function onIndexMint(address[] calldata tokens, uint256[] calldata amounts, bytes calldata data) external;
}

/// @title What the rebalancer must answer during {IIndexToken.swap}
interface IIndexSwapCallback {
    /// @notice Called after `amountOut` was sent; `amountIn` of `tokenIn` must have reached the index on return.
    function onIndexSwap(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes calldata data) external;
}
