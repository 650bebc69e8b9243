import {
  BaseError,
  ContractFunctionRevertedError,
  decodeErrorResult,
  type Hex,
  UserRejectedRequestError,
  WaitForTransactionReceiptTimeoutError,
} from "viem";

import { errorsAbi } from "../generated/abis";
import { DAY, LOCK_COOLDOWN } from "../generated/constants";
import { amount, date, short } from "../lib/format";

/** Something that went wrong, in words for the person it happened to. `next`: what they can do now. */
export interface Refusal {
  title: string;
  next: string;
  /** The error's own name and arguments, for those who look it up. */
  detail: string;
}

type Arguments = readonly unknown[];
type Words = (args: Arguments) => [string, string];

const big = (value: unknown) => BigInt(value as bigint);
const at = (value: unknown) => date(big(value));

// What people meet most, by the name of the contract's error.
const WORDS: Record<string, Words> = {
  IndexRouter_Expired: ([deadline]) => [
    `The offer ran out at ${at(deadline)}.`,
    "Ask for a fresh quote and sign it within its time.",
  ],
  IndexRouter_TooExpensive: () => [
    "Prices moved: it would cost more than you allowed.",
    "Refresh the quote, or allow more slippage.",
  ],
  IndexRouter_TooLittle: () => [
    "Prices moved: you would get less than the least you allowed.",
    "Refresh the quote, or allow more slippage.",
  ],
  IndexRouter_TooLittleGas: () => [
    "The gas limit is too low for this trade.",
    "Send it again with the limit that the site proposes.",
  ],
  IndexRouter_NotEnoughLiquidity: () => [
    "A pool has too little liquidity for this size.",
    "Try a smaller amount, or mint in kind.",
  ],
  IndexRouter_NoPath: () => ["There is no path for this token.", "Pay with USDC, USDT, DAI or ether."],
  IndexRouter_UnknownIndex: () => ["This is not an index of this protocol.", "Choose one from the list."],
  IndexRouter_NoStakedToken: () => ["This index cannot be staked yet.", "Buy without staking."],
  IndexToken_MintingStopped: ([paused]) => [
    paused ? "Minting is paused." : "This index is closed to new money.",
    "Redemption and selling still work.",
  ],
  IndexToken_SupplyCapExceeded: ([, cap]) => [
    `That is over the supply cap of ${amount(big(cap), 18)} shares.`,
    "Buy less, or wait until governance raises the cap.",
  ],
  IndexToken_Shortfall: () => ["A constituent is short, so the index refuses to mint.", "Redemption still works."],
  IndexToken_MaxAmountExceeded: () => ["Minting needs more of a constituent than you allowed.", "Refresh the amounts."],
  IndexToken_MinAmountNotMet: () => ["You would get less of a constituent than you asked for.", "Refresh the amounts."],
  IndexToken_BasketChanged: () => [
    "The basket changed since you looked.",
    "Refresh the page and check the new amounts.",
  ],
  IndexToken_Expired: ([deadline]) => [`The order ran out at ${at(deadline)}.`, "Ask again and sign within its time."],
  IndexToken_NoClaim: () => ["You have no claim on this token.", "Nothing to do."],
  IndexToken_ClaimUnbacked: () => [
    "Nothing of this token is there to pay the claim.",
    "The claim stays yours. Try again later.",
  ],
  IndexToken_ZeroShares: () => ["The amount is zero.", "Enter an amount."],
  StakedToken_ZeroAmount: () => [
    "The amount is zero, or worth less than the smallest share.",
    "Enter a larger amount.",
  ],
  StakedToken_ExceedsClaimable: ([, asked, there]) => [
    `You asked for ${amount(big(asked), 18)}, and ${amount(big(there), 18)} has matured.`,
    "Wait for the countdown, or claim less.",
  ],
  StakedToken_NothingCooling: () => ["Nothing is cooling down.", "What has matured can be claimed."],
  StakedToken_ExceedsMaximum: () => ["The vault cannot take that much.", "Stake less."],
  StakedToken_NotAuthorized: ([controller]) => [
    `Only ${short(String(controller))} or its operator may do this.`,
    "Connect the account that staked.",
  ],
  PointsLedger_AlreadyJoined: () => ["This account has joined already.", "Nothing to do: your points count."],
  PointsLedger_NotJoined: () => [
    "This account had not joined before the epoch ended.",
    "Join now; the running epoch counts.",
  ],
  PointsLedger_AlreadyRecorded: () => ["These points are recorded already.", "Nothing to do."],
  PointsLedger_OutsideWindow: ([, opens, closes]) => [
    `This is open from ${at(opens)} to ${at(closes)}.`,
    "Come back within that time.",
  ],
  PointsLedger_AlreadyClaimed: () => ["You have claimed this pot.", "Nothing to do."],
  PointsLedger_NothingToClaim: () => ["This pot owes this account nothing.", "Nothing to do."],
  LpLocker_PoolNotOpen: () => ["This pool is not on the list.", "Choose a position of a listed pool."],
  LpLocker_NotFullRange: () => [
    "Only positions over the full range can be locked.",
    "Make a full-range position in the same pool.",
  ],
  LpLocker_NotMatured: ([maturesAt]) =>
    big(maturesAt) === 0n
      ? ["Ask to unlock first.", `The cooldown takes ${LOCK_COOLDOWN / DAY} days.`]
      : [`It can be taken out from ${at(maturesAt)}.`, "Wait."],
  LpLocker_ExceedsLocked: ([, locked]) => [`${amount(big(locked), 18)} is locked.`, "Enter a smaller amount."],
  LpLocker_ZeroAmount: () => ["The amount is zero, or too small to weigh anything.", "Enter a larger amount."],
  LpLocker_NothingCooling: () => ["Nothing is cooling down.", "What has matured can be taken out."],
  Rebalancer_NotRunning: () => ["No rebalance of this index is running.", "Wait for the next one."],
  Rebalancer_PriceTooHigh: () => ["The price moved: it would cost more than you allowed.", "Refresh, and bid again."],
  Rebalancer_PriceMoved: () => [
    "One price moved too far since the start, so this pair cannot be bid.",
    "Choose another pair, or wait.",
  ],
  LpLocker_AlreadyRequested: ([, maturesAt]) => [
    `The cooldown runs until ${at(maturesAt)}.`,
    "Wait, or cancel the request.",
  ],
  ReferralRegistry_InvalidCode: () => ["A code has 3 to 16 of A–Z and 0–9.", "Choose another spelling."],
  ReferralRegistry_CodeTaken: () => ["This code belongs to another account.", "Choose another one."],
  ReferralRegistry_AlreadyRegistered: () => [
    "This account has a code. It keeps it for ever.",
    "Share the code that you have.",
  ],
  ReferralRegistry_UnknownCode: () => ["No account has registered this code.", "Check the spelling."],
  ReferralRegistry_SelfReferral: () => ["An account cannot refer itself.", "Use another account's code."],
  ReferralRegistry_AlreadyBound: () => ["This account is bound to a referrer already.", "A bond never changes."],
  ReferralRegistry_YoungerReferrer: () => [
    "Your own code is older than this one.",
    "Only an older code can refer you.",
  ],
  ERC20InsufficientBalance: ([, held, needed]) => [
    `The account holds ${amount(big(held), 18)}, and ${amount(big(needed), 18)} is needed.`,
    "Enter a smaller amount.",
  ],
  ERC20InsufficientAllowance: () => ["The approval is too small.", "Approve the amount, then try again."],
  AccessManagedUnauthorized: () => ["Only governance may do this.", "Nothing to do."],
  PriceOracle_Stale: () => ["A price feed is late.", "Try again when it has updated."],
};

