// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {IERC7540Operator} from "./IStakedToken.sol";

/// @title What points need to know of locked liquidity
/// @notice The reads of the locker that the reference prices and the points ledger use.
interface ILockedLiquidity {
    /// @notice Pools that are or were on the list, oldest first.
    /// @return at most 16
    function pools() external view returns (address[] memory);

    /// @notice The tokens of a pool that is or was on the list, in the pool's order.
    /// @param pool the pool
    /// @return token0 the pool's first token
    /// @return token1 the pool's second token
    function poolTokens(address pool) external view returns (address token0, address token1);

    /// @notice Liquidity-seconds that `account` had locked in `pool` from the start of `fromEpoch` to the start of
    /// `toEpoch`, or until now where that is earlier.
    /// @dev Liquidity is in the unit of Uniswap v3: the geometric mean of both amounts in token-wei, sqrt(amount0 x
    /// amount1), of a position over the whole range.
    /// @param account the owner of the locks
    /// @param pool the pool
    /// @param fromEpoch the first epoch that counts
    /// @param toEpoch the first epoch that does not count any more
    /// @return {L s}
    function liquiditySeconds(address account, address pool, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256);

    /// @notice `liquiditySeconds` of many accounts in one call.
    /// @param accounts the owners of the locks, in any order
    /// @param pool the pool
    /// @param fromEpoch the first epoch that counts
    /// @param toEpoch the first epoch that does not count any more
    /// @return {L s} of each account, in the order of `accounts`
    function liquiditySecondsBatch(address[] calldata accounts, address pool, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256[] memory);
}

/// @title Locks liquidity of pools that hold an index, and remembers how much for how long
/// @notice Takes full-range positions of Uniswap v3 and LP tokens of Uniswap v2. Liquidity is measured when it is
/// locked and never again. An owner requests an unlock, then waits 14 days; from the request on the liquidity weighs
/// nothing. The owner can collect what a position earns at any time. Only the owner and their operators can request,
/// unlock and collect, and no other account can stop them.
/// @dev Units: `{L}` liquidity in the unit of Uniswap v3, `{lp}` wei of a v2 LP token; times in seconds. The arithmetic
/// is in `docs/locker-math.md`.
/// Warning: a position that is sent here by `transferFrom` instead of `safeTransferFrom`, or LP tokens that are merely
/// sent here, have no owner and are lost.
interface ILpLocker is ILockedLiquidity, IERC7540Operator, IERC721Receiver {
    /// @notice Which Uniswap made a pool; None for a pool that never was on the list.
    enum PoolKind {
        None,
        V2,
        V3
    }

    /// @notice A pool that is or was on the list.
    /// @param kind which Uniswap made it
    /// @param token0 its first token
    /// @param token1 its second token
    /// @param removedAt Unix seconds, when the pool was taken off the list, 0 where it was not
    struct Pool {
        PoolKind kind;
        address token0;
        address token1;
        uint256 removedAt;
    }

    /// @notice A locked position.
    /// @param owner its owner
    /// @param pool the pool that it is in
    /// @param liquidity {L} when it was locked
    /// @param maturesAt Unix seconds, when it can be unlocked, 0 where no unlock was requested
    struct LockedPosition {
        address owner;
        address pool;
        uint256 liquidity;
        uint256 maturesAt;
    }

    /// @notice What an owner has of a v2 pool.
    /// @param locked {lp} that weigh
    /// @param liquidity {L} of `locked`; 0 where the pool was removed
    /// @param cooling {lp} that mature at `maturesAt`
    /// @param coolingLiquidity {L} that a cancellation brings back
    /// @param maturesAt Unix seconds, 0 where nothing cools
    /// @param matured {lp} that can be unlocked
    struct Stake {
        uint256 locked;
        uint256 liquidity;
        uint256 cooling;
        uint256 coolingLiquidity;
        uint256 maturesAt;
        uint256 matured;
    }

    /// @notice A pool is on the list.
    /// @param pool the pool
    /// @param kind which Uniswap made it
    /// @param token0 its first token
    /// @param token1 its second token
    event PoolAdded(address indexed pool, PoolKind kind, address token0, address token1);

