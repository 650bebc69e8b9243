// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {ITimeWeightedERC20} from "./ITimeWeightedERC20.sol";

/// @title Operators (EIP-7540, ERC-165 id 0xe3bc4e65)
/// @notice An operator acts for an account until the account takes that back.
interface IERC7540Operator {
    /// @notice An account named an operator, or took that back.
    /// @param controller the account
    /// @param operator the operator
    /// @param approved whether the operator may act for the account
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice Whether `operator` may act for `controller`.
    /// @param controller the account
    /// @param operator the operator
    /// @return true where they may
    function isOperator(address controller, address operator) external view returns (bool);

    /// @notice Lets `operator` act for the caller, or no longer.
    /// @dev An operator can request, cancel and claim, to any receiver: it is as good as the account itself.
    /// @param operator the operator
    /// @param approved whether they may act for the caller
    /// @return always true
    function setOperator(address operator, bool approved) external returns (bool);
}

/// @title Asynchronous redemption (EIP-7540, ERC-165 id 0x620ee8e4)
/// @notice A redemption is requested first and claimed later, by {IERC7575.redeem} or {IERC7575.withdraw}.
interface IERC7540Redeem {
    /// @notice Shares were burnt and their cooldown began.
    /// @param controller may claim the assets
    /// @param owner held the shares
    /// @param requestId always 0
    /// @param sender made the request
    /// @param shares {share} burnt
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );

    /// @notice Burns `shares` of `owner` and starts the cooldown of what they are worth now for `controller`.
    /// @dev The caller is the controller or its operator, and the owner, its operator, or a spender of the owner's
    /// allowance. See {IStakedToken}.
    /// @param shares {share} to burn
    /// @param controller may claim the assets
    /// @param owner holds the shares
    /// @return requestId always 0
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @notice The shares of a controller that are cooling.
    /// @param requestId 0
    /// @param controller the controller
    /// @return shares {share}, 0 for ids other than 0
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice The shares of a controller that have matured and are not claimed yet.
    /// @param requestId 0
    /// @param controller the controller
    /// @return shares {share}, 0 for ids other than 0
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
}

/// @title Multi-asset vaults (EIP-7575, ERC-165 id 0x2f0a18c5)
/// @notice The vault functions of ERC-4626, and the address of the share. Here one asset has one share: the vault
/// itself.
interface IERC7575 {
    /// @notice Assets came in for new shares.
    /// @param sender paid the assets
    /// @param owner got the shares
    /// @param assets {asset}
    /// @param shares {share}
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);

    /// @notice Assets were claimed for shares that were burnt before.
    /// @param sender the controller or its operator
    /// @param receiver got the assets
    /// @param owner the controller
    /// @param assets {asset}
    /// @param shares {share}
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    /// @notice What is staked.
    /// @return a token
    function asset() external view returns (address);

    /// @notice The token of the shares.
    /// @return the vault itself
    function share() external view returns (address);

    /// @notice What shares are worth now, rounded down.
    /// @param shares {share}
    /// @return assets {asset}
    function convertToAssets(uint256 shares) external view returns (uint256 assets);

    /// @notice The shares that are worth these assets now, rounded down.
    /// @param assets {asset}
    /// @return shares {share}
    function convertToShares(uint256 assets) external view returns (uint256 shares);

    /// @notice What all shares are worth together.
    /// @return assets {asset}
    function totalAssets() external view returns (uint256 assets);

    /// @notice The most that `deposit` takes.
    /// @param receiver would get the shares
    /// @return assets {asset}
    function maxDeposit(address receiver) external view returns (uint256 assets);

    /// @notice The shares that `deposit` mints now.
    /// @param assets {asset}
    /// @return shares {share}
    function previewDeposit(uint256 assets) external view returns (uint256 shares);

    /// @notice Takes `assets` from the caller and mints shares for them.
    /// @param assets {asset} to pay
    /// @param receiver gets the shares
    /// @return shares {share} minted
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);

    /// @notice The most that `mint` mints.
    /// @param receiver would get the shares
    /// @return shares {share}
    function maxMint(address receiver) external view returns (uint256 shares);

    /// @notice The assets that `mint` takes now.
    /// @param shares {share}
    /// @return assets {asset}
    function previewMint(uint256 shares) external view returns (uint256 assets);

    /// @notice Mints `shares` and takes the assets for them from the caller.
    /// @param shares {share} to mint
    /// @param receiver gets the shares
    /// @return assets {asset} paid
    function mint(uint256 shares, address receiver) external returns (uint256 assets);

    /// @notice The most that `withdraw` pays.
    /// @param controller the controller of the requests
    /// @return assets {asset}
    function maxWithdraw(address controller) external view returns (uint256 assets);

    /// @notice Always reverts here: an asynchronous redemption has no preview (EIP-7540).
    /// @param assets {asset}
    /// @return shares none
    function previewWithdraw(uint256 assets) external view returns (uint256 shares);

    /// @notice Pays `assets` of those that have matured.
    /// @param assets {asset} to pay
    /// @param receiver gets the assets
    /// @param controller the controller of the requests
    /// @return shares {share} claimed
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);

    /// @notice The most that `redeem` claims.
    /// @param controller the controller of the requests
    /// @return shares {share}
    function maxRedeem(address controller) external view returns (uint256 shares);

    /// @notice Always reverts here: an asynchronous redemption has no preview (EIP-7540).
    /// @param shares {share}
    /// @return assets none
    function previewRedeem(uint256 shares) external view returns (uint256 assets);

    /// @notice Pays the assets of `shares` that have matured.
    /// @param shares {share} to claim
    /// @param receiver gets the assets
    /// @param controller the controller of the requests
    /// @return assets {asset} paid
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);
}

