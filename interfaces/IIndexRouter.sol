// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Buy and sell an index in one transaction
/// @notice Swaps over registered Uniswap v3 pools, mints or redeems, and keeps nothing between transactions. Tokens
/// form a tree rooted at WETH: every token knows the pool that leads one hop closer to the root, and any token of the
/// tree buys any index. A trade touches every pool once, all legs of a trade through one pool together, so quotes are
/// exact. `token` zero stands for ether.
interface IIndexRouter {
    /// @notice How the router gets at the caller's tokens.
    enum Permission {
        Allowance,
        /// EIP-2612: `abi.encode(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)`
        Permit,
        /// Permit2 signature transfer, buys only:
        /// `abi.encode(uint256 maximum, uint256 nonce, uint256 deadline, bytes signature)`
        Permit2
    }

    /// @notice What a caller wants, apart from amounts.
    /// @param index created by the factory
    /// @param token what is paid or wanted: an ERC-20 of the tree, or zero for ether
    /// @param receiver gets the shares or the proceeds
    /// @param deadline Unix seconds, the last second in which the trade may happen
    /// @param permission how the router gets at the caller's tokens
    /// @param permit for `permission`, empty for an allowance
    /// @param stake true to stake what is bought: the receiver gets shares of the index's staked token. Has no meaning
    /// in a sale
    /// @param referralCode goes into the event and to the purchase hook, zero for none
    struct Trade {
        address index;
        address token;
        address receiver;
        uint256 deadline;
        Permission permission;
        bytes permit;
        bool stake;
        bytes32 referralCode;
    }

    /// @notice Shares were bought.
    /// @param index the index
    /// @param payer the caller
    /// @param receiver got the shares, or the staked shares
    /// @param token what was paid, zero for ether
    /// @param amountIn {tok} paid
    /// @param shares {share} bought
    /// @param referralCode zero for none
    event Bought(
        address indexed index,
        address indexed payer,
        address indexed receiver,
        address token,
        uint256 amountIn,
        uint256 shares,
        bytes32 referralCode
    );

    /// @notice Shares were sold.
    /// @param index the index
    /// @param seller the caller
    /// @param receiver got the proceeds
    /// @param token what was paid out, zero for ether
    /// @param shares {share} sold
    /// @param amountOut {tok} paid out
    event Sold(
        address indexed index,
        address indexed seller,
        address indexed receiver,
        address token,
        uint256 shares,
        uint256 amountOut
    );

    /// @notice Shares were staked.
    /// @param index the index
    /// @param payer the caller
    /// @param receiver got the staked shares
    /// @param shares {share}
    /// @param stakedShares {share of the staked token}
    event Staked(
        address indexed index, address indexed payer, address indexed receiver, uint256 shares, uint256 stakedShares
    );

    /// @notice A sale could not sell this constituent, or this token between two pools, and handed it over as it is.
    /// @param index the index
    /// @param seller the caller
    /// @param receiver the trade's, or the seller where the token refuses that one
    /// @param token what was handed over
    /// @param amount {tok}
    event Unsold(
        address indexed index, address indexed seller, address indexed receiver, address token, uint256 amount
    );

    /// @notice The purchase hook was set.
    /// @param hook is told about purchases, zero for none
    event BuyHookSet(address indexed hook);

    /// @notice A hop was set.
    /// @param token where it begins
    /// @param next where it leads, one hop closer to WETH
    /// @param fee of the pool, hundredths of a bp; 0 where the hop was removed
    event HopSet(address indexed token, address indexed next, uint24 fee);

    /// @notice An address that is needed is zero.
    error IndexRouter_ZeroAddress();

    /// @notice The receiver is the router itself or the index: what they received would be lost.
    /// @param receiver the receiver
    error IndexRouter_InvalidReceiver(address receiver);

    /// @notice The factory did not create this index.
    /// @param index the address given
    error IndexRouter_UnknownIndex(address index);

    /// @notice The deadline has passed.
    /// @param deadline Unix seconds, the last one that was good
    /// @param timestamp Unix seconds now
    error IndexRouter_Expired(uint256 deadline, uint256 timestamp);

    /// @notice The index has no staked token.
    /// @param index the index
    error IndexRouter_NoStakedToken(address index);

    /// @notice A purchase hook must be a contract.
    /// @param hook the address given
    error IndexRouter_InvalidHook(address hook);

    /// @notice There is no path from the token to the root.
    /// @param token the token
    error IndexRouter_NoPath(address token);

    /// @notice There is no such pool, or the hop would lead in a circle or too far from the root.
    /// @param token where it begins
    /// @param next where it leads
    /// @param fee of the pool, hundredths of a bp
    error IndexRouter_InvalidHop(address token, address next, uint24 fee);

