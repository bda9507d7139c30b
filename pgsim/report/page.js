"use strict";
const value = (row, column) => {
  const cell = row.cells[column];
  const number = cell.dataset.value;
  return number === undefined ? cell.textContent : number === "" ? null : Number(number);
};
const compare = (a, b) =>
  typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
const sort = (table, head, column) => {
  const down = head.getAttribute("aria-sort") === "descending";
  const sign = down ? 1 : -1;
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "ascending" : "descending");
  const keyed = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
  keyed.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * compare(a, b)));
  table.tBodies[0].append(...keyed.map(([, row]) => row));
};
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.tabIndex = 0;
    head.classList.add("sorts");
    head.addEventListener("click", () => sort(table, head, column));
    head.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort(table, head, column);
    });
  });
}
