// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexToken} from "./IIndexToken.sol";

/// @title Everything about an index in one call
interface IIndexLens {
    /// @param readable false where the token does not answer for its symbol, decimals or balance; then what is missing is empty, and without
    /// decimals or balance there is no price and no value
    /// @param books {tok} what the basket says it holds
    /// @param available {tok} what it holds after open claims, a loss shared with them
    /// @param claimed {tok} open claims, before any haircut
    /// @param priced false where the oracle has no live price; then price, value and weight are 0
    /// @param price D18{USD/whole token}
    /// @param value D18{USD} of what the shares can redeem: the smaller of books and available
    /// @param weight D18 share of the NAV
    struct Constituent {
        address token;
        string symbol;
        uint8 decimals;
        bool readable;
        uint256 units;
        uint256 books;
        uint256 available;
        uint256 claimed;
        bool priced;
        uint256 price;
        uint256 value;
        uint256 weight;
    }

    /// @notice How an index is staked; all zero where it is not.
    /// @param stakedToken where
    /// @param totalAssets {share} of the index behind all staked shares, vested rewards included
    /// @param totalSupply {share} of the staked token
    /// @param exchangeRate D18{share/staked share}
    /// @param epochStartRate the same in the first second of the running epoch
    /// @param unvestedRewards {share} on their way
    /// @param setAside {share} that are leaving, have matured unclaimed, or were merely sent to the vault
    /// @param cooldown seconds
    /// @param currentApr D18, at the pace of the running rewards
    /// @param epochApr D18, over the running epoch until now
    /// @param lastEpochApr D18, over the epoch before
    /// @param stakersPart bp of the fees
    /// @param pendingToStakers {share} that the next distribution brings
    struct Staking {
        address stakedToken;
        uint256 totalAssets;
        uint256 totalSupply;
        uint256 exchangeRate;
        uint256 epochStartRate;
        uint256 unvestedRewards;
        uint256 setAside;
        uint256 cooldown;
        uint256 currentApr;
        uint256 epochApr;
        uint256 lastEpochApr;
        uint256 stakersPart;
        uint256 pendingToStakers;
    }

    /// @param readable false where {overviews} could not read this index; then there is nothing but its address
    /// @param priced true where every constituent has a live price; otherwise NAV and share price leave out those without
    /// @param nav D18{USD} of the basket
    /// @param sharePrice D18{USD/whole share}
    struct Overview {
        address index;
        bool readable;
        string name;
        string symbol;
        uint256 totalSupply;
        uint256 issuedSupply;
        uint256 pendingFeeShares;
        uint256 baseSupply;
        uint256 multiplier;
        IIndexToken.Terms terms;
        bool priced;
        uint256 nav;
        uint256 sharePrice;
        Constituent[] constituents;
        Staking staking;
    }

    /// @notice State, fees, caps, basket and prices of an index. Never reverts for want of a price, nor for a constituent that is broken.
    /// @dev Reverts while the index is in the middle of a state change (ReentrancyGuardReentrantCall).
    function overview(address index) external view returns (Overview memory);

    /// @notice The same for every index of the factory. One that cannot be read hides no other.
    function overviews() external view returns (Overview[] memory);

    /// @notice {share} The most that these amounts can mint: the inverse of `previewMint`. Exact, but for the last bits while a surplus vests: then never more.
    /// @param amounts {tok} of each constituent, in the basket's order
    function sharesForAmounts(address index, uint256[] calldata amounts) external view returns (uint256 shares);

    /// @notice {tok} that `account` would be paid now for all of their claim on `token`, its part of a loss taken off.
    /// @dev Reverts: IndexToken_BalanceUnreadable.
    function previewClaim(address index, address token, address account) external view returns (uint256);

    /// @notice How `index` is staked. `overview` includes it.
    function staking(address index) external view returns (Staking memory);

    /// @notice D18{USD} that `shares` can redeem now, rounded down.
    /// @dev Reverts where a price is missing: PriceOracle errors.
    function valueOf(address index, uint256 shares) external view returns (uint256);
}
