"use strict";
// Learning curves of the chosen model: a line a trial.
page.charts("learning", (root, data) => {
  const HEIGHT = 320;
  const choice = root.querySelector("select");

  function line(curve, values, label, color, dash, first) {
    return {
      x: values.map((_, at) => at + 1),
      y: values,
      mode: values.length > 1 ? "lines" : "markers",
      name: label,
      legendgroup: label,
      showlegend: first,
      line: { color, dash, width: 1.5 },
      marker: { color, size: 6 },
      hovertext: values.map((value, at) => `${label}, ${trial(curve)}, epoch ${at + 1}: ${value?.toPrecision(3)}`),
      hoverinfo: "text",
    };
  }

  function trial(curve) {
    return curve.fold === null ? `seed ${curve.seed}` : `seed ${curve.seed} fold ${curve.fold}`;
  }

  // Where the weights were kept.
  function kept(curves, values, color) {
    const own = curves.filter((curve) => curve.kept);
    return {
      x: own.map((curve) => curve.kept),
      y: own.map((curve) => values(curve)[curve.kept - 1]),
      mode: "markers",
      name: "weights kept",
      cliponaxis: false,
      marker: { color, size: 9, symbol: "circle-open", line: { width: 2 } },
      hovertext: own.map((curve) => `weights kept, ${trial(curve)}: epoch ${curve.kept} of ${curve.val_loss.length}`),
      hoverinfo: "text",
    };
  }

  function figure(curves, title, series) {
    const traces = series.flatMap(([label, key, colour, dash]) =>
      curves.map((curve, at) => line(curve, curve[key], label, page.colour(colour), dash, at === 0)));
    traces.push(kept(curves, (curve) => curve[series[0][1]], page.colour("--text")));
    const words = traces.flatMap((trace, curve) => trace.hovertext.map((text, point) => ({ curve, point, text })));
    const highest = Math.max(...series.flatMap(([, key]) => curves.flatMap((curve) => curve[key])), 1e-9);
    const longest = Math.max(...curves.map((curve) => curve.val_loss.length));
    return {
      traces,
      words,
      layout: {
        height: HEIGHT,
        showlegend: true,
        xaxis: { title: { text: "epoch" }, dtick: Math.max(1, Math.ceil(longest / 10)), range: [0.7, longest + 0.3] },
        yaxis: { title: { text: title }, range: [-0.04 * highest, 1.05 * highest] },
      },
    };
  }

  function show() {
    const model = data.models[choice.value];
    const losses = [["validation loss", "val_loss", "--series-1", "solid"], ["training loss", "train_loss", "--series-2", "dash"]];
    const errors = [["validation error", "val_err", "--series-1", "solid"]];
    charts.show(root.querySelector('[data-chart="loss"]'), () => figure(model.seeds, "loss", losses));
    charts.show(root.querySelector('[data-chart="error"]'), () => figure(model.seeds, "error in %", errors));
  }

  choice.addEventListener("change", show);
  show();
});

page.section("learning", (root, data) => {
  const choice = root.querySelector("select");
  choice.addEventListener("change", () => (root.querySelector(".learnt").textContent = data.models[choice.value].words));
});
