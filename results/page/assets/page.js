"use strict";
// What the scripts of all sections share. A section's script calls page.section or page.charts, once.
document.documentElement.classList.add("js");

const page = {
  dark: window.matchMedia("(prefers-color-scheme: dark)"),

  // start(root, data) for every section of that kind: `root` is its element, `data` what its Section gave.
  section(name, start) {
    for (const root of document.querySelectorAll(`[data-section="${name}"]`)) {
      start(root, JSON.parse(document.getElementById(`data-${root.id}`).textContent));
    }
  },

  // The same once plotly is there, and again where the colours change. Without plotly every .chart says so.
  charts(name, draw) {
    document.addEventListener("DOMContentLoaded", () => {
      page.section(name, (root, data) => {
        if (!window.Plotly) {
          root.querySelectorAll(".chart").forEach(page.withoutChart);
          return;
        }
        draw(root, data);
        page.dark.addEventListener("change", () => draw(root, data));
      });
    });
  },

  withoutChart(element) {
    element.textContent = "This chart needs the file _assets/plotly-….min.js, which is not where this page left it.";
    element.classList.add("missing");
  },

  // A colour of page.css by its name, as it is now: page.colour("--text").
  colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  },
};
