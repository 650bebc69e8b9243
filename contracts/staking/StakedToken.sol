// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {
    IERC7540Operator,
    IERC7540Redeem,
    IERC7575,
    IERC7575Share,
    IStakedToken
} from "../../interfaces/IStakedToken.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";
import {TimedBalance} from "../tokens/TimedBalance.sol";
import {AccountedAssets, AccountedAssetsLib} from "./AccountedAssets.sol";
import {ExitRequest, ExitRequestLib} from "./ExitRequest.sol";

/// @title Staked index tokens and staked SOSO
/// @notice See {IStakedToken}. No proxy, no pause, and no role that can take assets or hold them back.
/// @dev `docs/staking-math.md` is the specification.
///
/// Why nothing overflows: what is staked stays under 2^96 ({maxDeposit}), and a share is worth one asset-wei or more,
/// so shares stay under 2^96 as well. What one account has on its way out fits while the asset's supply is under 2^96,
/// as that of index tokens and SOSO is. With a larger supply, a request that would not fit is refused until the account
/// has claimed, and so is a claim that would leave too much.
/// @custom:security-contact security@ssi.example
contract StakedToken is IStakedToken, TimeWeightedERC20, FixedAuthority, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IStakedToken
    uint256 public constant MAX_COOLDOWN = 14 days;

    uint256 private constant _YEAR = 365 days;
    uint256 private constant _WAD = 1e18;

    /// @dev The parts of EIP-7575, each with an ERC-165 id of its own. Together, by exclusive or, they are {IERC7575}.
    bytes4 private constant _MINIMAL = 0x50a526d6;
    bytes4 private constant _DEPOSIT = 0xc1f329ef;
    bytes4 private constant _MINT = 0xe1550342;
    bytes4 private constant _REDEEM = 0x2fd7d42a;
    bytes4 private constant _WITHDRAW = 0x70dec094;

    /// @dev What has matured of earlier requests and is not claimed: `shares:96 | assets:96` = 192 bits, high to low.
    struct Parked {
        uint96 assets;
        uint96 shares;
    }

    /// @inheritdoc IERC7575
    address public immutable asset;
    uint8 private immutable _decimals;

    AccountedAssets private _accounted;

    /// @dev When the cooldown was last cut, Unix seconds.
    uint256 private _lastCut;

    mapping(address controller => ExitRequest) private _requests;
    mapping(address controller => Parked) private _parked;

    /// @dev The accounted assets as they were before the supply's first touch in an epoch. That touch saves the
    /// supply's slot as well.
    mapping(uint256 epoch => AccountedAssets) private _past;

    /// @inheritdoc IERC7540Operator
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    constructor(
        address authority_,
        IERC20Metadata asset_,
        string memory name_,
        string memory symbol_,
        uint256 genesis,
        uint256 length
    ) TimeWeightedERC20(name_, symbol_, genesis, length) FixedAuthority(authority_) {
        if (authority_ == address(0) || address(asset_) == address(0)) {
            revert StakedToken_ZeroAddress();
        }

        asset = address(asset_);
        _decimals = asset_.decimals();
        _accounted = AccountedAssetsLib.make(0, 0, 0, MAX_COOLDOWN);
        emit CooldownSet(MAX_COOLDOWN);
    }

    // ---------------------------------------------------------------- staking

    /// @inheritdoc IERC7575
    /// @dev Rounds shares down. Reverts: ExceedsMaximum, ZeroAmount, InvalidReceiver, ERC-20 errors.
    function deposit(uint256 assets, address receiver) external nonReentrant returns (uint256 shares) {
        (AccountedAssets b, uint256 supply) = _openAccounted();
        _requireRoom(b, assets);
        shares = b.toShares(supply, assets, Math.Rounding.Floor);
        _deposit(b, assets, shares, receiver);
    }

    /// @inheritdoc IERC7575
    /// @dev Rounds assets up. Reverts as {deposit}.
    function mint(uint256 shares, address receiver) external nonReentrant returns (uint256 assets) {
        (AccountedAssets b, uint256 supply) = _openAccounted();
        if (shares > type(uint96).max) revert StakedToken_ExceedsMaximum(shares, _maxShares(b, supply));
        assets = b.toAssets(supply, shares, Math.Rounding.Ceil);
        _requireRoom(b, assets);
        _deposit(b, assets, shares, receiver);
    }

    /// @inheritdoc IStakedToken
    function addRewards(uint256 assets) external nonReentrant {
        if (assets == 0) revert StakedToken_ZeroAmount();
        (AccountedAssets b,) = _openAccounted();
        _requireRoom(b, assets);

        b = b.plusRewards(assets);
        _accounted = b;
        _touchSupply();
        emit RewardsAdded(msg.sender, assets, b.unvested(), b.left());

        IERC20(asset).safeTransferFrom(msg.sender, address(this), assets);
    }

    // ---------------------------------------------------------------- leaving

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IERC7540Redeem
    /// @dev The caller must be the controller or its operator, because this moves the controller's timer. The caller
    /// must also be the owner or its operator, or have an allowance for the shares. Assets round down. Reverts:
    /// ZeroAmount, NotAuthorized, ZeroAddress, ERC-20 errors, SafeCastOverflowedUintDowncast (2^96 and more on its way
    /// out: claim first).
    function requestRedeem(uint256 shares, address controller, address owner) external nonReentrant returns (uint256) {
        if (shares == 0) revert StakedToken_ZeroAmount();
        if (controller == address(0)) revert StakedToken_ZeroAddress();
        _requireAuthorized(controller);
        if (msg.sender != owner && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);

        (AccountedAssets b, uint256 supply) = _openAccounted();
        _burn(owner, shares);
        uint256 assets = b.toAssets(supply, shares, Math.Rounding.Floor);
        _accounted = b.minus(assets);
        _startCooldown(b.cooldown(), controller, assets, shares);
        emit RedeemRequest(controller, owner, 0, msg.sender, shares);
        return 0;
    }

    /// @inheritdoc IStakedToken
    function cancelRequest(address controller) external nonReentrant returns (uint256 shares) {
        _requireAuthorized(controller);
        ExitRequest r = _requests[controller];
        uint256 assets = r.assets();
        if (assets == 0 || _hasMatured(r)) revert StakedToken_NothingCooling(controller);

        (AccountedAssets b, uint256 supply) = _openAccounted();
        _requireRoom(b, assets);
        shares = b.toShares(supply, assets, Math.Rounding.Floor);
        if (shares == 0) revert StakedToken_ZeroAmount();
        _requests[controller] = ExitRequestLib.make(0, 0, 0, 0, r.parked());
        _accounted = b.plus(assets);
        _mint(controller, shares);
        emit RequestCancelled(controller, msg.sender, assets, shares);
    }

    /// @inheritdoc IERC7575
    /// @dev For the controller or its operator. Rounds assets down.
    /// Reverts: ZeroAmount, NotAuthorized, InvalidReceiver, ExceedsClaimable, ERC-20 errors.
    function redeem(uint256 shares, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 assets)
    {
        if (shares == 0) revert StakedToken_ZeroAmount();
        _requireAuthorized(controller);
        ExitRequest r = _requests[controller];
        (uint256 allAssets, uint256 allShares, bool running) = _claimableOf(controller, r);
        if (shares > allShares) revert StakedToken_ExceedsClaimable(controller, shares, allShares);

        assets = allAssets * shares / allShares; // 97 bits each
        _storeClaimable(controller, r, running, allAssets - assets, allShares - shares);
        _payOut(receiver, controller, assets, shares);
    }

    /// @inheritdoc IERC7575
    /// @dev For the controller or its operator. Rounds shares up. Reverts as {redeem}.
    function withdraw(uint256 assets, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 shares)
    {
        if (assets == 0) revert StakedToken_ZeroAmount();
        _requireAuthorized(controller);
        ExitRequest r = _requests[controller];
        (uint256 allAssets, uint256 allShares, bool running) = _claimableOf(controller, r);
        if (assets > allAssets) revert StakedToken_ExceedsClaimable(controller, assets, allAssets);

        // 97 bits each. Assets that are left keep at least one share to be claimed by.
        shares = assets == allAssets ? allShares : Math.min(Math.ceilDiv(allShares * assets, allAssets), allShares - 1);
        _storeClaimable(controller, r, running, allAssets - assets, allShares - shares);
        _payOut(receiver, controller, assets, shares);
    }

    // ---------------------------------------------------------------- restricted

    /// @inheritdoc IStakedToken
    function setCooldown(uint256 newCooldown) external restricted {
        if (newCooldown > MAX_COOLDOWN) revert StakedToken_CooldownTooLong(newCooldown, MAX_COOLDOWN);
        AccountedAssets b = _accounted;
        if (newCooldown < b.cooldown()) {
            _lastCut = block.timestamp;
        } else if (newCooldown > b.cooldown()) {
            uint256 earliest = _lastCut + MAX_COOLDOWN;
            if (block.timestamp < earliest) revert StakedToken_RaiseTooSoon(earliest);
        }
        _accounted = b.withCooldown(newCooldown);
        emit CooldownSet(newCooldown);
    }

    // ---------------------------------------------------------------- reads: ERC-4626, ERC-7575, ERC-7540

    /// @notice Decimals of the shares.
    /// @return those of the asset
    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /// @inheritdoc IERC7575
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IERC7575Share
    function vault(address token) external view returns (address) {
        return token == asset ? address(this) : address(0);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC7540Operator).interfaceId
            || id == type(IERC7575).interfaceId || id == type(IERC7540Redeem).interfaceId || id == _MINIMAL
            || id == type(IERC7575Share).interfaceId || id == _DEPOSIT || id == _MINT || id == _REDEEM
            || id == _WITHDRAW;
    }

    /// @inheritdoc IERC7575
    /// @dev Vested rewards are in it, and what the virtual shares have earned. Rewards that have not vested and assets
    /// that are cooling are not.
    function totalAssets() external view nonReentrantView returns (uint256) {
        (AccountedAssets b,) = _accountedNow();
        return b.total();
    }

    /// @inheritdoc IERC7575
    function convertToShares(uint256 assets) public view nonReentrantView returns (uint256) {
        (AccountedAssets b, uint256 supply) = _accountedNow();
        return b.toShares(supply, assets, Math.Rounding.Floor);
    }

    /// @inheritdoc IERC7575
    function convertToAssets(uint256 shares) external view nonReentrantView returns (uint256) {
        (AccountedAssets b, uint256 supply) = _accountedNow();
        return b.toAssets(supply, shares, Math.Rounding.Floor);
    }

    /// @inheritdoc IERC7575
    function previewDeposit(uint256 assets) external view returns (uint256) {
        return convertToShares(assets);
    }

    /// @inheritdoc IERC7575
    function previewMint(uint256 shares) external view nonReentrantView returns (uint256) {
        (AccountedAssets b, uint256 supply) = _accountedNow();
        return b.toAssets(supply, shares, Math.Rounding.Ceil);
    }

    /// @inheritdoc IERC7575
    /// @dev Keeps the accounted assets under 2^96. 0 where the room is not worth a share-wei, and as {maxMint}.
    function maxDeposit(address receiver) external view returns (uint256) {
        return maxMint(receiver) == 0 ? 0 : _accounted.room();
    }

    /// @inheritdoc IERC7575
    /// @dev 0 for receivers that are refused, and within a call of the vault, which refuses all others.
    function maxMint(address receiver) public view returns (uint256) {
        if (_reentrancyGuardEntered() || receiver == address(this) || receiver == address(0)) return 0;

        (AccountedAssets b, uint256 supply) = _accountedNow();
        return _maxShares(b, supply);
    }

    /// @inheritdoc IERC7575
    /// @dev All that has matured; 0 within a call of the vault.
    function maxWithdraw(address controller) external view returns (uint256 assets) {
        if (!_reentrancyGuardEntered()) (assets,,) = _claimableOf(controller, _requests[controller]);
    }

    /// @inheritdoc IERC7575
    /// @dev All that have matured; 0 within a call of the vault.
    function maxRedeem(address controller) external view returns (uint256 shares) {
        if (!_reentrancyGuardEntered()) (, shares,) = _claimableOf(controller, _requests[controller]);
    }

    /// @inheritdoc IERC7575
    /// @dev EIP-7540 demands the revert.
    function previewWithdraw(uint256) external pure returns (uint256) {
        revert StakedToken_NoPreview();
    }

    /// @inheritdoc IERC7575
    /// @dev EIP-7540 demands the revert.
    function previewRedeem(uint256) external pure returns (uint256) {
        revert StakedToken_NoPreview();
    }

    /// @inheritdoc IERC7540Redeem
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == 0 ? exitOf(controller).coolingShares : 0;
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares) {
        if (requestId == 0) (, shares,) = _claimableOf(controller, _requests[controller]);
    }

    // ---------------------------------------------------------------- reads: our own

    /// @inheritdoc IStakedToken
    function exitOf(address controller) public view returns (Exit memory e) {
        ExitRequest r = _requests[controller];
        if (r.assets() != 0 && !_hasMatured(r)) {
            (e.coolingAssets, e.coolingShares) = (r.assets(), r.shares());
            e.maturesAt = r.time() + Math.min(r.cooldown(), _accounted.cooldown());
        }
        (e.claimableAssets, e.claimableShares,) = _claimableOf(controller, r);
    }

    /// @inheritdoc IStakedToken
    function assetsSetAside() external view returns (uint256) {
        return IERC20(asset).balanceOf(address(this)) - _accounted.staked();
    }

    /// @inheritdoc IStakedToken
    function cooldown() external view returns (uint256) {
        return _accounted.cooldown();
    }

    /// @inheritdoc IStakedToken
    function unvestedRewards() external view returns (uint256) {
        (AccountedAssets b,) = _accountedNow();
        return b.unvested();
    }

    /// @inheritdoc IStakedToken
    function rewardStream() external view returns (uint256, uint256, uint256) {
        return (_accounted.unvested(), _supplySlot().time(), _accounted.left());
    }

    /// @inheritdoc IStakedToken
    function exchangeRate() external view nonReentrantView returns (uint256) {
        return _rateOf(_accounted, _supplySlot(), block.timestamp);
    }

    /// @inheritdoc IStakedToken
    function exchangeRateAt(uint256 epoch) public view nonReentrantView returns (uint256) {
        _requireBegun(epoch);
        return _rateAt(epochGenesis + epoch * epochLength);
    }

    /// @inheritdoc IStakedToken
    function lowestRate(uint256 epoch) external view returns (uint256) {
        return exchangeRateAt(epoch);
    }

    /// @inheritdoc IStakedToken
    function epochApr(uint256 epoch) external view nonReentrantView returns (uint256) {
        _requireBegun(epoch);
        uint256 start = epochGenesis + epoch * epochLength;
        bool closed = epoch < currentEpoch();
        uint256 elapsed = closed ? epochLength : block.timestamp - start;
        if (elapsed == 0) return 0;

        uint256 before = _rateAt(start);
        uint256 later = closed ? _rateAt(start + epochLength) : _rateOf(_accounted, _supplySlot(), block.timestamp);
        return Math.mulDiv(later - before, _WAD * _YEAR, before * elapsed);
    }

    /// @inheritdoc IStakedToken
    function currentApr() external view nonReentrantView returns (uint256) {
        (AccountedAssets b, uint256 supply) = _accountedNow();
        if (supply < AccountedAssetsLib.VIRTUAL || b.left() == 0) return 0;

        return
            Math.mulDiv(
                _accounted.unvested(), _WAD * _YEAR, _accounted.left() * (b.total() + AccountedAssetsLib.VIRTUAL)
            );
    }

    // ---------------------------------------------------------------- joining

    function _deposit(AccountedAssets b, uint256 assets, uint256 shares, address receiver) private {
        if (shares == 0) revert StakedToken_ZeroAmount();
        if (receiver == address(this)) revert StakedToken_InvalidReceiver(receiver);

        _accounted = b.plus(assets);
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);

        IERC20(asset).safeTransferFrom(msg.sender, address(this), assets);
    }

    function _maxShares(AccountedAssets b, uint256 supply) private pure returns (uint256) {
        return b.toShares(supply, b.room(), Math.Rounding.Floor);
    }

    function _requireRoom(AccountedAssets b, uint256 assets) private pure {
        if (assets > b.room()) revert StakedToken_ExceedsMaximum(assets, b.room());
    }

    // ---------------------------------------------------------------- leaving

    function _requireAuthorized(address controller) private view {
        if (msg.sender != controller && !isOperator[controller][msg.sender]) {
            revert StakedToken_NotAuthorized(controller, msg.sender);
        }
    }

    /// @dev A cut of the cooldown counts at once. Why a raise never takes back what has matured:
    /// `docs/staking-math.md`.
    function _hasMatured(ExitRequest r) private view returns (bool) {
        return block.timestamp >= r.time() + r.cooldown() || block.timestamp >= r.time() + _accounted.cooldown();
    }

    /// @dev Adds to the running request and starts its time again. A running request that has matured is parked first.
    function _startCooldown(uint256 cooldown_, address controller, uint256 assets, uint256 shares) private {
        ExitRequest r = _requests[controller];
        (uint256 allAssets, uint256 allShares, bool parked) = (r.assets(), r.shares(), r.parked());
        if (allAssets != 0 && _hasMatured(r)) {
            Parked memory p = _parked[controller];
            _parked[controller] =
                Parked(SafeCast.toUint96(p.assets + allAssets), SafeCast.toUint96(p.shares + allShares));
            (allAssets, allShares, parked) = (0, 0, true);
        }
        // Both fit while the asset's supply does, and no share is worth less than one asset-wei.
        (allAssets, allShares) = (SafeCast.toUint96(allAssets + assets), allShares + shares);
        _requests[controller] = ExitRequestLib.make(allAssets, allShares, uint32(block.timestamp), cooldown_, parked);
        emit CooldownStarted(controller, assets, allAssets, block.timestamp + cooldown_);
    }

    /// @dev What the controller can claim. `running` where a matured running request is part of it.
    function _claimableOf(address controller, ExitRequest r)
        private
        view
        returns (uint256 assets, uint256 shares, bool running)
    {
        running = r.assets() != 0 && _hasMatured(r);
        if (running) (assets, shares) = (r.assets(), r.shares());
        if (r.parked()) {
            assets += _parked[controller].assets;
            shares += _parked[controller].shares;
        }
    }

    /// @dev Stores what is left to claim: in the running request where that has matured, else parked.
    function _storeClaimable(address controller, ExitRequest r, bool running, uint256 assets, uint256 shares) private {
        if (running) {
            if (r.parked()) delete _parked[controller];
            // With an asset supply of 2^96 and more, the rest may not fit in a slot: the claim reverts, and a larger
            // one fits.
            _requests[controller] = assets == 0
                ? ExitRequest.wrap(0)
                : ExitRequestLib.make(
                    SafeCast.toUint96(assets), SafeCast.toUint96(shares), r.time(), r.cooldown(), false
                );
        } else {
            _parked[controller] = Parked(uint96(assets), uint96(shares));
            if (assets == 0) {
                _requests[controller] = ExitRequestLib.make(r.assets(), r.shares(), r.time(), r.cooldown(), false);
            }
        }
    }

    function _payOut(address receiver, address controller, uint256 assets, uint256 shares) private {
        if (receiver == address(this)) revert StakedToken_InvalidReceiver(receiver);
        emit Withdraw(msg.sender, receiver, controller, assets, shares);

        IERC20(asset).safeTransfer(receiver, assets);
    }

    // ---------------------------------------------------------------- accounted assets

    /// @dev The accounted assets and the supply now.
    function _accountedNow() private view returns (AccountedAssets, uint256 supply) {
        TimedBalance slot = _supplySlot();
        return (_accounted.at(slot, block.timestamp), slot.balance());
    }

    /// @dev The same for a caller that is about to change them: saves them as they were before the first change in an
    /// epoch. The change must touch the supply, because the accounted assets go by the supply's clock.
    function _openAccounted() private returns (AccountedAssets, uint256 supply) {
        TimedBalance slot = _supplySlot();
        AccountedAssets b = _accounted;
        uint256 epoch = currentEpoch();
        if (slot.time() < epochGenesis + epoch * epochLength && !slot.isEmpty()) _past[epoch] = b;

        return (b.at(slot, block.timestamp), slot.balance());
    }

    /// @dev D18{asset/share} at a moment up to which neither the supply's slot nor the accounted assets changed.
    function _rateOf(AccountedAssets b, TimedBalance slot, uint256 timestamp) private pure returns (uint256) {
        return b.at(slot, timestamp).toAssets(slot.balance(), _WAD, Math.Rounding.Floor);
    }

    /// @dev D18{asset/share} in the first second of an epoch, before anything that happens in it. Goes back once for
    /// each epoch since then in which the supply was touched.
    function _rateAt(uint256 boundary) private view returns (uint256) {
        TimedBalance slot = _supplySlot();
        AccountedAssets b = _accounted;
        while (slot.time() >= boundary && !slot.isEmpty()) {
            uint256 epoch = _epochOf(slot.time());
            (slot, b) = (_supplySlotBefore(epoch), _past[epoch]);
        }
        return _rateOf(b, slot, boundary);
    }

    function _requireBegun(uint256 epoch) private view {
        if (epoch > currentEpoch()) revert StakedToken_FutureEpoch(epoch, currentEpoch());
    }
}
