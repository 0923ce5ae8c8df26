import { element, slider, choice, chart, random, mount } from "./kit.js";

const SIDE = 16;
const SCALINGS = {
  none: {
    label: "none (classic)",
    factor: () => 1,
    color: "training",
    verdict: (mean) => `so at test time multiply by q = ${mean}`,
  },
  inverted: {
    label: "÷ (1 − p), inverted",
    factor: (p) => 1 / (1 - p),
    color: "numpy",
    verdict: () => "the same as at test time",
  },
  rate: {
    label: "÷ p, a mistake",
    factor: (p) => 1 / p,
    color: "mistake",
    verdict: (mean) => (mean === "1.00" ? "right, at this one rate" : "but the next layer expects 1"),
  },
};

mount("mask-explorer", (widget) => {
  let seed = 1;
  const rate = slider(widget, { label: "drop rate p", min: 0.05, max: 0.95, step: 0.05, value: 0.5 }, draw);
  const scaling = choice(widget, { label: "scaling", options: SCALINGS, value: "inverted" }, draw);
  const again = element(widget.controls, "button", { type: "button" }, "New mask");
  again.addEventListener("click", () => {
    seed += 1;
    draw();
  });

  const grid = element(widget.picture, "svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "grid" });
  const cells = Array.from({ length: SIDE * SIDE }, () => element(grid, "rect"));
  const curves = chart(widget.picture, { x: [0, 1], y: [0, 4], xLabel: "drop rate p", yLabel: "mean output" });
  const rates = Array.from({ length: 91 }, (_, i) => 0.05 + i / 100);
  for (const { factor, color } of Object.values(SCALINGS)) {
    curves.line(rates.map((p) => [p, Math.min((1 - p) * factor(p), 4)]), color);
  }
  const measured = curves.dot();

  function draw() {
    const p = rate.value();
    const { factor, color, verdict } = SCALINGS[scaling.value()];
    const next = random(seed);
    let kept = 0;
    cells.forEach((cell, i) => {
      const keep = next() >= p;
      kept += keep;
      // Area stands for value; a value of 4 fills the cell.
      const side = keep ? Math.min(Math.sqrt(factor(p)) / 2, 1) : 0.08;
      cell.setAttribute("x", (i % SIDE) + (1 - side) / 2);
      cell.setAttribute("y", Math.floor(i / SIDE) + (1 - side) / 2);
      cell.setAttribute("width", side);
      cell.setAttribute("height", side);
      cell.style.fill = `var(--course-${keep ? color : "muted"})`;
    });
    const share = kept / cells.length;
    const mean = share * factor(p);
    const expected = ((1 - p) * factor(p)).toFixed(2);
    measured.move(p, Math.min(mean, 4), color);
    widget.announce(
      `${kept} of ${cells.length} ones kept. Mean output ${mean.toFixed(2)}; over all masks ${expected}, ${verdict(expected)}.`,
    );
  }
  draw();
});