    /// @notice A pool was taken off the list: what is locked in it weighs nothing from now on.
    /// @param pool the pool
    event PoolRemoved(address indexed pool);

    /// @notice A position was locked.
    /// @param owner its owner
    /// @param tokenId the position
    /// @param pool the pool that it is in
    /// @param liquidity {L} that weighs from now on
    event PositionLocked(address indexed owner, uint256 indexed tokenId, address indexed pool, uint256 liquidity);

    /// @notice The cooldown of a position began.
    /// @param owner its owner
    /// @param tokenId the position
    /// @param pool the pool that it is in
    /// @param caller the owner or an operator
    /// @param maturesAt Unix seconds, when it can be unlocked
    event PositionUnlockRequested(
        address indexed owner, uint256 indexed tokenId, address indexed pool, address caller, uint256 maturesAt
    );

    /// @notice A request was taken back: the position weighs again.
    /// @param owner its owner
    /// @param tokenId the position
    /// @param pool the pool that it is in
    /// @param caller the owner or an operator
    event PositionUnlockCancelled(
        address indexed owner, uint256 indexed tokenId, address indexed pool, address caller
    );

    /// @notice A position has left.
    /// @param owner its owner
    /// @param tokenId the position
    /// @param pool the pool that it is in
    /// @param receiver holds it now
    event PositionUnlocked(address indexed owner, uint256 indexed tokenId, address indexed pool, address receiver);

    /// @notice What a position had earned was paid.
    /// @param owner its owner
    /// @param tokenId the position
    /// @param receiver got both amounts
    /// @param amount0 {token0}
    /// @param amount1 {token1}
    event FeesCollected(
        address indexed owner, uint256 indexed tokenId, address receiver, uint256 amount0, uint256 amount1
    );

    /// @notice LP tokens were locked.
    /// @param owner their owner
    /// @param pool the pair
    /// @param amount {lp}
    /// @param liquidity {L} that weighs from now on
    event TokensLocked(address indexed owner, address indexed pool, uint256 amount, uint256 liquidity);

    /// @notice The cooldown of LP tokens began.
    /// @param owner their owner
    /// @param pool the pair
    /// @param caller the owner or an operator
    /// @param amount {lp} of this request
    /// @param cooling {lp} of the owner that cool now, all of which mature at `maturesAt`
    /// @param maturesAt Unix seconds
    event TokensUnlockRequested(
        address indexed owner, address indexed pool, address caller, uint256 amount, uint256 cooling, uint256 maturesAt
    );

    /// @notice All that was cooling is locked again.
    /// @param owner its owner
    /// @param pool the pair
    /// @param caller the owner or an operator
    /// @param amount {lp}
    /// @param liquidity {L} that weighs again
    event TokensUnlockCancelled(
        address indexed owner, address indexed pool, address caller, uint256 amount, uint256 liquidity
    );

    /// @notice LP tokens have left.
    /// @param owner their owner
    /// @param pool the pair
    /// @param receiver holds them now
    /// @param amount {lp}
    event TokensUnlocked(address indexed owner, address indexed pool, address receiver, uint256 amount);

    /// @notice An address that is needed is zero.
    error LpLocker_ZeroAddress();

    /// @notice The epoch grid must start in the past and have a length.
    /// @param genesis start of epoch 0, Unix seconds
    /// @param length seconds of every epoch
    error LpLocker_InvalidEpochGrid(uint256 genesis, uint256 length);

    /// @notice Epochs must be in order and the first one must have begun.
    /// @param fromEpoch the first epoch
    /// @param toEpoch the epoch after the last one
    /// @param currentEpoch the running epoch
    error LpLocker_InvalidEpochs(uint256 fromEpoch, uint256 toEpoch, uint256 currentEpoch);

    /// @notice Uniswap's factory of that kind did not make this pool.
    /// @param pool the address that was to be listed
    error LpLocker_NotGenuine(address pool);

    /// @notice Neither token of the pool is an index.
    /// @param token0 the pool's first token
    /// @param token1 the pool's second token
    error LpLocker_NoIndexToken(address token0, address token1);

    /// @notice The pool is on the list, or was: a removed pool does not come back.
    /// @param pool the pool
    error LpLocker_PoolAlreadyKnown(address pool);

