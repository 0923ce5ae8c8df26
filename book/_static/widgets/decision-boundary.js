"use strict";
// The plane as small networks divide it, by drop rate. The page computes everything and embeds it as JSON.
{
  const { chart, element, mount } = kit;
  const AREAS = ["training", "training", "test", "test"]; // surely the first class, the first, the second, surely the second
  const { size, points, best, rates } = JSON.parse(document.getElementById("decision-boundary-data").textContent);
  const LAST = rates.length - 1;
  const percent = ([mean, error]) => `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)} %`;
  const highest = rates.reduce((top, row, i) => (row.fresh[0] > rates[top].fresh[0] ? i : top), 0);

  mount("decision-boundary", {
    question: {
      text: "These networks have 100 points to learn from. At which drop rate do they get the most fresh points right?",
      answers: ["At 0: dropout only hinders", "Somewhere between", `At ${rates[LAST].rate}, the most regular`],
      right: [0, LAST].includes(highest) ? 2 * Number(highest > 0) : 1,
      because: `Right are ${[...new Set([0, highest, LAST])].map((i) => `${percent(rates[i].fresh)} at rate ${rates[i].rate}`).join(", ")}.`,
      shows: { rate: rates[highest].rate },
    },
    presets: {
      "Show me the mistake: overfitted": { rate: rates[0].rate },
      "Too much dropout": { rate: rates[LAST].rate },
    },
    build(widget) {
      const rate = widget.slider("rate", { label: "drop rate p", max: rates[LAST].rate, step: 0.1, value: 0.3, digits: 1 });

      const plane = element(widget.picture, "svg", { viewBox: `0 0 ${size.join(" ")}`, class: "chart", "aria-hidden": "true" });
      const path = (look) => element(plane, "path", { fill: "none", ...look });
      const areas = AREAS.map((color) => path({ "fill-opacity": 0.14, "fill-rule": "evenodd", style: `fill: var(--course-${color})` }));
      const others = path({ "stroke-width": 1, style: "stroke: var(--course-muted)" });
      path({ d: best, "stroke-width": 1.6, "stroke-dasharray": "6 4", style: "stroke: currentColor" });
      const boundary = path({ "stroke-width": 3, style: "stroke: var(--course-keras)" });
      points.forEach(([x, y, label]) => {
        if (label) element(plane, "rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7, style: "fill: var(--course-test)" });
        else element(plane, "circle", { cx: x, cy: y, r: 4, style: "fill: var(--course-training)" });
      });

      const shares = chart(widget.picture, { x: [0, 1], y: [0.6, 1], xLabel: "drop rate p", yLabel: "share of points right", answer: true });
      const lines = { training: ["training", "training points", -10], fresh: ["test", "fresh points", 18] };
      Object.entries(lines).forEach(([key, [color, name, dy]]) => {
        shares.line(rates.map((row) => [row.rate, row[key][0]]), color);
        shares.label(rates[3].rate, rates[3][key][0], name, color, { anchor: "middle", dy });
      });
      const dots = shares.layer();

      return () => {
        const row = rates[Math.round(10 * rate())];
        areas.forEach((area, i) => area.setAttribute("d", row.areas[i]));
        others.setAttribute("d", row.others);
        boundary.setAttribute("d", row.boundary);
        dots.clear();
        Object.entries(lines).forEach(([key, [color]]) => dots.dot(row.rate, row[key][0], color, row[key][1]));
        widget.announce(
          `Rate ${row.rate}: ${percent(row.training)} of the training points and ${percent(row.fresh)} of fresh points are right; ` +
            `loss on fresh points ${row.loss[0].toFixed(2)} ± ${row.loss[1].toFixed(2)}.`,
        );
      };
    },
  });
}
