"use strict";
// Draws the charts of a report. Figures stand in the page; colours are those of its style, light or dark.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const hues = ["#e8743b", "#19a979", "#945ecf", "#13a4b4", "#bf399e", "#d0a215", "#5899da", "#7a8b99", "#b5533c", "#5b7f1f"];
  const hue = (series) => hues[(series.hue || 0) % hues.length];
  const drawn = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const said = (unit, digits) => (_, value) => (value == null ? "–" : unit === "$" ? "$" + value.toFixed(digits) : value.toFixed(digits) + " " + unit);

  // Such as "1 Jan", with the year where it begins.
  const day = (stamp) => {
    const at = new Date(stamp * 1000), first = at.getUTCMonth() === 0 && at.getUTCDate() === 1;
    const format = { day: "numeric", month: "short", timeZone: "UTC", ...(first ? { year: "numeric" } : {}) };
    return at.toLocaleDateString("en-GB", format);
  };

  function line(series, unit, digits) {
    const main = series.kind === "main";
    const stroke = main ? colour("--accent") : series.kind === "dash" ? colour("--soft") : hue(series);
    return {
      label: series.label, stroke, value: said(unit, digits), points: { show: false }, spanGaps: true,
      width: main ? 2.5 : series.kind === "thin" ? 1 : 2,
      dash: series.kind === "dash" ? [6, 4] : undefined,
      alpha: series.kind === "thin" ? 0.75 : 1,
      ...(series.kind === "bars" ? { stroke: colour("--accent"), fill: colour("--accent") + "66", width: 1, paths: uPlot.paths.bars({ size: [0.7, 40] }) } : {}),
    };
  }

  // Areas on top of one another: what is drawn is the sum, what the legend says is the part.
  function stacked(all, unit, digits) {
    const sums = [], series = [], bands = [];
    all.forEach((one, place) => {
      const below = place ? sums[place - 1] : null;
      sums.push(one.values.map((value, n) => (value == null ? null : value + (below ? below[n] || 0 : 0))));
      series.push({
        label: one.label, stroke: hue(one), width: 1, points: { show: false }, fill: hue(one) + "55",
        value: (_, __, ___, n) => (n == null ? "–" : said(unit, digits)(_, one.values[n])),
      });
      if (place) bands.push({ series: [place + 1, place], fill: hue(one) + "55" });
    });
    return { sums, series, bands };
  }

  function draw(id, all, unit, digits, stack, height) {
    const place = document.getElementById(id);
    if (!place || !all.length) return;
    const axis = {
      stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 },
      font: "12px system-ui, sans-serif",
    };
    const stacks = stack ? stacked(all, unit, digits) : null;
    const options = {
      width: place.clientWidth, height: place.clientWidth < 560 ? Math.min(height, 240) : height,
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false } },
      scales: { x: { time: true }, y: stack ? { range: [0, 100] } : {} },
      axes: [
        { ...axis, space: 70, values: (_, stamps) => stamps.map(day) },
        { ...axis, size: 70, values: (_, ticks) => ticks.map((tick) => (unit === "$" ? "$" + tick : tick + " " + unit)) },
      ],
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), "Etc/UTC"),
      series: [
        { label: "Day", value: (_, stamp) => (stamp == null ? "–" : new Date(stamp * 1000).toISOString().slice(0, 10)) },
        ...(stack ? stacks.series : all.map((one) => line(one, unit, digits))),
      ],
      bands: stack ? stacks.bands : [],
      legend: { live: true },
    };
    place.textContent = "";
    const chart = new uPlot(options, [figures.times, ...(stack ? stacks.sums : all.map((one) => one.values))], place);
    const touch = (event) => {
      const box = chart.over.getBoundingClientRect();
      chart.setCursor({ left: event.touches[0].clientX - box.left, top: event.touches[0].clientY - box.top });
    };
    chart.over.addEventListener("touchstart", touch, { passive: true });
    chart.over.addEventListener("touchmove", touch, { passive: true });
    // The last day, until a hand says which.
    requestAnimationFrame(() => chart.setLegend({ idx: figures.times.length - 1 }));
    drawn.push(chart);
  }

  function all() {
    drawn.splice(0).forEach((chart) => chart.destroy());
    draw("performance", figures.performance, "%", 2, false, 340);
    draw("difference", figures.difference, "bp", 1, false, 220);
    draw("weights", figures.weights, "%", 2, true, 300);
    draw("fees", figures.fees, "$", 2, false, 200);
    draw("staked", figures.staked, "%", 2, false, 200);
  }

  let waiting;
  const again = () => { clearTimeout(waiting); waiting = setTimeout(all, 120); };
  addEventListener("resize", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  all();
})();
