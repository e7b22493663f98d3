"use strict";
// The grid of pairs: one stop of the Tab key, arrow keys from cell to cell, and what a cell says below the grid.
page.section("significance", (root, data) => {
  const rows = [...root.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
  const cells = rows.flat();
  const told = root.querySelector(".chart-words");
  const RESTING = "Point at a cell, or go to it with the arrow keys.";
  let current = rows[0][1] ?? rows[0][0];

  function words(cell) {
    return data.words[cell.dataset.pair] ?? `${data.models[rows.findIndex((row) => row.includes(cell))].name} itself`;
  }

  function go(cell) {
    current.tabIndex = -1;
    current = cell;
    current.tabIndex = 0;
    current.focus();
  }

  for (const cell of cells) {
    if (cell.dataset.pair) cell.setAttribute("aria-label", words(cell));
  }
  current.tabIndex = 0;
  told.textContent = RESTING;

  const grid = root.querySelector("table");
  grid.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td");
    if (cell) told.textContent = words(cell);
  });
  grid.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td");
    if (cell) told.textContent = words(cell);
  });
  grid.addEventListener("keydown", (event) => {
    const at = cells.indexOf(event.target);
    const wide = rows.length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide, Home: -(at % wide), End: wide - 1 - (at % wide) };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = at + steps[event.key];
    const leaves = ["ArrowRight", "ArrowLeft"].includes(event.key) && Math.floor(next / wide) !== Math.floor(at / wide);
    if (cells[next] && !leaves) go(cells[next]);
  });
});
