"use strict";
// Sorting by the buttons in the headings, a filter, and which columns are shown. What is not ranked stays below.
page.section("table", (root, data) => {
  const headings = [...root.querySelectorAll("thead th")];
  const ranked = root.querySelector("tbody.ranked");
  const rows = [...ranked.rows];
  const all = [...root.querySelectorAll("tbody tr")];
  const texts = all.map((row) => row.textContent.toLowerCase());
  const collator = new Intl.Collator(undefined, { numeric: true });

  // Rows by what a column is sorted by; equals keep their rank, and what is not known stands last either way.
  function order(keys, isDescending) {
    const compare = keys.some((key) => typeof key === "string") ? collator.compare : (one, other) => one - other;
    return keys
      .map((key, at) => ({ key, at }))
      .sort((one, other) => {
        if (one.key === null || other.key === null) return (one.key === null) - (other.key === null) || one.at - other.at;
        return (isDescending ? -1 : 1) * compare(one.key, other.key) || one.at - other.at;
      })
      .map(({ at }) => at);
  }

  function sort(column) {
    const isDescending = headings[column].getAttribute("aria-sort") === "ascending";
    headings.forEach((heading) => heading.removeAttribute("aria-sort"));
    headings[column].setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    const fragment = document.createDocumentFragment();
    for (const at of order(data.sorted_by[column], isDescending)) fragment.append(rows[at]);
    ranked.append(fragment);
  }

  function filter(wanted) {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    all.forEach((row, at) => {
      row.hidden = !words.every((word) => texts[at].includes(word));
      shown += !row.hidden;
    });
    const count = (number) => number.toLocaleString("en");
    root.querySelector(".count").textContent = `${count(shown)} of ${count(all.length)} ${all.length === 1 ? "row" : "rows"}`;
  }

  function show(column, isShown) {
    headings[column].hidden = !isShown;
    for (const row of rows) row.cells[column].hidden = !isShown;
  }

  headings.forEach((heading, column) => heading.firstElementChild.addEventListener("click", () => sort(column)));
  const box = root.querySelector("input[type=search]");
  box.addEventListener("input", () => filter(box.value));
  for (const choice of root.querySelectorAll(".columns input")) {
    const column = data.columns.findIndex((one) => one.key === choice.value);
    choice.addEventListener("change", () => show(column, choice.checked));
  }
  filter(box.value);
});