    /// @notice The list is full.
    /// @param maximum pools that there can ever be
    error LpLocker_TooManyPools(uint256 maximum);

    /// @notice The pool never was on the list.
    /// @param pool the pool
    error LpLocker_UnknownPool(address pool);

    /// @notice The pool is not on the list, not any more, or of the other kind: it takes no locks.
    /// @param pool the pool; zero for a position in a pool that never was on the list
    error LpLocker_PoolNotOpen(address pool);

    /// @notice Only Uniswap's position manager may call.
    /// @param caller the account that tried
    error LpLocker_NotPositionManager(address caller);

    /// @notice A position must cover the whole range.
    /// @param tokenId the position
    /// @param tickLower lower end of its range
    /// @param tickUpper upper end of its range
    error LpLocker_NotFullRange(uint256 tokenId, int24 tickLower, int24 tickUpper);

    /// @notice There is nothing to lock or to unlock, or too little to weigh anything.
    error LpLocker_ZeroAmount();

    /// @notice All that an account has of a pool must fit in 96 bits, in LP tokens and in liquidity.
    /// @param held {lp} or {L} that it has
    /// @param added {lp} or {L} to be added
    error LpLocker_TooMuch(uint256 held, uint256 added);

    /// @notice Only the owner and their operators can request, cancel, unlock or collect.
    /// @param owner the owner
    /// @param caller the account that tried
    error LpLocker_NotAuthorized(address owner, address caller);

    /// @notice The position is not locked here.
    /// @param tokenId the position
    error LpLocker_UnknownPosition(uint256 tokenId);

    /// @notice The cooldown of this position has begun already.
    /// @param tokenId the position
    /// @param maturesAt Unix seconds, when it can be unlocked
    error LpLocker_AlreadyRequested(uint256 tokenId, uint256 maturesAt);

    /// @notice There is nothing to cancel: no unlock was requested, or it has matured.
    error LpLocker_NothingCooling();

    /// @notice Nothing has matured yet.
    /// @param maturesAt Unix seconds, 0 where no unlock was requested
    error LpLocker_NotMatured(uint256 maturesAt);

    /// @notice More is asked for than is locked.
    /// @param amount {lp} asked for
    /// @param locked {lp}
    error LpLocker_ExceedsLocked(uint256 amount, uint256 locked);

    /// @notice The receiver is zero or the locker.
    /// @param receiver the receiver
    error LpLocker_InvalidReceiver(address receiver);

    // ---------------------------------------------------------------- positions of Uniswap v3

    /// @notice Takes the caller's position, for which this contract has an approval. `safeTransferFrom` of the position
    /// to this contract does the same for its owner until then.
    /// @dev Reverts: PoolNotOpen, NotFullRange, ZeroAmount, TooMuch, errors of the position manager.
    /// @param tokenId the position
    /// @return liquidity {L} that weighs from now on
    function lockPosition(uint256 tokenId) external returns (uint256 liquidity);

    /// @notice Ends the weight of a position at once and starts its cooldown.
    /// @dev By the owner or an operator. Reverts: UnknownPosition, NotAuthorized, AlreadyRequested.
    /// @param tokenId the position
    /// @return maturesAt Unix seconds, when it can be unlocked
    function requestUnlock(uint256 tokenId) external returns (uint256 maturesAt);

    /// @notice Cancels a request that is still cooling. From now on the position weighs what it weighed before.
    /// @dev By the owner or an operator. Reverts: UnknownPosition, NotAuthorized, NothingCooling, PoolNotOpen, TooMuch.
    /// @param tokenId the position
    function cancelUnlock(uint256 tokenId) external;

    /// @notice Returns the same matured position to `receiver`. Does not call the receiver back.
    /// @dev By the owner or an operator. Reverts: InvalidReceiver, UnknownPosition, NotAuthorized, NotMatured.
    /// @param tokenId the position
    /// @param receiver holds it from now on
    function unlock(uint256 tokenId, address receiver) external;

