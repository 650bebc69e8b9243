// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITimeWeightedERC20} from "./ITimeWeightedERC20.sol";

/// @title An ERC-20 that holds its own basket
/// @notice Shares are minted and redeemed in kind, pro rata of the vault's own accounted balances. No price and no
/// outside balance enters either.
/// @dev Units: `{share}` share-wei (18 decimals), `{base}` base-wei (shares before the streaming fee), `{tok}`
/// token-wei, D18 and D27 fixed point. The arithmetic, and why the accounted balances are always covered, is in
/// `docs/index-math.md`.
///
/// Assumptions on a constituent: its balances move only by its own transfers, at most 18 decimals, a transfer needs
/// less than 200,000 gas and `balanceOf` less than 50,000. Where one breaks an assumption, holders bear the loss of
/// that constituent alone: redemption of the rest goes on.
/// @dev Warning: a constituent that takes a fee on transfer cannot be minted with; one that rebases downwards stops
/// minting until `sync`. The table of SECURITY.md says what happens with every other kind.
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
    struct IndexTerms {
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

    /// @notice Shares were minted. The amounts are in the constituents' own `Transfer` events.
    /// @param caller paid the constituents
    /// @param receiver got the shares
    /// @param shares {share}, without the mint fee
    /// @param base {base} that joined
    event Minted(address indexed caller, address indexed receiver, uint256 shares, uint256 base);

    /// @notice Shares were burnt. The amounts are in the constituents' own `Transfer` events, and in {Segregated} for
    /// transfers that failed.
    /// @param caller made the redemption
    /// @param receiver got the constituents
    /// @param owner held the shares
    /// @param shares {share}
    /// @param base {base} that left
    event Redeemed(
        address indexed caller, address indexed receiver, address indexed owner, uint256 shares, uint256 base
    );

    /// @notice A constituent could not be sent, so its part of a redemption became a claim.
    /// @param token the constituent
    /// @param account holds the claim
    /// @param amount {tok}, before any haircut
    event Segregated(address indexed token, address indexed account, uint256 amount);

    /// @notice A claim was paid, or a part of it.
    /// @param token the token
    /// @param account held the claim
    /// @param receiver got the tokens
    /// @param claim {tok} of the claim that are settled, before any haircut
    /// @param paid {tok}
    event Claimed(
        address indexed token, address indexed account, address indexed receiver, uint256 claim, uint256 paid
    );

    /// @notice Fee shares were issued.
    /// @param receiver the fee receiver
    /// @param shares {share}
    event FeesCollected(address indexed receiver, uint256 shares);

    /// @notice The rebalancer traded.
    /// @param tokenOut left the index
    /// @param tokenIn came in
    /// @param receiver got `tokenOut`
    /// @param amountOut {tokenOut}
    /// @param amountIn {tokenIn}
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

    /// @notice Units of a constituent were set, at the birth of the index or by {sync}. A trade has {Swapped} instead.
    /// @param token the constituent
    /// @param units D27{tok/base}
    event UnitsSet(address indexed token, uint256 units);

    /// @notice {sync} found a surplus.
    /// @param token the constituent
    /// @param units D27{tok/base} that join those of the basket evenly until `end`
    /// @param end Unix seconds
    event SurplusVesting(address indexed token, uint256 units, uint256 end);

    /// @notice {sync} found a loss. Accounted balances and claims are cut down to what is there, by the same fraction.
    /// @param token the token
    /// @param held {tok} that are there
    /// @param owed {tok} that accounted balances and claims counted before
    event LossWrittenOff(address indexed token, uint256 held, uint256 owed);

    /// @notice A token joined the basket.
    /// @param token the token
    event ConstituentAdded(address indexed token);

    /// @notice A token left the basket.
    /// @param token the token
    event ConstituentRemoved(address indexed token);

    /// @notice The streaming fee was set.
    /// @param dailyFee D18 per day
    /// @param anchor D18 multiplier at this moment
    event StreamingFeeSet(uint256 dailyFee, uint256 anchor);

    /// @notice The mint fee was set.
    /// @param mintFee bp
    event MintFeeSet(uint256 mintFee);

    /// @notice The fee receiver was set.
    /// @param receiver takes the fee shares
    event FeeReceiverSet(address indexed receiver);

    /// @notice The rebalancer was set.
    /// @param rebalancer may trade constituents
    event RebalancerSet(address indexed rebalancer);

    /// @notice The supply cap was set.
    /// @param supplyCap whole shares
    event SupplyCapSet(uint256 supplyCap);

    /// @notice Minting stopped. Redemption and claims go on.
    /// @param caller the guardian
    event MintingPaused(address indexed caller);

    /// @notice Minting goes on.
    /// @param caller the governor
    event MintingUnpaused(address indexed caller);

    /// @notice Minting and the streaming fee have ended for ever.
    /// @param caller the governor
    event Deprecated(address indexed caller);

    /// @notice An address that is needed is zero.
    error IndexToken_ZeroAddress();

    /// @notice The receiver is zero or the index.
    /// @param receiver the receiver
    error IndexToken_InvalidReceiver(address receiver);

    /// @notice No shares were asked for.
    error IndexToken_ZeroShares();

    /// @notice The shares do not fit in 96 bits.
    /// @param shares {share}
    error IndexToken_SharesOutOfRange(uint256 shares);

    /// @notice Minting is paused or over.
    /// @param paused the guardian has stopped it
    /// @param deprecated it is over for ever
    error IndexToken_MintingStopped(bool paused, bool deprecated);

    /// @notice A list does not have one entry for each constituent.
    /// @param expected its length should be
    /// @param actual its length is
    error IndexToken_LengthMismatch(uint256 expected, uint256 actual);

    /// @notice The mint would cost more of a constituent than the caller allows.
    /// @param token the constituent
    /// @param amount {tok} that it costs
    /// @param maxAmount {tok} that the caller allows
    error IndexToken_MaxAmountExceeded(address token, uint256 amount, uint256 maxAmount);

    /// @notice The payment would be less than the caller demands.
    /// @param token the token
    /// @param amount {tok} that would be paid
    /// @param minAmount {tok} that the caller demands
    error IndexToken_MinAmountNotMet(address token, uint256 amount, uint256 minAmount);

    /// @notice The supply would be over its cap.
    /// @param supply {share} after the mint
    /// @param supplyCap {share}
    error IndexToken_SupplyCapExceeded(uint256 supply, uint256 supplyCap);

    /// @notice The index holds less of a constituent than its accounted balances say, so a minter would pay for what is
    /// not there.
    /// @param token the constituent
    /// @param accounted {tok} that the basket counts
    /// @param available {tok} that are there after open claims
    error IndexToken_Shortfall(address token, uint256 accounted, uint256 available);

    /// @notice Less arrived than was owed.
    /// @param token the constituent
    /// @param required {tok} owed
    /// @param received {tok} that arrived
    error IndexToken_ShortDelivery(address token, uint256 required, uint256 received);

    /// @notice The token does not answer `balanceOf`.
    /// @param token the token
    error IndexToken_BalanceUnreadable(address token);

    /// @notice A transfer failed and may have failed for lack of gas: send more.
    /// @param gasLeft gas at that moment
    error IndexToken_InsufficientGas(uint256 gasLeft);

    /// @notice The basket is not the one that the bounds are for.
    /// @param expected hash of the tokens that the bounds are for
    /// @param actual hash of the tokens now
    error IndexToken_BasketChanged(bytes32 expected, bytes32 actual);

    /// @notice The deadline has passed.
    /// @param deadline Unix seconds, the last one that was good
    /// @param timestamp Unix seconds now
    error IndexToken_Expired(uint256 deadline, uint256 timestamp);

    /// @notice The account has no claim on this token.
    /// @param token the token
    /// @param account the account
    error IndexToken_NoClaim(address token, address account);

    /// @notice More is asked for than is claimed.
    /// @param token the token
    /// @param amount {tok} asked for
    /// @param claim {tok} claimed
    error IndexToken_ClaimExceeded(address token, uint256 amount, uint256 claim);

    /// @notice Nothing is there to pay the claim with, or less moved than the token reported.
    /// @param token the token
    /// @param claim {tok} claimed
    error IndexToken_ClaimUnbacked(address token, uint256 claim);

    /// @notice A basket has 1 to 32 constituents.
    /// @param count what it would have
    error IndexToken_ConstituentCount(uint256 count);

    /// @notice The token cannot be a constituent.
    /// @param token the token
    error IndexToken_InvalidConstituent(address token);

    /// @notice The token is listed twice.
    /// @param token the token
    error IndexToken_DuplicateConstituent(address token);

    /// @notice The token is not in the basket.
    /// @param token the token
    error IndexToken_NotAConstituent(address token);

    /// @notice The last constituent cannot leave.
    /// @param token the constituent
    error IndexToken_LastConstituent(address token);

    /// @notice Units are at least 1 and under 2^128.
    /// @param token the constituent
    /// @param units D27{tok/base}
    error IndexToken_UnitsOutOfRange(address token, uint256 units);

    /// @notice The trade would take more than the basket counts.
    /// @param token the constituent
    /// @param amount {tok} asked for
    /// @param accounted {tok} that the basket counts
    error IndexToken_AmountExceedsAccounted(address token, uint256 amount, uint256 accounted);

    /// @notice The index has no shares yet.
    error IndexToken_NotSeeded();

    /// @notice Only the rebalancer trades.
    /// @param caller the account that tried
    error IndexToken_NotRebalancer(address caller);

    /// @notice A rebalancer must be a contract.
    /// @param rebalancer the address given
    error IndexToken_InvalidRebalancer(address rebalancer);

    /// @notice The streaming fee would be too high.
    /// @param dailyFee D18 per day asked for
    /// @param maximum D18 per day
    error IndexToken_StreamingFeeTooHigh(uint256 dailyFee, uint256 maximum);

    /// @notice The mint fee would be too high.
    /// @param mintFee bp asked for
    /// @param maximum bp
    error IndexToken_MintFeeTooHigh(uint256 mintFee, uint256 maximum);

    /// @notice The supply cap would be too high.
    /// @param supplyCap whole shares asked for
    /// @param maximum whole shares
    error IndexToken_SupplyCapTooHigh(uint256 supplyCap, uint256 maximum);

    /// @notice The index is deprecated already.
    error IndexToken_AlreadyDeprecated();

    // ---------------------------------------------------------------- holders

    /// @notice Mints exactly `shares` to `receiver` for constituents pulled from the caller.
    /// @dev Amounts round up. The first mint also pays for 1e16 dead shares. Reverts: Expired, BasketChanged,
    /// LengthMismatch, ZeroShares, InvalidReceiver, MintingStopped, SharesOutOfRange, SupplyCapExceeded,
    /// MaxAmountExceeded, Shortfall, ShortDelivery, BalanceUnreadable, ERC-20 errors of the constituents.
    /// @param shares {share}, without the mint fee
    /// @param receiver owner of the new shares
    /// @param expectedBasket `basketHash` of the tokens that the bounds are for
    /// @param maxAmounts {tok} most the caller pays of each constituent, in the basket's order
    /// @param deadline Unix seconds, the last one in which this may happen
    /// @return amounts {tok} pulled, equal to `previewMint`
    function mint(
        uint256 shares,
        address receiver,
        bytes32 expectedBasket,
        uint256[] calldata maxAmounts,
        uint256 deadline
    ) external returns (uint256[] memory amounts);

    /// @notice Mints exactly `shares` to `receiver` for constituents that reach this index inside
    /// {IIndexMintCallback.onIndexMint}. The caller may send them, or have them sent by any account.
    /// @dev What arrives is measured: the balance before the callback, and after it. Views of this index revert
    /// meanwhile. There are no bounds here, because the callback names the tokens and their amounts, and the caller can
    /// refuse them there. Reverts as {mint}, but for the bounds.
    /// @param shares {share}, without the mint fee
    /// @param receiver owner of the new shares
    /// @param data handed to the callback
    /// @return amounts {tok} that were owed, equal to `previewMint`; what arrives beyond them is a gift
    function mintWithCallback(uint256 shares, address receiver, bytes calldata data)
        external
        returns (uint256[] memory amounts);

    /// @notice Burns `shares` of `owner` and sends their part of every constituent to `receiver`. No role and no token
    /// can stop this.
    /// @dev Amounts round down. Where a constituent is short, this pays the pro-rata part of what is there, as claims
    /// do. Where its transfer fails or its balance cannot be read, the part becomes a claim of `owner`. `amounts`
    /// counts it at what it is worth now; the claim itself is before that haircut. A caller who is not the owner spends
    /// their allowance. Hash `0` and minimum `[]` stand for no bounds.
    /// Reverts: Expired, BasketChanged, LengthMismatch, ZeroShares, InvalidReceiver, SharesOutOfRange, MinAmountNotMet,
    /// ERC20InsufficientBalance, ERC20InsufficientAllowance, InsufficientGas (a transfer failed and may have failed for
    /// lack of gas).
    /// @param shares {share}
    /// @param receiver gets the constituents
    /// @param owner holds the shares, and gets the claims
    /// @param expectedBasket `basketHash` of the tokens that the bounds are for
    /// @param minAmounts {tok} least to receive of each constituent, in the basket's order
    /// @param deadline Unix seconds, the last one in which this may happen
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
    /// @dev Where less is there than accounted balances and claims, both take the same haircut, rounded down. Where
    /// this reverts, the claim stays. Reverts: InvalidReceiver, NoClaim, ClaimExceeded, ClaimUnbacked, MinAmountNotMet,
    /// BalanceUnreadable, ERC-20 errors of the token.
    /// @param token the token
    /// @param amount {tok} of the claim, before any haircut; `type(uint256).max` is all of it
    /// @param receiver gets the tokens
    /// @param minAmount {tok} least to be paid
    /// @return paid {tok}
    function claim(address token, uint256 amount, address receiver, uint256 minAmount) external returns (uint256 paid);

    /// @notice Issues the fee shares earned so far to the fee receiver. Any account may call it, at any time: the sum
    /// does not depend on it.
    /// @return shares {share}
    function collectFees() external returns (uint256 shares);

    // ---------------------------------------------------------------- the rebalancer

    /// @notice Trades one constituent against another token: sends `amountOut`, calls back
    /// {IIndexSwapCallback.onIndexSwap} on the caller, and requires that `amountIn` arrived. For the rebalancer of
    /// {terms} alone. Besides redemption and claims, the only way to move an asset out.
    /// @dev Why the callback: a bidder can sell what they buy before they pay for it. Units round down. A new `tokenIn`
    /// joins the basket, a sold-out `tokenOut` leaves it. Surplus over `amountIn` is not booked. Reverts:
    /// NotRebalancer, NotSeeded, InvalidReceiver, DuplicateConstituent, NotAConstituent, InvalidConstituent,
    /// AmountExceedsAccounted, Shortfall, ShortDelivery, ConstituentCount, LastConstituent, UnitsOutOfRange.
    /// @param tokenOut leaves the index
    /// @param amountOut {tokenOut}
    /// @param tokenIn comes in
    /// @param amountIn {tokenIn} that must arrive
    /// @param receiver gets `tokenOut`
    /// @param data handed to the callback
    function swap(
        address tokenOut,
        uint256 amountOut,
        address tokenIn,
        uint256 amountIn,
        address receiver,
        bytes calldata data
    ) external;

    // ---------------------------------------------------------------- restricted

    /// @notice Sets the units of `token` by what is really there. A loss is written off at once, from accounted
    /// balances and claims alike. A surplus vests evenly over 28 days, while mints pay for all of it: it is for those
    /// who hold meanwhile. Rounds down. Restricted.
    /// @dev A surplus that still vests is counted anew. A token that is not a constituent but has open claims can lose,
    /// and nothing else. Reverts: AccessManagedUnauthorized, NotSeeded, NotAConstituent, BalanceUnreadable,
    /// UnitsOutOfRange, LastConstituent (all of the last constituent is gone).
    /// @param token the token
    /// @return units D27{tok/base} from now on, without what vests
    function sync(address token) external returns (uint256 units);

    /// @notice Sets the streaming fee from now on. What was earned before stays as it was. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, StreamingFeeTooHigh, AlreadyDeprecated.
    /// @param dailyFee D18 per day
    function setStreamingFee(uint256 dailyFee) external;

    /// @notice Sets the mint fee. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, MintFeeTooHigh.
    /// @param mintFee bp
    function setMintFee(uint256 mintFee) external;

    /// @notice Pays the fees earned so far to the old receiver, then changes it. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress.
    /// @param receiver takes the fee shares
    function setFeeReceiver(address receiver) external;

    /// @notice Names the contract that may trade constituents from now on. It can take them on terms of its own: that
    /// is what the notice is for. Restricted.
    /// @dev Cancel what the old one runs first, because its bids revert from now on. The new one needs a plan and
    /// terms.
    /// Reverts: AccessManagedUnauthorized, InvalidRebalancer (no code).
    /// @param rebalancer the contract
    function setRebalancer(address rebalancer) external;

    /// @notice Sets the supply cap. A cap under the supply stops minting and nothing else. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, SupplyCapTooHigh.
    /// @param supplyCap whole shares
    function setSupplyCap(uint256 supplyCap) external;

    /// @notice Stops minting at once. Redemption and claims go on. Restricted to the guardian.
    /// @dev Reverts: AccessManagedUnauthorized.
    function pauseMinting() external;

    /// @notice Lets minting go on, unless the index is deprecated. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized.
    function unpauseMinting() external;

    /// @notice Ends minting and the streaming fee for ever. Redemption and claims go on. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, AlreadyDeprecated.
    function deprecate() external;

    // ---------------------------------------------------------------- views

    /// @notice What `mint(shares)` would pull now, rounded up. Refuses what the supply cap refuses; does not look at
    /// pauses and shortfalls.
    /// @param shares {share}
    /// @return amounts {tok} of each constituent, in the basket's order
    function previewMint(uint256 shares) external view returns (uint256[] memory amounts);

    /// @notice What `redeem(shares)` would pay now, rounded down, haircuts included.
    /// @param shares {share}
    /// @return amounts {tok} of each constituent, in the basket's order
    function previewRedeem(uint256 shares) external view returns (uint256[] memory amounts);

    /// @notice The basket. Time alone changes neither the tokens nor the base.
    /// @return tokens constituents
    /// @return units D27{tok/base} of each
    /// @return base {base} behind all shares
    function basket() external view returns (address[] memory tokens, uint256[] memory units, uint256 base);

    /// @notice Names the constituents and their order, for the bounds of a mint or a redemption: keccak256 of their
    /// addresses, 20 bytes each, one after the other.
    /// @return the hash
    function basketHash() external view returns (bytes32);

    /// @notice What a trade between two tokens goes by.
    /// @param tokenA one token
    /// @param tokenB the other
    /// @return base {base} behind all shares
    /// @return unitsA D27{tok/base}, 0 for a token that is not a constituent
    /// @return unitsB D27{tok/base}, 0 for a token that is not a constituent
    function unitsForTrade(address tokenA, address tokenB)
        external
        view
        returns (uint256 base, uint256 unitsA, uint256 unitsB);

    /// @notice What the basket counts, and what is there.
    /// @return accounted {tok} that the basket counts of each constituent
    /// @return available {tok} that the index holds of each after open claims
    function holdings() external view returns (uint256[] memory accounted, uint256[] memory available);

    /// @notice What one share stands for now. Falls with the streaming fee.
    /// @return D27{base/share}
    function multiplier() external view returns (uint256);

    /// @notice Shares earned as fees and not yet issued. `totalSupply` includes them.
    /// @return {share}
    function pendingFeeShares() external view returns (uint256);

    /// @notice Fees, cap and switches.
    /// @return the rules in force
    function terms() external view returns (IndexTerms memory);

    /// @notice What an account may claim of a token, before any haircut. Falls where a loss is written off.
    /// @param token the token
    /// @param account the account
    /// @return {tok}
    function claimOf(address token, address account) external view returns (uint256);

    /// @notice All open claims on a token, before any haircut. They are not part of the basket. After a loss was
    /// written off this may exceed their sum by a wei for each claimant.
    /// @param token the token
    /// @return {tok}
    function segregated(address token) external view returns (uint256);

    /// @notice The surplus of a token that the last {sync} found. A mint pays for all of it from the beginning. Zeros
    /// where there is none.
    /// @param token the constituent
    /// @return units D27{tok/base} that are not in `basket` yet at `start`, and all there at `end`
    /// @return start Unix seconds
    /// @return end Unix seconds
    function vestingOf(address token) external view returns (uint256 units, uint256 start, uint256 end);
}

/// @title The callback of {IIndexToken.mintWithCallback}
/// @notice The caller of a mint implements it and delivers the constituents in it.
interface IIndexMintCallback {
    /// @notice On return, `amounts` of `tokens` must have reached the index, which is the caller of this.
    /// @dev Warning: any contract can call this and claim to be an index. Check the caller.
    /// @param tokens the whole basket, in its order
    /// @param amounts {tok} of each
    /// @param data what the caller of the mint passed
    function onIndexMint(address[] calldata tokens, uint256[] calldata amounts, bytes calldata data) external;
}

/// @title The callback of {IIndexToken.swap}
/// @notice The rebalancer implements it and delivers `tokenIn` in it.
interface IIndexSwapCallback {
    /// @notice Called after `amountOut` was sent. On return, `amountIn` of `tokenIn` must have reached the index.
    /// @param tokenOut left the index
    /// @param amountOut {tokenOut} sent
    /// @param tokenIn must come in
    /// @param amountIn {tokenIn} that must arrive
    /// @param data what the rebalancer passed
    function onIndexSwap(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes calldata data)
        external;
}
