// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBuyHook} from "./IBuyHook.sol";

/// @title Points per epoch, boost, referral bonus, and the pots that pay for them
/// @notice Points are a pure function of what an account held, staked and locked over an epoch, at the epoch's reference prices. Nothing is written while
/// people move their tokens: the ledger asks the tokens, which remember time. After an epoch anybody records anybody who joined, for seven days; then
/// everybody claims his part of every pot. The arithmetic is in `docs/points-math.md`.
/// @dev Units: D18{point}; D18{USD s} and D18{USD day}: dollars held for a second, for a day; D18{USD} per 10^18 token-wei for reference prices, which is
/// dollars per whole token where that has 18 decimals. Epochs are those of all time-weighted tokens. Points cannot be transferred.
interface IPointsLedger is IBuyHook {
    /// @param value D18{USD day}
    /// @param boosted D18{USD day}, the part of `value` that SOSO lifts
    /// @param points D18{point}
    /// @param multiplier D18{point / (USD day)}: between the class's base and eleven times that; the base where there is nothing
    struct ClassStatement {
        uint256 value;
        uint256 boosted;
        uint256 points;
        uint256 multiplier;
    }

    /// @notice What an account has of an epoch, until now where that is running. Everything rounds down but for what is missing.
    /// @param soso D18{USD day} of staked SOSO
    /// @param points D18{point} before referrals. A few wei more than the sum over the classes, which round down one by one.
    /// @param multiplier D18{point / (USD day)} over all classes, 0 where there is nothing
    /// @param sosoMissing D18{USD day} of staked SOSO more that would lift everything to the full boost, rounded up
    /// @param sharesMissing {share} of staked SOSO more, held for all of the epoch until now, that would do so; 0 where SOSO has no price. Rounded up.
    /// @param counts whether the account joined before the epoch ended
    struct Statement {
        ClassStatement held;
        ClassStatement staked;
        ClassStatement locked;
        uint256 soso;
        uint256 points;
        uint256 multiplier;
        uint256 sosoMissing;
        uint256 sharesMissing;
        bool counts;
    }

    event RouterSet(address indexed router);
    event Joined(address indexed account);
    event BindingFailed(address indexed account, bytes32 code);

    /// @param points D18{point} before referrals
    event Recorded(uint256 indexed epoch, address indexed account, uint256 points);

    /// @param credit D18{point} that the referee's record brings, before the cap by the referrer's own points
    event ReferralCredited(uint256 indexed epoch, address indexed referrer, address indexed referee, uint256 credit);
    event Funded(uint256 indexed epoch, address indexed token, address indexed funder, uint256 amount);
    event Claimed(uint256 indexed epoch, address indexed token, address indexed account, uint256 amount);
    event RolledOver(uint256 indexed fromEpoch, uint256 indexed toEpoch, address indexed token, uint256 amount);

    error PointsLedger_ZeroAddress();
    error PointsLedger_AlreadyJoined(address account);
    error PointsLedger_SignatureExpired(uint256 deadline, uint256 timestamp);
    error PointsLedger_InvalidSignature(address account);
    error PointsLedger_NotTheRouter(address caller);

    /// @notice The account joined after the epoch's end, or not at all.
    error PointsLedger_NotJoined(address account, uint256 epoch);
    error PointsLedger_AlreadyRecorded(address account, uint256 epoch);

    /// @notice Too early or too late: `opens <= timestamp < closes` was asked for.
    error PointsLedger_OutsideWindow(uint256 epoch, uint256 opens, uint256 closes, uint256 timestamp);

    /// @notice Pots of the running epoch and the next can be funded.
    error PointsLedger_FundingClosed(uint256 epoch, uint256 currentEpoch);
    error PointsLedger_ZeroAmount();
    error PointsLedger_PotOverflow(uint256 amount);
    error PointsLedger_AlreadyClaimed(address account, uint256 epoch, address token);
    error PointsLedger_NothingToClaim(address account, uint256 epoch, address token);
    error PointsLedger_NothingToRollOver(uint256 epoch, address token);
    error PointsLedger_LengthMismatch(uint256 epochs, uint256 tokens);

    // ---------------------------------------------------------------- points

    /// @notice D18{point} of `account` in `epoch` before referrals, rounded down; until now where the epoch is running. Whether it joined does not matter.
    /// @dev Never changes once the epoch is over; the prices of a running epoch move with every sample. Reverts: ReferencePrices_FutureEpoch.
    function pointsOf(address account, uint256 epoch) external view returns (uint256);

