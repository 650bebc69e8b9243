// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {GovernedUUPS} from "../governance/GovernedUUPS.sol";

/// @title From an index's fees to its stakers' daily yield
/// @notice See {IFeeDistributor}.
/// @dev Holds fee shares from their collection until the same or the next distribution, and nothing else.
/// @custom:security-contact security@ssi.example
contract FeeDistributor is IFeeDistributor, GovernedUUPS, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IFeeDistributor
    uint256 public constant MIN_STAKERS_PART = 5_000;

    /// @inheritdoc IFeeDistributor
    uint256 public constant MAX_STAKERS_PART = _BPS;

    /// @inheritdoc IFeeDistributor
    uint256 public constant MIN_STAKED = 1e15;

    uint256 private constant _BPS = 10_000;

    /// @dev `lastDay:32 | stakersPart:16 | stakedToken:160` = 208 bits, high to low. `stakersPart` bp, `lastDay` in
    /// whole UTC days since 1970.
    struct Split {
        address stakedToken;
        uint16 stakersPart;
        uint32 lastDay;
    }

    /// @custom:storage-location erc7201:ssi.storage.FeeDistributor
    struct FeeDistributorStorage {
        address treasury;
        mapping(address index => Split) splits;
    }

    // keccak256(abi.encode(uint256(keccak256("ssi.storage.FeeDistributor")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xcd7f7b04330e4e544194db72425f383d90622509de6b9754714861e85d86cf00;

    /// @notice Sets up a proxy. Its constructor calls this, and it works once.
    /// @param authority_ AccessManager that decides on the restricted functions
    /// @param treasury_ gets the rest of all fees
    function initialize(address authority_, address treasury_) external initializer {
        __GovernedUUPS_init(authority_);
        _setTreasury(treasury_);
    }

    /// @inheritdoc IFeeDistributor
    function distribute(address index) external nonReentrant returns (uint256 toStakers, uint256 toTreasury) {
        Split storage split = _storage().splits[index];
        uint256 day = block.timestamp / 1 days;
        if (split.stakedToken == address(0)) revert FeeDistributor_UnknownIndex(index);
        if (split.lastDay == day) revert FeeDistributor_AlreadyDistributed(index, (day + 1) * 1 days);

        split.lastDay = uint32(day);
        (toStakers, toTreasury) = _distribute(index, split, day);
        if (toStakers + toTreasury == 0) revert FeeDistributor_NothingToDistribute(index);
    }

    /// @inheritdoc IFeeDistributor
    function setSplit(address index, address stakedToken, uint256 stakersPart) external restricted nonReentrant {
        if (index == address(0) || stakedToken == address(0)) revert FeeDistributor_ZeroAddress();
        address staked = IStakedToken(stakedToken).asset();
        if (staked != index) revert FeeDistributor_WrongAsset(stakedToken, staked, index);
        if (stakersPart < MIN_STAKERS_PART || stakersPart > MAX_STAKERS_PART) {
            revert FeeDistributor_PartOutOfBounds(stakersPart, MIN_STAKERS_PART, MAX_STAKERS_PART);
        }

        Split storage split = _storage().splits[index];
        if (split.stakedToken != address(0)) {
            _distribute(index, split, block.timestamp / 1 days);
            IERC20(index).forceApprove(split.stakedToken, 0);
        }
        (split.stakedToken, split.stakersPart) = (stakedToken, uint16(stakersPart));
        IERC20(index).forceApprove(stakedToken, type(uint256).max);
        emit SplitSet(index, stakedToken, stakersPart);
    }

    /// @inheritdoc IFeeDistributor
    function setTreasury(address treasury_) external restricted {
        _setTreasury(treasury_);
    }

    /// @inheritdoc IFeeDistributor
    function pending(address index) external view returns (uint256 toStakers, uint256 toTreasury) {
        Split storage split = _storage().splits[index];
        if (split.stakedToken == address(0)) return (0, 0);

        return _splitAmount(split, IERC20(index).balanceOf(address(this)) + IIndexToken(index).pendingFeeShares());
    }

    /// @inheritdoc IFeeDistributor
    function stakedTokenOf(address index) external view returns (address) {
        return _storage().splits[index].stakedToken;
    }

    /// @inheritdoc IFeeDistributor
    function splitOf(address index) external view returns (address stakedToken, uint256 stakersPart, uint256 lastDay) {
        Split memory split = _storage().splits[index];
        return (split.stakedToken, split.stakersPart, split.lastDay);
    }

    /// @inheritdoc IFeeDistributor
    function treasury() external view returns (address) {
        return _storage().treasury;
    }

    /// @dev All shares of `index` that are here are its fees: those just collected, and those that a caller of
    /// `collectFees` collected before.
    function _distribute(address index, Split storage split, uint256 day)
        private
        returns (uint256 toStakers, uint256 toTreasury)
    {
        IIndexToken(index).collectFees();
        uint256 amount = IERC20(index).balanceOf(address(this));
        if (amount == 0) return (0, 0);

        (toStakers, toTreasury) = _splitAmount(split, amount);
        emit Distributed(index, msg.sender, day, toStakers, toTreasury);

        if (toStakers != 0) IStakedToken(split.stakedToken).addRewards(toStakers);
        if (toTreasury != 0) IERC20(index).safeTransfer(_storage().treasury, toTreasury);
    }

    /// @dev The stakers' part rounds down. Where hardly anything is staked, it belongs to no staker and goes to the
    /// treasury. The test is by worth, not by shares, because a single staker can make shares as expensive as they
    /// like.
    function _splitAmount(Split storage split, uint256 amount)
        private
        view
        returns (uint256 toStakers, uint256 toTreasury)
    {
        IStakedToken staked = IStakedToken(split.stakedToken);
        if (staked.convertToAssets(staked.totalSupply()) >= MIN_STAKED) toStakers = amount * split.stakersPart / _BPS;
        toTreasury = amount - toStakers;
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert FeeDistributor_ZeroAddress();

        _storage().treasury = treasury_;
        emit TreasurySet(treasury_);
    }

    function _storage() private pure returns (FeeDistributorStorage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
