// Sorts tables by their columns and filters the students; without it, everything is there in the order of its names.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const key = (row) => {
        const cell = row.cells[column];
        const text = cell.dataset.value ?? cell.textContent.trim();
        // Marks may stand before the points; blanks come before everything.
        const number = head.classList.contains("text") ? Number.NaN : Number.parseFloat(text.replace(/^\D+/, ""));
        return text === "" ? [-1, 0, ""] : Number.isNaN(number) ? [1, 0, text] : [0, number, text];
      };
      const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) => a[0] - b[0] || a[1] - b[1] || a[2].localeCompare(b[2]));
      if (descending) rows.reverse();
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}
const filter = document.querySelector("form.filter");
if (filter) {
  filter.hidden = false;
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", () => {
    const name = filter.elements.name.value.toLowerCase();
    const kind = filter.elements.kind.value;
    let shown = 0;
    for (const row of document.querySelectorAll("#students tbody tr")) {
      const kept = row.cells[0].textContent.toLowerCase().includes(name) && (!kind || row.dataset.marks.split(" ").includes(kind));
      row.hidden = !kept;
      shown += kept;
    }
    filter.querySelector("output").textContent = `${shown} shown`;
  });
}
