// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {IERC7540Operator} from "./IStakedToken.sol";

/// @title What points need to know of locked liquidity
interface ILockedLiquidity {
    /// @notice Pools that are or were allow-listed, oldest first. At most 16.
    function pools() external view returns (address[] memory);

    /// @notice The tokens of an allow-listed pool, in the pool's order.
    function poolTokens(address pool) external view returns (address token0, address token1);

    /// @notice Liquidity-seconds that `account` had locked in `pool` from the start of `fromEpoch` to the start of `toEpoch`, or to now where that is earlier.
    /// @dev Liquidity is in the unit of Uniswap v3: the geometric mean of both amounts in token-wei, sqrt(amount0 x amount1), of a position over the whole range.
    function liquiditySeconds(address account, address pool, uint256 fromEpoch, uint256 toEpoch) external view returns (uint256);
}

/// @title Locks liquidity of pools that hold an index, and remembers how much for how long
/// @notice Takes full-range positions of Uniswap v3 and LP tokens of Uniswap v2. Liquidity is measured when it is locked and never again. Leaving takes a cooldown
/// of 14 days that begins with a request; from the request on it weighs nothing. What a position earns can be collected all the time.
/// Nobody can stop a request, an unlock or a collection, and nobody but the owner and his operators can make one.
/// @dev Units: `{L}` liquidity in the unit of Uniswap v3, `{lp}` wei of a v2 LP token; times in seconds. The arithmetic is in `docs/locker-math.md`.
/// Warning: a position that is sent here by `transferFrom` instead of `safeTransferFrom`, or LP tokens that are merely sent here, belong to nobody and are lost.
interface ILpLocker is ILockedLiquidity, IERC7540Operator, IERC721Receiver {
    enum Kind {
        None,
        V2,
        V3
    }

    /// @param removedAt when the pool was taken off the list, 0 where it was not
    struct Pool {
        Kind kind;
        address token0;
        address token1;
        uint256 removedAt;
    }

    /// @param liquidity {L} when it was locked
    /// @param maturesAt when it can be unlocked, 0 where nobody has asked
    struct Position {
        address owner;
        address pool;
        uint256 liquidity;
        uint256 maturesAt;
    }

    /// @notice What somebody has of a v2 pool: `locked` weighs, `cooling*` matures at `maturesAt` (0 where nothing cools), `matured` can be unlocked.
    /// @param liquidity {L} of `locked`; 0 where the pool was removed
    /// @param coolingLiquidity {L} that a cancellation brings back
    struct Stake {
        uint256 locked;
        uint256 liquidity;
        uint256 cooling;
        uint256 coolingLiquidity;
        uint256 maturesAt;
        uint256 matured;
    }

    event PoolAdded(address indexed pool, Kind kind, address token0, address token1);
    event PoolRemoved(address indexed pool);

    event PositionLocked(address indexed owner, uint256 indexed tokenId, address indexed pool, uint256 liquidity);
    event PositionUnlockRequested(address indexed owner, uint256 indexed tokenId, address indexed pool, address caller, uint256 maturesAt);
    event PositionUnlockCancelled(address indexed owner, uint256 indexed tokenId, address indexed pool, address caller);
    event PositionUnlocked(address indexed owner, uint256 indexed tokenId, address indexed pool, address receiver);
    event FeesCollected(address indexed owner, uint256 indexed tokenId, address receiver, uint256 amount0, uint256 amount1);

    event TokensLocked(address indexed owner, address indexed pool, uint256 amount, uint256 liquidity);

    /// @param amount {lp} of this request
    /// @param cooling {lp} of the owner that cool now, all of which mature at `maturesAt`
    event TokensUnlockRequested(
        address indexed owner, address indexed pool, address caller, uint256 amount, uint256 cooling, uint256 maturesAt
    );
    event TokensUnlockCancelled(address indexed owner, address indexed pool, address caller, uint256 amount, uint256 liquidity);
    event TokensUnlocked(address indexed owner, address indexed pool, address receiver, uint256 amount);

    error LpLocker_ZeroAddress();
    error LpLocker_InvalidEpochGrid(uint256 genesis, uint256 length);

    /// @notice Epochs must be in order and the first one must have begun.
    error LpLocker_InvalidEpochs(uint256 fromEpoch, uint256 toEpoch, uint256 currentEpoch);

    /// @notice Not a pool that Uniswap's factory of that kind made.
    error LpLocker_NotGenuine(address pool);
    error LpLocker_NoIndexToken(address token0, address token1);

    /// @notice Is on the list, or was: what was removed does not come back.
    error LpLocker_PoolAlreadyKnown(address pool);
    error LpLocker_TooManyPools(uint256 maximum);

    /// @notice Never was on the list.
    error LpLocker_UnknownPool(address pool);

    /// @notice Not on the list, not any more, or of the other kind: nothing new is locked. `pool` is zero for a position in a pool that never was on it.
    error LpLocker_PoolNotOpen(address pool);

    /// @notice Only Uniswap's position manager may call.
    error LpLocker_NotPositionManager(address caller);
    error LpLocker_NotFullRange(uint256 tokenId, int24 tickLower, int24 tickUpper);

    /// @notice Nothing to lock or to unlock, or not enough to weigh anything.
    error LpLocker_ZeroAmount();