    /// @notice For keepers: D18{point} that `recordMany` would write down for each of these now; 0 for who has none, did not join in time, or is recorded.
    /// @dev Reverts: OutsideWindow.
    function recordable(address[] calldata accounts, uint256 epoch) external view returns (uint256[] memory points);

    /// @notice The same by class, with multipliers and what SOSO would add.
    /// @dev Reverts: ReferencePrices_FutureEpoch.
    function statement(address account, uint256 epoch) external view returns (Statement memory);

    /// @notice D18{point} recorded for `account` in `epoch`, its bonus for being referred and for referring included. Final once the window has closed.
    function recordedPoints(address account, uint256 epoch) external view returns (uint256);

    /// @notice D18{point} of everybody recorded in `epoch`. Final once the window has closed.
    function totalRecorded(uint256 epoch) external view returns (uint256);

    // ---------------------------------------------------------------- joining

    /// @notice From now on the caller counts, in the running epoch as well.
    /// @dev Reverts: AlreadyJoined.
    function join() external;

    /// @notice The same for `account`, which has signed `Join(address account,uint256 nonce,uint256 deadline)` (EIP-712), by key or by ERC-1271.
    /// @dev Reverts: AlreadyJoined, SignatureExpired, InvalidSignature.
    function joinWithSignature(address account, uint256 deadline, bytes calldata signature) external;

    /// @notice When `account` joined, Unix seconds; 0 where it has not.
    function joinedAt(address account) external view returns (uint256);

    // ---------------------------------------------------------------- settings

    /// @notice Sets who may call {IBuyHook.onBuy}, zero for nobody. Restricted.
    function setRouter(address newRouter) external;

    function router() external view returns (address);

    /// @notice IReferencePrices: where points come from, and what that is worth.
    function prices() external view returns (address);
    function epochGenesis() external view returns (uint256);
    function epochLength() external view returns (uint256);
    function currentEpoch() external view returns (uint256);

    // ---------------------------------------------------------------- recording

    /// @notice Writes down the points of `account`, within seven days of the epoch's end. Anyone may. Nothing to write where it has none. The first of an epoch
    /// settles its prices.
    /// A referrer who joined gets a tenth of them on top of his own, in sum not more than his own; a referee a twentieth. The order does not matter.
    /// @dev Reverts: OutsideWindow, NotJoined, AlreadyRecorded.
    /// @return points D18{point} before referrals
    function record(address account, uint256 epoch) external returns (uint256 points);

    /// @notice The same for many. Leaves out who has not joined, has nothing, or is recorded.
    /// @dev Reverts: OutsideWindow.
    /// @return recorded how many were written down
    function recordMany(address[] calldata accounts, uint256 epoch) external returns (uint256 recorded);

    // ---------------------------------------------------------------- pots

    /// @notice Adds what arrives of `amount` {tok} to the pot of the running epoch or the next. Anybody may, with any token.
    /// @dev Reverts: FundingClosed, ZeroAmount (nothing arrived), PotOverflow (2^128), ERC-20 errors.
    /// @return received {tok}
    function fund(uint256 epoch, address token, uint256 amount) external returns (uint256 received);

    /// @notice Pays the caller's part of a pot in the 180 days after the week of recording, once. Rounded down. Where the token has moved by itself and the ledger
    /// holds less than that, pays what is there; the rest can be claimed once it is there again.
    /// @dev Reverts: OutsideWindow, AlreadyClaimed, NothingToClaim, ERC-20 errors.
    /// @return amount {tok}
    function claim(uint256 epoch, address token) external returns (uint256 amount);

    /// @notice `claim` of several pots. One that reverts undoes all.
    function claimMany(uint256[] calldata epochs, address[] calldata tokens) external returns (uint256[] memory amounts);

    /// @notice Moves what is left of a pot after those 180 days into the running epoch's; all of it after the week of recording where nobody has points.
    /// @dev Reverts: OutsideWindow, NothingToRollOver, PotOverflow.
    /// @return amount {tok}
    function rollOver(uint256 epoch, address token) external returns (uint256 amount);

    /// @notice {tok} ever put into a pot, and taken out of it.
    function potOf(uint256 epoch, address token) external view returns (uint256 funded, uint256 paid);

    /// @notice {tok} that are due to the account; before the claims open, if nobody else were recorded. 0 where it has claimed or it is too late.
    function claimable(address account, uint256 epoch, address token) external view returns (uint256);
}
