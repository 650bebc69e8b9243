// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBuyHook} from "./IBuyHook.sol";

/// @title Points per epoch, boost, referral bonus, and the pots that pay for them
/// @notice Points are a pure function of what an account held, staked and locked over an epoch, at the epoch's
/// reference prices. Moving tokens writes nothing here: the ledger asks the tokens, which remember time. After an epoch
/// any account can record any account that joined, for seven days, and is paid for it by pots that set a part aside.
/// Then every recorded account, and every recorder, claims its part of every pot. The arithmetic is in
/// `docs/points-math.md`.
/// @dev Units: D18{point}; D18{USD s} and D18{USD day}: dollars held for a second, for a day; D18{USD} per 10^18
/// token-wei for reference prices, which is dollars per whole token where that has 18 decimals. Epochs are those of all
/// time-weighted tokens. Points cannot be transferred.
interface IPointsLedger is IBuyHook {
    /// @notice What an account has of one class: held, staked or locked.
    /// @param value D18{USD day}
    /// @param boosted D18{USD day}, the part of `value` that SOSO lifts
    /// @param points D18{point}
    /// @param multiplier D18{point / (USD day)}: between the class's base and eleven times that; the base where there
    /// is no value
    struct ClassStatement {
        uint256 value;
        uint256 boosted;
        uint256 points;
        uint256 multiplier;
    }

    /// @notice What an account has of an epoch, until now where that is running. All rounds down but what is missing.
    /// @param held index tokens
    /// @param staked staked index tokens
    /// @param locked locked liquidity
    /// @param soso D18{USD day} of staked SOSO
    /// @param points D18{point} before referrals. A few wei more than the sum over the classes, which round down one by
    /// one.
    /// @param multiplier D18{point / (USD day)} over all classes, 0 where there is no value
    /// @param sosoMissing D18{USD day} of staked SOSO more that would lift everything to the full boost, rounded up
    /// @param sharesMissing {share} of staked SOSO more, held for all of the epoch until now, that would do so, rounded
    /// up; 0 where SOSO has no price
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

    /// @notice The router was named.
    /// @param router may call {IBuyHook.onBuy}; zero for none
    event RouterSet(address indexed router);

    /// @notice An account joined.
    /// @param account the account
    event Joined(address indexed account);

    /// @notice A buyer named a code and could not be bound to its owner. Their purchase went on.
    /// @param account the buyer
    /// @param code the code
    event BindingFailed(address indexed account, bytes32 code);

    /// @notice The points of an account were written down.
    /// @param epoch the epoch
    /// @param account the account
    /// @param points D18{point} before referrals
    event Recorded(uint256 indexed epoch, address indexed account, uint256 points);

    /// @notice An account has recorded others, or itself. Comes after the {Recorded} of each.
    /// @param epoch the epoch
    /// @param recorder sent the transaction, or is the contract that called
    /// @param points D18{point} by which these records raised the sum of all totals, bonuses included
    event RecordedBy(uint256 indexed epoch, address indexed recorder, uint256 points);

    /// @notice A referrer got credit for a referee's points.
    /// @param epoch the epoch
    /// @param referrer the referrer
    /// @param referee the referee
    /// @param credit D18{point} that the referee's record brings, before the cap by the referrer's own points
    event ReferralCredited(uint256 indexed epoch, address indexed referrer, address indexed referee, uint256 credit);

    /// @notice A pot grew.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @param funder paid it
    /// @param amount {tok} that arrived
    event Funded(uint256 indexed epoch, address indexed token, address indexed funder, uint256 amount);

    /// @notice Of what is being put into a pot, a part is for recorders. {Funded} or {RolledOver} follows.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @param amount {tok} for recorders
    event RecordersFunded(uint256 indexed epoch, address indexed token, uint256 amount);

    /// @notice An account was paid out of a pot, for its points and for those that it recorded.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @param account the account
    /// @param amount {tok}
    event Claimed(uint256 indexed epoch, address indexed token, address indexed account, uint256 amount);

    /// @notice The rest of a pot moved into the pot of the running epoch.
    /// @param fromEpoch the epoch of the old pot
    /// @param toEpoch the running epoch
    /// @param token the token in it
    /// @param amount {tok}
    event RolledOver(uint256 indexed fromEpoch, uint256 indexed toEpoch, address indexed token, uint256 amount);

    /// @notice An address that is needed is zero.
    error PointsLedger_ZeroAddress();

    /// @notice An account joins once.
    /// @param account the account
    error PointsLedger_AlreadyJoined(address account);

    /// @notice The signature came too late.
    /// @param deadline Unix seconds, the last one that was good
    /// @param timestamp Unix seconds now
    error PointsLedger_SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice The signature is not the account's, or not of this nonce and deadline.
    /// @param account the account that should have signed
    error PointsLedger_InvalidSignature(address account);

    /// @notice Only the router reports purchases.
    /// @param caller the account that tried
    error PointsLedger_NotTheRouter(address caller);

    /// @notice The account joined after the epoch's end, or not at all.
    /// @param account the account
    /// @param epoch the epoch
    error PointsLedger_NotJoined(address account, uint256 epoch);

