"use strict";
// The time of a batch on both devices, a pair of bars a model.
page.charts("devices", (root, data) => {
  const ROW = 40;
  const AROUND = 96;
  const HIGH = 0.36; // of a row: two bars and a gap
  const chart = root.querySelector(".chart");
  const { models } = data;

  function bars(key, label, color, offset, texts) {
    const times = models.map((model) => model[key].time);
    return {
      type: "bar",
      orientation: "h",
      name: label,
      x: times,
      y: models.map((_, at) => at),
      offset,
      width: HIGH,
      marker: { color },
      error_x: { ...charts.reach(times, models.map((model) => model[key].ends)), color: page.colour("--text") },
      hovertext: models.map((model, at) => charts.lines([model.model, `${label} ${texts[at]} ms a batch`])),
      hoverinfo: "text",
    };
  }

  // Beside the bars, behind the ends of their intervals.
  function texts(key, offset, own) {
    return {
      mode: "text",
      x: models.map((model) => Math.max(model[key].time, model[key].ends?.[1] ?? 0)),
      y: models.map((_, at) => at + offset + HIGH / 2),
      text: own.map((text) => ` ${charts.literal(text)}`),
      textposition: "middle right",
      textfont: { size: 11 },
      cliponaxis: false,
      hoverinfo: "skip",
      showlegend: false,
    };
  }

  function figure(width) {
    const letters = width < 600 ? 14 : 32;
    const cpu = models.map((model) => model.cpu.words);
    const other = models.map((model) => `${model.accelerator.words} · ${model.ratio}`);
    const longest = Math.max(...models.flatMap(({ cpu, accelerator }) => [cpu, accelerator]).map((own) => Math.max(own.time, own.ends?.[1] ?? 0)));
    return {
      traces: [
        bars("cpu", "CPU", page.colour("--series-1"), -HIGH, cpu),
        bars("accelerator", data.accelerator, page.colour("--series-2"), 0, other),
        texts("cpu", -HIGH, cpu),
        texts("accelerator", 0, other),
      ],
      words: models.flatMap((model, at) => [
        { curve: 0, point: at, text: `${model.model}, CPU ${cpu[at]} ms a batch` },
        { curve: 1, point: at, text: `${model.model}, ${data.accelerator} ${other[at]} as fast` },
      ]),
      layout: {
        height: AROUND + ROW * models.length,
        showlegend: true,
        legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", traceorder: "normal", itemclick: false, itemdoubleclick: false },
        xaxis: { title: { text: data.time_label }, range: [0, longest * (width < 600 ? 1.7 : 1.3)] },
        yaxis: {
          range: [models.length - 0.5, -0.5],
          tickvals: models.map((_, at) => at),
          ticktext: models.map((model) => charts.clipped(model.model, letters)),
        },
      },
    };
  }

  charts.show(chart, figure);
});
