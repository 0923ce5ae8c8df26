"use strict";
// The plane as small networks divide it, by drop rate. The page computes everything and embeds it as JSON.
{
  const { chart, element, mount } = kit;
  const AREAS = ["training", "training", "test", "test"]; // surely the first class, the first, the second, surely the second
  const { size, points, best, rates } = JSON.parse(document.getElementById("decision-boundary-data").textContent);
  const LAST = rates.length - 1;
  const percent = ([mean, error]) => `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)} %`;
  const nats = ([mean, error]) => `${mean.toFixed(2)} ± ${error.toFixed(2)}`;
  const lowest = rates.reduce((low, row, i) => (row.losses.fresh[0] < rates[low].losses.fresh[0] ? i : low), 0);

  mount("decision-boundary", {
    question: {
      text: "These networks have 100 points to learn from. At which drop rate is their loss on fresh points lowest?",
      answers: ["At 0: dropout only hinders", "Somewhere between", `At ${rates[LAST].rate}, the most regular`],
      right: [0, LAST].includes(lowest) ? 2 * Number(lowest > 0) : 1,
      because: `It is ${[...new Set([0, lowest, LAST])].map((i) => `${nats(rates[i].losses.fresh)} at rate ${rates[i].rate}`).join(", ")}.`,
      shows: { rate: rates[lowest].rate },
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

      const losses = chart(widget.picture, { x: [0, 1], y: [0, 0.8], xLabel: "drop rate p", yLabel: "loss, nats", answer: true });
      const lines = { training: ["training", "own points", 3], fresh: ["test", "fresh points", 6] }; // color, name, where it is written
      Object.entries(lines).forEach(([key, [color, name, place]]) => {
        losses.line(rates.map((row) => [row.rate, row.losses[key][0]]), color);
        losses.label(rates[place].rate, rates[place].losses[key][0], name, color, { anchor: "middle", dy: -10 });
      });
      const dots = losses.layer();

      return () => {
        const row = rates[Math.round(10 * rate())];
        areas.forEach((area, i) => area.setAttribute("d", row.areas[i]));
        others.setAttribute("d", row.others);
        boundary.setAttribute("d", row.boundary);
        dots.clear();
        Object.entries(lines).forEach(([key, [color]]) => dots.dot(row.rate, row.losses[key][0], color, row.losses[key][1]));
        widget.announce(
          `Rate ${row.rate}: ${percent(row.training)} of the training points and ${percent(row.fresh)} of fresh points are right; ` +
            `the losses are ${nats(row.losses.training)} and ${nats(row.losses.fresh)} nats.`,
        );
      };
    },
  });
}
