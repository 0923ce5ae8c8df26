// What the widgets are made of: labelled controls, a small chart, a seeded generator, and a place for spoken results.

const SVG_TAGS = new Set(["svg", "g", "rect", "circle", "path", "line", "text"]);

/** Append a new HTML or SVG element with attributes and text, and return it. */
export function element(parent, tag, attributes = {}, text = "") {
  const node = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  node.textContent = text;
  return parent.appendChild(node);
}

/** Replace the fallback of every widget of this name by controls, a picture and a status line, then run build on it. */
export function mount(name, build) {
  document.querySelectorAll(`[data-widget="${name}"]`).forEach((root) => {
    root.replaceChildren();
    const controls = element(root, "div", { class: "controls" });
    const picture = element(root, "div", { class: "picture", "aria-hidden": "true" });
    const status = element(root, "p", { class: "status", role: "status" });
    const announce = (text) => (status.textContent = text);
    build({ root, controls, picture, announce });
  });
}

/** A labelled range input that shows its value; value() reads it. */
export function slider(widget, { label, min, max, step, value, digits = 2 }, changed) {
  const row = element(widget.controls, "label", {}, `${label} `);
  const input = element(row, "input", { type: "range", min, max, step, value });
  const shown = element(row, "output", {}, Number(value).toFixed(digits));
  input.addEventListener("input", () => {
    shown.textContent = Number(input.value).toFixed(digits);
    changed();
  });
  return { value: () => Number(input.value) };
}

/** A labelled list of options, an object from key to {label}; value() gives the key. */
export function choice(widget, { label, options, value }, changed) {
  const row = element(widget.controls, "label", {}, `${label} `);
  const select = element(row, "select");
  Object.entries(options).forEach(([key, option]) => element(select, "option", { value: key }, option.label));
  select.value = value;
  select.addEventListener("change", changed);
  return { value: () => select.value };
}

/** A chart with two labelled axes. line(points, color) draws a curve; dot() gives a point that can be moved. */
export function chart(parent, { x, y, xLabel, yLabel, width = 320, height = 240 }) {
  const box = { left: 52, right: 10, top: 14, bottom: 40 };
  const svg = element(parent, "svg", { viewBox: `0 0 ${width} ${height}`, class: "chart" });
  const px = (value) => box.left + ((value - x[0]) / (x[1] - x[0])) * (width - box.left - box.right);
  const py = (value) => height - box.bottom - ((value - y[0]) / (y[1] - y[0])) * (height - box.top - box.bottom);
  const ticks = ([low, high]) => [0, 1, 2, 3, 4].map((i) => low + (i * (high - low)) / 4);
  ticks(x).forEach((value) => {
    element(svg, "line", { class: "grid-line", x1: px(value), x2: px(value), y1: py(y[0]), y2: py(y[1]) });
    element(svg, "text", { x: px(value), y: height - box.bottom + 16, "text-anchor": "middle" }, String(value));
  });
  ticks(y).forEach((value) => {
    element(svg, "line", { class: "grid-line", x1: px(x[0]), x2: px(x[1]), y1: py(value), y2: py(value) });
    element(svg, "text", { x: box.left - 7, y: py(value) + 4, "text-anchor": "end" }, String(value));
  });
  element(svg, "text", { x: (width + box.left) / 2, y: height - 6, "text-anchor": "middle" }, xLabel);
  element(svg, "text", { x: 11, y: height / 2 - 12, "text-anchor": "middle", transform: `rotate(-90 11 ${height / 2 - 12})` }, yLabel);
  return {
    svg,
    line(points, color) {
      const curve = element(svg, "path", { class: "curve" });
      curve.style.stroke = `var(--course-${color})`;
      curve.setAttribute("d", points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(2)} ${py(b).toFixed(2)}`).join(""));
      return curve;
    },
    dot(radius = 6) {
      const circle = element(svg, "circle", { r: radius, class: "dot" });
      return {
        move(a, b, color) {
          circle.setAttribute("cx", px(a));
          circle.setAttribute("cy", py(b));
          circle.style.fill = `var(--course-${color})`;
        },
      };
    },
  };
}

/** A generator of uniform numbers in [0, 1) that depends on its seed only (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
