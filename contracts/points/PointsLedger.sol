// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {NoncesUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/NoncesUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IBuyHook} from "../../interfaces/IBuyHook.sol";
import {IPointsLedger} from "../../interfaces/IPointsLedger.sol";
import {IReferencePrices} from "../../interfaces/IReferencePrices.sol";
import {IReferrals} from "../../interfaces/IReferralRegistry.sol";
import {GovernedUUPS} from "../governance/GovernedUUPS.sol";
import {PointsMath} from "./PointsMath.sol";
import {Positions} from "./Positions.sol";

/// @title Points per epoch, boost, referral bonus, and the pots that pay for them
/// @notice See {IPointsLedger}.
/// @dev `docs/points-math.md` is the specification.
/// @custom:security-contact security@ssi.example
contract PointsLedger is IPointsLedger, GovernedUUPS, EIP712Upgradeable, NoncesUpgradeable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _RECORDING = 7 days;
    uint256 private constant _CLAIMING = 180 days;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _DAY = 1 days;

    /// @inheritdoc IPointsLedger
    uint256 public constant MAX_RECORDER_BPS = 500;

    uint256 private constant _BPS = 10_000;

    /// @dev A tenth of the referee's points for the referrer, a twentieth for the referee.
    uint256 private constant _REFERRER_PART = 10;
    uint256 private constant _REFEREE_PART = 20;

    bytes32 private constant _JOIN = keccak256("Join(address account,uint256 nonce,uint256 deadline)");

    /// @dev One slot: `referred:8 | credit:120 | points:120` = 248 bits, high to low. `points`: the account's own,
    /// before referrals, 0 while not recorded. `credit`: a tenth of the points of all referees. Both stop at 2^120 - 1.
    /// `referred`: the account was bound to a referrer before the epoch ended.
    struct Tally {
        uint120 points;
        uint120 credit;
        bool referred;
    }

    /// @dev {tok} ever put in, and taken out: `paid:128 | funded:128` = 256 bits, high to low.
    struct Pot {
        uint128 funded;
        uint128 paid;
    }

    /// @dev The first three share a slot, `length:32 | genesis:40 | prices:160` = 232 bits, high to low, so that
    /// recording reads one slot for all that it needs to know. `recordedBy`: D18{point} by which a recorder's records
    /// raised `totals`, so that over all recorders it is that total. `recorderParts`: {tok} of what was put into a pot
    /// that is for recorders.
    /// @custom:storage-location erc7201:ssi.storage.PointsLedger
    struct LedgerStorage {
        IReferencePrices prices;
        uint40 genesis;
        uint32 length;
        address router;
        mapping(address account => uint256) joinedAt;
        mapping(uint256 epoch => mapping(address account => Tally)) tallies;
        mapping(uint256 epoch => uint256) totals;
        mapping(uint256 epoch => mapping(address token => Pot)) pots;
        mapping(uint256 epoch => mapping(address token => mapping(address account => uint256))) claimed;
        mapping(uint256 epoch => mapping(address recorder => uint256)) recordedBy;
        mapping(uint256 epoch => mapping(address token => uint256)) recorderParts;
    }

    // keccak256(abi.encode(uint256(keccak256("ssi.storage.PointsLedger")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x9ffa19334de3deb1c0df46ad60441113c98a61c0a6bf22a8bbb7271ce15b0800;

    /// @notice Sets up a proxy. Its constructor calls this, and it works once.
    /// @param authority_ AccessManager that decides on the restricted functions
    /// @param prices_ where points come from, and what that is worth
    /// @param router_ may call {IBuyHook.onBuy}; zero for none
    function initialize(address authority_, IReferencePrices prices_, address router_) external initializer {
        if (address(prices_) == address(0)) revert PointsLedger_ZeroAddress();

        __GovernedUUPS_init(authority_);
        __EIP712_init("SSI PointsLedger", "1");
        LedgerStorage storage $ = _ledger();
        ($.prices, $.genesis, $.length) = (prices_, uint40(prices_.epochGenesis()), uint32(prices_.epochLength()));
        _setRouter(router_);
    }

    // ---------------------------------------------------------------- points

    /// @inheritdoc IPointsLedger
    function pointsOf(address account, uint256 epoch) external view returns (uint256) {
        return PointsMath.pointsDown(Positions.one(_sheetOf(epoch), account, epoch));
    }

    /// @inheritdoc IPointsLedger
    function recordable(address[] calldata accounts, uint256 epoch) external view returns (uint256[] memory points) {
        uint256 end = _requireRecording(epoch);
        PointsMath.Position[] memory positions = Positions.many(_sheetOf(epoch), accounts, epoch);
        points = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_canRecord(accounts[i], epoch, end)) points[i] = _ownPoints(positions[i]);
        }
    }

    /// @inheritdoc IPointsLedger
    function statement(address account, uint256 epoch) external view returns (Statement memory s) {
        IReferencePrices.Sheet memory sheet = _sheetOf(epoch);
        PointsMath.Position memory p = Positions.one(sheet, account, epoch);
        (uint256 held, uint256 staked, uint256 locked) = PointsMath.boosts(p);
        s.held = _classStatement(PointsMath.HELD, p.held, held);
        s.staked = _classStatement(PointsMath.STAKED, p.staked, staked);
        s.locked = _classStatement(PointsMath.LOCKED, p.locked, locked);
        s.soso = p.soso / _DAY;
        s.points = PointsMath.pointsDown(p);

        uint256 all = p.held + p.staked + p.locked;
        if (all != 0) s.multiplier = Math.mulDiv(s.points, _WAD * _DAY, all);
        uint256 missing = Math.saturatingSub(all, p.soso);
        s.sosoMissing = Math.ceilDiv(missing, _DAY);
        s.sharesMissing = _sharesFor(epoch, sheet.soso.price, missing);
        s.counts = _joinedBefore(account, _endOf(epoch));
    }

    /// @inheritdoc IPointsLedger
    function recordedPoints(address account, uint256 epoch) public view returns (uint256) {
        return _withReferrals(_ledger().tallies[epoch][account]);
    }

    /// @inheritdoc IPointsLedger
    function totalRecorded(uint256 epoch) external view returns (uint256) {
        return _ledger().totals[epoch];
    }

    /// @inheritdoc IPointsLedger
    function pointsRecordedBy(address recorder, uint256 epoch) external view returns (uint256) {
        return _ledger().recordedBy[epoch][recorder];
    }

    function _sheetOf(uint256 epoch) private view returns (IReferencePrices.Sheet memory) {
        return _ledger().prices.sheetOf(epoch);
    }

    function _listOf(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    /// @dev D18{point} before referrals, as they are written down.
    function _ownPoints(PointsMath.Position memory position) private pure returns (uint256) {
        return Math.min(PointsMath.pointsDown(position), type(uint120).max);
    }

    function _classStatement(uint256 base, uint256 value, uint256 boosted)
        private
        pure
        returns (ClassStatement memory c)
    {
        uint256 weighted = base * (value + PointsMath.BOOST * boosted);
        c.value = value / _DAY;
        c.boosted = boosted / _DAY;
        c.points = weighted / _DAY;
        c.multiplier = value == 0 ? base * _WAD : Math.mulDiv(weighted, _WAD, value);
    }

    /// @dev {share} of staked SOSO at `price` that are worth `missing` D18{USD s} over the epoch until now, rounded up.
    function _sharesFor(uint256 epoch, uint256 price, uint256 missing) private view returns (uint256) {
        uint256 length = _ledger().length;
        uint256 elapsed = Math.min(length, block.timestamp - (_endOf(epoch) - length));
        if (price == 0 || elapsed == 0) return 0;

        return Math.mulDiv(missing, _WAD, price * elapsed, Math.Rounding.Ceil);
    }

    // ---------------------------------------------------------------- joining

    /// @inheritdoc IPointsLedger
    function join() external {
        _join(msg.sender);
    }

    /// @inheritdoc IPointsLedger
    function joinWithSignature(address account, uint256 deadline, bytes calldata signature) external {
        if (block.timestamp > deadline) revert PointsLedger_SignatureExpired(deadline, block.timestamp);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_JOIN, account, _useNonce(account), deadline)));
        if (!SignatureChecker.isValidSignatureNow(account, digest, signature)) {
            revert PointsLedger_InvalidSignature(account);
        }

        _join(account);
    }

    /// @inheritdoc IBuyHook
    /// @dev Joins the buyer unless they have joined, and binds them to the code's owner if that is possible.
    /// Reverts: NotTheRouter.
    function onBuy(address buyer, bytes32 referralCode) external {
        if (msg.sender != _ledger().router) revert PointsLedger_NotTheRouter(msg.sender);

        if (_ledger().joinedAt[buyer] == 0) _join(buyer);
        if (referralCode == 0) return;
        address referrals = _ledger().prices.referrals();
        if (referrals == address(0)) return;
        try IReferrals(referrals).bindFor(buyer, referralCode) {}
        catch {
            emit BindingFailed(buyer, referralCode);
        }
    }

    /// @inheritdoc IPointsLedger
    function joinedAt(address account) external view returns (uint256) {
        return _ledger().joinedAt[account];
    }

    /// @inheritdoc IPointsLedger
    function prices() external view returns (address) {
        return address(_ledger().prices);
    }

    /// @inheritdoc IPointsLedger
    function router() external view returns (address) {
        return _ledger().router;
    }

    /// @inheritdoc IPointsLedger
    function setRouter(address newRouter) external restricted {
        _setRouter(newRouter);
    }

    function _setRouter(address newRouter) private {
        _ledger().router = newRouter;
        emit RouterSet(newRouter);
    }

    function _join(address account) private {
        LedgerStorage storage $ = _ledger();
        if ($.joinedAt[account] != 0) revert PointsLedger_AlreadyJoined(account);

        $.joinedAt[account] = block.timestamp;
        emit Joined(account);
    }

    /// @dev Whether the account joined before the epoch's `end`.
    function _joinedBefore(address account, uint256 end) private view returns (bool) {
        uint256 joined = _ledger().joinedAt[account];
        return joined != 0 && joined < end;
    }

    // ---------------------------------------------------------------- recording

    /// @inheritdoc IPointsLedger
    function record(address account, uint256 epoch) external returns (uint256 points) {
        uint256 end = _requireRecording(epoch);
        if (!_joinedBefore(account, end)) revert PointsLedger_NotJoined(account, epoch);
        if (_isRecorded(account, epoch)) revert PointsLedger_AlreadyRecorded(account, epoch);

        (, points) = _record(_listOf(account), epoch, end);
    }

    /// @inheritdoc IPointsLedger
    function recordMany(address[] calldata accounts, uint256 epoch) external returns (uint256 recorded) {
        uint256 end = _requireRecording(epoch);
        address[] memory waiting = new address[](accounts.length);
        uint256 count = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_canRecord(accounts[i], epoch, end)) waiting[count++] = accounts[i];
        }
        assembly ("memory-safe") {
            mstore(waiting, count) // shortens it
        }
        (recorded,) = _record(waiting, epoch, end);
    }

    /// @inheritdoc IPointsLedger
    function recordAndClaim(uint256 epoch, uint256[] calldata epochs, address[] calldata tokens)
        external
        nonReentrant
        returns (uint256 points, uint256[] memory amounts)
    {
        uint256 end = _requireRecording(epoch);
        if (!_joinedBefore(msg.sender, end)) revert PointsLedger_NotJoined(msg.sender, epoch);

        // Not refused: a keeper who is faster would make the claims fail.
        if (!_isRecorded(msg.sender, epoch)) (, points) = _record(_listOf(msg.sender), epoch, end);
        amounts = _claimMany(epochs, tokens);
    }

    function _isRecorded(address account, uint256 epoch) private view returns (bool) {
        return _ledger().tallies[epoch][account].points != 0;
    }

    function _canRecord(address account, uint256 epoch, uint256 end) private view returns (bool) {
        return !_isRecorded(account, epoch) && _joinedBefore(account, end);
    }

    /// @dev The result of every account depends on which accounts are recorded, not on their order: it is a sum and a
    /// minimum of sums. The caller has made sure that all accounts count. Leaves out accounts without points, and those
    /// that are in the list a second time. Returns how many were recorded, and D18{point} of them before referrals.
    function _record(address[] memory accounts, uint256 epoch, uint256 end)
        private
        returns (uint256 count, uint256 points)
    {
        LedgerStorage storage $ = _ledger();
        IReferencePrices.Sheet memory sheet = $.prices.settle(epoch);
        PointsMath.Position[] memory positions = Positions.many(sheet, accounts, epoch);
        address[] memory referrers = _referrersOf(sheet.referrals, accounts, end);
        mapping(address account => Tally) storage tallies = $.tallies[epoch];
        uint256 gain = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 own = _ownPoints(positions[i]);
            Tally memory tally = tallies[accounts[i]];
            if (own == 0 || tally.points != 0) continue;

            tally.points = uint120(own);
            tally.referred = referrers[i] != address(0);
            tallies[accounts[i]] = tally;
            emit Recorded(epoch, accounts[i], own);
            gain += _withReferrals(tally);
            if (tally.referred && _joinedBefore(referrers[i], end)) {
                gain += _creditReferrer(tallies, referrers[i], accounts[i], epoch, own / _REFERRER_PART);
            }
            points += own;
            ++count;
        }
        if (count == 0) return (0, 0);

        $.totals[epoch] += gain;
        $.recordedBy[epoch][msg.sender] += gain;
        emit RecordedBy(epoch, msg.sender, gain);
    }

    /// @dev D18{point} that the credit is worth to the referrer now: 0 before they are recorded, and in sum no more
    /// than their own points.
    function _creditReferrer(
        mapping(address account => Tally) storage tallies,
        address referrer,
        address referee,
        uint256 epoch,
        uint256 credit
    ) private returns (uint256) {
        Tally memory tally = tallies[referrer];
        uint256 before = _withReferrals(tally);
        tally.credit = uint120(Math.min(tally.credit + credit, type(uint120).max));
        tallies[referrer] = tally;
        emit ReferralCredited(epoch, referrer, referee, credit);
        return _withReferrals(tally) - before;
    }

    /// @dev The referrers to whom the accounts were bound before the epoch ended; zero for the others.
    function _referrersOf(address referrals, address[] memory accounts, uint256 end)
        private
        view
        returns (address[] memory)
    {
        return referrals == address(0)
            ? new address[](accounts.length)
            : IReferrals(referrals).referrersOf(accounts, end);
    }

    function _withReferrals(Tally memory t) private pure returns (uint256) {
        uint256 own = t.points;
        return own + (t.referred ? own / _REFEREE_PART : 0) + Math.min(own, t.credit);
    }

    // ---------------------------------------------------------------- pots

    /// @inheritdoc IPointsLedger
    function fund(uint256 epoch, address token, uint256 amount, uint256 recorderBps)
        external
        nonReentrant
        returns (uint256 received)
    {
        if (recorderBps > MAX_RECORDER_BPS) {
            revert PointsLedger_RecorderPartTooLarge(recorderBps, MAX_RECORDER_BPS);
        }
        uint256 current = currentEpoch();
        if (epoch != current && epoch != current + 1) revert PointsLedger_FundingClosed(epoch, current);

        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        received = Math.saturatingSub(IERC20(token).balanceOf(address(this)), before);
        if (received == 0) revert PointsLedger_ZeroAmount();

        _addToPot(epoch, token, received, received * recorderBps / _BPS);
        emit Funded(epoch, token, msg.sender, received);
    }

    /// @inheritdoc IPointsLedger
    function claim(uint256 epoch, address token) external nonReentrant returns (uint256) {
        return _claim(epoch, token);
    }

    /// @inheritdoc IPointsLedger
    function claimMany(uint256[] calldata epochs, address[] calldata tokens)
        external
        nonReentrant
        returns (uint256[] memory)
    {
        return _claimMany(epochs, tokens);
    }

    function _claimMany(uint256[] calldata epochs, address[] calldata tokens)
        private
        returns (uint256[] memory amounts)
    {
        if (epochs.length != tokens.length) {
            revert PointsLedger_LengthMismatch(epochs.length, tokens.length);
        }

        amounts = new uint256[](epochs.length);
        for (uint256 i = 0; i < epochs.length; ++i) {
            amounts[i] = _claim(epochs[i], tokens[i]);
        }
    }

    /// @inheritdoc IPointsLedger
    function rollOver(uint256 epoch, address token) external nonReentrant returns (uint256 amount) {
        LedgerStorage storage $ = _ledger();
        uint256 from = _endOf(epoch) + _RECORDING + ($.totals[epoch] == 0 ? 0 : _CLAIMING);
        _requireWindow(epoch, from, type(uint256).max);

        Pot storage pot = $.pots[epoch][token];
        amount = pot.funded - pot.paid;
        if (amount == 0) revert PointsLedger_NothingToRollOver(epoch, token);
        pot.paid = pot.funded;
        uint256 current = currentEpoch();
        // As large a part of what moves as it was of the old pot, so never more than the bound.
        _addToPot(current, token, amount, Math.mulDiv(amount, $.recorderParts[epoch][token], pot.funded));
        emit RolledOver(epoch, current, token, amount);
    }

    /// @inheritdoc IPointsLedger
    function potOf(uint256 epoch, address token) external view returns (uint256 funded, uint256 paid) {
        Pot memory pot = _ledger().pots[epoch][token];
        return (pot.funded, pot.paid);
    }

    /// @inheritdoc IPointsLedger
    function recorderPart(uint256 epoch, address token) external view returns (uint256) {
        return _ledger().recorderParts[epoch][token];
    }

    /// @inheritdoc IPointsLedger
    function claimable(address account, uint256 epoch, address token) external view returns (uint256) {
        if (block.timestamp >= _endOf(epoch) + _RECORDING + _CLAIMING) return 0;

        return _partDown(account, epoch, token) - _ledger().claimed[epoch][token][account];
    }

    function _claim(uint256 epoch, address token) private returns (uint256 amount) {
        uint256 opens = _endOf(epoch) + _RECORDING;
        _requireWindow(epoch, opens, opens + _CLAIMING);
        LedgerStorage storage $ = _ledger();
        uint256 part = _partDown(msg.sender, epoch, token);
        if (part == 0) revert PointsLedger_NothingToClaim(msg.sender, epoch, token);
        uint256 before = $.claimed[epoch][token][msg.sender];
        if (before == part) revert PointsLedger_AlreadyClaimed(msg.sender, epoch, token);

        // Pays what is there, so that a token which once took more than it was told to does not lock up the last claim.
        amount = Math.min(part - before, IERC20(token).balanceOf(address(this)));
        if (amount == 0) revert PointsLedger_NothingToClaim(msg.sender, epoch, token);
        $.claimed[epoch][token][msg.sender] = before + amount;
        $.pots[epoch][token].paid += uint128(amount);
        emit Claimed(epoch, token, msg.sender, amount);

        IERC20(token).safeTransfer(msg.sender, amount);
    }

    /// @dev What an account is due for its points and for those that it recorded. All parts together are never more
    /// than the pot: each is rounded down, and over all accounts both kinds of points sum up to the total.
    function _partDown(address account, uint256 epoch, address token) private view returns (uint256) {
        LedgerStorage storage $ = _ledger();
        (uint256 points, uint256 recorded) = (recordedPoints(account, epoch), $.recordedBy[epoch][account]);
        if (points == 0 && recorded == 0) return 0;

        (uint256 total, uint256 forRecorders) = ($.totals[epoch], $.recorderParts[epoch][token]);
        return Math.mulDiv($.pots[epoch][token].funded - forRecorders, points, total)
            + Math.mulDiv(forRecorders, recorded, total);
    }

    function _addToPot(uint256 epoch, address token, uint256 amount, uint256 forRecorders) private {
        Pot storage pot = _ledger().pots[epoch][token];
        if (amount > type(uint128).max - pot.funded) revert PointsLedger_PotOverflow(amount);

        pot.funded += uint128(amount);
        if (forRecorders == 0) return;
        _ledger().recorderParts[epoch][token] += forRecorders;
        emit RecordersFunded(epoch, token, forRecorders);
    }

    // ---------------------------------------------------------------- time

    /// @inheritdoc IPointsLedger
    function epochGenesis() external view returns (uint256) {
        return _ledger().genesis;
    }

    /// @inheritdoc IPointsLedger
    function epochLength() external view returns (uint256) {
        return _ledger().length;
    }

    /// @inheritdoc IPointsLedger
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - _ledger().genesis) / _ledger().length;
    }

    function _endOf(uint256 epoch) private view returns (uint256) {
        return _ledger().genesis + (epoch + 1) * _ledger().length;
    }

    function _requireRecording(uint256 epoch) private view returns (uint256 end) {
        end = _endOf(epoch);
        _requireWindow(epoch, end, end + _RECORDING);
    }

    function _requireWindow(uint256 epoch, uint256 opens, uint256 closes) private view {
        if (block.timestamp < opens || block.timestamp >= closes) {
            revert PointsLedger_OutsideWindow(epoch, opens, closes, block.timestamp);
        }
    }

    function _ledger() private pure returns (LedgerStorage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
