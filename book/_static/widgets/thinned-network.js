// A network that is thinned anew at every step: dropout on its two hidden layers, at a rate that the reader chooses.

import { element, mount, random, slider } from "./kit.js";

const SIZES = [4, 9, 9, 3];
const WIDTH = 560;
const HEIGHT = 300;
const STEP_MS = 1400;

const place = (layer, unit) => ({
  x: 40 + (layer * (WIDTH - 80)) / (SIZES.length - 1),
  y: HEIGHT / 2 + (unit - (SIZES[layer] - 1) / 2) * 30,
});

mount("thinned-network", (widget) => {
  const draw = random(7);
  const svg = element(widget.picture, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart thinned" });
  const edges = [];
  const units = SIZES.map((size, layer) => Array.from({ length: size }, (_, unit) => ({ layer, unit, kept: true })));
  units.slice(0, -1).forEach((from, layer) =>
    from.forEach((a) =>
      units[layer + 1].forEach((b) => {
        const [p, q] = [place(a.layer, a.unit), place(b.layer, b.unit)];
        const line = element(svg, "line", { x1: p.x, y1: p.y, x2: q.x, y2: q.y, class: "edge" });
        edges.push({ a, b, line });
      }),
    ),
  );
  units.flat().forEach((unit) => {
    const { x, y } = place(unit.layer, unit.unit);
    unit.circle = element(svg, "circle", { cx: x, cy: y, r: 9, class: "unit" });
  });

  const rate = slider(widget, { label: "drop rate p", min: 0, max: 0.95, step: 0.05, value: 0.5 }, () => {
    const kept = thin();
    if (timer === null) tell(kept);
  });
  const pause = element(widget.controls, "button", { type: "button" }, "Pause");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let timer = null;

  function thin() {
    const hidden = [...units[1], ...units[2]];
    hidden.forEach((unit) => (unit.kept = draw() >= rate.value()));
    units.flat().forEach((unit) => unit.circle.classList.toggle("dropped", !unit.kept));
    edges.forEach(({ a, b, line }) => line.classList.toggle("dropped", !(a.kept && b.kept)));
    return hidden.filter((unit) => unit.kept).length;
  }

  function tell(kept) {
    widget.announce(`${kept} of 18 hidden units are kept: one of 262,144 networks that share these weights.`);
  }

  function play(running) {
    clearInterval(timer);
    timer = running ? setInterval(thin, STEP_MS) : null;
    pause.textContent = running ? "Pause" : "Play";
    if (!running) tell(thin());
  }

  pause.addEventListener("click", () => play(timer === null));
  if (still) play(false);
  else {
    thin();
    widget.announce("A new network at every step: one of 262,144 that share these weights.");
    play(true);
  }
});
