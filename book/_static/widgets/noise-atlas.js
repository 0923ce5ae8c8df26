"use strict";
{
  const { chart, element, mount, normal, random } = kit;
  const [EXAMPLES, POSITIONS, FEATURES] = [3, 6, 6];
  const SIZE = EXAMPLES * POSITIONS * FEATURES;
  const LIMIT = -1.7581; // where a SELU saturates
  const DRAWS = 1000;
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
      keeps: "only over N(0, 1) inputs",
    },
    relu: {
      label: "stochastic ReLU",
      coin: entry,
      factor: inverted,
      apply: (value, m) => Math.max(value * m, 0),
      law: (value, p) => odds(p) * Math.max(value, 0) ** 2,
      says: "a coin for each entry, then a ReLU",
      keeps: "no, it is max(x, 0)",
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

  /** Variance of an entry with its standard error, and variance of the share of an example that gets through. */
  function measure(kind, p) {
    const next = random(5);
    const draws = Array.from({ length: DRAWS }, () => noisy(kind, p, next));
    const centers = x.map((_, i) => mean(draws.map((y) => y[i])));
    const squares = draws.map((y) => mean(y.map((value, i) => (value - centers[i]) ** 2)));
    const shares = Array.from({ length: EXAMPLES }, (_, n) => {
      const inside = x.map((value, i) => (PLACES[i].n === n ? value : 0));
      const energy = inside.reduce((sum, value) => sum + value ** 2, 0);
      return variance(draws.map((y) => y.reduce((sum, value, i) => sum + value * inside[i], 0) / energy));
    });
    const unbiased = DRAWS / (DRAWS - 1); // the centers are means of the same draws
    return { entry: unbiased * mean(squares), error: Math.sqrt(variance(squares) / DRAWS), share: unbiased * mean(shares) };
  }

  const law = (kind, p) => mean(x.map((value, i) => kind.law(value, p, PLACES[i])));

  mount("noise-atlas", {
    question: {
      text: "DropPath tosses one coin for a whole example, dropout one for each entry. At the same rate, how does the variance of an entry differ?",
      answers: ["Not at all", "It is larger under DropPath", "It is smaller under DropPath"],
      right: 0,
      because: "One entry does not know who shares its coin. The variance of what gets through of a whole example differs: the sentence below the picture has it.",
      shows: { noise: "path", rate: 0.3 },
    },
    presets: {
      "Show me the mistake": { noise: "shared", rate: 0.5 },
      "A mean that is not kept": { noise: "relu", rate: 0.5 },
    },
    build(widget) {
      const name = widget.choice("noise", { label: "noise", options: KINDS, value: "dropout" });
      const rate = widget.slider("rate", { label: "drop rate p", max: 0.8, step: 0.05, value: 0.3 });
      widget.fresh("New noise");

      const atlas = element(widget.picture, "svg", { viewBox: "-1.4 -1.9 22 8.6", class: "atlas", "aria-hidden": "true" });
      Array.from({ length: EXAMPLES }, (_, n) => element(atlas, "text", { x: 7.2 * n - 0.5, y: -0.9 }, `example ${n + 1}`));
      element(atlas, "text", { x: -0.5, y: 6.4 }, "positions →");
      element(atlas, "text", { x: -0.8, y: 5.5, transform: "rotate(-90 -0.8 5.5)" }, "features →");
      const cells = x.map(() => element(atlas, "rect"));
      const options = { x: [0, 1], y: [0, 4], xLabel: "drop rate p", yLabel: "variance of an entry", answer: true };
      const variances = chart(widget.picture, options).layer();

      return () => {
        const kind = KINDS[name()];
        const p = rate();
        noisy(kind, p, random(widget.seed)).forEach((value, i) => {
          const { n, t, c } = PLACES[i];
          const side = Math.min(0.95 * Math.sqrt(Math.abs(value) / 3), 0.98);
          cells[i].setAttribute("x", 7.2 * n + t - side / 2);
          cells[i].setAttribute("y", c - side / 2);
          cells[i].setAttribute("width", side);
          cells[i].setAttribute("height", side);
          cells[i].style.fill = `var(--course-${value > 0 ? "training" : "test"})`;
        });
        const { entry: found, error, share } = measure(kind, p);
        variances.clear();
        variances.line(RATES.map((r) => [r, law(kind, r)]), "ink");
        variances.label(0, 4, "line: closed form", "ink", { dx: 8, dy: 14 });
        variances.label(0, 4, `dot: ${DRAWS.toLocaleString("en-US")} draws`, "numpy", { dx: 8, dy: 30 });
        variances.dot(p, found, "numpy", error);
        widget.announce(
          `${kind.label}: ${kind.says}. Variance of an entry ${found.toFixed(3)} ± ${error.toFixed(3)} (closed form ${law(kind, p).toFixed(3)}), ` +
            `of the share of an example that gets through ${share.toFixed(3)}. Mean kept: ${kind.keeps ?? "yes"}.`,
        );
      };
    },
  });
}