/// @title Share-to-vault lookup (EIP-7575, ERC-165 id 0xf815c03d)
/// @notice Finds the vault of an asset from the share.
interface IERC7575Share {
    /// @notice The vault that takes `token` for this share. Here the share is the vault, and has one asset for ever.
    /// @param token an asset
    /// @return the vault itself for its asset, zero for every other token
    function vault(address token) external view returns (address);
}

/// @title A staked token: rewards raise what a share is worth, leaving takes a cooldown
/// @notice Deposits follow ERC-4626 and happen at once. Leaving follows ERC-7540: `requestRedeem` burns shares, fixes
/// their assets and starts the cooldown; `redeem` or `withdraw` pays the assets once it is over. A further request
/// restarts the cooldown of all that is still cooling; what has matured stays so. Requests, cancellations and claims
/// cannot be stopped.
/// @dev Units: `{asset}` asset-wei, `{share}` share-wei, both with the asset's decimals; times in seconds. The
/// arithmetic is in `docs/staking-math.md`. The asset must move exactly what it is told to and nothing by itself, as
/// index tokens and SOSO do.
interface IStakedToken is ITimeWeightedERC20, IERC7575, IERC7575Share, IERC7540Redeem, IERC7540Operator, IERC165 {
    /// @notice What an account has on its way out.
    /// @param coolingAssets {asset} that are cooling
    /// @param coolingShares {share} burnt for them
    /// @param maturesAt Unix seconds, when they mature, 0 where nothing cools
    /// @param claimableAssets {asset} that have matured
    /// @param claimableShares {share} burnt for them
    struct Exit {
        uint256 coolingAssets;
        uint256 coolingShares;
        uint256 maturesAt;
        uint256 claimableAssets;
        uint256 claimableShares;
    }

    /// @notice A request fixed assets and started their cooldown.
    /// @param controller may claim them
    /// @param assets {asset} fixed by this request
    /// @param cooling {asset} of the controller that cool now, all together
    /// @param maturesAt Unix seconds, when they mature, unless the cooldown is cut
    event CooldownStarted(address indexed controller, uint256 assets, uint256 cooling, uint256 maturesAt);

    /// @notice All that was cooling is staked again.
    /// @param controller the controller
    /// @param caller the controller or its operator
    /// @param assets {asset} that were cooling
    /// @param shares {share} minted for them
    event RequestCancelled(address indexed controller, address indexed caller, uint256 assets, uint256 shares);

    /// @notice Rewards came in.
    /// @param caller paid them
    /// @param assets {asset} that came in
    /// @param unvested {asset} that have not vested, all together
    /// @param duration seconds until all has vested
    event RewardsAdded(address indexed caller, uint256 assets, uint256 unvested, uint256 duration);

    /// @notice The cooldown was set.
    /// @param cooldown seconds
    event CooldownSet(uint256 cooldown);

    /// @notice An address that is needed is zero.
    error StakedToken_ZeroAddress();

    /// @notice The vault itself can receive neither shares nor assets.
    /// @param receiver the receiver
    error StakedToken_InvalidReceiver(address receiver);

    /// @notice There is nothing to deposit, request, claim or add; or the amount is worth less than one share-wei.
    error StakedToken_ZeroAmount();

    /// @notice Only the controller and its operators can start, move, cancel or claim its requests.
    /// @param controller the controller
    /// @param caller the account that tried
    error StakedToken_NotAuthorized(address controller, address caller);

    /// @notice The vault has no room for that much.
    /// @param amount {asset} or {share} that was given
    /// @param maximum {asset} or {share} that still fit
    error StakedToken_ExceedsMaximum(uint256 amount, uint256 maximum);

    /// @notice More is asked for than has matured.
    /// @param controller the controller
    /// @param amount {asset} or {share} asked for
    /// @param claimable {asset} or {share} that have matured
    error StakedToken_ExceedsClaimable(address controller, uint256 amount, uint256 claimable);

