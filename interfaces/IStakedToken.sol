// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {ITimeWeightedERC20} from "./ITimeWeightedERC20.sol";

/// @title Operators (EIP-7540, ERC-165 id 0xe3bc4e65)
interface IERC7540Operator {
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice True where `operator` may act for `controller`.
    function isOperator(address controller, address operator) external view returns (bool);

    /// @notice Lets `operator` act for the caller, or no longer. Always returns true.
    /// @dev An operator can request, cancel and claim, to any receiver: it is as good as the account itself.
    function setOperator(address operator, bool approved) external returns (bool);
}

/// @title Asynchronous redemption (EIP-7540, ERC-165 id 0x620ee8e4)
interface IERC7540Redeem {
    event RedeemRequest(address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares);

    /// @notice Burns `shares` of `owner` and starts the cooldown of what they are worth now for `controller`.
    /// @dev The caller is the controller or its operator, and the owner, its operator, or a spender of the owner's allowance. Always returns the id 0. See {IStakedToken}.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @notice {share} that are cooling. 0 for ids other than 0.
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice {share} that have matured and are not claimed yet. 0 for ids other than 0.
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
}

/// @title Multi-asset vaults (EIP-7575, ERC-165 id 0x2f0a18c5): the vault functions of ERC-4626 and where the share is
interface IERC7575 {
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares);

    function asset() external view returns (address);
    function share() external view returns (address);
    function convertToAssets(uint256 shares) external view returns (uint256 assets);
    function convertToShares(uint256 assets) external view returns (uint256 shares);
    function totalAssets() external view returns (uint256 assets);
    function maxDeposit(address receiver) external view returns (uint256 assets);
    function previewDeposit(uint256 assets) external view returns (uint256 shares);
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    function maxMint(address receiver) external view returns (uint256 shares);
    function previewMint(uint256 shares) external view returns (uint256 assets);
    function mint(uint256 shares, address receiver) external returns (uint256 assets);
    function maxWithdraw(address controller) external view returns (uint256 assets);
    function previewWithdraw(uint256 assets) external view returns (uint256 shares);
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    function maxRedeem(address controller) external view returns (uint256 shares);
    function previewRedeem(uint256 shares) external view returns (uint256 assets);
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);
}

/// @title A staked token: rewards raise what a share is worth, leaving takes a cooldown
/// @notice Deposits follow ERC-4626 and happen at once. Leaving follows ERC-7540: `requestRedeem` burns shares, fixes their assets and starts the cooldown,
/// `redeem` or `withdraw` pays them once it is over. A further request restarts the cooldown of everything that is still cooling; what has matured
/// stays so. Nobody can stop a request, a cancellation or a claim.
/// @dev Units: `{asset}` asset-wei, `{share}` share-wei, both with the asset's decimals; times in seconds. The arithmetic is in `docs/staking-math.md`.
/// The asset must move exactly what it is told to and nothing by itself, as index tokens and SOSO do.
interface IStakedToken is ITimeWeightedERC20, IERC7575, IERC7540Redeem, IERC7540Operator, IERC165 {
    /// @notice What an account has on its way out. `cooling*` matures at `maturesAt` (0 where nothing cools), `claimable*` has matured.
    struct Exit {
        uint256 coolingAssets;
        uint256 coolingShares;
        uint256 maturesAt;
        uint256 claimableAssets;
        uint256 claimableShares;
    }

    /// @param assets fixed by this request
    /// @param cooling all assets of the controller that cool now
    /// @param maturesAt when they mature, unless the cooldown is cut
    event CooldownStarted(address indexed controller, uint256 assets, uint256 cooling, uint256 maturesAt);
    event RequestCancelled(address indexed controller, address indexed caller, uint256 assets, uint256 shares);
    event RewardsAdded(address indexed caller, uint256 assets, uint256 unvested, uint256 duration);
    event CooldownSet(uint256 cooldown);

    error StakedToken_ZeroAddress();
    error StakedToken_InvalidReceiver(address receiver);

    /// @notice Nothing to deposit, request, claim or add; or an amount that is worth less than one share-wei.
    error StakedToken_ZeroAmount();

