import { lazy, Suspense, useEffect } from "react";
import { NavLink, Route, Routes, useLocation } from "react-router";

import { useConfig } from "./chain/context";
import { useIndexer } from "./data/indexer";
import { useChainAnswers } from "./data/logs";
import { join, Note, Skeleton } from "./ui/kit";
import { Progress } from "./ui/Progress";
import { Settings } from "./ui/Settings";
import { Wallet } from "./ui/Wallet";
import { Indexes } from "./pages/Indexes";
import { useAction } from "./write/useAction";

const Index = lazy(() => import("./pages/Index"));
const Trade = lazy(() => import("./pages/Trade"));
const Stake = lazy(() => import("./pages/Stake"));
const Points = lazy(() => import("./pages/Points"));
const Referral = lazy(() => import("./pages/Referral"));
const Portfolio = lazy(() => import("./pages/Portfolio"));
const Governance = lazy(() => import("./pages/Governance"));

const PAGES: [string, string][] = [
  ["/", "Indexes"],
  ["/trade", "Buy & sell"],
  ["/stake", "Stake to earn"],
  ["/points", "Points"],
  ["/referral", "Referral"],
  ["/portfolio", "Portfolio"],
  ["/governance", "Governance"],
];

export function App() {
  const config = useConfig();
  const { pathname } = useLocation();
  // On a phone the bar of pages is wider than the screen: the one that is open is brought into sight.
  useEffect(() => {
    document.querySelector("nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [pathname]);
  return (
    <div className="flex min-h-screen flex-col">
      <a
        href="#content"
        className="sr-only focus:not-sr-only"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-10 border-b border-line bg-paper">
        <div className="mx-auto flex max-w-6xl items-center justify-between gap-3 px-4 py-2.5">
          <NavLink to="/" className="text-lg font-semibold tracking-tight" aria-label="SSI, home">
            SSI
          </NavLink>
          <div className="flex items-center gap-1">
            <Settings />
            <Wallet />
          </div>
        </div>
        <nav aria-label="Pages" className="mx-auto max-w-6xl overflow-x-auto px-2">
          <ul className="flex gap-1 whitespace-nowrap">
            {PAGES.map(([to, name]) => (
              <li key={to}>
                <NavLink
                  to={to}
                  end={to === "/"}
                  className={({ isActive }) =>
                    join(
                      "block border-b-2 px-2 py-2 text-sm",
                      isActive ? "border-accent font-medium" : "border-transparent text-muted hover:text-ink",
                    )
                  }
                >
                  {name}
                </NavLink>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      {config.fork && (
        <p className="border-b border-line bg-warn-soft px-4 py-1 text-center text-xs text-warn">
          A local fork: nothing here is real money.
        </p>
      )}
      <Unanswered />
      <Unindexed />
      <main id="content" tabIndex={-1} className="mx-auto w-full max-w-6xl flex-1 px-4 py-6 outline-none">
        <Resumed />
        <Suspense fallback={<Skeleton lines={6} />}>
          <Routes>
            <Route path="/" element={<Indexes />} />
            <Route path="/index/:symbol" element={<Index />} />
            <Route path="/trade" element={<Trade />} />
            <Route path="/trade/:symbol" element={<Trade />} />
            <Route path="/stake" element={<Stake />} />
            <Route path="/stake/:symbol" element={<Stake />} />
            <Route path="/points" element={<Points />} />
            <Route path="/referral" element={<Referral />} />
            <Route path="/portfolio" element={<Portfolio />} />
            <Route path="/governance" element={<Governance />} />
            <Route path="*" element={<h1 className="text-xl font-semibold">There is no such page.</h1>} />
          </Routes>
        </Suspense>
      </main>
      <footer className="border-t border-line py-4 text-xs text-muted">
        <div className="mx-auto flex max-w-6xl flex-wrap justify-between gap-2 px-4">
          <Source />
          <a className="underline" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
            Charts: TradingView Lightweight Charts
          </a>
        </div>
      </footer>
    </div>
  );
}

/** Says so where the endpoint is silent, because what stands on the page then may be old. */
function Unanswered() {
  const answers = useChainAnswers();
  if (answers) return null;
  return (
    <div className="mx-auto w-full max-w-6xl px-4 pt-4">
      <Note kind="bad" title="The network endpoint does not answer.">
        What you see may be old. Check the connection, or set another RPC address in the settings. The page goes on by
        itself once it answers.
      </Note>
    </div>
  );
}

/** Says so where there is an indexer and it is not asked. */
function Unindexed() {
  const { url, why } = useIndexer();
  if (!url || !why) return null;
  return (
    <div className="mx-auto w-full max-w-6xl px-4 pt-4">
      <Note kind="warn" title="The indexer is not used.">
        {new URL(url).host}: {why}. These pages read what was from the chain instead, which takes longer. Another
        indexer, or none, can be chosen in the settings.
      </Note>
    </div>
  );
}

/** Where what stands on the pages comes from. */
function Source() {
  const { url, block, why } = useIndexer();
  if (!url || block === null || why)
    return (
      <span>Everything on these pages is read from the chain by your browser. There is no server behind them.</span>
    );
  return (
    <span>
      What is, your browser reads from the chain; what was, from the indexer at {new URL(url).host}, which stands at
      block {String(block)}.
    </span>
  );
}

/** What was sent before the page was reloaded, until it has ended. */
function Resumed() {
  const action = useAction(true);
  if (action.step.at === "idle") return null;
  return (
    <div className="mb-4">
      <Progress action={action} />
    </div>
  );
}
