// Beside a cell in nbgrader's formgrader: points for each item of the rubric add up to the cell's, and the first line of
// the comment says which were given, so that a student reads them and the page finds them again.
(() => {
  const box = document.currentScript.previousElementSibling;
  const fields = [...box.querySelectorAll("input")];
  const begins = "Rubric: ";
  const saved = () => window.formgrader?.grades?.loaded && window.formgrader?.comments?.loaded;
  const wait = setInterval(() => {
    if (!saved()) return;
    clearInterval(wait);
    const score = document.getElementById(box.dataset.cell);
    const comment = document.getElementById(`${box.dataset.cell}-comment`);
    const [first, ...rest] = comment.value.split("\n");
    let others = first.startsWith(begins) ? rest : [first, ...rest];
    if (first.startsWith(begins)) {
      for (const field of fields) {
        const given = first.slice(begins.length).split("; ").find((text) => text.startsWith(`${field.dataset.name} `));
        if (given) field.value = given.slice(field.dataset.name.length + 1).split("/")[0];
      }
    }
    const fill = (element, value) => {
      element.value = value;
      window.jQuery(element).trigger("change");
    };
    box.addEventListener("change", (event) => {
      event.stopPropagation();
      const given = fields.filter((field) => field.value !== "");
      const [now, ...lines] = comment.value.split("\n");
      others = now.startsWith(begins) ? lines : [now, ...lines];
      const line = given.map((field) => `${field.dataset.name} ${field.value}/${field.max}`).join("; ");
      fill(score, given.reduce((sum, field) => sum + Number(field.value), 0));
      fill(comment, [begins + line, ...others].join("\n").trimEnd());
    });
  }, 100);
})();