    /// @notice The purchase costs more than the caller allows.
    /// @param amountIn {tok} that it costs
    /// @param maximum {tok} that the caller allows
    error IndexRouter_TooExpensive(uint256 amountIn, uint256 maximum);

    /// @notice The trade brings less than the caller demands.
    /// @param amountOut {tok} or {share} that it brings
    /// @param minimum {tok} or {share} that the caller demands
    error IndexRouter_TooLittle(uint256 amountOut, uint256 minimum);

    /// @notice The transaction's gas limit leaves less than the purchase hook must be able to get, or than a leg of a
    /// sale must have had before it counts as one that cannot be sold. Most of it is not spent.
    /// @param available gas that it could get
    /// @param needed gas that it must be able to get
    error IndexRouter_TooLittleGas(uint256 available, uint256 needed);

    /// @notice The pool ran dry before the swap was complete.
    /// @param pool the pool
    error IndexRouter_NotEnoughLiquidity(address pool);

    /// @notice Only the pool that the router is swapping in, and the index that it mints, may call back.
    /// @param caller the account that tried
    error IndexRouter_UnexpectedCallback(address caller);

    /// @notice Ether came along with a trade in tokens, or from another account than WETH.
    /// @param value wei
    error IndexRouter_UnexpectedEther(uint256 value);

    /// @notice Shares can be moved by allowance or EIP-2612 only.
    /// @param permission what was given
    error IndexRouter_UnsupportedPermission(Permission permission);

    /// @notice Carries a quote out of a simulated trade. A caller never sees it.
    /// @param amount {tok}
    /// @param slack {tok} by which rounding may move a part of it
    error IndexRouter_Quote(uint256 amount, uint256 slack);

    // ---------------------------------------------------------------- trades

    /// @notice Buys exactly `shares` for at most `maxIn` of `t.token`. Ether that is not needed comes back.
    /// @dev Reverts: Expired, ZeroAddress, InvalidReceiver, UnknownIndex, NoPath, TooExpensive, NotEnoughLiquidity,
    /// UnexpectedEther, NoStakedToken, TooLittleGas, every error of IndexToken.mintWithCallback, ERC-20 errors.
    /// @param t what to buy, what with, and for which receiver
    /// @param shares {share}
    /// @param maxIn {tok}; send as much ether where ether pays
    /// @return amountIn {tok} that it cost
    function buy(Trade calldata t, uint256 shares, uint256 maxIn) external payable returns (uint256 amountIn);

    /// @notice Spends up to `amountIn` of `t.token` on `targetShares`, or on fewer where they cost more or the supply
    /// cap leaves no room, but never on fewer than `minShares`. What is not needed is not taken, or comes back.
    /// @dev `targetShares` is what {quoteBuyExactInput} returned. Where they have become too expensive, the part of
    /// them is bought that costs `amountIn` at most, rounding included (`docs/router.md`); the gas of the first attempt
    /// is then spent in vain.
    /// Reverts as {buy}, and with TooLittle.
    /// @param t what to buy, what with, and for which receiver
    /// @param amountIn {tok} most to spend
    /// @param targetShares {share} to buy
    /// @param minShares {share} least to buy
    /// @return shares {share} bought
    /// @return spent {tok}
    function buyExactInput(Trade calldata t, uint256 amountIn, uint256 targetShares, uint256 minShares)
        external
        payable
        returns (uint256 shares, uint256 spent);

    /// @notice Sells exactly `shares` of the caller for at least `minOut` of `t.token`. What cannot be sold comes as it
    /// is.
    /// @dev A constituent whose transfer fails becomes the caller's claim on the index ({IIndexToken.Segregated} has
    /// it). A constituent without a path, or one that its pool does not take for any reason (it charges a fee, is
    /// blocked there, is more than the pool can pay for), goes to the receiver ({Unsold}). Both are missing in the
    /// proceeds, so set `minOut`.
    /// Reverts: Expired, ZeroAddress, InvalidReceiver, UnknownIndex, NoPath (of `t.token`), TooLittle, TooLittleGas (a
    /// pool did not take a constituent, and had less than its full gas), UnsupportedPermission, every error of
    /// IndexToken.redeem, ERC-20 errors of what is handed over.
    /// @param t what to sell, what for, and for which receiver
    /// @param shares {share}
    /// @param minOut {tok}
    /// @return amountOut {tok}
    function sell(Trade calldata t, uint256 shares, uint256 minOut) external returns (uint256 amountOut);

