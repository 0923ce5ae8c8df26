"use strict";
// What is wider than its column scrolls: it fades at the side where it goes on, and the keyboard reaches it under a name.
{
  const KINDS = { ".pst-scrollable-table-container:not(.math)": "Table", "div.math": "Formula", pre: "Code", ".panels": "Figure" };

  function mark(box, kind) {
    const hidden = box.scrollWidth - box.clientWidth;
    const sides = [hidden > 1 && box.scrollLeft > 1 && "left", hidden > 1 && box.scrollLeft < hidden - 1 && "right"];
    box.dataset.more = sides.filter(Boolean).join(" ");
    if (hidden > 1) {
      const caption = box.querySelector("caption, figcaption")?.innerText;
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${caption ?? kind} (scrolls sideways)`);
    } else ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
  }

  Object.entries(KINDS).forEach(([selector, kind]) =>
    document.querySelectorAll(`article ${selector}`).forEach((box) => {
      box.addEventListener("scroll", () => mark(box, kind), { passive: true });
      new ResizeObserver(() => mark(box, kind)).observe(box); // also when it is first laid out
    }),
  );
}