// Reasons of other people's contracts.
const REASONS: [RegExp, string, string][] = [
  [/transfer amount exceeds balance/i, "The account does not hold that much.", "Enter a smaller amount."],
  [/insufficient allowance|exceeds allowance/i, "The approval is too small.", "Approve the amount, then try again."],
  [/blacklist/i, "The token has blocked this account.", "Use another token or account."],
  [/\bSTF\b/, "The payment could not be taken from the account.", "Check balance and approval."],
  [/insufficient funds/i, "There is too little ether for the payment and its gas.", "Leave some ether for gas."],
];

function named(name: string, args: Arguments): Refusal {
  const [title, next] = WORDS[name]?.(args) ?? [`The contract refused: ${name}.`, "Check the amounts and try again."];
  const list = args.map((value) =>
    typeof value === "object"
      ? JSON.stringify(value, (_, v) => (typeof v === "bigint" ? String(v) : v))
      : String(value),
  );
  return { title, next, detail: `${name}(${list.join(", ")})` };
}

/** Plain words for an error of simulating, signing or sending. */
export function explain(error: unknown): Refusal {
  if (error instanceof WaitForTransactionReceiptTimeoutError) {
    return {
      title: "The transaction has not been mined for ten minutes.",
      next: "It may still be, or it was dropped: look into your wallet, and speed it up or cancel it there.",
      detail: error.shortMessage,
    };
  }
  if (error instanceof BaseError) {
    const rejected = error.walk(
      (inner) => inner instanceof UserRejectedRequestError || (inner as { code?: number }).code === 4001,
    );
    if (rejected)
      return {
        title: "You rejected the request in the wallet.",
        next: "Nothing was sent. Try again whenever you like.",
        detail: "4001",
      };

    const reverted = error.walk((inner) => inner instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError) {
      if (reverted.data?.errorName && reverted.data.errorName !== "Error")
        return named(reverted.data.errorName, reverted.data.args ?? []);
      const raw = reverted.raw ?? (reverted.signature as Hex | undefined);
      if (raw) {
        try {
          const { errorName, args } = decodeErrorResult({ abi: errorsAbi, data: raw });
          return named(errorName, args as Arguments);
        } catch {
          // An error of a contract that is not ours.
        }
      }
      const reason = reverted.reason ?? reverted.shortMessage;
      return spoken(reason);
    }
    return spoken(error.details || error.shortMessage);
  }
  if ((error as { code?: number })?.code === 4001) {
    return {
      title: "You rejected the request in the wallet.",
      next: "Nothing was sent. Try again whenever you like.",
      detail: "4001",
    };
  }
  return spoken(error instanceof Error ? error.message : String(error));
}

function spoken(reason: string): Refusal {
  for (const [pattern, title, next] of REASONS) if (pattern.test(reason)) return { title, next, detail: reason };
  if (/fetch|network|timed? ?out|HTTP request failed|ECONN/i.test(reason)) {
    return {
      title: "The network endpoint does not answer.",
      next: "Check the connection, or set another RPC address in the settings.",
      detail: reason,
    };
  }
  return { title: "This cannot be done now.", next: "Check the amounts and try again.", detail: reason };
}
