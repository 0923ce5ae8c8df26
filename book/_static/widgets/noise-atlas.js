import { element, slider, choice, chart, random, mount } from "./kit.js";

const [EXAMPLES, POSITIONS, FEATURES] = [3, 6, 6];
const SIZE = EXAMPLES * POSITIONS * FEATURES;
const LIMIT = -1.7581; // where a SELU saturates
const DRAWS = 400;
const RATES = Array.from({ length: 81 }, (_, i) => i / 100);
const PLACES = Array.from({ length: SIZE }, (_, i) => ({
  n: Math.floor(i / (POSITIONS * FEATURES)),
  t: Math.floor(i / FEATURES) % POSITIONS,
  c: i % FEATURES,
}));

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values) => mean(values.map((v) => v ** 2)) - mean(values) ** 2;

/** The tensor: waves with mean 0 and variance 1. */
const x = (() => {
  const raw = PLACES.map(({ n, t, c }) => Math.cos(1.1 * n + 0.9 * t * (1 + c / 6) + 2.1 * c) + 0.9 * Math.sin(2 * c + 0.4));
  const [center, deviation] = [mean(raw), Math.sqrt(variance(raw))];
  return raw.map((value) => (value - center) / deviation);
})();
const featureMeans = Array.from({ length: FEATURES }, (_, c) => mean(x.filter((_, i) => PLACES[i].c === c)));

function normal(next) {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

function alphaScale(p) {
  const a = 1 / Math.sqrt((1 - p) * (1 + p * LIMIT ** 2));
  return [a, -a * p * LIMIT];
}

const inverted = (p, next) => (next() >= p ? 1 / (1 - p) : 0);
const entry = ({ n, t, c }) => `${n} ${t} ${c}`;
const odds = (p) => p / (1 - p);

// coin: who shares one; factor: its law; apply: what it does to an entry; law: the variance of an entry.
const plain = { factor: inverted, apply: (value, m) => value * m, law: (value, p) => odds(p) * value ** 2 };
const KINDS = {
  dropout: { ...plain, label: "dropout", coin: entry, says: "a coin for each entry" },
  gaussian: {
    ...plain,
    label: "Gaussian",
    coin: entry,
    factor: (p, next) => 1 + Math.sqrt(odds(p)) * normal(next),
    says: "a Gaussian factor for each entry",
  },
  spatial: { ...plain, label: "spatial, or locked in time", coin: ({ n, c }) => `${n} ${c}`, says: "a coin for each feature of an example" },
  path: { ...plain, label: "DropPath", coin: ({ n }) => `${n}`, says: "a coin for each example" },
  shared: { ...plain, label: "one mask for the batch", coin: ({ t, c }) => `${t} ${c}`, says: "coins shared by all examples, a mistake" },
  alpha: {
    label: "alpha",
    coin: entry,
    factor: inverted,
    apply: (value, m, p) => {
      const [a, b] = alphaScale(p);
      return a * (m > 0 ? value : LIMIT) + b;
    },
    law: (value, p) => alphaScale(p)[0] ** 2 * p * (1 - p) * (value - LIMIT) ** 2,
    says: "a coin for each entry; what is dropped becomes a constant",
  },
  relu: {
    label: "stochastic ReLU",
    coin: entry,
    factor: inverted,
    apply: (value, m) => Math.max(value * m, 0),
    law: (value, p) => odds(p) * Math.max(value, 0) ** 2,
    says: "a coin for each entry, then a ReLU",
  },
  centered: {
    label: "centered",
    coin: entry,
    factor: inverted,
    apply: (value, m, p, { c }) => featureMeans[c] + (value - featureMeans[c]) * m,
    law: (value, p, { c }) => odds(p) * (value - featureMeans[c]) ** 2,
    says: "a coin for each entry's distance from the mean of its feature",
  },
};

function noisy(kind, p, next) {
  const tossed = new Map();
  return x.map((value, i) => {
    const key = kind.coin(PLACES[i]);
    if (!tossed.has(key)) tossed.set(key, kind.factor(p, next));
    return kind.apply(value, tossed.get(key), p, PLACES[i]);
  });
}

/** Measured variance of an entry, and of the share of an example that gets through. */
function measure(kind, p) {
  const next = random(5);
  const draws = Array.from({ length: DRAWS }, () => noisy(kind, p, next));
  const shares = Array.from({ length: EXAMPLES }, (_, n) => {
    const inside = x.map((value, i) => (PLACES[i].n === n ? value : 0));
    const energy = inside.reduce((sum, value) => sum + value ** 2, 0);
    return variance(draws.map((y) => y.reduce((sum, value, i) => sum + value * inside[i], 0) / energy));
  });
  return { entry: mean(x.map((_, i) => variance(draws.map((y) => y[i])))), share: mean(shares) };
}

const law = (kind, p) => mean(x.map((value, i) => kind.law(value, p, PLACES[i])));

mount("noise-atlas", (widget) => {
  let seed = 1;
  const name = choice(widget, { label: "noise", options: KINDS, value: "dropout" }, draw);
  const rate = slider(widget, { label: "drop rate p", min: 0, max: 0.8, step: 0.05, value: 0.3 }, draw);
  element(widget.controls, "button", { type: "button" }, "New noise").addEventListener("click", () => {
    seed += 1;
    draw();
  });

  const grid = element(widget.picture, "svg", { viewBox: "-0.5 -0.5 20.4 6", class: "atlas" });
  const cells = x.map(() => element(grid, "rect"));
  const variances = chart(widget.picture, { x: [0, 1], y: [0, 4], xLabel: "drop rate p", yLabel: "variance of an entry" });
  const measured = variances.dot();
  let curve = null;

  function draw() {
    const kind = KINDS[name.value()];
    const p = rate.value();
    noisy(kind, p, random(seed)).forEach((value, i) => {
      const { n, t, c } = PLACES[i];
      const side = Math.min(0.95 * Math.sqrt(Math.abs(value) / 3), 0.98);
      cells[i].setAttribute("x", 7.2 * n + t - side / 2);
      cells[i].setAttribute("y", c - side / 2);
      cells[i].setAttribute("width", side);
      cells[i].setAttribute("height", side);
      cells[i].style.fill = `var(--course-${value > 0 ? "training" : "test"})`;
    });
    const found = measure(kind, p);
    curve?.remove();
    curve = variances.line(RATES.map((r) => [r, law(kind, r)]).filter(([, v]) => v <= 4), "ink");
    measured.move(p, Math.min(found.entry, 4), "numpy");
    widget.announce(
      `${kind.label}: ${kind.says}. Variance of an entry ${found.entry.toFixed(2)} (closed form ${law(kind, p).toFixed(2)}), ` +
        `of the share of an example that gets through ${found.share.toFixed(3)}.`,
    );
  }
  draw();
});
