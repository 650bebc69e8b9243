import type { Overview } from "../data/indexes";
import { useDepth } from "../data/quote";
import { WAD } from "../generated/constants";
import { bp, usdShort } from "../lib/format";
import { Card, Skeleton, Table } from "./kit";

const SIZES = [1_000n, 10_000n, 100_000n].map((dollars) => dollars * WAD);

/** Liquidity as a trader meets it: what sizes cost against NAV, through the very pools that a purchase uses. */
export function Depth({ index }: { index: Overview }) {
  const { data, isPending } = useDepth(index.index, index.sharePrice, SIZES);
  const said = (value: bigint | undefined) => (value === undefined ? "more than the pools carry" : bp(value));
  return (
    <Card title="Liquidity" aside="over Uniswap with USDC, fees included">
      {isPending && index.priced ? (
        <Skeleton lines={3} />
      ) : (
        <Table
          caption={`What trades of ${index.symbol} cost against NAV`}
          head={["Size", "Buying costs over NAV", "Selling loses under NAV"]}
          empty="There is no price to compare with now."
          rows={(data ?? []).map((row) => [usdShort(row.dollars), said(row.buy), said(row.sell)])}
        />
      )}
      <p className="mt-2 text-xs text-muted">Minting and redeeming in kind needs no pool and has no such cost.</p>
    </Card>
  );
}