    /// @notice The points of this account are written down already.
    /// @param account the account
    /// @param epoch the epoch
    error PointsLedger_AlreadyRecorded(address account, uint256 epoch);

    /// @notice Too early or too late: the call needs `opens <= timestamp < closes`.
    /// @param epoch the epoch
    /// @param opens Unix seconds
    /// @param closes Unix seconds
    /// @param timestamp Unix seconds now
    error PointsLedger_OutsideWindow(uint256 epoch, uint256 opens, uint256 closes, uint256 timestamp);

    /// @notice Only pots of the running epoch and the next can be funded.
    /// @param epoch the epoch asked for
    /// @param currentEpoch the running epoch
    error PointsLedger_FundingClosed(uint256 epoch, uint256 currentEpoch);

    /// @notice Recorders get a twentieth of a pot at most.
    /// @param bps basis points asked for
    /// @param maximum basis points allowed
    error PointsLedger_RecorderPartTooLarge(uint256 bps, uint256 maximum);

    /// @notice No tokens arrived.
    error PointsLedger_ZeroAmount();

    /// @notice A pot takes less than 2^128 token-wei.
    /// @param amount {tok} to be added
    error PointsLedger_PotOverflow(uint256 amount);

    /// @notice The account has claimed all of its part.
    /// @param account the account
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    error PointsLedger_AlreadyClaimed(address account, uint256 epoch, address token);

    /// @notice The account has no part of this pot, or the ledger holds none of the token.
    /// @param account the account
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    error PointsLedger_NothingToClaim(address account, uint256 epoch, address token);

    /// @notice The pot is empty.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    error PointsLedger_NothingToRollOver(uint256 epoch, address token);

    /// @notice Both lists must have the same length.
    /// @param epochs length of the first
    /// @param tokens length of the second
    error PointsLedger_LengthMismatch(uint256 epochs, uint256 tokens);

    // ---------------------------------------------------------------- points

    /// @notice The points of `account` in `epoch` before referrals, rounded down; until now where the epoch is running.
    /// Whether the account joined does not matter.
    /// @dev Never changes once the epoch is over; the prices of a running epoch move with every sample.
    /// Reverts: ReferencePrices_FutureEpoch.
    /// @param account the account
    /// @param epoch the epoch
    /// @return D18{point}
    function pointsOf(address account, uint256 epoch) external view returns (uint256);

    /// @notice For keepers: what `recordMany` would write down for each account now.
    /// @dev Reverts: OutsideWindow.
    /// @param accounts the accounts
    /// @param epoch the epoch
    /// @return points D18{point}; 0 for an account that has none, did not join in time, or is recorded
    function recordable(address[] calldata accounts, uint256 epoch) external view returns (uint256[] memory points);

    /// @notice The points of `account` in `epoch` by class, with multipliers and what SOSO would add.
    /// @dev Reverts: ReferencePrices_FutureEpoch.
    /// @param account the account
    /// @param epoch the epoch
    /// @return all of it
    function statement(address account, uint256 epoch) external view returns (Statement memory);

    /// @notice The points recorded for `account` in `epoch`, its bonus for being referred and for referring included.
    /// Final once the window has closed.
    /// @param account the account
    /// @param epoch the epoch
    /// @return D18{point}
    function recordedPoints(address account, uint256 epoch) external view returns (uint256);

    /// @notice The points of all accounts recorded in `epoch`. Final once the window has closed.
    /// @param epoch the epoch
    /// @return D18{point}
    function totalRecorded(uint256 epoch) external view returns (uint256);

    /// @notice D18{point} by which the records of `recorder` raised `totalRecorded`, bonuses included. Over all
    /// recorders it sums up to that total, and pots pay recorders by it. Final once the window has closed.
    /// @param recorder the account that recorded
    /// @param epoch the epoch
    /// @return D18{point}
    function pointsRecordedBy(address recorder, uint256 epoch) external view returns (uint256);

    // ---------------------------------------------------------------- joining

    /// @notice From now on the caller counts, in the running epoch as well.
    /// @dev Reverts: AlreadyJoined.
    function join() external;

    /// @notice The same for `account`, by their signature. Any account may bring it.
    /// @dev EIP-712: `Join(address account,uint256 nonce,uint256 deadline)`, by key or by ERC-1271.
    /// Reverts: AlreadyJoined, SignatureExpired, InvalidSignature.
    /// @param account the signer
    /// @param deadline Unix seconds, the last one that is good
    /// @param signature by key, or by ERC-1271
    function joinWithSignature(address account, uint256 deadline, bytes calldata signature) external;

    /// @notice When an account joined.
    /// @param account the account
    /// @return Unix seconds, 0 where it has not
    function joinedAt(address account) external view returns (uint256);

    // ---------------------------------------------------------------- settings

    /// @notice Names the router, which may call {IBuyHook.onBuy}. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized.
    /// @param newRouter zero for none
    function setRouter(address newRouter) external;

    /// @notice The router.
    /// @return zero for none
    function router() external view returns (address);

    /// @notice IReferencePrices: where points come from, and what that is worth.
    /// @return its address
    function prices() external view returns (address);

