"use strict";
// What the drawn sections share: how a chart is drawn by plotly, told in words, walked through by keys, and printed.
const charts = {
  // Without a button that leads outside, and none that saves a picture, which the page's policy forbids.
  config: {
    displaylogo: false,
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"]],
    showLink: false,
    plotlyServerURL: "",
  },
  printWidth: 660,
  mostLetters: 46,
  letter: 6.4, // how wide a letter of a label is, in pixels
  figures: new Map(), // how each element is drawn
  waiting: new Set(),
  widths: new WeakMap(), // how wide each was drawn
  places: new WeakMap(), // how far the keys have come

  // Have `figure()`, which gives {traces, layout, words}, drawn into `element`: soon, not before the page is shown.
  show(element, figure) {
    charts.figures.set(element, figure);
    charts.resized.observe(element);
    if (!charts.waiting.size) setTimeout(charts.next);
    charts.waiting.add(element);
    document.documentElement.dataset.charts = "waiting";
  },

  // One chart at a time, so that the page answers in between.
  next() {
    const [element] = charts.waiting;
    if (!element) return;
    charts.draw(element);
    if (charts.waiting.size) setTimeout(charts.next);
    else document.documentElement.dataset.charts = "drawn";
  },

  draw(element, width) {
    charts.waiting.delete(element);
    const wide = width ?? element.clientWidth;
    charts.widths.set(element, wide);
    const { traces, layout, words } = charts.figures.get(element)(wide);
    Plotly.react(element, traces, charts.layout({ ...layout, width: wide }), charts.config);
    charts.readable(element, words);
  },

  // `own` within what all have; text and lines have their colours from the style sheet, on paper too.
  layout(own) {
    const axis = { automargin: true, zeroline: false, fixedrange: false, ticklabelstandoff: 4 };
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "inherit", size: 12 },
      margin: { l: 56, r: 16, t: 36, b: 60 },
      hovermode: "closest",
      dragmode: false,
      showlegend: false,
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", itemclick: false, itemdoubleclick: false },
      ...own,
      xaxis: { ...axis, ...own.xaxis },
      yaxis: { ...axis, ...own.yaxis },
    };
  },

  // A name as plotly shows it as it is: it has a markup of its own, links among it.
  literal(text) {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  },

  // What stands at a point: no wider than a phone; all of it is told below the chart.
  lines(texts) {
    return texts.map((text) => charts.clipped(text, charts.mostLetters)).join("<br>");
  },

  clipped(text, most) {
    const letters = [...text];
    return charts.literal(letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text);
  },

  // Below and above a value, as plotly wants it; nothing where an interval says nothing.
  reach(values, ends) {
    return {
      type: "data",
      symmetric: false,
      array: values.map((value, at) => (ends[at] ? Math.max(0, ends[at][1] - value) : 0)),
      arrayminus: values.map((value, at) => (ends[at] ? Math.max(0, value - ends[at][0]) : 0)),
      thickness: 1,
      width: 0,
    };
  },

  // Arrow keys go through `words`, [{curve, point, text}]: each is shown as the mouse would, and told.
  readable(element, words) {
    const told = element.nextElementSibling;
    charts.places.set(element, -1);
    element.removeAllListeners("plotly_hover");
    element.on("plotly_hover", ({ points: [{ curveNumber, pointNumber }] }) => {
      told.textContent = words.find(({ curve, point }) => curve === curveNumber && point === pointNumber)?.text ?? "";
    });
    element.onkeydown = (event) => {
      const last = words.length - 1;
      const place = charts.places.get(element);
      const steps = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: last };
      if (event.target !== element || !(event.key in steps) || last < 0) return;
      event.preventDefault();
      const next = Math.min(Math.max(steps[event.key], 0), last);
      charts.places.set(element, next);
      const { curve, point, text } = words[next];
      Plotly.Fx.hover(element, [{ curveNumber: curve, pointNumber: point }]);
      told.textContent = text; // at once, whatever plotly makes of the hovering
    };
    element.onblur = () => {
      Plotly.Fx.unhover(element);
      told.textContent = "";
    };
  },

  // On paper all that waits is drawn, in the width and the colours of the paper.
  print() {
    for (const element of charts.figures.keys()) charts.draw(element, Math.min(charts.printWidth, charts.room(element)));
  },

  // Two charts that stand side by side share the width.
  room(element) {
    return element.closest(".pair") ? charts.printWidth / 2 : charts.printWidth;
  },

  unprint() {
    for (const element of charts.figures.keys()) charts.draw(element);
  },
};

// Not plotly's own: names stand where there is room for them, which another width has elsewhere.
charts.resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const before = charts.widths.get(target);
    if (before && target.clientWidth && target.clientWidth !== before) charts.show(target, charts.figures.get(target));
  }
});

window.matchMedia("print").addEventListener("change", (media) => (media.matches ? charts.print() : charts.unprint()));
