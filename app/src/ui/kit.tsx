import { Tabs as Base } from "radix-ui";
import {
  type ButtonHTMLAttributes,
  cloneElement,
  type ReactElement,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import type { Address } from "viem";

import { useConfig } from "../chain/context";
import { nameOf } from "../chain/config";
import { duration, short } from "../lib/format";
import { useNow } from "../data/logs";

export const join = (...parts: (string | false | undefined)[]) => parts.filter(Boolean).join(" ");

export function Button({
  kind = "primary",
  busy = false,
  className,
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: "primary" | "plain" | "quiet"; busy?: boolean }) {
  const look = {
    primary: "bg-accent text-accent-ink hover:opacity-90 border border-transparent",
    plain: "border border-line bg-card hover:bg-sunken",
    quiet: "border border-transparent hover:bg-sunken",
  }[kind];
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy}
      disabled={busy || rest.disabled}
      className={join(
        "min-h-10 rounded-md px-4 py-2 text-sm font-medium transition disabled:cursor-not-allowed disabled:opacity-50",
        look,
        className,
      )}
    >
      {children}
    </button>
  );
}

export function Card({
  title,
  aside,
  children,
  className,
}: {
  title?: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={join("rounded-lg border border-line bg-card p-4 sm:p-5", className)}
    >
      {title && (
        <header className="mb-3 flex flex-wrap items-baseline justify-between gap-2">
          <h2 id={id} className="text-base font-semibold">
            {title}
          </h2>
          {aside && <div className="text-sm text-muted">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export function Stat({ label, value, hint }: { label: string; value: ReactNode; hint?: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="text-lg font-semibold">{value}</dd>
      {hint && <dd className="text-xs text-muted">{hint}</dd>}
    </div>
  );
}

export function Stats({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-4">{children}</dl>;
}

export function Rows({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="divide-y divide-line text-sm">
      {rows.map(([label, value]) => (
        <div key={label} className="flex justify-between gap-4 py-1.5">
          <dt className="text-muted">{label}</dt>
          <dd className="text-right">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A table that scrolls sideways by itself on a phone, reachable by keyboard. */
export function Table({
  caption,
  head,
  rows,
  empty,
}: {
  caption: string;
  head: string[];
  rows: ReactNode[][];
  empty?: string;
}) {
  if (rows.length === 0 && empty) return <p className="text-sm text-muted">{empty}</p>;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="overflow-x-auto" role="region" aria-label={caption} tabIndex={0}>
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line text-left text-xs text-muted">
            {head.map((name, i) => (
              <th
                key={name}
                scope="col"
                className={join("py-1.5 pr-3 font-medium whitespace-nowrap", i > 0 && "text-right")}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, r) => (
            // Rows have no identity of their own and never move within a table.
            <tr key={r} className="border-b border-line last:border-0">
              {row.map((cell, i) => (
                <td key={i} className={join("py-1.5 pr-3 align-top", i > 0 && "text-right whitespace-nowrap")}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Field({
  label,
  value,
  onChange,
  suffix,
  error,
  hint,
  onMax,
  inputMode = "decimal",
  placeholder = "0",
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  suffix?: ReactNode;
  error?: string;
  hint?: ReactNode;
  onMax?: () => void;
  inputMode?: "decimal" | "text";
  placeholder?: string;
}) {
  const id = useId();
  return (
    <div>
      <div className="mb-1 flex justify-between text-sm">
        <label htmlFor={id}>{label}</label>
        {onMax && (
          <button type="button" className="text-accent underline underline-offset-2" onClick={onMax}>
            Max<span className="sr-only"> for {label}</span>
          </button>
        )}
      </div>
      <div
        className={join(
          "flex items-center gap-2 rounded-md border bg-paper px-3 has-[input:focus-visible]:outline-2",
          "has-[input:focus-visible]:outline-offset-2 has-[input:focus-visible]:outline-accent",
          error ? "border-bad" : "border-line",
        )}
      >
        <input
          id={id}
          inputMode={inputMode}
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          aria-invalid={!!error}
          aria-describedby={`${id}-note`}
          className="min-h-11 w-full min-w-0 bg-transparent text-lg outline-none! placeholder:text-muted"
        />
        {suffix}
      </div>
      <p id={`${id}-note`} className={join("mt-1 min-h-5 text-xs", error ? "text-bad" : "text-muted")}>
        {error || hint}
      </p>
    </div>
  );
}

export function Select({
  label,
  value,
  onChange,
  options,
  hidden,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: [string, string][];
  hidden?: boolean;
}) {
  const id = useId();
  return (
    <div className={hidden ? "shrink-0" : ""}>
      <label htmlFor={id} className={hidden ? "sr-only" : "mb-1 block text-sm"}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-10 rounded-md border border-line bg-card px-2 text-sm"
      >
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Note({
  kind = "plain",
  title,
  children,
}: {
  kind?: "plain" | "bad" | "warn" | "good";
  title?: string;
  children?: ReactNode;
}) {
  const look = {
    plain: "border-line bg-sunken",
    bad: "border-bad bg-bad-soft",
    warn: "border-warn bg-warn-soft",
    good: "border-good bg-accent-soft",
  }[kind];
  return (
    <div role={kind === "bad" ? "alert" : "status"} className={join("rounded-md border px-3 py-2 text-sm", look)}>
      {title && <p className="font-medium">{title}</p>}
      {children}
    </div>
  );
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div aria-busy="true" aria-label="Loading" role="status" className="space-y-2">
      {[...Array(lines).keys()].map((i) => (
        <div key={i} className="h-4 animate-pulse rounded bg-sunken" />
      ))}
    </div>
  );
}

/**
 * An address with its name where there is one, linked to the explorer where there is one; with `holder`, to what that
 * account has of the token.
 */
export function At({ address, name, holder }: { address: Address; name?: string; holder?: Address }) {
  const config = useConfig();
  const text = name ?? nameOf(config, address) ?? short(address);
  if (!config.explorer) return <span title={address}>{text}</span>;
  return (
    <a
      className="underline decoration-line underline-offset-2 hover:decoration-ink"
      href={holder ? `${config.explorer}/token/${address}?a=${holder}` : `${config.explorer}/address/${address}`}
      target="_blank"
      rel="noreferrer"
    >
      {text}
    </a>
  );
}

export function Tx({ hash, children }: { hash: string; children?: ReactNode }) {
  const config = useConfig();
  const text = children ?? short(hash);
  if (!config.explorer) return <span title={hash}>{text}</span>;
  return (
    <a
      className="underline decoration-line underline-offset-2 hover:decoration-ink"
      href={`${config.explorer}/tx/${hash}`}
      target="_blank"
      rel="noreferrer"
    >
      {text}
    </a>
  );
}

/** Counts down by the chain's clock. */
export function Countdown({ until }: { until: number }) {
  const now = useNow();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <span className="whitespace-nowrap">{until > now ? duration(until - now) : "now"}</span>;
}

/** The browser's own modal dialog: it keeps the focus, closes with Escape, and needs no styles of a library. */
export function Dialog({
  title,
  trigger,
  children,
  open,
  onOpenChange,
}: {
  title: string;
  trigger?: ReactElement<{ onClick?: () => void; "aria-haspopup"?: "dialog" }>;
  children: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [own, setOwn] = useState(false);
  const shown = open ?? own;
  const set = (next: boolean) => {
    setOwn(next);
    onOpenChange?.(next);
  };
  useEffect(() => {
    if (shown && !box.current?.open) box.current?.showModal();
    if (!shown && box.current?.open) box.current.close();
  }, [shown]);
  return (
    <>
      {trigger && cloneElement(trigger, { onClick: () => set(true), "aria-haspopup": "dialog" })}
      <dialog
        ref={box}
        aria-labelledby={id}
        onClose={() => set(false)}
        onClick={(event) => {
          if (event.target === box.current) set(false);
        }}
        className={join(
          "m-auto max-h-[90vh] w-[min(28rem,calc(100vw-2rem))] overflow-y-auto rounded-lg border border-line",
          "bg-card p-0 text-ink backdrop:bg-black/50",
        )}
      >
        {shown && (
          <div className="p-5">
            <div className="mb-3 flex items-start justify-between gap-3">
              <h2 id={id} className="text-base font-semibold">
                {title}
              </h2>
              <button
                type="button"
                className="-mt-1 rounded px-2 py-1 text-muted hover:bg-sunken"
                aria-label="Close"
                onClick={() => set(false)}
              >
                ✕
              </button>
            </div>
            {children}
          </div>
        )}
      </dialog>
    </>
  );
}

/** One of a few views of the same thing. */
export function Tabs({
  label,
  value,
  onChange,
  tabs,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  tabs: [string, string, ReactNode][];
}) {
  return (
    <Base.Root value={value} onValueChange={onChange} className="space-y-4">
      <Base.List aria-label={label} className="inline-flex rounded-md border border-line bg-card p-0.5">
        {tabs.map(([key, name]) => (
          <Base.Trigger
            key={key}
            value={key}
            className={join(
              "min-h-9 rounded px-4 text-sm hover:bg-sunken",
              "data-[state=active]:bg-accent data-[state=active]:text-accent-ink",
            )}
          >
            {name}
          </Base.Trigger>
        ))}
      </Base.List>
      {tabs.map(([key, , content]) => (
        <Base.Content key={key} value={key} className="outline-none">
          {content}
        </Base.Content>
      ))}
    </Base.Root>
  );
}

/** How much of something is done, in words as well. */
export function Meter({ label, share, text }: { label: string; share: number; text: string }) {
  const whole = Math.min(1, Math.max(0, share));
  return (
    <div>
      <div className="mb-1 flex justify-between gap-3 text-xs text-muted">
        <span>{label}</span>
        <span>{text}</span>
      </div>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(whole * 100)}
        aria-valuetext={text}
        className="h-2 overflow-hidden rounded-full bg-sunken"
      >
        <div className="bar-0 h-full" style={{ width: `${whole * 100}%` }} />
      </div>
    </div>
  );
}

export function Page({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · SSI`;
  }, [title]);
  return (
    <>
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      {lead && <p className="mt-1 max-w-2xl text-muted">{lead}</p>}
      <div className="mt-5 space-y-4">{children}</div>
    </>
  );
}