    /// @notice Nothing of this controller is cooling.
    /// @param controller the controller
    error StakedToken_NothingCooling(address controller);

    /// @notice An asynchronous redemption has no preview (EIP-7540).
    error StakedToken_NoPreview();

    /// @notice The cooldown would be too long.
    /// @param cooldown seconds asked for
    /// @param maximum seconds
    error StakedToken_CooldownTooLong(uint256 cooldown, uint256 maximum);

    /// @notice After a cut, the cooldown cannot be raised for as long as the longest cooldown: what has matured must
    /// not cool again.
    /// @param earliest Unix seconds, when it can be raised
    error StakedToken_RaiseTooSoon(uint256 earliest);

    /// @notice The epoch has not begun.
    /// @param epoch the epoch asked for
    /// @param currentEpoch the running epoch
    error StakedToken_FutureEpoch(uint256 epoch, uint256 currentEpoch);

    // ---------------------------------------------------------------- leaving

    /// @notice Stakes all assets that are still cooling again, at the price of now. Its shares go to the controller.
    /// @dev By the controller or its operator. Reverts: NotAuthorized, NothingCooling, ZeroAmount, ExceedsMaximum.
    /// @param controller the controller
    /// @return shares {share}, rounded down
    function cancelRequest(address controller) external returns (uint256 shares);

    /// @notice Everything that `controller` has on its way out.
    /// @param controller the controller
    /// @return what is cooling and what has matured
    function exitOf(address controller) external view returns (Exit memory);

    /// @notice Assets in the vault that belong to no share: what is cooling, what has matured unclaimed, and what was
    /// merely sent here.
    /// @return {asset}
    function assetsSetAside() external view returns (uint256);

    /// @notice The cooldown of a request made now.
    /// @return seconds
    function cooldown() external view returns (uint256);

    /// @notice The longest cooldown there can ever be.
    /// @return seconds
    function MAX_COOLDOWN() external view returns (uint256);

    /// @notice Sets the cooldown. A cut helps every request at once; a raise concerns later requests only. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, CooldownTooLong, RaiseTooSoon.
    /// @param newCooldown seconds
    function setCooldown(uint256 newCooldown) external;

    // ---------------------------------------------------------------- rewards

    /// @notice Takes `assets` from the caller and lets them vest linearly over 24 hours into what the shares are worth.
    /// What has not vested of earlier rewards is averaged in by size. Any account may. While stakers have fewer than
    /// 10^9 share-wei, nothing vests and all waits.
    /// @dev Reverts: ZeroAmount, ExceedsMaximum, ERC-20 errors.
    /// @param assets {asset} to pay
    function addRewards(uint256 assets) external;

    /// @notice Rewards that have not vested yet, rounded up. They belong to no share.
    /// @return {asset}
    function unvestedRewards() external view returns (uint256);

    /// @notice The running stream of rewards. It stands still while stakers have fewer than 10^9 share-wei.
    /// @return assets {asset} that had not vested at `start`
    /// @return start Unix seconds, when the supply or the rewards last changed
    /// @return duration seconds from then until all has vested
    function rewardStream() external view returns (uint256 assets, uint256 start, uint256 duration);

    // ---------------------------------------------------------------- rates

    /// @notice What a share is worth now, rounded down. It never falls, not even when the last staker leaves: 10^9
    /// virtual share-wei, which have no holder, are in the vault from the beginning and stay.
    /// @return D18{asset/share}
    function exchangeRate() external view returns (uint256);

    /// @notice What a share was worth in the first second of an epoch, rounded down; 1e18 before the vault was made.
    /// Exact for every epoch.
    /// @dev Reads three slots more for each epoch after `epoch` in which the vault was touched. Reverts: FutureEpoch.
    /// @param epoch an epoch that has begun
    /// @return D18{asset/share}
    function exchangeRateAt(uint256 epoch) external view returns (uint256);

    /// @notice The lowest rate of `epoch`, until now where it is running. Of a closed epoch it never changes.
    /// @dev The rate never falls, so it is that of the first second. Reverts: FutureEpoch.
    /// @param epoch an epoch that has begun
    /// @return D18{asset/share}
    function lowestRate(uint256 epoch) external view returns (uint256);

    /// @notice Simple yearly return over `epoch`, or over its part until now where it is running. Rounded down.
    /// @dev 0 in the first second of the running epoch. Reverts: FutureEpoch.
    /// @param epoch an epoch that has begun
    /// @return D18
    function epochApr(uint256 epoch) external view returns (uint256);

    /// @notice Simple yearly return at the pace of the running stream, rounded down.
    /// @return D18, 0 where no stream runs, or it stands still
    function currentApr() external view returns (uint256);
}
