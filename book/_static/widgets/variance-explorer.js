import { slider, chart, random, mount } from "./kit.js";

const SAMPLES = 4000;
const LOW = -4;
const HIGH = 12;
const BIN = 0.4;
const TALLEST = 20; // percent; the spike at zero is cut off here
const RATES = Array.from({ length: 91 }, (_, i) => i / 100);

/** Standard normal numbers from uniform ones (Box and Muller). */
function normal(next) {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

function closedForm(mean, sd, p) {
  const q = 1 - p;
  return { own: sd ** 2 / q, fromMean: (p / q) * mean ** 2 };
}

mount("variance-explorer", (widget) => {
  const mean = slider(widget, { label: "mean μ", min: 0, max: 4, step: 0.5, value: 2, digits: 1 }, draw);
  const sd = slider(widget, { label: "deviation σ", min: 0, max: 2, step: 0.25, value: 1 }, draw);
  const rate = slider(widget, { label: "drop rate p", min: 0, max: 0.9, step: 0.05, value: 0.2 }, draw);

  const next = random(1);
  const noise = Array.from({ length: SAMPLES }, () => [normal(next), next()]);
  const shape = chart(widget.picture, { x: [LOW, HIGH], y: [0, TALLEST], xLabel: "output m a / q", yLabel: "% of outputs per bin" });
  const spread = chart(widget.picture, { x: [0, 1], y: [0, 40], xLabel: "drop rate p", yLabel: "variance of the output" });
  const measured = spread.dot();
  let drawn = [];

  function histogram(outputs) {
    const counts = new Array(Math.round((HIGH - LOW) / BIN)).fill(0);
    outputs.forEach((y) => (counts[Math.round((y - LOW) / BIN - 0.5)] += 1)); // outside the range: ignored
    const outline = counts.flatMap((count, i) => {
      const height = Math.min((100 * count) / SAMPLES, TALLEST);
      return [[LOW + i * BIN, height], [LOW + (i + 1) * BIN, height]];
    });
    const bars = shape.line([[LOW, 0], ...outline, [HIGH, 0]], "training");
    bars.style.fill = "var(--course-training)";
    bars.style.fillOpacity = 0.25;
    return bars;
  }

  function density(mu, sigma, q) {
    const curve = (y) => (q ** 2 * Math.exp(-0.5 * ((q * y - mu) / sigma) ** 2)) / (sigma * Math.sqrt(2 * Math.PI));
    const grid = Array.from({ length: 161 }, (_, i) => LOW + (i * (HIGH - LOW)) / 160);
    return shape.line(grid.map((y) => [y, Math.min(100 * BIN * curve(y), TALLEST)]), "ink");
  }

  function draw() {
    const [mu, sigma, p] = [mean.value(), sd.value(), rate.value()];
    const q = 1 - p;
    const outputs = noise.map(([z, u]) => (u >= p ? (mu + sigma * z) / q : 0));
    const average = outputs.reduce((sum, y) => sum + y, 0) / SAMPLES;
    const variance = outputs.reduce((sum, y) => sum + (y - average) ** 2, 0) / SAMPLES;
    const { own, fromMean } = closedForm(mu, sigma, p);

    drawn.forEach((node) => node.remove());
    drawn = [histogram(outputs)];
    if (sigma > 0) drawn.push(density(mu, sigma, q));
    const law = RATES.map((r) => [r, Object.values(closedForm(mu, sigma, r)).reduce((a, b) => a + b)]);
    drawn.push(spread.line(law.filter(([, v]) => v <= 40), "ink"));
    measured.move(p, Math.min(variance, 40), "training");
    widget.announce(
      `Mean ${average.toFixed(2)}, variance ${variance.toFixed(2)}. Closed form: v/q + (p/q) μ² = ` +
        `${own.toFixed(2)} + ${fromMean.toFixed(2)} = ${(own + fromMean).toFixed(2)}.`,
    );
  }
  draw();
});
