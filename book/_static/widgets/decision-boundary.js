// The plane as small networks divide it, by drop rate. The page computes everything and embeds it as JSON.

import { element, slider, chart, mount } from "./kit.js";

const AREAS = ["training", "training", "test", "test"]; // surely the first class, the first, the second, surely the second
const percent = (share) => (100 * share).toFixed(1);

mount("decision-boundary", (widget) => {
  const data = JSON.parse(document.getElementById("decision-boundary-data").textContent);
  const rate = slider(widget, { label: "drop rate p", min: 0, max: 0.9, step: 0.1, value: 0, digits: 1 }, draw);

  const plane = element(widget.picture, "svg", { viewBox: `0 0 ${data.size.join(" ")}`, class: "chart", style: "flex: 1 1 17rem" });
  const path = (look) => element(plane, "path", { fill: "none", ...look });
  const areas = AREAS.map((color) => path({ "fill-opacity": 0.14, "fill-rule": "evenodd", style: `fill: var(--course-${color})` }));
  const others = path({ "stroke-width": 1, style: "stroke: var(--course-muted)" });
  path({ d: data.best, "stroke-width": 1.6, "stroke-dasharray": "6 4", style: "stroke: currentColor" });
  const boundary = path({ "stroke-width": 3, style: "stroke: var(--course-keras)" });
  data.points.forEach(([x, y, label]) => {
    if (label) element(plane, "rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7, style: "fill: var(--course-test)" });
    else element(plane, "circle", { cx: x, cy: y, r: 4, style: "fill: var(--course-training)" });
  });

  const shares = chart(widget.picture, { x: [0, 1], y: [0.6, 1], xLabel: "drop rate p", yLabel: "share of points right" });
  shares.svg.style.flex = "1 1 17rem"; // so that the two stand side by side
  const dots = ["training", "fresh"].map((key) => {
    const color = key === "fresh" ? "test" : "training";
    shares.line(data.rates.map((row) => [row.rate, Math.max(row[key][0], 0.6)]), color);
    return { key, color, dot: shares.dot() };
  });

  function draw() {
    const row = data.rates[Math.round(10 * rate.value())];
    areas.forEach((area, i) => area.setAttribute("d", row.areas[i]));
    others.setAttribute("d", row.others);
    boundary.setAttribute("d", row.boundary);
    dots.forEach(({ key, color, dot }) => dot.move(row.rate, Math.max(row[key][0], 0.6), color));
    widget.announce(
      `Rate ${row.rate}: ${percent(row.training[0])} % of the training points (blue) and ${percent(row.fresh[0])} ± ` +
        `${percent(row.fresh[1])} % of fresh points (orange) are right; loss on fresh points ${row.loss[0].toFixed(2)} ± ${row.loss[1].toFixed(2)}.`,
    );
  }
  draw();
});
