import { Link } from "react-router";

import { useIndexes } from "../data/indexes";
import { amount, percent, usd, usdShort } from "../lib/format";
import { explain } from "../write/errors";
import { Bar } from "../ui/Chart";
import { Card, Note, Page, Skeleton, Stat, Stats } from "../ui/kit";

const LEAD =
  "One token is a whole portfolio. Each index holds its basket on chain; every holder can redeem it in kind at any " +
  "second, and no role can stop that.";

/** All indexes at a glance. */
export function Indexes() {
  const { data, error, isPending } = useIndexes();
  const refusal = error ? explain(error) : null;
  const total = data?.reduce((sum, index) => sum + index.nav, 0n) ?? 0n;
  return (
    <Page title="Indexes" lead={LEAD}>
      {refusal && !data && (
        <Note kind="bad" title={refusal.title}>
          {refusal.next}
        </Note>
      )}
      {isPending && !refusal && (
        <div className="grid gap-4 lg:grid-cols-2">
          {[0, 1, 2, 3].map((i) => (
            <Card key={i}>
              <Skeleton lines={5} />
            </Card>
          ))}
        </div>
      )}
      {data && (
        <>
          <p className="text-sm text-muted">
            {data.length} indexes hold {usdShort(total)} together.
          </p>
          <div className="grid gap-4 lg:grid-cols-2">
            {data.map((index) => (
              <Card key={index.index}>
                <div className="mb-3 flex items-baseline justify-between gap-2">
                  <h2 className="text-lg font-semibold">
                    <Link
                      to={`/index/${index.symbol}`}
                      className="underline decoration-line underline-offset-4 hover:decoration-ink"
                    >
                      {index.symbol}
                    </Link>
                    <span className="ml-2 text-sm font-normal text-muted">{index.name}</span>
                  </h2>
                  <span className="text-lg font-semibold">{index.priced ? usd(index.sharePrice) : "no price"}</span>
                </div>
                <Stats>
                  <Stat label="Held" value={usdShort(index.nav)} />
                  <Stat label="Supply" value={amount(index.totalSupply, 18)} />
                  <Stat label="Staking APR" value={percent(index.staking.currentApr)} />
                  <Stat label="Fee a year" value={percent(index.terms.dailyFee * 365n)} />
                </Stats>
                <div className="mt-4">
                  <Bar
                    label={`Weights of ${index.symbol}`}
                    parts={index.constituents.map((c) => ({
                      name: c.symbol,
                      share: Number(c.weight) / 1e18,
                      text: percent(c.weight, 1),
                    }))}
                  />
                </div>
                <div className="mt-4 flex gap-4 text-sm">
                  <Link className="text-accent underline underline-offset-4" to={`/trade/${index.symbol}`}>
                    Buy or sell {index.symbol}
                  </Link>
                  <Link className="text-accent underline underline-offset-4" to={`/stake/${index.symbol}`}>
                    Stake {index.symbol}
                  </Link>
                </div>
              </Card>
            ))}
          </div>
        </>
      )}
    </Page>
  );
}
