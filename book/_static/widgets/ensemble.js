"use strict";
{
  const { chart, element, mount } = kit;
  const PARTS = [1.3, -0.9, 0.8, 0.6, -0.5, 0.4, -0.3, 0.2]; // w x of the eight inputs
  const BIAS = 0.2;
  const SIDE = 16; // 16 by 16 cells for 2^8 networks
  const COUNT = SIDE ** 2;
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));

  /** All 256 thinned units: kept inputs, output and probability, the outputs rising. */
  function networks(rate, size) {
    const all = Array.from({ length: COUNT }, (_, bits) => {
      const kept = PARTS.map((_, i) => (bits >> i) & 1);
      const logit = PARTS.reduce((sum, part, i) => sum + (kept[i] * size * part) / (1 - rate), BIAS);
      const chance = kept.reduce((product, k) => product * (k ? 1 - rate : rate), 1);
      return { kept, logit, chance, output: sigmoid(logit) };
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

  function inputs(kept) {
    const places = kept.flatMap((k, i) => (k ? [i + 1] : []));
    return places.length ? `keeps input${places.length > 1 ? "s" : ""} ${places.join(", ")}` : "keeps no input";
  }

  mount("ensemble", {
    question: {
      text: "With all inputs the unit says 0.94. At drop rate 0.5 its 256 thinned versions disagree. What is the mean of their outputs?",
      answers: ["Also 0.94", "Less: 0.77", "More: 0.99"],
      right: 1,
      because: "The mean of the logits is the same, but above one half a sigmoid bends down: the versions that doubt pull the mean toward one half.",
      shows: {},
    },
    presets: {
      "Small weights": { size: 0.4 },
      "Large weights, high rate": { size: 3, rate: 0.8 },
    },
    build(widget) {
      const rate = widget.slider("rate", { label: "drop rate p", min: 0.05, max: 0.9, step: 0.05, value: 0.5 });
      const size = widget.slider("size", { label: "size of the weights", min: 0.2, max: 4, step: 0.2, value: 1.6, digits: 1 });
      const place = widget.slider("place", { label: "look at version", min: 1, max: COUNT, value: COUNT, digits: 0 });

      const grid = element(widget.picture, "svg", { viewBox: `0 -1.2 ${SIDE} ${SIDE + 2.4}`, class: "grid", "aria-hidden": "true" });
      element(grid, "text", { x: 0, y: -0.4 }, "nearest to 0");
      element(grid, "text", { x: SIDE, y: SIDE + 0.95, "text-anchor": "end" }, "nearest to 1");
      const group = element(grid, "g", { class: "layer" });
      const cells = Array.from({ length: COUNT }, (_, i) => {
        // A transparent square as large as its place, so that a small one can be pointed at.
        const around = element(group, "rect", { x: i % SIDE, y: Math.floor(i / SIDE), width: 1, height: 1, fill: "transparent" });
        const cell = element(group, "rect", { "pointer-events": "none" });
        around.addEventListener("pointerenter", () => widget.set({ place: i + 1 }));
        return cell;
      });
      const frame = element(group, "rect", { width: 1, height: 1, class: "frame" });
      const curves = chart(widget.picture, { x: [0, 1], y: [0, 1], xLabel: "output", yLabel: "share of versions below", answer: true }).layer();

      function upright(value, name, color, anchor, b) {
        curves.line([[value, 0], [value, 1]], color);
        curves.label(value, b, name, color, { anchor, dx: anchor === "end" ? -5 : 5 });
      }

      return () => {
        const all = networks(rate(), size());
        const arithmetic = all.reduce((sum, { chance, output }) => sum + chance * output, 0);
        const meanLogit = all.reduce((sum, { chance, logit }) => sum + chance * logit, 0);
        const whole = sigmoid(BIAS + size() * PARTS.reduce((a, b) => a + b));
        const largest = Math.max(...all.map(({ chance }) => chance));
        all.forEach(({ chance, output }, i) => {
          // Area stands for probability, color for the class that the version votes for, opacity for how surely.
          const side = 0.14 + 0.84 * Math.sqrt(chance / largest);
          cells[i].setAttribute("x", (i % SIDE) + (1 - side) / 2);
          cells[i].setAttribute("y", Math.floor(i / SIDE) + (1 - side) / 2);
          cells[i].setAttribute("width", side);
          cells[i].setAttribute("height", side);
          cells[i].style.fill = `var(--course-${output > 0.5 ? "training" : "test"})`;
          cells[i].style.fillOpacity = 0.25 + 1.5 * Math.abs(output - 0.5);
        });
        const at = place() - 1;
        frame.setAttribute("x", at % SIDE);
        frame.setAttribute("y", Math.floor(at / SIDE));

        const steps = distribution(all);
        const { kept, output, chance } = all[at];
        curves.clear();
        curves.line([[0, 0], ...steps, [1, 1]], "muted");
        upright(arithmetic, "mean", "training", "end", 0.93);
        upright(whole, "whole", "ink", whole > 0.8 ? "end" : "start", 0.06);
        curves.dot(...steps[2 * at + 1], "test");
        widget.announce(
          `Mean of the 256 outputs ${arithmetic.toFixed(3)}, normalized geometric mean ${sigmoid(meanLogit).toFixed(3)}, whole unit ` +
            `${whole.toFixed(3)}. Version ${at + 1} ${inputs(kept)}: output ${output.toFixed(3)}, probability ${chance.toPrecision(2)}.`,
        );
      };
    },
  });
}