    /// @notice Start of epoch 0, common to all contracts of a deployment.
    /// @return Unix seconds
    function epochGenesis() external view returns (uint256);

    /// @notice Length of every epoch.
    /// @return seconds
    function epochLength() external view returns (uint256);

    /// @notice The running epoch.
    /// @return its number; the first is 0
    function currentEpoch() external view returns (uint256);

    // ---------------------------------------------------------------- recording

    /// @notice Writes down the points of `account`, within seven days of the epoch's end. Any account may. Writes
    /// nothing where the account has no points. The first record of an epoch settles its prices.
    /// A referrer who joined gets a tenth of them on top of their own, in sum not more than their own; a referee gets a
    /// twentieth. The order of records does not matter to what accounts get. The caller is the recorder: where a record
    /// raises the total of a referrer too, that counts for the later one of both records.
    /// @dev Reverts: OutsideWindow, NotJoined, AlreadyRecorded.
    /// @param account the account
    /// @param epoch the epoch
    /// @return points D18{point} before referrals
    function record(address account, uint256 epoch) external returns (uint256 points);

    /// @notice The same for many. Leaves out accounts that have not joined, have no points, or are recorded.
    /// @dev Reverts: OutsideWindow.
    /// @param accounts the accounts
    /// @param epoch the epoch
    /// @return recorded how many were written down
    function recordMany(address[] calldata accounts, uint256 epoch) external returns (uint256 recorded);

    /// @notice Records the caller in `epoch`, whose week of recording runs, and claims pots of earlier epochs. A caller
    /// who is recorded already only claims.
    /// @dev Reverts: OutsideWindow, NotJoined, and as {claimMany}.
    /// @param epoch the epoch to be recorded
    /// @param epochs the epoch of each pot
    /// @param tokens the token in each pot
    /// @return points D18{point} before referrals that were written down; 0 where the caller has none or was recorded
    /// @return amounts {tok} of each pot
    function recordAndClaim(uint256 epoch, uint256[] calldata epochs, address[] calldata tokens)
        external
        returns (uint256 points, uint256[] memory amounts);

    // ---------------------------------------------------------------- pots

    /// @notice Takes `amount` from the caller and adds what arrives to the pot of the running epoch or the next. Any
    /// account may, with any token. `recorderBps` of what arrives, rounded down, is for those who record the epoch; the
    /// rest is for the recorded accounts.
    /// @dev Reverts: RecorderPartTooLarge, FundingClosed, ZeroAmount (nothing arrived), PotOverflow (2^128), ERC-20
    /// errors.
    /// @param epoch the epoch of the pot
    /// @param token the token
    /// @param amount {tok} to send
    /// @param recorderBps basis points for recorders, at most {MAX_RECORDER_BPS}
    /// @return received {tok} that arrived
    function fund(uint256 epoch, address token, uint256 amount, uint256 recorderBps)
        external
        returns (uint256 received);

    /// @notice The largest part of a pot that is for recorders.
    /// @return basis points
    function MAX_RECORDER_BPS() external view returns (uint256);

    /// @notice Of what was ever put into a pot, the part that is for recorders.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @return {tok}
    function recorderPart(uint256 epoch, address token) external view returns (uint256);

    /// @notice Pays the caller's part of a pot in the 180 days after the week of recording, once: for the caller's
    /// points and for those that the caller recorded. Each of both is rounded down. Where the token has moved by itself
    /// and the ledger holds less than that, pays what is there; the caller can claim the rest once it is there again.
    /// @dev Reverts: OutsideWindow, AlreadyClaimed, NothingToClaim, ERC-20 errors.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @return amount {tok}
    function claim(uint256 epoch, address token) external returns (uint256 amount);

    /// @notice `claim` of several pots. One that reverts undoes all.
    /// @dev Reverts: LengthMismatch, and as {claim}.
    /// @param epochs the epoch of each pot
    /// @param tokens the token in each pot
    /// @return amounts {tok} of each
    function claimMany(uint256[] calldata epochs, address[] calldata tokens)
        external
        returns (uint256[] memory amounts);

    /// @notice Moves what is left of a pot after those 180 days into the running epoch's; all of it after the week of
    /// recording where no account has points. Recorders get as large a part of it as they had of the old pot.
    /// @dev Reverts: OutsideWindow, NothingToRollOver, PotOverflow.
    /// @param epoch the epoch of the old pot
    /// @param token the token in it
    /// @return amount {tok}
    function rollOver(uint256 epoch, address token) external returns (uint256 amount);

    /// @notice What was ever put into a pot, and taken out of it.
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @return funded {tok}
    /// @return paid {tok}
    function potOf(uint256 epoch, address token) external view returns (uint256 funded, uint256 paid);

    /// @notice What is due to an account, for its points and for those that it recorded. Before the claims open, it is
    /// what would be due if no more accounts were recorded.
    /// @param account the account
    /// @param epoch the epoch of the pot
    /// @param token the token in it
    /// @return {tok}, 0 where the account has claimed or it is too late
    function claimable(address account, uint256 epoch, address token) external view returns (uint256);
}