    /// @notice Everything that an account has of a pool must fit in 96 bits, in LP tokens and in liquidity.
    error LpLocker_TooMuch(uint256 held, uint256 added);

    /// @notice Only the owner and his operators can start, stop or collect anything.
    error LpLocker_NotAuthorized(address owner, address caller);
    error LpLocker_UnknownPosition(uint256 tokenId);
    error LpLocker_AlreadyRequested(uint256 tokenId, uint256 maturesAt);

    /// @notice Nothing that could be cancelled: there was no request, or it has matured.
    error LpLocker_NothingCooling();

    /// @notice `maturesAt` is 0 where nobody has asked.
    error LpLocker_NotMatured(uint256 maturesAt);

    /// @notice More than is locked.
    error LpLocker_ExceedsLocked(uint256 amount, uint256 locked);
    error LpLocker_InvalidReceiver(address receiver);

    // ---------------------------------------------------------------- positions of Uniswap v3

    /// @notice Takes the caller's position, for which this contract has an approval. `safeTransferFrom` of the position to this contract does the same
    /// for whoever owned it.
    /// @dev Reverts: PoolNotOpen, NotFullRange, ZeroAmount, TooMuch, errors of the position manager.
    /// @return liquidity {L} that weighs from now on
    function lockPosition(uint256 tokenId) external returns (uint256 liquidity);

    /// @notice Ends the weight at once and starts the cooldown.
    /// @dev By the owner or an operator. Reverts: UnknownPosition, NotAuthorized, AlreadyRequested.
    function requestUnlock(uint256 tokenId) external returns (uint256 maturesAt);

    /// @notice Takes a request back that is still cooling. The position weighs again from now on, what it weighed before.
    /// @dev By the owner or an operator. Reverts: UnknownPosition, NotAuthorized, NothingCooling, PoolNotOpen, TooMuch.
    function cancelUnlock(uint256 tokenId) external;

    /// @notice Gives the very same position to `receiver`, once it has matured. Calls nobody back.
    /// @dev By the owner or an operator. Reverts: InvalidReceiver, UnknownPosition, NotAuthorized, NotMatured.
    function unlock(uint256 tokenId, address receiver) external;

    /// @notice Pays what a position has earned to `receiver`, whatever state its lock is in.
    /// @dev By the owner or an operator. Reverts: InvalidReceiver, UnknownPosition, NotAuthorized, errors of the tokens.
    function collect(uint256 tokenId, address receiver) external returns (uint256 amount0, uint256 amount1);

    // ---------------------------------------------------------------- LP tokens of Uniswap v2

    /// @notice Takes {lp} from the caller.
    /// @dev Reverts: ZeroAmount, TooMuch, PoolNotOpen, errors of the pair; "UniswapV2: LOCKED" from within a call of the pair.
    /// @return liquidity {L} that weighs from now on, rounded down
    function lockTokens(address pool, uint256 amount) external returns (uint256 liquidity);

    /// @notice Ends the weight of {lp} at once and starts their cooldown, and that of whatever is still cooling anew. What has matured stays so.
    /// @dev By the owner or an operator. The weight that stays is rounded down. Reverts: NotAuthorized, ZeroAmount, ExceedsLocked.
    function requestUnlockTokens(address owner, address pool, uint256 amount) external returns (uint256 maturesAt);

    /// @notice Locks everything again that is still cooling. It weighs from now on what it weighed before.
    /// @dev By the owner or an operator. Reverts: NotAuthorized, NothingCooling, PoolNotOpen.
    function cancelUnlockTokens(address owner, address pool) external returns (uint256 amount);

    /// @notice Pays everything that has matured to `receiver`.
    /// @dev By the owner or an operator. Reverts: InvalidReceiver, NotAuthorized, NotMatured.
    function unlockTokens(address owner, address pool, address receiver) external returns (uint256 amount);

    // ---------------------------------------------------------------- the list

    /// @notice Lets liquidity of a genuine pool be locked from now on. One of its tokens must be an index. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, PoolAlreadyKnown, TooManyPools, NotGenuine, NoIndexToken.
    function addPool(address pool, Kind kind) external;

    /// @notice Ends the weight of everything that is locked in a pool, for ever. It can still be requested, unlocked and collected. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, PoolNotOpen.
    function removePool(address pool) external;

    // ---------------------------------------------------------------- reads

    /// @notice A pool that is or was on the list. Zeros for any other.
    function poolOf(address pool) external view returns (Pool memory);

    /// @notice A locked position. Zeros for any other.
    function positionOf(uint256 tokenId) external view returns (Position memory);

    /// @notice What somebody has of a v2 pool.
    function stakeOf(address owner, address pool) external view returns (Stake memory);

    /// @notice {L} that weighs now; 0 where the pool was removed.
    function liquidityOf(address account, address pool) external view returns (uint256);

    /// @notice From a request until it matures, seconds.
    function COOLDOWN() external view returns (uint256);

    /// @notice Pools that there can ever be.
    function MAX_POOLS() external view returns (uint256);

    /// @notice Start of epoch 0, Unix seconds. Common to all contracts of a deployment.
    function epochGenesis() external view returns (uint256);

    /// @notice Length of every epoch in seconds.
    function epochLength() external view returns (uint256);

    /// @notice The running epoch.
    function currentEpoch() external view returns (uint256);
}
