import { element, slider, chart, mount } from "./kit.js";

const PARTS = [1.3, -0.9, 0.8, 0.6, -0.5, 0.4, -0.3, 0.2]; // w x of the eight inputs
const BIAS = 0.2;
const SIDE = 16; // 16 by 16 cells for 2^8 networks
const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** All 256 thinned units: output and probability, the outputs rising. */
function networks(rate, size) {
  const all = Array.from({ length: 2 ** PARTS.length }, (_, bits) => {
    let logit = BIAS;
    let chance = 1;
    PARTS.forEach((part, i) => {
      const kept = (bits >> i) & 1;
      logit += kept ? (size * part) / (1 - rate) : 0;
      chance *= kept ? 1 - rate : rate;
    });
    return { logit, chance, output: sigmoid(logit) };
  });
  return all.sort((a, b) => a.logit - b.logit);
}

/** Steps of the distribution function of the outputs. */
function distribution(all) {
  let below = 0;
  return all.flatMap(({ output, chance }) => {
    const step = [[output, below], [output, below + chance]];
    below += chance;
    return step;
  });
}

mount("ensemble", (widget) => {
  const rate = slider(widget, { label: "drop rate p", min: 0.05, max: 0.9, step: 0.05, value: 0.5 }, draw);
  const size = slider(widget, { label: "size of the weights", min: 0.2, max: 4, step: 0.2, value: 1.6, digits: 1 }, draw);

  const grid = element(widget.picture, "svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "grid" });
  const cells = Array.from({ length: SIDE * SIDE }, () => element(grid, "rect"));
  const curves = chart(widget.picture, { x: [0, 1], y: [0, 1], xLabel: "output", yLabel: "share of networks below" });
  let drawn = [];

  function draw() {
    const all = networks(rate.value(), size.value());
    const arithmetic = all.reduce((sum, { chance, output }) => sum + chance * output, 0);
    const meanLogit = all.reduce((sum, { chance, logit }) => sum + chance * logit, 0);
    const whole = sigmoid(BIAS + size.value() * PARTS.reduce((a, b) => a + b));

    const largest = Math.max(...all.map(({ chance }) => chance));
    all.forEach(({ chance, output }, i) => {
      // Area stands for probability, color for the class that the network votes for, opacity for how surely.
      const side = 0.14 + 0.84 * Math.sqrt(chance / largest);
      const cell = cells[i];
      cell.setAttribute("x", (i % SIDE) + (1 - side) / 2);
      cell.setAttribute("y", Math.floor(i / SIDE) + (1 - side) / 2);
      cell.setAttribute("width", side);
      cell.setAttribute("height", side);
      cell.style.fill = `var(--course-${output > 0.5 ? "training" : "test"})`;
      cell.style.fillOpacity = 0.25 + 1.5 * Math.abs(output - 0.5);
    });

    drawn.forEach((node) => node.remove());
    drawn = [
      curves.line([[0, 0], ...distribution(all), [1, 1]], "muted"),
      curves.line([[whole, 0], [whole, 1]], "ink"),
      curves.line([[arithmetic, 0], [arithmetic, 1]], "training"),
    ];
    widget.announce(
      `Arithmetic mean of the 256 outputs ${arithmetic.toFixed(3)} (blue line); normalized geometric mean ` +
        `${sigmoid(meanLogit).toFixed(3)}; whole unit ${whole.toFixed(3)} (black or white line).`,
    );
  }
  draw();
});
