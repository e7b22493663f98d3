"use strict";
// Sorting by the buttons in the headings, a filter, and which columns are shown. What is not ranked stays below.
page.section("table", (root, data) => {
  const headings = [...root.querySelectorAll("thead th")];
  const ranked = root.querySelector("tbody.ranked");
  const bodies = [...root.querySelectorAll("tbody")];
  const rows = [...ranked.rows];
  const texts = new Map([...root.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]));
  const box = root.querySelector("input[type=search]");
  const status = root.querySelector(".count");
  const all = root.querySelector(".show-all");
  const collator = new Intl.Collator(undefined, { numeric: true });
  const count = (number) => number.toLocaleString("en");
  let most = data.most_shown;

  // Rows by what a column is sorted by; equals keep their rank, and what is not known stands last either way.
  function order(keys, isDescending) {
    const compare = keys.some((key) => typeof key === "string") ? collator.compare : (one, other) => one - other;
    return keys
      .map((key, at) => ({ key, at }))
      .sort((one, other) => {
        if (one.key === null || other.key === null) return (one.key === null) - (other.key === null);
        return (isDescending ? -1 : 1) * compare(one.key, other.key);
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
    // The first rows at once: to lay out thousands takes longer than a person waits without noticing.
    refresh(data.most_shown);
    if (most > data.most_shown) requestAnimationFrame(() => setTimeout(refresh));
  }

  // Rows with all the words of the filter; of each part of the table the first `most`, unless all are wanted, or for
  // now the first `atOnce`.
  function refresh(atOnce = most) {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let [matching, shown] = [0, 0];
    for (const body of bodies) {
      let place = 0;
      for (const row of body.rows) {
        row.hidden = !words.every((word) => texts.get(row).includes(word));
        place += !row.hidden;
        row.classList.toggle("beyond", place > Math.min(most, atOnce));
        matching += !row.hidden;
        shown += !row.hidden && place <= most;
      }
    }
    const first = shown < matching ? `, the first ${count(shown)} are shown` : "";
    status.textContent = `${count(matching)} of ${count(texts.size)} ${texts.size === 1 ? "row" : "rows"}${first}`;
    all.hidden = shown === matching;
  }

  function show(column, isShown) {
    headings[column].hidden = !isShown;
    for (const row of rows) row.cells[column].hidden = !isShown;
  }

  headings.forEach((heading, column) => heading.firstElementChild.addEventListener("click", () => sort(column)));
  box.addEventListener("input", () => refresh());
  all.addEventListener("click", () => {
    most = Infinity;
    refresh();
    status.focus();
  });
  for (const choice of root.querySelectorAll(".columns input")) {
    const column = data.columns.findIndex((one) => one.key === choice.value);
    choice.addEventListener("change", () => show(column, choice.checked));
  }
  refresh();
});
