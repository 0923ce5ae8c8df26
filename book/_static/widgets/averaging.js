"use strict";
{
  const { chart, mount, normal, random } = kit;
  const WIDTH = 24;
  const GRID = Array.from({ length: 21 }, (_, i) => -2 + i / 5);
  const PASSES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  const MOST = PASSES.at(-1);
  const [NEAREST, FARTHEST] = [0.001, 10]; // distances that the chart shows
  const relu = (z) => (z > 0 ? z : 0);

  /** A network from one number to one number, with two hidden layers of ReLU units and random weights. */
  function network(next) {
    const table = (rows, columns, size) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => size * normal(next)));
    const first = table(WIDTH, 2, 1.2); // weight and bias of each unit
    const second = table(WIDTH, WIDTH, Math.sqrt(2 / WIDTH));
    const last = table(1, WIDTH, 0.7 * Math.sqrt(1 / WIDTH))[0];
    return { inputs: GRID.map((x) => first.map(([w, b]) => relu(w * x + b))), second, last };
  }

  /** Outputs on the grid; a pass with rates draws one mask for each layer and uses it along the whole grid. */
  function outputs({ inputs, second, last }, [p1, p2], next) {
    const mask = (p) => Array.from({ length: WIDTH }, () => (p > 0 && next() < p ? 0 : 1 / (1 - p)));
    const [m1, m2] = [mask(p1), mask(p2)];
    const used = [...m2.keys()].filter((j) => m2[j]);
    return inputs.map((h) => {
      let sum = 0;
      for (const j of used) {
        const row = second[j];
        let z = 0;
        for (let i = 0; i < WIDTH; i += 1) z += row[i] * m1[i] * h[i];
        sum += last[j] * m2[j] * relu(z);
      }
      return sum;
    });
  }

  const rms = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

  /** Means of the first T passes for every T of PASSES, and the standard deviation of a pass at each place of the grid. */
  function average(net, rates) {
    const next = random(7);
    const total = GRID.map(() => 0);
    const squares = GRID.map(() => 0);
    const means = [];
    for (let t = 1; t <= MOST; t += 1) {
      outputs(net, rates, next).forEach((y, i) => {
        total[i] += y;
        squares[i] += y * y;
      });
      if (PASSES.includes(t)) means.push(total.map((sum) => sum / t));
    }
    const sd = squares.map((sum, i) => Math.sqrt(Math.max(sum / MOST - (total[i] / MOST) ** 2, 0)));
    return { means, sd };
  }

  mount("averaging", {
    question: {
      text: "Dropout in layer 2 only, behind the last ReLU. The more passes are averaged, the nearer their mean comes to weight scaling. How near?",
      answers: ["As near as you like", "To a distance that stays", "It does not come nearer"],
      right: 0,
      because: "Behind that mask everything is linear: the mean over all masks is weight scaling, and the rest is noise of size sd/√T. Now try layer 1.",
      shows: { first: 0, second: 0.5, passes: MOST },
    },
    presets: {
      "Layer 1: a bias that stays": { first: 0.5, second: 0, passes: MOST },
      "Layer 2: noise that goes": { first: 0, second: 0.5, passes: MOST },
      "Show me the mistake: few passes": { first: 0, second: 0.5, passes: 5 },
    },
    build(widget) {
      const first = widget.slider("first", { label: "rate of layer 1", max: 0.9, step: 0.1, value: 0.5, digits: 1 });
      const second = widget.slider("second", { label: "rate of layer 2", max: 0.9, step: 0.1, value: 0, digits: 1 });
      const passes = widget.slider("passes", { label: "passes T", values: PASSES, value: 20 });

      const net = network(random(9));
      const scaled = outputs(net, [0, 0]);
      const curves = chart(widget.picture, { x: [-2, 2], y: [-3, 3], xLabel: "input", yLabel: "output" });
      curves.line(GRID.map((x, i) => [x, scaled[i]]), "test");
      curves.label(2, -3, "weight scaling", "test", { anchor: "end", dx: -8, dy: -8 });
      const drawn = curves.layer();
      const axes = { x: [1, 10000], y: [NEAREST, FARTHEST], xLog: true, yLog: true };
      const gaps = chart(widget.picture, { ...axes, xLabel: "passes T", yLabel: "rms distance", answer: true }).layer();
      const known = new Map(); // what was averaged, by the rates

      function averaged(rates) {
        const key = rates.join();
        if (!known.has(key)) known.set(key, average(net, rates));
        return known.get(key);
      }

      function drawCurves(mean, sd, T) {
        drawn.clear();
        drawn.band(GRID.map((x, i) => [x, mean[i] - sd[i] / Math.sqrt(T), mean[i] + sd[i] / Math.sqrt(T)]), "training");
        drawn.line(GRID.map((x, i) => [x, mean[i]]), "training");
        drawn.label(-2, 3, "mean of passes ± sd/√T", "training", { dx: 8, dy: 14 });
      }

      function drawGaps(distances, noise, T) {
        gaps.clear();
        if (!noise) return;
        gaps.line(PASSES.map((t) => [t, noise / Math.sqrt(t)]), "ink", { dashed: true });
        gaps.label(1, NEAREST, "dashed: sd/√T, the noise alone", "ink", { dx: 8, dy: -8 });
        gaps.line(PASSES.map((t, i) => [t, distances[i]]), "training");
        gaps.label(10000, FARTHEST, "from weight scaling", "training", { anchor: "end", dx: -6, dy: 14 });
        gaps.dot(T, distances[PASSES.indexOf(T)], "training");
      }

      return () => {
        const rates = [first(), second()];
        const T = passes();
        const { means, sd } = averaged(rates);
        const distances = means.map((mean) => rms(mean.map((y, i) => y - scaled[i])));
        const distance = distances[PASSES.indexOf(T)];
        const noise = rms(sd);
        drawCurves(means[PASSES.indexOf(T)], sd, T);
        drawGaps(distances, noise, T);
        const count = T === 1 ? "One pass" : `The mean of ${T.toLocaleString("en-US")} passes`;
        widget.announce(
          noise
            ? `${count} is ${distance.toPrecision(2)} from weight scaling. Noise alone would give about ${(noise / Math.sqrt(T)).toPrecision(2)}.`
            : "Without dropout every pass is the same, and is weight scaling.",
        );
      };
    },
  });
}