    /// @notice Sells as few shares as surely bring `amountOut` of `t.token`, at most `maxShares`. The receiver gets all
    /// that they bring.
    /// @dev Sells the part of `maxShares` that brings so much, rounding included (`docs/router.md`). Reverts as {sell};
    /// with TooLittle where not even `maxShares` bring as much, or where a part could not be sold.
    /// @param t what to sell, what for, and for which receiver
    /// @param amountOut {tok} wanted
    /// @param maxShares {share} most to sell
    /// @return shares {share} sold
    /// @return received {tok}, `amountOut` or a little more
    function sellExactOutput(Trade calldata t, uint256 amountOut, uint256 maxShares)
        external
        returns (uint256 shares, uint256 received);

    /// @notice Stakes `shares` of the caller, with an EIP-2612 permit instead of an earlier transaction.
    /// @dev A permit that another account has used up is no reason to fail. Reverts: UnknownIndex, NoStakedToken,
    /// ZeroAddress, InvalidReceiver, every error of StakedToken.deposit, ERC-20 errors.
    /// @param index the index
    /// @param shares {share}
    /// @param receiver gets the staked shares
    /// @param permit as for {Permission.Permit}; empty to use an allowance
    /// @return stakedShares {share of the staked token}
    function stakeWithPermit(address index, uint256 shares, address receiver, bytes calldata permit)
        external
        returns (uint256 stakedShares);

    /// @notice Approves the staked token of `index`, so that the first buyer who stakes need not pay for that. Any
    /// account may, once; deployment calls it.
    /// @dev The staked token can pull shares of a purchase or a stake in the same transaction only: the router holds no
    /// shares in between. Reverts: UnknownIndex, NoStakedToken.
    /// @param index the index
    function prepare(address index) external;

    // ---------------------------------------------------------------- quotes

    /// @notice What {buy} of `shares` would cost now, to the wei. Not a view, because it really swaps and undoes it:
    /// call it with eth_call.
    /// @dev Reverts: UnknownIndex, NoPath, NotEnoughLiquidity, every error of IndexToken.mintWithCallback, such as
    /// MintingStopped and SupplyCapExceeded.
    /// @param index the index
    /// @param token what would be paid, zero for ether
    /// @param shares {share}
    /// @return amountIn {tok}
    function quoteBuy(address index, address token, uint256 shares) external returns (uint256 amountIn);

    /// @notice What {sell} of `shares` would bring now, to the wei, if every constituent can be transferred. As
    /// {quoteBuy}. What has no path, or is more than its pool can pay for, counts nothing: it would be handed over.
    /// @dev Reverts: UnknownIndex, NoPath (of `token`), TooLittleGas, every error of IndexToken.previewRedeem.
    /// @param index the index
    /// @param token what would be paid out, zero for ether
    /// @param shares {share}
    /// @return amountOut {tok}
    function quoteSell(address index, address token, uint256 shares) external returns (uint256 amountOut);

    /// @notice The most shares that `amountIn` buys now, nearly, and what they cost: `amountIn` at most. No more than
    /// fit under the supply cap, nor than the pools have. As {quoteBuy}.
    /// @dev Regula falsi with the Illinois rule (halving the side that stays) on the cost curve; the error is far less
    /// than the price impact. Reverts as {quoteBuy}, with SupplyCapExceeded where not a wei fits under the cap.
    /// @param index the index
    /// @param token what would be paid, zero for ether
    /// @param amountIn {tok}
    /// @return shares {share}
    /// @return cost {tok}
    function quoteBuyExactInput(address index, address token, uint256 amountIn)
        external
        returns (uint256 shares, uint256 cost);

    /// @notice The most that can be minted of `index` now, before its supply cap refuses.
    /// @dev Reverts: UnknownIndex.
    /// @param index the index
    /// @return {share}
    function mostShares(address index) external view returns (uint256);

    // ---------------------------------------------------------------- the purchase hook

    /// @notice Sets the contract that is told about purchases. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, InvalidHook.
    /// @param hook an {IBuyHook}, zero for none
    function setBuyHook(address hook) external;

    /// @notice The contract that is told about purchases.
    /// @return an {IBuyHook}, zero for none
    function buyHook() external view returns (address);

    // ---------------------------------------------------------------- paths

    /// @notice Sets the pool that leads from `token` one hop closer to WETH. `fee` zero removes it. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, InvalidHop, NoPath.
    /// @param token where the hop begins
    /// @param next where it leads
    /// @param fee of the pool, hundredths of a bp
    function setHop(address token, address next, uint24 fee) external;

    /// @notice The hop from a token towards WETH.
    /// @param token the token
    /// @return next the next token, zero where there is none
    /// @return fee of the pool to it, hundredths of a bp, 0 where there is none
    function hop(address token) external view returns (address next, uint24 fee);
}
