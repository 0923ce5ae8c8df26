"use strict";
// A network that is thinned anew for every example: dropout on its two hidden layers, at a rate that the reader chooses.
{
  const { element, mount, random } = kit;
  const SIZES = [4, 9, 9, 3];
  const HIDDEN = SIZES[1] + SIZES[2];
  const MASKS = (2 ** HIDDEN).toLocaleString("en-US");
  const WIDTH = 560;
  const HEIGHT = 300;
  const STEP_MS = 1400;

  const place = (layer, unit) => ({
    x: 40 + (layer * (WIDTH - 80)) / (SIZES.length - 1),
    y: HEIGHT / 2 + (unit - (SIZES[layer] - 1) / 2) * 30,
  });

  function drawNetwork(svg) {
    const units = SIZES.map((size, layer) => Array.from({ length: size }, (_, unit) => ({ layer, unit, kept: true })));
    const edges = units.slice(0, -1).flatMap((from, layer) =>
      from.flatMap((a) =>
        units[layer + 1].map((b) => {
          const [p, q] = [place(a.layer, a.unit), place(b.layer, b.unit)];
          return { a, b, line: element(svg, "line", { x1: p.x, y1: p.y, x2: q.x, y2: q.y, class: "edge" }) };
        }),
      ),
    );
    units.flat().forEach((unit) => {
      const { x, y } = place(unit.layer, unit.unit);
      unit.circle = element(svg, "circle", { cx: x, cy: y, r: 9, class: "unit" });
    });
    return { units: units.flat(), hidden: [...units[1], ...units[2]], edges };
  }

  mount("thinned-network", {
    question: {
      text: `Dropout can thin this network to ${MASKS} others. How many of them does one epoch of 1,000 examples train, at most?`,
      answers: ["One", "1,000", `All ${MASKS}`],
      right: 1,
      because: "Every example of every step draws a mask of its own. All the thinned networks share their weights, so each is trained through the others.",
      shows: {},
    },
    presets: { "Drop nothing": { rate: 0 }, "Drop nearly all": { rate: 0.95 } },
    build(widget) {
      const next = random(7);
      const svg = element(widget.picture, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart thinned", "aria-hidden": "true" });
      const { units, hidden, edges } = drawNetwork(svg);
      const rate = widget.slider("rate", { label: "drop rate p", max: 0.95, step: 0.05, value: 0.5 });
      let timer = null;

      function thin() {
        hidden.forEach((unit) => (unit.kept = next() >= rate()));
        units.forEach((unit) => unit.circle.classList.toggle("dropped", !unit.kept));
        edges.forEach(({ a, b, line }) => line.classList.toggle("dropped", !(a.kept && b.kept)));
      }

      function tell() {
        const kept = hidden.filter((unit) => unit.kept).length;
        const moving = "A new thinned network for every example; all of them share their weights.";
        const standing = `${kept} of ${HIDDEN} hidden units are kept: one of ${MASKS} networks that share these weights.`;
        if (!rate()) widget.announce("At rate 0 nothing is dropped: every example trains the whole network.");
        else widget.announce(timer === null ? standing : moving);
      }

      function draw() {
        thin();
        tell();
      }

      function play(running) {
        clearInterval(timer);
        timer = running ? setInterval(thin, STEP_MS) : null;
        pause.textContent = running ? "Pause" : "Play";
      }

      const pause = widget.button("Pause", () => {
        play(timer === null);
        draw();
      });
      play(!window.matchMedia("(prefers-reduced-motion: reduce)").matches);
      return draw;
    },
  });
}
