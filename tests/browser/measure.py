"""What is measured in a page by scripts: pictures without words, text too small, boxes that scroll."""

# The pictures of the article that have no text alternative and are neither decoration nor part of a button.
TEXTLESS = """
() => [...document.querySelectorAll("article svg, article img, article canvas")]
  .filter((picture) => !picture.closest("[aria-hidden=true], button") && !picture.parentElement.closest("svg"))
  .filter((picture) => {
    const named = document.getElementById(picture.getAttribute("aria-labelledby"));
    return !(picture.alt || picture.ariaLabel || (picture.role === "img" && named?.textContent) || "").trim();
  })
  .map((picture) => picture.outerHTML.slice(0, 200))
"""
# Text smaller than 9 px on the screen, as size and words, but of figures that say so; what only holds a place has none.
SMALL = """
() => [...document.querySelectorAll("body *")]
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && /[^\\s\\u200b]/.test(node.data)))
  .filter((element) => !element.closest("script, style, noscript, desc, .katex-mathml, [data-breaks~=text]"))
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .map((element) => {
    const scale = element.ownerSVGElement?.getScreenCTM().a ?? 1;
    return [scale * parseFloat(getComputedStyle(element).fontSize), element.textContent.slice(0, 40)];
  })
  .filter(([size]) => size > 0 && size < 8.99)
"""
# The boxes of the article, open or not, that are wider inside than outside, each with how it tells so.
SCROLLING = """
async () => {
  const closed = [...document.querySelectorAll("article details:not([open])")];
  closed.forEach((details) => (details.open = true));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const boxes = [...document.querySelectorAll("article *")]
    .filter((box) => box.clientWidth && box.scrollWidth > box.clientWidth + 1 && box.checkVisibility())
    .filter((box) => getComputedStyle(box).overflowX !== "visible" && !box.matches(".katex-mathml, .visually-hidden"))
    .map((box) => ({
      box: `${box.tagName} ${box.className} ${box.textContent.trim().slice(0, 60)}`,
      cue: getComputedStyle(box).maskImage !== "none" && box.dataset.more.includes("right"),
      focusable: box.tabIndex === 0,
      name: box.ariaLabel ?? "",
    }));
  closed.forEach((details) => (details.open = false));
  return boxes;
}
"""
# What the head says.
HEAD = """
() => ({
  title: document.title,
  viewports: document.querySelectorAll("meta[name=viewport]").length,
  ...Object.fromEntries([...document.querySelectorAll("meta[name=description], meta[property^=og]")]
    .map((tag) => [tag.getAttribute("name") ?? tag.getAttribute("property"), tag.content])),
})
"""
