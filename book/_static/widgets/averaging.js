import { slider, chart, random, mount } from "./kit.js";

const WIDTH = 24;
const GRID = Array.from({ length: 41 }, (_, i) => -2 + i / 10);
const RATES = Array.from({ length: 10 }, (_, i) => i / 10);
const PASSES_OF_CURVE = 200;

const relu = (z) => Math.max(z, 0);

/** A network from one number to one number, with two hidden layers of ReLU units and random weights. */
function network(next) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const table = (rows, columns, size) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => size * normal()));
  const first = table(WIDTH, 2, 1.2); // weight and bias of each unit
  const second = table(WIDTH, WIDTH, Math.sqrt(2 / WIDTH));
  const last = table(1, WIDTH, 0.7 * Math.sqrt(1 / WIDTH))[0];
  return { inputs: GRID.map((x) => first.map(([w, b]) => relu(w * x + b))), second, last };
}

/** Outputs on the grid; a pass with rates draws one mask for each layer and uses it along the whole grid. */
function outputs({ inputs, second, last }, [p1, p2], next) {
  const mask = (p) => Array.from({ length: WIDTH }, () => (p > 0 && next() < p ? 0 : 1 / (1 - p)));
  const [m1, m2] = [mask(p1), mask(p2)];
  const thinned = second.map((row) => row.map((w, i) => w * m1[i]));
  const weights = last.map((w, j) => w * m2[j]);
  return inputs.map((h) =>
    thinned.reduce((sum, row, j) => sum + weights[j] * relu(row.reduce((z, w, i) => z + w * h[i], 0)), 0),
  );
}

function average(net, rates, passes) {
  const next = random(7);
  const total = GRID.map(() => 0);
  for (let t = 0; t < passes; t += 1) outputs(net, rates, next).forEach((y, i) => (total[i] += y / passes));
  return total;
}

const distance = (a, b) => Math.sqrt(a.reduce((sum, y, i) => sum + (y - b[i]) ** 2, 0) / a.length);

mount("averaging", (widget) => {
  const first = slider(widget, { label: "rate of layer 1", min: 0, max: 0.9, step: 0.1, value: 0.5, digits: 1 }, draw);
  const second = slider(widget, { label: "rate of layer 2", min: 0, max: 0.9, step: 0.1, value: 0, digits: 1 }, draw);
  const passes = slider(widget, { label: "passes", min: 1, max: 200, step: 1, value: 50, digits: 0 }, draw);

  const net = network(random(9));
  const scaled = outputs(net, [0, 0]);
  const curves = chart(widget.picture, { x: [-2, 2], y: [-2, 2], xLabel: "input", yLabel: "output" });
  const gaps = chart(widget.picture, { x: [0, 1], y: [0, 1], xLabel: "drop rate", yLabel: "rms distance" });
  [[(p) => [p, 0], "training"], [(p) => [0, p], "numpy"]].forEach(([rates, color]) => {
    gaps.line(RATES.map((p) => [p, Math.min(distance(average(net, rates(p), PASSES_OF_CURVE), scaled), 1)]), color);
  });
  const measured = gaps.dot();
  curves.line(GRID.map((x, i) => [x, scaled[i]]), "test");
  let drawn = null;

  function draw() {
    const rates = [first.value(), second.value()];
    const mean = average(net, rates, passes.value());
    const gap = distance(mean, scaled);
    drawn?.remove();
    drawn = curves.line(GRID.map((x, i) => [x, Math.max(-2, Math.min(2, mean[i]))]), "training");
    measured.move(Math.max(...rates), Math.min(gap, 1), rates[0] >= rates[1] ? "training" : "numpy");
    widget.announce(
      `Mean of ${passes.value()} passes (blue) and weight scaling (orange) are ${gap.toFixed(2)} apart. ` +
        `The other chart: their distance after ${PASSES_OF_CURVE} passes, with dropout in layer 1 only (blue) or layer 2 only (green).`,
    );
  }
  draw();
});
