// Beside a cell in nbgrader's formgrader: points for each item of the rubric add up to the cell's, and the first line of
// the comment says which were given, so that a student reads them and the page finds them again.
(() => {
  const box = document.currentScript.previousElementSibling;
  const begins = "Rubric: ";
  const asField = (item) => {
    const field = Object.assign(document.createElement("input"), { type: "number", min: 0, step: 0.5 });
    const label = Object.assign(document.createElement("label"), { title: item.title });
    field.max = item.dataset.points;
    field.dataset.name = item.dataset.name;
    field.style.width = "4em";
    label.append(field, ` / ${field.max} ${field.dataset.name}`);
    item.replaceWith(label);
    return field;
  };
  const saved = () => window.formgrader?.grades?.loaded && window.formgrader?.comments?.loaded;
  const wait = setInterval(() => {
    if (!saved()) return;
    clearInterval(wait);
    const fields = [...box.querySelectorAll("[data-points]")].map(asField);
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
