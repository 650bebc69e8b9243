"""The tables of docs/gas.md, from snapshots/gas.json: `make gas` writes both, and a test keeps them equal."""

from __future__ import annotations

from collections.abc import Mapping

from ssi.build import ROOT

PAGE = ROOT / "docs" / "gas.md"

# What a row says, and the figures that it shows.
ROWS: dict[str, tuple[str, ...]] = {
    "mint in kind, repeat": ("mint_repeat",),
    "mint in kind, a holder's first": ("mint_first",),
    "mint in kind, the first touch in a new epoch": ("mint_new_epoch",),
    "redeem a part": ("redeem_part",),
    "redeem to an account with none of them": ("redeem_to_new",),
    "transfer, existing / new holder": ("transfer_existing", "transfer_new"),
    "transfer, the first touch of both in a new epoch": ("transfer_new_epoch",),
    "fee accrual with payout": ("fee_accrual_with_payout",),
    "mint, 32 constituents": ("mint_repeat_32",),
    "redeem, 32 constituents": ("redeem_part_32",),
    "buy MAG7.ssi for 1,000 USDC, repeat / new holder": ("buy_exact_input_repeat", "buy_exact_input_new_user"),
    "buy MAG7.ssi for 1,000 USDC, the first purchase ever": ("buy_exact_input_first_ever",),
    "buy MAG7.ssi for 1,000 USDC, a target two percent too high": ("buy_exact_input_scaled",),
    "buy MEME.ssi / DEFI.ssi / USSI for 1,000 USDC": (
        "buy_exact_input_meme",
        "buy_exact_input_defi",
        "buy_exact_input_ussi",
    ),
    "buy ten MAG7.ssi with USDC / with ether": ("buy_usdc_7", "buy_eth_7"),
    "sell ten MAG7.ssi for USDC": ("sell_usdc_7",),
    "buy / sell, 32 constituents": ("buy_usdc_32", "sell_usdc_32"),
    "stake, first / repeat": ("stake_first", "stake_repeat"),
    "staked transfer": ("staked_transfer",),
    "start the cooldown, first / on top": ("cooldown_start_first", "cooldown_start_again"),
    "claim after the cooldown": ("claim_after_cooldown",),
    "whole exit": ("whole_exit",),
    "daily distribution": ("distribute_daily",),
    "price of a Chainlink feed, plain / with the round before it": ("price_feed", "price_feed_guarded"),
    "price of a vault's share, rate and feed": ("price_rate",),
    "weights of MAG7.ssi, out of seven prices and supplies": ("weights_mag7",),
    "start a rebalance until biddable, repeat": ("start_rebalance_repeat",),
    "bid, first and later": ("bid_first", "bid_later"),
    "bid at a discount, its loss written down": ("bid_discount",),
    "bid with a callback": ("bid_callback",),
    "fill over one Uniswap v3 pool, deployed system": ("filler_bid",),
    "start of MAG7.ssi as it is deployed": ("start_rebalance_mag7",),
    "record an account: 4 indexes held and staked, a pool, SOSO, a referrer; prices settled": ("record_account",),
    "record an account that holds and stakes one of 4 indexes, in a batch of 64 / touched since": (
        "record_batch",
        "record_batch_touched",
    ),
    "claim from a pot": ("points_claim",),
    "record oneself and claim from a pot": ("record_and_claim",),
    "stake SOSO, repeat": ("soso_stake",),
    "lock a v3 position / v2 LP tokens": ("lp_lock", "lp_lock_v2"),
    "request and take back a v3 position": ("lp_request", "lp_unlock"),
    "register a code / be bound by one": ("referral_register", "referral_bind"),
}


def refreshed(page: str, figures: Mapping[str, int], bars: Mapping[str, int]) -> str:
    """The page with every figure and bar as they are now. Raises KeyError when the snapshot lacks one."""
    return "\n".join(_row(line, figures, bars) for line in page.split("\n"))


def _row(line: str, figures: Mapping[str, int], bars: Mapping[str, int]) -> str:
    cells = line.split(" | ")
    keys = ROWS.get(cells[0].removeprefix("| "))
    if keys is None:
        return line
    cells[1] = _joined([f"{figures[key]:,}" for key in keys])
    end = " |" if cells[2].endswith(" |") else ""
    cells[2] = _joined([f"{bars[key]:,}" if key in bars else "–" for key in keys]) + end
    return " | ".join(cells)


def _joined(parts: list[str]) -> str:
    return parts[0] if len(set(parts)) == 1 else " / ".join(parts)
