// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {INonfungiblePositionManager} from "../../interfaces/external/INonfungiblePositionManager.sol";
import {IUniswapV2Factory, IUniswapV2Pair} from "../../interfaces/external/IUniswapV2.sol";
import {IUniswapV3Factory, IUniswapV3Pool} from "../../interfaces/external/IUniswapV3.sol";
import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {ILockedLiquidity, ILpLocker} from "../../interfaces/ILpLocker.sol";
import {IERC7540Operator} from "../../interfaces/IStakedToken.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {TimedBalance} from "../tokens/TimedBalance.sol";
import {TimedHistory} from "../tokens/TimedHistory.sol";

/// @title Locked liquidity, as it was when it was locked
/// @notice See {ILpLocker}. No proxy, no pause, and no role that can take what is locked or hold it back.
/// @dev `docs/locker-math.md` is the specification.
/// @custom:security-contact security@ssi.example
contract LpLocker is ILpLocker, FixedAuthority, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILpLocker
    uint256 public constant COOLDOWN = 14 days;

    /// @inheritdoc ILpLocker
    uint256 public constant MAX_POOLS = 16;

    int24 private constant _MAX_TICK = 887272;

    /// @dev `token0` shares its slot with all that a lock reads:
    /// `kind:8 | maxTick:24 | removedAt:32 | token0:160` = 224 bits, high to low.
    struct Listed {
        address token0;
        uint32 removedAt;
        int24 maxTick;
        PoolKind kind;
        address token1;
    }

    /// @dev A locked position, two slots: `liquidity:96 | owner:160` = 256 bits, then `maturesAt:32 | pool:160` = 192
    /// bits, high to low.
    struct Lock {
        address owner;
        uint96 liquidity;
        address pool;
        uint32 maturesAt;
    }

    /// @dev LP tokens of an owner, two slots: `matured:96 | locked:96` = 192 bits, then
    /// `maturesAt:32 | coolingLiquidity:96 | cooling:96` = 224 bits, high to low. The liquidity of `locked` is the
    /// balance in {_weights}. Sums cannot overflow: {lockTokens} keeps the sum of the amounts under 2^96, and the sum
    /// of the liquidities as well, and no other function raises either.
    struct Tokens {
        uint96 locked;
        uint96 matured;
        uint96 cooling;
        uint96 coolingLiquidity;
        uint32 maturesAt;
    }

    /// @notice Uniswap v3's position manager.
    INonfungiblePositionManager public immutable positionManager;

    /// @notice Says which v3 pools are genuine.
    IUniswapV3Factory public immutable v3Factory;

    /// @notice Says which v2 pairs are genuine.
    IUniswapV2Factory public immutable v2Factory;

    /// @notice Says which tokens are indexes.
    IIndexFactory public immutable indexFactory;

    /// @inheritdoc ILpLocker
    uint256 public immutable epochGenesis;

    /// @inheritdoc ILpLocker
    uint256 public immutable epochLength;

    address[] private _pools;
    mapping(address pool => Listed) private _listed;
    mapping(bytes32 tokensAndFee => address pool) private _v3Pools;
    mapping(uint256 tokenId => Lock) private _locks;
    mapping(address owner => mapping(address pool => Tokens)) private _tokens;
    mapping(address owner => mapping(address pool => TimedHistory)) private _weights;

    /// @inheritdoc IERC7540Operator
    mapping(address owner => mapping(address operator => bool)) public isOperator;

    constructor(
        address authority_,
        INonfungiblePositionManager positionManager_,
        IUniswapV2Factory v2Factory_,
        IIndexFactory indexFactory_,
        uint256 genesis,
        uint256 length
    ) FixedAuthority(authority_) {
        if (authority_ == address(0) || address(v2Factory_) == address(0) || address(indexFactory_) == address(0)) {
            revert LpLocker_ZeroAddress();
        }
        if (length == 0 || genesis > block.timestamp) revert LpLocker_InvalidEpochGrid(genesis, length);

        positionManager = positionManager_;
        v3Factory = IUniswapV3Factory(positionManager_.factory());
        v2Factory = v2Factory_;
        indexFactory = indexFactory_;
        epochGenesis = genesis;
        epochLength = length;
    }

    // ---------------------------------------------------------------- positions of Uniswap v3

    /// @inheritdoc ILpLocker
    function lockPosition(uint256 tokenId) external nonReentrant returns (uint256 liquidity) {
        liquidity = _lock(tokenId, msg.sender);

        positionManager.transferFrom(msg.sender, address(this), tokenId);
    }

    /// @inheritdoc IERC721Receiver
    /// @dev Locks the position for its owner until now. Reverts: NotPositionManager, and as {lockPosition}.
    function onERC721Received(address, address from, uint256 tokenId, bytes calldata)
        external
        nonReentrant
        returns (bytes4)
    {
        if (msg.sender != address(positionManager)) revert LpLocker_NotPositionManager(msg.sender);

        _lock(tokenId, from);
        return IERC721Receiver.onERC721Received.selector;
    }

    /// @inheritdoc ILpLocker
    function requestUnlock(uint256 tokenId) external nonReentrant returns (uint256 maturesAt) {
        Lock storage p = _locks[tokenId];
        (address owner, address pool) = _requireLockAuthorized(p, tokenId);
        if (p.maturesAt != 0) revert LpLocker_AlreadyRequested(tokenId, p.maturesAt);

        maturesAt = block.timestamp + COOLDOWN;
        p.maturesAt = uint32(maturesAt);
        _removeWeight(owner, pool, p.liquidity);
        emit PositionUnlockRequested(owner, tokenId, pool, msg.sender, maturesAt);
    }

    /// @inheritdoc ILpLocker
    function cancelUnlock(uint256 tokenId) external nonReentrant {
        Lock storage p = _locks[tokenId];
        (address owner, address pool) = _requireLockAuthorized(p, tokenId);
        if (p.maturesAt <= block.timestamp) revert LpLocker_NothingCooling();
        _requireOpen(pool);

        p.maturesAt = 0;
        _addWeight(owner, pool, p.liquidity, 0);
        emit PositionUnlockCancelled(owner, tokenId, pool, msg.sender);
    }

    /// @inheritdoc ILpLocker
    function unlock(uint256 tokenId, address receiver) external nonReentrant {
        _requireReceiver(receiver);
        Lock storage p = _locks[tokenId];
        (address owner, address pool) = _requireLockAuthorized(p, tokenId);
        if (p.maturesAt == 0 || block.timestamp < p.maturesAt) revert LpLocker_NotMatured(p.maturesAt);

        delete _locks[tokenId];
        emit PositionUnlocked(owner, tokenId, pool, receiver);

        positionManager.transferFrom(address(this), receiver, tokenId);
    }

    /// @inheritdoc ILpLocker
    function collect(uint256 tokenId, address receiver)
        external
        nonReentrant
        returns (uint256 amount0, uint256 amount1)
    {
        _requireReceiver(receiver);
        (address owner,) = _requireLockAuthorized(_locks[tokenId], tokenId);

        (amount0, amount1) = positionManager.collect(
            INonfungiblePositionManager.CollectParams(tokenId, receiver, type(uint128).max, type(uint128).max)
        );
        emit FeesCollected(owner, tokenId, receiver, amount0, amount1);
    }

    // ---------------------------------------------------------------- LP tokens of Uniswap v2

    /// @inheritdoc ILpLocker
    function lockTokens(address pool, uint256 amount) external nonReentrant returns (uint256 liquidity) {
        if (amount == 0) revert LpLocker_ZeroAmount();
        Listed storage listed = _listed[pool];
        if (listed.kind != PoolKind.V2 || listed.removedAt != 0) revert LpLocker_PoolNotOpen(pool);
        Tokens storage t = _tokens[msg.sender][pool];
        _requireFit(uint256(t.locked) + t.cooling + t.matured, amount);

        liquidity = _liquidityBehind(IUniswapV2Pair(pool), amount);
        if (liquidity == 0) revert LpLocker_ZeroAmount();
        t.locked += uint96(amount);
        _addWeight(msg.sender, pool, liquidity, t.coolingLiquidity);
        emit TokensLocked(msg.sender, pool, amount, liquidity);

        IERC20(pool).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc ILpLocker
    function requestUnlockTokens(address owner, address pool, uint256 amount)
        external
        nonReentrant
        returns (uint256 maturesAt)
    {
        _requireAuthorized(owner);
        if (amount == 0) revert LpLocker_ZeroAmount();
        Tokens memory t = _tokens[owner][pool];
        if (amount > t.locked) revert LpLocker_ExceedsLocked(amount, t.locked);

        uint256 liquidity =
            _isRemoved(pool) ? 0 : Math.ceilDiv(_weights[owner][pool].live.balance() * amount, t.locked);
        if (_hasMatured(t)) (t.matured, t.cooling, t.coolingLiquidity) = (t.matured + t.cooling, 0, 0);
        maturesAt = block.timestamp + COOLDOWN;
        t.locked -= uint96(amount);
        t.cooling += uint96(amount);
        t.coolingLiquidity += uint96(liquidity);
        t.maturesAt = uint32(maturesAt);
        _tokens[owner][pool] = t;
        _removeWeight(owner, pool, liquidity);
        emit TokensUnlockRequested(owner, pool, msg.sender, amount, t.cooling, maturesAt);
    }

    /// @inheritdoc ILpLocker
    function cancelUnlockTokens(address owner, address pool) external nonReentrant returns (uint256 amount) {
        _requireAuthorized(owner);
        Tokens memory t = _tokens[owner][pool];
        if (t.maturesAt <= block.timestamp) revert LpLocker_NothingCooling();
        _requireOpen(pool);

        uint256 liquidity = t.coolingLiquidity;
        amount = t.cooling;
        t.locked += t.cooling;
        (t.cooling, t.coolingLiquidity, t.maturesAt) = (0, 0, 0);
        _tokens[owner][pool] = t;
        _addWeight(owner, pool, liquidity, 0);
        emit TokensUnlockCancelled(owner, pool, msg.sender, amount, liquidity);
    }

    /// @inheritdoc ILpLocker
    function unlockTokens(address owner, address pool, address receiver)
        external
        nonReentrant
        returns (uint256 amount)
    {
        _requireReceiver(receiver);
        _requireAuthorized(owner);
        Tokens memory t = _tokens[owner][pool];
        amount = t.matured;
        if (_hasMatured(t)) {
            amount += t.cooling;
            (t.cooling, t.coolingLiquidity, t.maturesAt) = (0, 0, 0);
        }
        if (amount == 0) revert LpLocker_NotMatured(t.maturesAt);

        t.matured = 0;
        _tokens[owner][pool] = t;
        emit TokensUnlocked(owner, pool, receiver, amount);

        IERC20(pool).safeTransfer(receiver, amount);
    }

    // ---------------------------------------------------------------- operators

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    // ---------------------------------------------------------------- restricted

    /// @inheritdoc ILpLocker
    function addPool(address pool, PoolKind kind) external restricted {
        if (_listed[pool].kind != PoolKind.None) revert LpLocker_PoolAlreadyKnown(pool);
        if (_pools.length == MAX_POOLS) revert LpLocker_TooManyPools(MAX_POOLS);

        (address token0, address token1) = (IUniswapV3Pool(pool).token0(), IUniswapV3Pool(pool).token1());
        int24 maxTick;
        bool genuine;
        if (kind == PoolKind.V3) {
            (uint24 fee, int24 spacing) = (IUniswapV3Pool(pool).fee(), IUniswapV3Pool(pool).tickSpacing());
            maxTick = _MAX_TICK / spacing * spacing;
            genuine = v3Factory.getPool(token0, token1, fee) == pool;
            _v3Pools[_poolKey(token0, token1, fee)] = pool;
        } else {
            genuine = kind == PoolKind.V2 && v2Factory.getPair(token0, token1) == pool;
        }
        if (!genuine) revert LpLocker_NotGenuine(pool);
        if (!indexFactory.isIndex(token0) && !indexFactory.isIndex(token1)) {
            revert LpLocker_NoIndexToken(token0, token1);
        }

        _pools.push(pool);
        _listed[pool] = Listed(token0, 0, maxTick, kind, token1);
        emit PoolAdded(pool, kind, token0, token1);
    }

    /// @inheritdoc ILpLocker
    function removePool(address pool) external restricted {
        _requireOpen(pool);

        _listed[pool].removedAt = uint32(block.timestamp);
        emit PoolRemoved(pool);
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc ILockedLiquidity
    function pools() external view returns (address[] memory) {
        return _pools;
    }

    /// @inheritdoc ILockedLiquidity
    /// @dev Reverts: UnknownPool.
    function poolTokens(address pool) external view returns (address token0, address token1) {
        (token0, token1) = (_listed[pool].token0, _listed[pool].token1);
        if (token1 == address(0)) revert LpLocker_UnknownPool(pool);
    }

    /// @inheritdoc ILockedLiquidity
    /// @dev Exact, no rounding; 0 for pools that never were on the list. Reads one slot more for each epoch after
    /// `fromEpoch` in which that weight changed. A removed pool's histories stay as they were, so the moment of its
    /// removal can be read like the start of an epoch. Reverts: InvalidEpochs.
    function liquiditySeconds(address account, address pool, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256)
    {
        (uint256 start, uint256 end) = _timesOf(pool, fromEpoch, toEpoch);
        return _secondsOf(account, pool, start, end);
    }

    /// @inheritdoc ILockedLiquidity
    /// @dev As {liquiditySeconds}, of each account. Reverts: InvalidEpochs.
    function liquiditySecondsBatch(address[] calldata accounts, address pool, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256[] memory amounts)
    {
        (uint256 start, uint256 end) = _timesOf(pool, fromEpoch, toEpoch);
        amounts = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            amounts[i] = _secondsOf(accounts[i], pool, start, end);
        }
    }

    /// @dev The seconds from the start of `fromEpoch` to that of `toEpoch` in which `pool` was on the list until now.
    function _timesOf(address pool, uint256 fromEpoch, uint256 toEpoch)
        private
        view
        returns (uint256 start, uint256 end)
    {
        uint256 current = currentEpoch();
        if (fromEpoch >= toEpoch || fromEpoch > current) revert LpLocker_InvalidEpochs(fromEpoch, toEpoch, current);

        start = epochGenesis + fromEpoch * epochLength;
        end = toEpoch > current ? block.timestamp : epochGenesis + toEpoch * epochLength;
        uint256 removedAt = _listed[pool].removedAt;
        if (removedAt != 0) (start, end) = (Math.min(start, removedAt), Math.min(end, removedAt));
    }

    function _secondsOf(address account, address pool, uint256 start, uint256 end) private view returns (uint256) {
        return _weights[account][pool].secondsOf(start, end, epochGenesis, epochLength);
    }

    /// @inheritdoc ILpLocker
    function poolOf(address pool) external view returns (Pool memory) {
        Listed storage listed = _listed[pool];
        return Pool(listed.kind, listed.token0, listed.token1, listed.removedAt);
    }

    /// @inheritdoc ILpLocker
    function positionOf(uint256 tokenId) external view returns (LockedPosition memory) {
        Lock storage p = _locks[tokenId];
        return LockedPosition(p.owner, p.pool, p.liquidity, p.maturesAt);
    }

    /// @inheritdoc ILpLocker
    function stakeOf(address owner, address pool) external view returns (Stake memory s) {
        Tokens memory t = _tokens[owner][pool];
        (s.locked, s.matured) = (t.locked, t.matured);
        if (_listed[pool].kind == PoolKind.V2) s.liquidity = liquidityOf(owner, pool);
        if (_hasMatured(t)) s.matured += t.cooling;
        else (s.cooling, s.coolingLiquidity, s.maturesAt) = (t.cooling, t.coolingLiquidity, t.maturesAt);
    }

    /// @inheritdoc ILpLocker
    function liquidityOf(address account, address pool) public view returns (uint256) {
        return _isRemoved(pool) ? 0 : _weights[account][pool].live.balance();
    }

    /// @inheritdoc ILpLocker
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - epochGenesis) / epochLength;
    }

    // ---------------------------------------------------------------- internals

    /// @dev Reads the position's liquidity. No later call reads it again.
    function _lock(uint256 tokenId, address owner) private returns (uint256) {
        (,, address token0, address token1, uint24 fee, int24 lower, int24 upper, uint128 liquidity,,,,) =
            positionManager.positions(tokenId);
        address pool = _v3Pools[_poolKey(token0, token1, fee)];
        _requireOpen(pool);
        int24 maxTick = _listed[pool].maxTick;
        if (lower != -maxTick || upper != maxTick) revert LpLocker_NotFullRange(tokenId, lower, upper);

        if (liquidity == 0) revert LpLocker_ZeroAmount();
        _addWeight(owner, pool, liquidity, 0);
        _locks[tokenId] = Lock(owner, uint96(liquidity), pool, 0);
        emit PositionLocked(owner, tokenId, pool, liquidity);
        return liquidity;
    }

    /// @dev {L} that an amount of LP tokens stands for, rounded down. `sync` refuses while the pair is in the middle of
    /// a mint, a burn or a swap, when reserves and supply do not belong together. Leaves out what Uniswap's protocol
    /// fee is going to take of the growth since `kLast`.
    function _liquidityBehind(IUniswapV2Pair pair, uint256 amount) private returns (uint256) {
        pair.sync();
        (uint256 reserve0, uint256 reserve1,) = pair.getReserves();
        uint256 root = Math.sqrt(reserve0 * reserve1);
        uint256 last = Math.sqrt(pair.kLast());
        if (last != 0 && root > last) root = (5 * root + last) / 6;

        return amount * root / pair.totalSupply();
    }

    /// @dev The caller has made sure that the pool is open. `beside` is {L} that may come back later and must fit too.
    function _addWeight(address owner, address pool, uint256 liquidity, uint256 beside) private {
        TimedHistory storage weight = _weights[owner][pool];
        TimedBalance slot = _touch(weight);
        _requireFit(slot.balance() + beside, liquidity);
        weight.live = slot.moveTo(block.timestamp, slot.balance() + liquidity);
    }

    /// @dev Does nothing in a removed pool: its locks weigh nothing any more, and its histories must stay as they were
    /// when it was removed.
    function _removeWeight(address owner, address pool, uint256 liquidity) private {
        if (_isRemoved(pool)) return;

        TimedHistory storage weight = _weights[owner][pool];
        TimedBalance slot = _touch(weight);
        weight.live = slot.moveTo(block.timestamp, slot.balance() - liquidity);
    }

    function _touch(TimedHistory storage weight) private returns (TimedBalance) {
        uint256 epochStart = block.timestamp - (block.timestamp - epochGenesis) % epochLength;
        return weight.touch(epochStart, epochGenesis, epochLength);
    }

    function _requireAuthorized(address owner) private view {
        if (msg.sender != owner && !isOperator[owner][msg.sender]) revert LpLocker_NotAuthorized(owner, msg.sender);
    }

    function _requireLockAuthorized(Lock storage p, uint256 tokenId)
        private
        view
        returns (address owner, address pool)
    {
        (owner, pool) = (p.owner, p.pool);
        if (owner == address(0)) revert LpLocker_UnknownPosition(tokenId);
        _requireAuthorized(owner);
    }

    function _isRemoved(address pool) private view returns (bool) {
        return _listed[pool].removedAt != 0;
    }

    function _requireOpen(address pool) private view {
        Listed storage listed = _listed[pool];
        if (listed.kind == PoolKind.None || listed.removedAt != 0) revert LpLocker_PoolNotOpen(pool);
    }

    function _requireReceiver(address receiver) private view {
        if (receiver == address(0) || receiver == address(this)) revert LpLocker_InvalidReceiver(receiver);
    }

    function _hasMatured(Tokens memory t) private view returns (bool) {
        return t.maturesAt != 0 && t.maturesAt <= block.timestamp;
    }

    function _requireFit(uint256 held, uint256 added) private pure {
        if (held > type(uint96).max || added > type(uint96).max - held) revert LpLocker_TooMuch(held, added);
    }

    function _poolKey(address token0, address token1, uint24 fee) private pure returns (bytes32) {
        return keccak256(abi.encode(token0, token1, fee));
    }
}
