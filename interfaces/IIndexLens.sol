// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexToken} from "./IIndexToken.sol";

/// @title Everything about an index in one call
/// @notice Reads for clients. No other contract depends on it.
interface IIndexLens {
    /// @notice One constituent of an index.
    /// @param token its address
    /// @param symbol its symbol, unprintable letters shown as question marks
    /// @param decimals its decimals
    /// @param readable false where the token does not answer for its symbol, decimals or balance. Then what is missing
    /// is empty, and without decimals or balance there is no price and no value.
    /// @param units D27{tok/base}
    /// @param accounted {tok} that the basket counts
    /// @param available {tok} that the index holds after open claims, a loss shared with them
    /// @param claimed {tok} open claims, before any haircut
    /// @param priced false where the oracle has no live price; then price, value and weight are 0
    /// @param price D18{USD/whole token}
    /// @param value D18{USD} of what the shares can redeem: the smaller of accounted balances and available
    /// @param weight D18 share of the NAV
    struct Constituent {
        address token;
        string symbol;
        uint8 decimals;
        bool readable;
        uint256 units;
        uint256 accounted;
        uint256 available;
        uint256 claimed;
        bool priced;
        uint256 price;
        uint256 value;
        uint256 weight;
    }

    /// @notice How an index is staked; all zero where it is not.
    /// @param stakedToken the staked token
    /// @param totalAssets {share} of the index behind all staked shares, vested rewards included
    /// @param totalSupply {share} of the staked token
    /// @param exchangeRate D18{share/staked share}
    /// @param epochStartRate D18{share/staked share} in the first second of the running epoch
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

    /// @notice Everything about one index.
    /// @param index its address
    /// @param readable false where {overviews} could not read this index; then all but its address is empty
    /// @param name ERC-20 name
    /// @param symbol ERC-20 symbol
    /// @param totalSupply {share} issued, and those that the fee has earned
    /// @param issuedSupply {share} that accounts hold
    /// @param pendingFeeShares {share} earned as fees and not yet issued
    /// @param baseSupply {base} that all shares stand for
    /// @param multiplier D27{base/share}
    /// @param terms the rules in force
    /// @param priced true where every constituent has a live price; otherwise NAV and share price leave out those
    /// without
    /// @param nav D18{USD} of the basket
    /// @param sharePrice D18{USD/whole share}
    /// @param constituents in the basket's order
    /// @param staking how the index is staked
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
        IIndexToken.IndexTerms terms;
        bool priced;
        uint256 nav;
        uint256 sharePrice;
        Constituent[] constituents;
        Staking staking;
    }

    /// @notice State, fees, caps, basket and prices of an index. A missing price or a broken constituent does not stop
    /// it.
    /// @dev Reverts while the index is in the middle of a state change (ReentrancyGuardReentrantCall).
    /// @param index the index
    /// @return all that there is to know
    function overview(address index) external view returns (Overview memory);

    /// @notice The same for every index of the factory. One that cannot be read hides no other.
    /// @return one for each, oldest index first
    function overviews() external view returns (Overview[] memory);

    /// @notice The most shares that these amounts can mint: the inverse of `previewMint`. Exact, but for the last bits
    /// while a surplus vests; then never more.
    /// @dev Reverts: IndexToken_LengthMismatch.
    /// @param index the index
    /// @param amounts {tok} of each constituent, in the basket's order
    /// @return shares {share}
    function sharesForAmounts(address index, uint256[] calldata amounts) external view returns (uint256 shares);

    /// @notice What `account` would be paid now for all of their claim on `token`, its part of a loss taken off.
    /// @dev Reverts: IndexToken_BalanceUnreadable.
    /// @param index the index
    /// @param token the constituent, present or past
    /// @param account the claimant
    /// @return {tok}
    function previewClaim(address index, address token, address account) external view returns (uint256);

    /// @notice How `index` is staked. `overview` includes it.
    /// @param index the index
    /// @return all zero where it is not staked
    function staking(address index) external view returns (Staking memory);

    /// @notice The worth of what `shares` can redeem now, rounded down.
    /// @dev Reverts where a price is missing: PriceOracle errors.
    /// @param index the index
    /// @param shares {share}
    /// @return D18{USD}
    function valueOf(address index, uint256 shares) external view returns (uint256);
}
