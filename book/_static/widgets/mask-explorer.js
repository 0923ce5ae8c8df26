"use strict";
{
  const { chart, element, mount, random } = kit;
  const SIDE = 16;
  const TOP = 4; // of the chart, and the value that fills a cell
  const RATES = Array.from({ length: 91 }, (_, i) => 0.05 + i / 100);
  const SCALINGS = {
    none: {
      label: "none (classic)",
      factor: () => 1,
      color: "training",
      name: "none: 1 − p",
      at: 0.05,
      verdict: (mean) => `so at test time multiply by q = ${mean}`,
    },
    inverted: {
      label: "÷ (1 − p), inverted",
      factor: (p) => 1 / (1 - p),
      color: "numpy",
      name: "÷ (1 − p): always 1",
      at: 0.47,
      verdict: () => "the same as at test time",
    },
    rate: {
      label: "÷ p, a mistake",
      factor: (p) => 1 / p,
      color: "mistake",
      name: "÷ p: (1 − p) / p",
      at: 0.26,
      verdict: (mean) => (mean === "1.00" ? "right, at this one rate" : "but the next layer expects 1"),
    },
  };

  mount("mask-explorer", {
    question: {
      text: "A layer with drop rate 0.2 divides what it keeps by p, not by 1 − p. All of its inputs are 1. What is its mean output?",
      answers: ["0.25", "1", "4"],
      right: 2,
      because: "A share of 0.8 is kept, and each kept 1 becomes 1/0.2 = 5: the mean is 0.8 × 5 = 4. Where do the three lines meet?",
      shows: { scaling: "rate", rate: 0.2 },
    },
    presets: {
      "Show me the mistake": { scaling: "rate", rate: 0.8 },
      "Where the mistake hides": { scaling: "rate", rate: 0.5 },
    },
    build(widget) {
      const rate = widget.slider("rate", { label: "drop rate p", min: 0.05, max: 0.95, step: 0.05, value: 0.5 });
      const scaling = widget.choice("scaling", { label: "scaling", options: SCALINGS, value: "inverted" });
      widget.fresh("New mask");

      const grid = element(widget.picture, "svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "grid", "aria-hidden": "true" });
      const cells = Array.from({ length: SIDE * SIDE }, () => element(grid, "rect"));
      const means = chart(widget.picture, { x: [0, 1], y: [0, TOP], xLabel: "drop rate p", yLabel: "mean output", answer: true });
      for (const { factor, color, name, at } of Object.values(SCALINGS)) {
        means.line(RATES.map((p) => [p, (1 - p) * factor(p)]), color);
        means.label(at, (1 - at) * factor(at), name, color, { dx: 6, dy: -8 });
      }
      const measured = means.layer();

      return () => {
        const p = rate();
        const { factor, color, verdict } = SCALINGS[scaling()];
        const next = random(widget.seed);
        let kept = 0;
        cells.forEach((cell, i) => {
          const keep = next() >= p;
          kept += keep;
          // Area stands for value.
          const side = keep ? Math.min(Math.sqrt(factor(p) / TOP), 1) : 0.08;
          cell.setAttribute("x", (i % SIDE) + (1 - side) / 2);
          cell.setAttribute("y", Math.floor(i / SIDE) + (1 - side) / 2);
          cell.setAttribute("width", side);
          cell.setAttribute("height", side);
          cell.style.fill = `var(--course-${keep ? color : "muted"})`;
        });
        const mean = (kept / cells.length) * factor(p);
        const expected = ((1 - p) * factor(p)).toFixed(2);
        measured.clear();
        measured.dot(p, mean, color);
        widget.announce(
          `${kept} of ${cells.length} ones kept. Mean output ${mean.toFixed(2)}; over all masks ${expected}, ${verdict(expected)}.`,
        );
      };
    },
  });
}