    /// @notice Only the controller and its operators can start, move, cancel or claim its requests.
    error StakedToken_NotAuthorized(address controller, address caller);
    error StakedToken_ExceedsMaximum(uint256 amount, uint256 maximum);

    /// @notice More than has matured.
    error StakedToken_ExceedsClaimable(address controller, uint256 amount, uint256 claimable);

    /// @notice Nothing of this controller is cooling.
    error StakedToken_NothingCooling(address controller);

    /// @notice An asynchronous redemption has no preview (EIP-7540).
    error StakedToken_NoPreview();
    error StakedToken_CooldownTooLong(uint256 cooldown, uint256 maximum);

    /// @notice After a cut the cooldown cannot be raised for the longest cooldown there is: what has matured must not cool again.
    error StakedToken_RaiseTooSoon(uint256 earliest);

    /// @notice The epoch has not begun.
    error StakedToken_FutureEpoch(uint256 epoch, uint256 currentEpoch);

    // ---------------------------------------------------------------- leaving

    /// @notice Stakes everything again that is still cooling, at the price of now. Its shares go to the controller.
    /// @dev By the controller or its operator. Reverts: NotAuthorized, NothingCooling, ZeroAmount, ExceedsMaximum.
    /// @return shares {share}, rounded down
    function cancelRequest(address controller) external returns (uint256 shares);

    /// @notice Everything that `controller` has on its way out.
    function exitOf(address controller) external view returns (Exit memory);

    /// @notice {asset} in the vault that are no part of any share: all that is cooling, or has matured and not been claimed, and whatever was merely sent here.
    function assetsSetAside() external view returns (uint256);

    /// @notice The cooldown of a request made now, seconds.
    function cooldown() external view returns (uint256);

    /// @notice The longest cooldown there can ever be, seconds.
    function MAX_COOLDOWN() external view returns (uint256);

    /// @notice Sets the cooldown. A cut helps every request at once; a raise concerns later requests only. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, CooldownTooLong, RaiseTooSoon.
    function setCooldown(uint256 newCooldown) external;

    // ---------------------------------------------------------------- rewards

    /// @notice Takes `assets` from the caller and lets them vest linearly over 24 hours into what the shares are worth.
    /// What has not vested of earlier rewards is averaged in by size. Anybody may. While holders have fewer than 10^9 share-wei, nothing vests and all waits.
    /// @dev Reverts: ZeroAmount, ExceedsMaximum, ERC-20 errors.
    function addRewards(uint256 assets) external;

    /// @notice {asset} that have not vested yet, rounded up. No part of any share.
    function unvestedRewards() external view returns (uint256);

    /// @notice The running stream: {asset} that had not vested at `start`, when the supply or the rewards last changed, and the seconds from then until all has.
    /// It stands still while holders have fewer than 10^9 share-wei.
    function rewardStream() external view returns (uint256 assets, uint256 start, uint256 duration);

    // ---------------------------------------------------------------- rates

    /// @notice D18{asset/share} now, rounded down. Never falls, not even when the last staker leaves: 10^9 share-wei that nobody has are in it and stay.
    function exchangeRate() external view returns (uint256);

    /// @notice D18{asset/share} in the first second of an epoch, rounded down; 1e18 before the vault was made. Exact for every epoch.
    /// @dev Reads three slots more for each epoch after `epoch` in which the vault was touched. Reverts: FutureEpoch.
    function exchangeRateAt(uint256 epoch) external view returns (uint256);

    /// @notice D18{asset/share}: no more than any rate that there was in `epoch`, until now where it is running. Of a closed epoch it never changes.
    /// @dev The rate never falls, so it is that of the first second. Reverts: FutureEpoch.
    function lowestRate(uint256 epoch) external view returns (uint256);

    /// @notice D18 simple yearly return over `epoch`, over its part until now if it is running. Rounded down.
    /// @dev 0 in the first second of the running epoch. Reverts: FutureEpoch.
    function epochApr(uint256 epoch) external view returns (uint256);

    /// @notice D18 simple yearly return at the pace of the running stream; 0 where none runs, or it stands still. Rounded down.
    function currentApr() external view returns (uint256);
}
