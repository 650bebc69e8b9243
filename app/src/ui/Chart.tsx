import { ColorType, createChart, LineSeries, type UTCTimestamp } from "lightweight-charts";
import { useEffect, useRef } from "react";

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A line over time. The same figures stand in words beside it, because a canvas says nothing to a screen reader. */
export function LineChart({
  label,
  points,
  format,
}: {
  label: string;
  points: { time: number; value: number }[];
  format: (value: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current || points.length === 0) return;
    const chart = createChart(box.current, {
      autoSize: true,
      layout: {
        background: { type: ColorType.Solid, color: "transparent" },
        textColor: colour("--muted"),
        attributionLogo: false,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: colour("--line") } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: false },
      localization: { priceFormatter: format },
      handleScroll: false,
      handleScale: false,
    });
    const series = chart.addSeries(LineSeries, { color: colour("--accent"), lineWidth: 2, priceLineVisible: false });
    series.setData(points.map((point) => ({ time: point.time as UTCTimestamp, value: point.value })));
    chart.timeScale().fitContent();
    return () => chart.remove();
  }, [points, format]);
  return <div ref={box} role="img" aria-label={label} className="h-56 w-full" />;
}

/** Shares of a whole as one bar, with the names beneath. */
export function Bar({ label, parts }: { label: string; parts: { name: string; share: number; text: string }[] }) {
  return (
    <div>
      <div role="img" aria-label={label} className="flex h-3 w-full overflow-hidden rounded-full bg-sunken">
        {parts.map((part, i) => (
          <div key={part.name} className={`bar-${i % 8} h-full`} style={{ width: `${part.share * 100}%` }} />
        ))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {parts.map((part, i) => (
          <li key={part.name} className="flex items-center gap-1.5">
            <span aria-hidden className={`bar-${i % 8} inline-block size-2 rounded-full`} />
            {part.name} {part.text}
          </li>
        ))}
      </ul>
    </div>
  );
}
