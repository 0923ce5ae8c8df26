// A small chart with labelled axes. What does not fit is cut at the frame, and an arrow there says so.
"use strict";

kit.chart = (() => {
  const { element } = kit;
  const BOX = { left: 52, right: 12, top: 16, bottom: 40 };
  const COUNT = 4; // intervals of a linear axis

  const scale = ([low, high], log, from, to) => {
    const place = log ? Math.log10 : (value) => value;
    return (value) => from + ((place(value) - place(low)) / (place(high) - place(low))) * (to - from);
  };
  const ticks = ([low, high], log) =>
    log
      ? Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i)
      : Array.from({ length: COUNT + 1 }, (_, i) => low + (i * (high - low)) / COUNT);
  const print = (value) => Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 4 });

  /** Pieces of a curve inside [low, high], and the points where it leaves or enters. */
  function cut(points, [low, high]) {
    const pieces = [];
    const exits = [];
    const inside = ([, b]) => b >= low && b <= high;
    points.forEach((point, i) => {
      const before = points[i - 1];
      if (before && inside(before) !== inside(point)) {
        const edge = Math.max(before[1], point[1]) > high ? high : low;
        const share = (edge - before[1]) / (point[1] - before[1]);
        const crossing = [before[0] + share * (point[0] - before[0]), edge];
        exits.push(crossing);
        if (inside(before)) pieces.at(-1).push(crossing);
        else pieces.push([crossing]);
      }
      if (inside(point)) {
        if (!i) pieces.push([]);
        pieces.at(-1).push(point);
      }
    });
    return { pieces, exits };
  }

  /** What draws into one group; clear() empties it. Colors are the names of the CSS variables --course-<color>. */
  function layer(parent, px, py, y) {
    const group = element(parent, "g", { class: "layer" });
    const clamp = (value) => Math.min(Math.max(value, y[0]), y[1]);
    const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");

    /** An arrow at the frame, where something goes on above or below. */
    function beyond(a, b, color) {
      const [center, tip] = b >= y[1] ? [py(y[1]), -9] : [py(y[0]), 9];
      const corners = [[0, tip], [5, 0], [-5, 0]].map(([dx, dy]) => `${(px(a) + dx).toFixed(1)},${(center + dy).toFixed(1)}`);
      element(group, "polygon", { points: corners.join(" "), style: `fill: var(--course-${color})` });
    }

    function label(a, b, text, color, { anchor = "start", dx = 0, dy = 0 } = {}) {
      const look = { class: "label", "text-anchor": anchor, style: `fill: var(--course-${color}-text)` };
      element(group, "text", { x: px(a) + dx, y: py(clamp(b)) + dy, ...look }, text);
    }

    return {
      label,
      line(points, color, { dashed = false } = {}) {
        const { pieces, exits } = cut(points, y);
        const look = { class: dashed ? "curve dashed" : "curve", style: `stroke: var(--course-${color})` };
        element(group, "path", { d: pieces.map(path).join(""), ...look });
        exits.forEach(([a, b]) => beyond(a, b, color));
      },
      /** Fill between two curves, points of [a, low, high]. */
      band(points, color) {
        const outline = [...points.map(([a, low]) => [a, clamp(low)]), ...points.map(([a, , high]) => [a, clamp(high)]).reverse()];
        element(group, "path", { d: `${path(outline)}Z`, class: "band", style: `fill: var(--course-${color})` });
      },
      /** A point with a bar of one standard error to each side; beyond the frame, an arrow with its value. */
      dot(a, b, color, error = 0) {
        if (clamp(b) !== b) {
          beyond(a, b, color);
          label(a, b, print(b), color, { dx: 8, dy: b > y[1] ? 12 : -4 });
          return;
        }
        if (error) {
          const ends = { y1: py(clamp(b - error)), y2: py(clamp(b + error)) };
          element(group, "line", { x1: px(a), x2: px(a), ...ends, class: "error", style: `stroke: var(--course-${color})` });
        }
        element(group, "circle", { cx: px(a), cy: py(b), r: 6, class: "dot", style: `fill: var(--course-${color})` });
      },
      beyond,
      clear: () => group.replaceChildren(),
    };
  }

  /**
   * A chart over the ranges x and y. It draws what stays; layer() gives a part that is drawn again and again. Where the
   * chart is the answer to the widget's question, only its axes are shown until the question is answered.
   */
  return (parent, { x, y, xLabel, yLabel, xLog = false, yLog = false, answer = false, width = 320, height = 240 }) => {
    const svg = element(parent, "svg", { viewBox: `0 0 ${width} ${height}`, class: answer ? "chart answer" : "chart", "aria-hidden": "true" });
    const px = scale(x, xLog, BOX.left, width - BOX.right);
    const py = scale(y, yLog, height - BOX.bottom, BOX.top);
    const middle = (BOX.top + height - BOX.bottom) / 2;
    ticks(x, xLog).forEach((value) => {
      element(svg, "line", { class: "grid-line", x1: px(value), x2: px(value), y1: py(y[0]), y2: py(y[1]) });
      element(svg, "text", { x: px(value), y: height - BOX.bottom + 16, "text-anchor": "middle" }, print(value));
    });
    ticks(y, yLog).forEach((value) => {
      element(svg, "line", { class: "grid-line", x1: px(x[0]), x2: px(x[1]), y1: py(value), y2: py(value) });
      element(svg, "text", { x: BOX.left - 7, y: py(value) + 4, "text-anchor": "end" }, print(value));
    });
    element(svg, "text", { x: (width + BOX.left - BOX.right) / 2, y: height - 6, "text-anchor": "middle" }, xLabel);
    element(svg, "text", { x: 11, y: middle, "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` }, yLabel);
    return { svg, ...layer(svg, px, py, y), layer: () => layer(svg, px, py, y) };
  };
})();
