// What the widgets are made of: a question to answer first, labelled controls, presets, and a place for spoken results.
// These are classic scripts, not modules, because browsers load no module for a page that is read from a disk.
"use strict";

const kit = (() => {
  const SVG_TAGS = new Set(["svg", "g", "rect", "circle", "path", "line", "polygon", "text"]);

  /** Append a new HTML or SVG element with attributes and text, and return it. */
  function element(parent, tag, attributes = {}, text = "") {
    const node = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    node.textContent = text;
    return parent.appendChild(node);
  }

  function button(parent, label, pressed) {
    const made = element(parent, "button", { type: "button" }, label);
    made.addEventListener("click", () => pressed(made));
    return made;
  }

  /**
   * Replace the fallback of every widget of this name by what build makes of it.
   *
   * build gets the widget and returns the function that draws it, which is called after every change. presets is an
   * object from a label to the values of controls. question is {text, answers, right, because, shows}: the place of the
   * right answer, a sentence that explains it, and the values of controls that show it.
   */
  function mount(name, { question, presets, build }) {
    document.querySelectorAll(`[data-widget="${name}"]`).forEach((root) => {
      root.replaceChildren();
      const form = element(root, "fieldset", { class: "question" });
      const inputs = element(root, "div", { class: "controls" });
      const actions = element(root, "div", { class: "actions" });
      const picture = element(root, "div", { class: "picture" });
      const status = element(root, "p", { class: "status", role: "status" });
      const controls = {};
      const widget = { root, picture, seed: 1, announce: (text) => (status.textContent = text) };

      const changed = () => draw();
      widget.slider = (key, options) => (controls[key] = slider(inputs, options, changed)).value;
      widget.choice = (key, options) => (controls[key] = choice(inputs, options, changed)).value;
      widget.button = (label, pressed) => button(actions, label, pressed);
      widget.fresh = (label) =>
        button(actions, label, () => {
          widget.seed += 1;
          draw();
        });
      widget.set = (values) => {
        Object.entries(values).forEach(([key, value]) => controls[key].set(value));
        draw();
      };

      const draw = build(widget);
      const start = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.value()]));
      Object.entries(presets).forEach(([label, values]) => button(actions, label, () => widget.set({ ...start, ...values })));
      button(actions, "Reset", () => {
        widget.seed = 1;
        widget.set(start);
      });
      ask(form, typeof question === "function" ? question(widget) : question, (values) => widget.set({ ...start, ...values }));
      inputs.addEventListener("input", () => root.classList.remove("guessing"));
      root.classList.add("guessing");
      draw();
    });
  }

  /** The question before the answer: curves marked as an answer stay hidden until one is chosen or a control is moved. */
  function ask(form, { text, answers, right, because, shows }, set) {
    element(form, "legend", {}, `Guess first. ${text}`);
    const choices = element(form, "div", { class: "answers" });
    const verdict = element(form, "p", { class: "verdict", role: "status" });
    const options = [...answers, "Just show me"];
    const buttons = options.map((label, i) =>
      button(choices, label, () => {
        buttons.forEach((other, j) => other.setAttribute("aria-pressed", j === i));
        buttons[right].classList.add("right");
        verdict.textContent = `${i === right ? "Right" : `The answer is “${answers[right]}”`}. ${because}`;
        form.parentElement.classList.remove("guessing");
        set(shows);
      }),
    );
    buttons.forEach((each) => each.setAttribute("aria-pressed", "false"));
  }

  /** A labelled range input that shows its value; values, if there are any, are what its steps stand for. */
  function slider(parent, { label, values, min = 0, max = values?.length - 1, step = 1, value, digits = 2 }, changed) {
    const row = element(parent, "label", {}, `${label} `);
    const input = element(row, "input", { type: "range", min, max, step });
    const shown = element(row, "output");
    const read = () => (values ? values[Number(input.value)] : Number(input.value));
    const show = () => {
      shown.textContent = values ? read().toLocaleString("en-US") : read().toFixed(digits);
      if (values) input.setAttribute("aria-valuetext", shown.textContent);
    };
    const set = (wanted) => {
      input.value = values ? values.indexOf(wanted) : wanted;
      show();
    };
    set(value);
    input.addEventListener("input", () => {
      show();
      changed();
    });
    return { value: read, set };
  }

  /** A labelled list of options, an object from key to {label}. */
  function choice(parent, { label, options, value }, changed) {
    const row = element(parent, "label", {}, `${label} `);
    const select = element(row, "select");
    Object.entries(options).forEach(([key, option]) => element(select, "option", { value: key }, option.label));
    const set = (wanted) => (select.value = wanted);
    set(value);
    select.addEventListener("change", changed);
    return { value: () => select.value, set };
  }

  /** A generator of uniform numbers in [0, 1) that depends on its seed only (mulberry32). */
  function random(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  /** A standard normal number from two uniform ones (Box and Muller). */
  const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

  return { element, mount, random, normal };
})();
