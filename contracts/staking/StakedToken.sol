// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IERC7540Operator, IERC7540Redeem, IERC7575, IStakedToken} from "../../interfaces/IStakedToken.sol";
import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";

/// @title Staked index tokens and staked SOSO
/// @dev `docs/staking-math.md` is the specification. No proxy, no pause, and no way for anybody to take assets or to hold them back.
///
/// Why nothing overflows: all assets of the vault together stay under 2^96 ({maxDeposit}), a share is worth one asset-wei or more, so shares do as well.
contract StakedToken is IStakedToken, TimeWeightedERC20, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IStakedToken
    uint256 public constant MAX_COOLDOWN = 14 days;

    uint256 private constant _VIRTUAL = 1e9;
    uint256 private constant _VESTING = 1 days;
    uint256 private constant _YEAR = 365 days;
    uint256 private constant _WAD = 1e18;

    /// @dev The parts of EIP-7575, each with an ERC-165 id of its own. Together, by exclusive or, they are {IERC7575}.
    bytes4 private constant _MINIMAL = 0x50a526d6;
    bytes4 private constant _DEPOSIT = 0xc1f329ef;
    bytes4 private constant _MINT = 0xe1550342;
    bytes4 private constant _REDEEM = 0x2fd7d42a;
    bytes4 private constant _WITHDRAW = 0x70dec094;

    /// @dev One slot. `staked` with what has not vested; `touched`: when it, the supply or the stream last changed.
    struct Books {
        uint96 staked;
        uint96 cooling;
        uint24 cooldown;
        uint32 touched;
    }

    /// @dev One slot. `assets` vest from `start` over `duration`. `lastCut`: when the cooldown was last made shorter.
    struct Stream {
        uint96 assets;
        uint32 start;
        uint24 duration;
        uint32 lastCut;
    }

    /// @dev One slot. The running request of a controller; `parked` where {_parked} has something.
    struct Request {
        uint96 assets;
        uint96 shares;
        uint32 time;
        uint24 cooldown;
        bool parked;
    }

    struct Parked {
        uint96 assets;
        uint96 shares;
    }

    /// @dev The vault as it was before the first touch in an epoch.
    struct Past {
        uint96 staked;
        uint96 supply;
        uint32 touched;
        Stream stream;
    }

    address public immutable asset;
    uint8 private immutable _decimals;

    Books private _books;
    Stream private _stream;
    mapping(address controller => Request) private _requests;
    mapping(address controller => Parked) private _parked;
    mapping(uint256 epoch => Past) private _past;

    /// @inheritdoc IERC7540Operator
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    constructor(address authority_, IERC20Metadata asset_, string memory name_, string memory symbol_, uint256 genesis, uint256 length)
        TimeWeightedERC20(name_, symbol_, genesis, length)
        AccessManaged(authority_)
    {
        if (authority_ == address(0) || address(asset_) == address(0)) revert StakedToken_ZeroAddress();

        asset = address(asset_);
        _decimals = asset_.decimals();
        _books.touched = uint32(block.timestamp);
        _books.cooldown = uint24(MAX_COOLDOWN);
        emit CooldownSet(MAX_COOLDOWN);
    }

    // ---------------------------------------------------------------- staking

    /// @inheritdoc IERC7575
    /// @dev Rounds shares down. Reverts: ZeroAmount, ExceedsMaximum, InvalidReceiver, ERC-20 errors.
    function deposit(uint256 assets, address receiver) external nonReentrant returns (uint256 shares) {
        Books memory b = _books;
        shares = Math.mulDiv(assets, issuedSupply() + _VIRTUAL, _total(b) + _VIRTUAL);
        _deposit(b, assets, shares, receiver);
    }

    /// @inheritdoc IERC7575
    /// @dev Rounds assets up. Reverts as {deposit}.
    function mint(uint256 shares, address receiver) external nonReentrant returns (uint256 assets) {
        Books memory b = _books;
        if (shares > type(uint96).max) revert StakedToken_ExceedsMaximum(shares, _maxShares(b));
        assets = Math.mulDiv(shares, _total(b) + _VIRTUAL, issuedSupply() + _VIRTUAL, Math.Rounding.Ceil);
        _deposit(b, assets, shares, receiver);
    }

    /// @inheritdoc IStakedToken
    function addRewards(uint256 assets) external nonReentrant {
        if (assets == 0) revert StakedToken_ZeroAmount();
        Books memory b = _books;
        _requireRoom(b, assets);
        _remember(b);

        (uint256 unvested, uint256 duration) = _stretch(issuedSupply(), assets);
        b.staked += uint96(assets);
        _books = b;
        emit RewardsAdded(msg.sender, assets, unvested, duration);

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
    /// @dev The caller must be the controller or its operator, because this moves the controller's timer; and the owner, its operator, or have an allowance for the
    /// shares. Assets round down. Reverts: ZeroAmount, NotAuthorized, ZeroAddress, ERC-20 errors.
    function requestRedeem(uint256 shares, address controller, address owner) external nonReentrant returns (uint256) {
        if (shares == 0) revert StakedToken_ZeroAmount();
        if (controller == address(0)) revert StakedToken_ZeroAddress();
        _authorize(controller);
        if (msg.sender != owner && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);

        Books memory b = _books;
        uint256 supply = issuedSupply();
        uint256 assets = Math.mulDiv(shares, _total(b) + _VIRTUAL, supply + _VIRTUAL);
        _remember(b);
        _burn(owner, shares);
        _cool(b, controller, assets, shares);

        b.staked -= uint96(assets);
        b.cooling += uint96(assets);
        _books = b;
        // The last staker has left: all that remains waits for the next.
        if (supply == shares) _stretch(supply, b.staked - _unvested(_stream, supply, block.timestamp));
        emit RedeemRequest(controller, owner, 0, msg.sender, shares);
        return 0;
    }

    /// @inheritdoc IStakedToken
    function cancelRequest(address controller) external nonReentrant returns (uint256 shares) {
        _authorize(controller);
        Books memory b = _books;
        Request memory r = _requests[controller];
        if (r.assets == 0 || _matured(r, b)) revert StakedToken_NothingCooling(controller);

        shares = Math.mulDiv(r.assets, issuedSupply() + _VIRTUAL, _total(b) + _VIRTUAL);
        if (shares == 0) revert StakedToken_ZeroAmount();
        _requests[controller] = Request(0, 0, 0, 0, r.parked);
        b.cooling -= r.assets;
        _join(b, r.assets, shares, controller);
        emit RequestCancelled(controller, msg.sender, r.assets, shares);
    }

    /// @inheritdoc IERC7575
    /// @dev Claims `shares` of those that have matured, by the controller or its operator. Rounds assets down.
    /// Reverts: ZeroAmount, NotAuthorized, InvalidReceiver, ExceedsClaimable, ERC-20 errors.
    function redeem(uint256 shares, address receiver, address controller) external nonReentrant returns (uint256 assets) {
        if (shares == 0) revert StakedToken_ZeroAmount();
        _authorize(controller);
        Books memory b = _books;
        (uint256 allAssets, uint256 allShares, bool running) = _claimable(controller, b);
        if (shares > allShares) revert StakedToken_ExceedsClaimable(controller, shares, allShares);

        assets = Math.mulDiv(allAssets, shares, allShares);
        _claim(b, controller, running, allAssets - assets, allShares - shares);
        _pay(receiver, controller, assets, shares);
    }

    /// @inheritdoc IERC7575
    /// @dev Claims `assets` of those that have matured. Rounds shares up. Reverts as {redeem}.
    function withdraw(uint256 assets, address receiver, address controller) external nonReentrant returns (uint256 shares) {
        if (assets == 0) revert StakedToken_ZeroAmount();
        _authorize(controller);
        Books memory b = _books;
        (uint256 allAssets, uint256 allShares, bool running) = _claimable(controller, b);
        if (assets > allAssets) revert StakedToken_ExceedsClaimable(controller, assets, allAssets);

        shares = Math.mulDiv(allShares, assets, allAssets, Math.Rounding.Ceil);
        _claim(b, controller, running, allAssets - assets, allShares - shares);
        _pay(receiver, controller, assets, shares);
    }

    // ---------------------------------------------------------------- restricted

    /// @inheritdoc IStakedToken
    function setCooldown(uint256 newCooldown) external restricted {
        if (newCooldown > MAX_COOLDOWN) revert StakedToken_CooldownTooLong(newCooldown, MAX_COOLDOWN);
        if (newCooldown < _books.cooldown) {
            _stream.lastCut = uint32(block.timestamp);
        } else if (newCooldown > _books.cooldown) {
            uint256 earliest = _stream.lastCut + MAX_COOLDOWN;
            if (block.timestamp < earliest) revert StakedToken_RaiseTooSoon(earliest);
        }
        _books.cooldown = uint24(newCooldown);
        emit CooldownSet(newCooldown);
    }

    // ---------------------------------------------------------------- reads: ERC-4626, ERC-7575, ERC-7540

    /// @notice Decimals of the asset.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /// @inheritdoc IERC7575
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC7540Operator).interfaceId || id == type(IERC7575).interfaceId
            || id == type(IERC7540Redeem).interfaceId || id == _MINIMAL || id == _DEPOSIT || id == _MINT || id == _REDEEM || id == _WITHDRAW;
    }

    /// @inheritdoc IERC7575
    /// @dev {asset} that all shares are worth, vested rewards included; neither what has not vested nor what is cooling.
    function totalAssets() external view nonReentrantView returns (uint256) {
        return _total(_books);
    }

    /// @inheritdoc IERC7575
    function convertToShares(uint256 assets) public view nonReentrantView returns (uint256) {
        return Math.mulDiv(assets, issuedSupply() + _VIRTUAL, _total(_books) + _VIRTUAL);
    }

    /// @inheritdoc IERC7575
    function convertToAssets(uint256 shares) external view nonReentrantView returns (uint256) {
        return Math.mulDiv(shares, _total(_books) + _VIRTUAL, issuedSupply() + _VIRTUAL);
    }

    /// @inheritdoc IERC7575
    function previewDeposit(uint256 assets) external view returns (uint256) {
        return convertToShares(assets);
    }

    /// @inheritdoc IERC7575
    function previewMint(uint256 shares) external view nonReentrantView returns (uint256) {
        return Math.mulDiv(shares, _total(_books) + _VIRTUAL, issuedSupply() + _VIRTUAL, Math.Rounding.Ceil);
    }

    /// @inheritdoc IERC7575
    /// @dev What keeps all assets of the vault under 2^96; 0 where that is not worth a share-wei.
    function maxDeposit(address) external view nonReentrantView returns (uint256) {
        return _maxShares(_books) == 0 ? 0 : _room(_books);
    }

    /// @inheritdoc IERC7575
    function maxMint(address) external view nonReentrantView returns (uint256) {
        return _maxShares(_books);
    }

    /// @inheritdoc IERC7575
    /// @dev {asset} that have matured.
    function maxWithdraw(address controller) external view returns (uint256 assets) {
        (assets,,) = _claimable(controller, _books);
    }

    /// @inheritdoc IERC7575
    /// @dev {share} that have matured.
    function maxRedeem(address controller) public view returns (uint256 shares) {
        (, shares,) = _claimable(controller, _books);
    }

    /// @inheritdoc IERC7575
    /// @dev Always reverts, as EIP-7540 wants it.
    function previewWithdraw(uint256) external pure returns (uint256) {
        revert StakedToken_NoPreview();
    }

    /// @inheritdoc IERC7575
    /// @dev Always reverts, as EIP-7540 wants it.
    function previewRedeem(uint256) external pure returns (uint256) {
        revert StakedToken_NoPreview();
    }

    /// @inheritdoc IERC7540Redeem
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == 0 ? exitOf(controller).coolingShares : 0;
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == 0 ? maxRedeem(controller) : 0;
    }

    // ---------------------------------------------------------------- reads: our own

    /// @inheritdoc IStakedToken
    function exitOf(address controller) public view returns (Exit memory e) {
        Books memory b = _books;
        Request memory r = _requests[controller];
        if (r.assets != 0 && !_matured(r, b)) {
            (e.coolingAssets, e.coolingShares) = (r.assets, r.shares);
            e.maturesAt = r.time + Math.min(r.cooldown, b.cooldown);
        }
        (e.claimableAssets, e.claimableShares,) = _claimable(controller, b);
    }

    /// @inheritdoc IStakedToken
    function coolingAssets() external view returns (uint256) {
        return _books.cooling;
    }

    /// @inheritdoc IStakedToken
    function cooldown() external view returns (uint256) {
        return _books.cooldown;
    }

    /// @inheritdoc IStakedToken
    function unvestedRewards() external view returns (uint256) {
        return _unvested(_stream, issuedSupply(), block.timestamp);
    }

    /// @inheritdoc IStakedToken
    function rewardStream() external view returns (uint256, uint256, uint256) {
        return (_stream.assets, _stream.start, _stream.duration);
    }

    /// @inheritdoc IStakedToken
    function exchangeRate() external view nonReentrantView returns (uint256) {
        return _rate(_present(), block.timestamp);
    }

    /// @inheritdoc IStakedToken
    function exchangeRateAt(uint256 epoch) external view nonReentrantView returns (uint256) {
        _requireBegun(epoch);
        return _rateAt(epochGenesis + epoch * epochLength);
    }

    /// @inheritdoc IStakedToken
    function epochApr(uint256 epoch) external view nonReentrantView returns (uint256) {
        _requireBegun(epoch);
        uint256 start = epochGenesis + epoch * epochLength;
        bool closed = epoch < currentEpoch();
        uint256 elapsed = closed ? epochLength : block.timestamp - start;
        if (elapsed == 0) return 0;

        uint256 before = _rateAt(start);
        uint256 later = closed ? _rateAt(start + epochLength) : _rate(_present(), block.timestamp);
        // The rate goes back to one when the last staker leaves.
        return Math.mulDiv(Math.saturatingSub(later, before), _WAD * _YEAR, before * elapsed);
    }

    /// @inheritdoc IStakedToken
    function currentApr() external view nonReentrantView returns (uint256) {
        Stream memory s = _stream;
        if (issuedSupply() == 0 || block.timestamp - s.start >= s.duration) return 0;

        return Math.mulDiv(s.assets, _WAD * _YEAR, s.duration * (_total(_books) + _VIRTUAL));
    }

    // ---------------------------------------------------------------- joining

    function _deposit(Books memory b, uint256 assets, uint256 shares, address receiver) private {
        if (assets == 0 || shares == 0) revert StakedToken_ZeroAmount();
        if (receiver == address(this)) revert StakedToken_InvalidReceiver(receiver);
        _requireRoom(b, assets);

        _join(b, assets, shares, receiver);
        emit Deposit(msg.sender, receiver, assets, shares);

        IERC20(asset).safeTransferFrom(msg.sender, address(this), assets);
    }

    /// @dev `assets`, which fit, become `shares` of `receiver`. The first staker sets a waiting stream going.
    function _join(Books memory b, uint256 assets, uint256 shares, address receiver) private {
        _remember(b);
        if (issuedSupply() == 0 && _stream.assets != 0) _stream.start = uint32(block.timestamp);
        b.staked += uint96(assets);
        _books = b;
        _mint(receiver, shares);
    }

    function _room(Books memory b) private pure returns (uint256) {
        return type(uint96).max - b.staked - b.cooling;
    }

    function _maxShares(Books memory b) private view returns (uint256) {
        return Math.mulDiv(_room(b), issuedSupply() + _VIRTUAL, _total(b) + _VIRTUAL);
    }

    function _requireRoom(Books memory b, uint256 assets) private pure {
        if (assets > _room(b)) revert StakedToken_ExceedsMaximum(assets, _room(b));
    }

    // ---------------------------------------------------------------- leaving

    function _authorize(address controller) private view {
        if (msg.sender != controller && !isOperator[controller][msg.sender]) revert StakedToken_NotAuthorized(controller, msg.sender);
    }

    /// @dev A cut of the cooldown counts at once. Why a raise never takes back what has matured: docs/staking-math.md.
    function _matured(Request memory r, Books memory b) private view returns (bool) {
        return block.timestamp >= r.time + Math.min(r.cooldown, b.cooldown);
    }

    /// @dev Adds to the running request and starts its time again; what has matured of it is parked before.
    function _cool(Books memory b, address controller, uint256 assets, uint256 shares) private {
        Request memory r = _requests[controller];
        if (r.assets != 0 && _matured(r, b)) {
            Parked memory p = _parked[controller];
            _parked[controller] = Parked(p.assets + r.assets, p.shares + r.shares);
            (r.assets, r.shares, r.parked) = (0, 0, true);
        }
        // They fit: the assets of the whole vault do, and no share is worth less than one asset-wei.
        r.assets += uint96(assets);
        r.shares += uint96(shares);
        (r.time, r.cooldown) = (uint32(block.timestamp), b.cooldown);
        _requests[controller] = r;
        emit CooldownStarted(controller, assets, r.assets, block.timestamp + b.cooldown);
    }

    /// @dev What the controller can claim. `running` where a matured running request is part of it.
    function _claimable(address controller, Books memory b) private view returns (uint256 assets, uint256 shares, bool running) {
        Request memory r = _requests[controller];
        running = r.assets != 0 && _matured(r, b);
        if (running) (assets, shares) = (r.assets, r.shares);
        if (r.parked) {
            assets += _parked[controller].assets;
            shares += _parked[controller].shares;
        }
    }

    /// @dev Leaves `assets` and `shares` claimable: in the running request where that has matured, else parked.
    function _claim(Books memory b, address controller, bool running, uint256 assets, uint256 shares) private {
        Request storage r = _requests[controller];
        uint256 before = running ? r.assets : 0;
        if (r.parked) before += _parked[controller].assets;
        b.cooling -= uint96(before - assets);
        _books = b;

        if (running) {
            if (r.parked) delete _parked[controller];
            if (assets == 0) delete _requests[controller];
            else (r.assets, r.shares, r.parked) = (uint96(assets), uint96(shares), false);
        } else {
            _parked[controller] = Parked(uint96(assets), uint96(shares));
            if (assets == 0) r.parked = false;
        }
    }

    function _pay(address receiver, address controller, uint256 assets, uint256 shares) private {
        if (receiver == address(this)) revert StakedToken_InvalidReceiver(receiver);
        emit Withdraw(msg.sender, receiver, controller, assets, shares);

        IERC20(asset).safeTransfer(receiver, assets);
    }

    // ---------------------------------------------------------------- worth

    function _total(Books memory b) private view returns (uint256) {
        return b.staked - _unvested(_stream, issuedSupply(), block.timestamp);
    }

    /// @dev {asset}, rounded up. With nobody staking, time stands still.
    function _unvested(Stream memory s, uint256 supply, uint256 timestamp) private pure returns (uint256) {
        if (supply == 0) return s.assets;
        uint256 elapsed = timestamp - s.start;
        return elapsed >= s.duration ? 0 : s.assets - uint256(s.assets) * elapsed / s.duration;
    }

    /// @dev The stream begins anew with what has not vested, and with `fresh`, which by itself would take a day. The seconds left are averaged by size.
    function _stretch(uint256 supply, uint256 fresh) private returns (uint256 assets, uint256 duration) {
        Stream memory s = _stream;
        uint256 unvested = _unvested(s, supply, block.timestamp);
        uint256 left = supply == 0 ? s.duration : Math.saturatingSub(s.duration, block.timestamp - s.start);
        assets = unvested + fresh;
        duration = unvested == 0 ? _VESTING : Math.max(1, (unvested * left + fresh * _VESTING) / assets);

        (s.assets, s.start, s.duration) = (uint96(assets), uint32(block.timestamp), uint24(duration));
        _stream = s;
    }

    // ---------------------------------------------------------------- history

    /// @dev Before the first change in an epoch keeps the vault as it is; says that it changes now.
    function _remember(Books memory b) private {
        uint256 epoch = currentEpoch();
        if (b.touched < epochGenesis + epoch * epochLength) {
            Past storage past = _past[epoch];
            (past.staked, past.supply, past.touched) = (b.staked, uint96(issuedSupply()), b.touched);
            past.stream = _stream;
        }
        b.touched = uint32(block.timestamp);
    }

    function _present() private view returns (Past memory) {
        return Past(_books.staked, uint96(issuedSupply()), _books.touched, _stream);
    }

    /// @dev D18{asset/share} at a moment up to which `p` did not change.
    function _rate(Past memory p, uint256 timestamp) private pure returns (uint256) {
        uint256 total = p.staked - _unvested(p.stream, p.supply, timestamp);
        return Math.mulDiv(total + _VIRTUAL, _WAD, p.supply + _VIRTUAL);
    }

    /// @dev In the first second of an epoch, before anything that happens in it. Goes back once for each epoch since in which the vault was touched.
    function _rateAt(uint256 boundary) private view returns (uint256) {
        Past memory p = _present();
        while (p.touched >= boundary && p.touched != 0) p = _past[_epochOf(p.touched)];

        return p.touched == 0 ? _WAD : _rate(p, boundary);
    }

    function _requireBegun(uint256 epoch) private view {
        if (epoch > currentEpoch()) revert StakedToken_FutureEpoch(epoch, currentEpoch());
    }
}