    /// @notice Pays what a position has earned to `receiver`, at any time: locked, cooling or matured.
    /// @dev By the owner or an operator. Reverts: InvalidReceiver, UnknownPosition, NotAuthorized, errors of the
    /// tokens.
    /// @param tokenId the position
    /// @param receiver gets both amounts
    /// @return amount0 {token0}
    /// @return amount1 {token1}
    function collect(uint256 tokenId, address receiver) external returns (uint256 amount0, uint256 amount1);

    // ---------------------------------------------------------------- LP tokens of Uniswap v2

    /// @notice Takes LP tokens from the caller and locks them.
    /// @dev Reverts: ZeroAmount, TooMuch, PoolNotOpen, errors of the pair; "UniswapV2: LOCKED" from within a call of
    /// the pair.
    /// @param pool the pair
    /// @param amount {lp}
    /// @return liquidity {L} that weighs from now on, rounded down
    function lockTokens(address pool, uint256 amount) external returns (uint256 liquidity);

    /// @notice Ends the weight of LP tokens at once and starts their cooldown. What is still cooling starts anew with
    /// them; what has matured stays so.
    /// @dev By the owner or an operator. The weight that stays is rounded down. Reverts: NotAuthorized, ZeroAmount,
    /// ExceedsLocked.
    /// @param owner their owner
    /// @param pool the pair
    /// @param amount {lp}
    /// @return maturesAt Unix seconds, when they can be unlocked
    function requestUnlockTokens(address owner, address pool, uint256 amount) external returns (uint256 maturesAt);

    /// @notice Locks all tokens that are still cooling again. From now on they weigh what they weighed before.
    /// @dev By the owner or an operator. Reverts: NotAuthorized, NothingCooling, PoolNotOpen.
    /// @param owner their owner
    /// @param pool the pair
    /// @return amount {lp} locked again
    function cancelUnlockTokens(address owner, address pool) external returns (uint256 amount);

    /// @notice Pays everything that has matured to `receiver`.
    /// @dev By the owner or an operator. Reverts: InvalidReceiver, NotAuthorized, NotMatured.
    /// @param owner their owner
    /// @param pool the pair
    /// @param receiver gets them
    /// @return amount {lp}
    function unlockTokens(address owner, address pool, address receiver) external returns (uint256 amount);

    // ---------------------------------------------------------------- the list

    /// @notice Lets liquidity of a genuine pool be locked from now on. One of its tokens must be an index. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, PoolAlreadyKnown, TooManyPools, NotGenuine, NoIndexToken.
    /// @param pool the pool
    /// @param kind which Uniswap made it
    function addPool(address pool, PoolKind kind) external;

    /// @notice Ends the weight of all that is locked in a pool, for ever. Owners can still request, unlock and collect.
    /// Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, PoolNotOpen.
    /// @param pool the pool
    function removePool(address pool) external;

    // ---------------------------------------------------------------- reads

    /// @notice A pool that is or was on the list.
    /// @param pool the pool
    /// @return zeros for any other
    function poolOf(address pool) external view returns (Pool memory);

    /// @notice A locked position.
    /// @param tokenId the position
    /// @return zeros for any other
    function positionOf(uint256 tokenId) external view returns (LockedPosition memory);

    /// @notice What an owner has of a v2 pool.
    /// @param owner the owner
    /// @param pool the pair
    /// @return what is locked, cooling and matured
    function stakeOf(address owner, address pool) external view returns (Stake memory);

    /// @notice The liquidity of an account that weighs now.
    /// @param account the owner of the locks
    /// @param pool the pool
    /// @return {L}, 0 where the pool was removed
    function liquidityOf(address account, address pool) external view returns (uint256);

    /// @notice The time from a request until it matures.
    /// @return seconds
    function COOLDOWN() external view returns (uint256);

    /// @notice How many pools there can ever be on the list.
    /// @return pools, removed ones included
    function MAX_POOLS() external view returns (uint256);

    /// @notice Start of epoch 0, common to all contracts of a deployment.
    /// @return Unix seconds
    function epochGenesis() external view returns (uint256);

    /// @notice Length of every epoch.
    /// @return seconds
    function epochLength() external view returns (uint256);

    /// @notice The running epoch.
    /// @return its number; the first is 0
    function currentEpoch() external view returns (uint256);
}
