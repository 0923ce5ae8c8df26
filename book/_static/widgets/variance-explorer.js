"use strict";
{
  const { chart, mount, normal, random } = kit;
  const SAMPLES = 4000;
  const [LOW, HIGH, BIN] = [-4, 12, 0.4];
  const BINS = Math.round((HIGH - LOW) / BIN);
  const TALLEST = 20; // percent
  const LARGEST = 40;
  const RATES = Array.from({ length: 91 }, (_, i) => i / 100);

  const own = (sd, p) => sd ** 2 / (1 - p);
  const variance = (mean, sd, p) => own(sd, p) + (p / (1 - p)) * mean ** 2;

  /** Percent of the outputs in each bin, and beyond the last one. */
  function histogram(outputs) {
    const heights = new Array(BINS).fill(0);
    let beyond = 0;
    outputs.forEach((y) => {
      const bin = Math.floor((y - LOW) / BIN);
      if (bin >= 0 && bin < BINS) heights[bin] += 100 / outputs.length;
      else beyond += 100 / outputs.length;
    });
    return { heights, beyond };
  }

  mount("variance-explorer", {
    question: {
      text: "The inputs have mean 2 and deviation 1. The drop rate rises from 0.2 to 0.6. What happens to the variance of the output?",
      answers: ["It stays: dropout keeps the mean", "It doubles", "It is almost four times as large"],
      right: 2,
      because: "It rises from 2.25 to 8.5. Of that, 6 comes from the mean, by (p/q) μ²: a kept input becomes 5 and a dropped one 0.",
      shows: { rate: 0.6 },
    },
    presets: {
      "Show me the mistake": { mean: 3, sd: 0.5, rate: 0.5 },
      "A constant input": { mean: 2, sd: 0, rate: 0.5 },
      "Mean zero": { mean: 0, sd: 1, rate: 0.5 },
    },
    build(widget) {
      const mean = widget.slider("mean", { label: "mean μ", max: 4, step: 0.5, value: 2, digits: 1 });
      const sd = widget.slider("sd", { label: "deviation σ", max: 2, step: 0.25, value: 1 });
      const rate = widget.slider("rate", { label: "drop rate p", max: 0.9, step: 0.05, value: 0.2 });

      const next = random(1);
      const noise = Array.from({ length: SAMPLES }, () => [normal(next), next()]);
      const shape = chart(widget.picture, { x: [LOW, HIGH], y: [0, TALLEST], xLabel: "output m a / q", yLabel: "% of outputs per bin" }).layer();
      const options = { x: [0, 1], y: [0, LARGEST], xLabel: "drop rate p", yLabel: "variance of the output", answer: true };
      const spread = chart(widget.picture, options).layer();

      function drawShape(outputs, mu, sigma, q) {
        const { heights, beyond } = histogram(outputs);
        shape.clear();
        shape.band(heights.flatMap((height, i) => [[LOW + i * BIN, 0, height], [LOW + (i + 1) * BIN, 0, height]]), "training");
        const zero = heights[Math.floor(-LOW / BIN)];
        if (zero > TALLEST) {
          shape.beyond(BIN / 2, zero, "training");
          shape.label(BIN / 2, TALLEST, `${zero.toFixed(0)} % in this bin`, "training", { dx: 10, dy: 12 });
        }
        if (beyond > 0) shape.label(HIGH, TALLEST, `${beyond.toFixed(1)} % beyond →`, "training", { anchor: "end", dy: 30 });
        if (!sigma) return;
        const density = (y) => (q ** 2 * Math.exp(-0.5 * ((q * y - mu) / sigma) ** 2)) / (sigma * Math.sqrt(2 * Math.PI));
        const grid = Array.from({ length: 161 }, (_, i) => LOW + (i * (HIGH - LOW)) / 160);
        shape.line(grid.map((y) => [y, 100 * BIN * density(y)]), "ink");
      }

      function drawSpread(measured, error, mu, sigma, p) {
        spread.clear();
        spread.line(RATES.map((r) => [r, own(sigma, r)]), "mistake", { dashed: true });
        spread.line(RATES.map((r) => [r, variance(mu, sigma, r)]), "ink");
        spread.label(0, LARGEST, "v/q + (p/q) μ²", "ink", { dx: 8, dy: 14 });
        spread.label(0, LARGEST, "dashed: v/q alone", "mistake", { dx: 8, dy: 30 });
        spread.dot(p, measured, "training", error);
      }

      return () => {
        const [mu, sigma, p] = [mean(), sd(), rate()];
        const outputs = noise.map(([z, u]) => (u >= p ? (mu + sigma * z) / (1 - p) : 0));
        const average = outputs.reduce((sum, y) => sum + y, 0) / SAMPLES;
        const squares = outputs.map((y) => (y - average) ** 2);
        const measured = squares.reduce((sum, s) => sum + s, 0) / SAMPLES;
        const error = Math.sqrt(squares.reduce((sum, s) => sum + (s - measured) ** 2, 0)) / SAMPLES;
        drawShape(outputs, mu, sigma, 1 - p);
        drawSpread(measured, error, mu, sigma, p);
        widget.announce(
          `Mean ${average.toFixed(2)}, variance ${measured.toFixed(2)} ± ${error.toFixed(2)}. Closed form: v/q + (p/q) μ² = ` +
            `${own(sigma, p).toFixed(2)} + ${(variance(mu, sigma, p) - own(sigma, p)).toFixed(2)} = ${variance(mu, sigma, p).toFixed(2)}.`,
        );
      };
    },
  });
}
