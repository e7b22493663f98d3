"use strict";
// Errors of classes of the chosen model, and what they are taken for.
page.charts("classes", (root, data) => {
  const ROW = 24;
  const AROUND = 100;
  const choice = root.querySelector("select");

  function figure(classes, width) {
    const letters = width < 600 ? 14 : 32;
    const errors = classes.map((own) => own.error);
    const highest = Math.max(...classes.map((own) => own.ends[1]));
    const texts = classes.map((own) => [own.name, `${own.words} % of ${own.images.toLocaleString("en")} images`, ...(own.taken_for ? [`taken for ${own.taken_for}`] : [])]);
    return {
      traces: [{
        x: errors,
        y: classes.map((_, at) => at),
        error_x: { ...charts.reach(errors, classes.map((own) => own.ends)), color: page.colour("--series-1") },
        mode: "markers",
        marker: { color: page.colour("--series-1"), size: 8 },
        hovertext: texts.map(charts.lines),
        hoverinfo: "text",
      }],
      words: texts.map((text, point) => ({ curve: 0, point, text: text.join(", ") })),
      layout: {
        height: AROUND + ROW * classes.length,
        xaxis: { title: { text: "error in %, 95 % intervals" }, range: [-0.03 * highest, 1.04 * highest] },
        yaxis: {
          range: [classes.length - 0.5, -0.5],
          tickvals: classes.map((_, at) => at),
          ticktext: classes.map((own) => charts.clipped(own.name, letters)),
        },
      },
    };
  }

  function show() {
    const model = data.models[choice.value];
    charts.show(root.querySelector(".chart"), (width) => figure(model.classes, width));
  }

  choice.addEventListener("change", show);
  show();
});

// The tables are there without plotly, too.
page.section("classes", (root, data) => {
  const WRITTEN = 20; // classes, above which the cells are too small for figures
  const choice = root.querySelector("select");

  function table(classes) {
    const rows = classes.map((own) => row("td", own.name, [own.images.toLocaleString("en"), own.words, own.taken_for]));
    root.querySelector("table.plain tbody").replaceChildren(...rows);
  }

  function confusion({ classes, percent }) {
    const head = row("th", "is ↓ taken for →", classes);
    head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
    const figures = classes.length <= WRITTEN;
    const body = percent.map((own, at) => {
      const line = row("td", classes[at], own.map((share) => (figures && share ? share.toFixed(0) : "")));
      line.querySelectorAll("td").forEach((cell, to) => shade(cell, own[to], `${classes[at]} taken for ${classes[to]}: ${own[to].toFixed(1)} %`));
      return line;
    });
    const top = document.createElement("thead");
    const rest = document.createElement("tbody");
    top.append(head);
    rest.append(...body);
    root.querySelector("table.confusion").replaceChildren(top, rest);
  }

  function row(kind, first, rest) {
    const line = document.createElement("tr");
    const heading = document.createElement("th");
    heading.scope = "row";
    heading.textContent = first;
    line.append(heading, ...rest.map((text) => Object.assign(document.createElement(kind), { textContent: text })));
    return line;
  }

  function shade(cell, percent, said) {
    cell.style.setProperty("--share", percent / 100);
    cell.title = said;
  }

  function show() {
    const model = data.models[choice.value];
    root.querySelector(".shown").textContent = model.part;
    table(model.classes);
    confusion(model.confusion);
  }

  choice.addEventListener("change", show);
  show();
});
