"use strict";
// Error against time: a point a model, the front as steps, names where there is room for them.
page.charts("error_time", (root, data) => {
  const HEIGHT = 460;
  const MARGIN = { l: 56, r: 24, t: 36, b: 60 };
  const LETTERS = 26;
  const SIZE = { small: 6, large: 9, line: 14 };
  const chart = root.querySelector(".chart");

  function figure(device, width) {
    const { points } = device;
    const front = points.filter((point) => point.front);
    const behind = points.filter((point) => !point.front);
    const ranges = rangesOf(points);
    const labels = named(points, ranges, width);
    const groups = [
      [behind, "circle", page.colour("--muted"), points.length > data.most_bars],
      [front, "diamond", page.colour("--series-2"), false],
    ];
    return {
      traces: [line(device), ...groups.map((group) => scatter(...group)), texts(labels)],
      words: [...points].sort((one, other) => one.time - other.time).map((point) => ({
        curve: point.front ? 2 : 1,
        point: (point.front ? front : behind).indexOf(point),
        text: point.words.join(", "),
      })),
      layout: {
        height: HEIGHT,
        margin: MARGIN,
        xaxis: { type: "log", title: { text: device.time_label }, range: ranges.x.map(Math.log10), tickformat: "~g", ...ticks(ranges.x, width) },
        yaxis: { title: { text: data.error_label }, range: ranges.y },
      },
    };
  }

  function line(device) {
    return {
      x: device.front.map(([time]) => time),
      y: device.front.map(([, error]) => error),
      mode: "lines",
      line: { shape: "hv", dash: "dot", width: 1.5, color: page.colour("--series-2") },
      hoverinfo: "skip",
    };
  }

  // Apart from the points: plotly measures the text of each, and of many most have none.
  function texts(labels) {
    const [points, own] = [[...labels.keys()], [...labels.values()]];
    return {
      x: points.map((point) => point.time),
      y: points.map((point) => point.error),
      mode: "markers+text",
      marker: { size: SIZE.large, opacity: 0 }, // the text keeps clear of it
      text: own.map(({ text }) => text),
      textposition: own.map(({ position }) => position),
      textfont: { size: 11 },
      hoverinfo: "skip",
    };
  }

  function scatter(points, symbol, color, bare) {
    const times = points.map((point) => point.time);
    const errors = points.map((point) => point.error);
    const bars = { color, visible: !bare };
    return {
      x: times,
      y: errors,
      error_x: { ...charts.reach(times, points.map((point) => point.time_ends)), ...bars },
      error_y: { ...charts.reach(errors, points.map((point) => point.error_ends)), ...bars },
      mode: "markers",
      marker: { symbol, color, size: bare ? SIZE.small : SIZE.large, opacity: bare ? 0.6 : 1 },
      hovertext: points.map((point) => charts.lines(point.words)),
      hoverinfo: "text",
    };
  }

  // All points, zero error, and a little more; the ends of bars that reach far are left out.
  function rangesOf(points) {
    const times = points.map((point) => point.time);
    const [fastest, slowest] = [Math.min(...times), Math.max(...times)];
    const highest = Math.max(...points.map((point) => point.error));
    const high = points.map((point) => point.error_ends[1]).filter((end) => end <= 1.5 * highest + 2);
    const ends = points.flatMap((point) => point.time_ends ?? []).filter((end) => end >= fastest / 2 && end <= slowest * 2);
    const [first, last] = [Math.min(fastest, ...ends), Math.max(slowest, ...ends)];
    const apart = Math.max(last / first, 1.5) ** 0.06;
    return { x: [first / apart, last * apart], y: [0, 1.06 * Math.max(highest, ...high, 0.1)] };
  }

  function ticks([low, high], width) {
    const decades = Math.log10(high / low);
    return decades < 2.4 ? { dtick: decades < 0.9 && width > 600 ? "D1" : "D2" } : { dtick: 1 };
  }

  // Which points are named and on which side: the front first, each where it hides no name that stands already.
  function named(points, ranges, width) {
    const wide = width - MARGIN.l - MARGIN.r;
    const high = HEIGHT - MARGIN.t - MARGIN.b;
    const [left, right] = ranges.x.map(Math.log);
    const room = points.length > data.most_bars ? SIZE.small / 2 : 5;
    const taken = points.map((point) => spot(place(point), room, room));
    const wanted = [...points.filter((point) => point.front), ...(points.length > data.most_named ? [] : points.filter((point) => !point.front))];
    const labels = new Map();

    function place(point) {
      return [((Math.log(point.time) - left) / (right - left)) * wide, (1 - point.error / ranges.y[1]) * high];
    }

    for (const point of wanted) {
      const text = charts.clipped(point.model, LETTERS);
      const length = Math.min([...point.model].length, LETTERS) * charts.letter;
      for (const position of ["top right", "top left", "bottom right", "bottom left"]) {
        const [x, y] = place(point);
        const box = beside(x, y, length, position);
        if (box[0] < 0 || box[2] > wide || box[1] < -4 || box[3] > high || taken.some((other) => meet(box, other))) continue;
        taken.push(box);
        labels.set(point, { text, position });
        break;
      }
    }
    return labels;
  }

  function spot([x, y], wide, high) {
    return [x - wide, y - high, x + wide, y + high];
  }

  function beside(x, y, length, position) {
    const low = position.startsWith("top") ? y - 5 - SIZE.line : y + 5;
    const from = position.endsWith("right") ? x + 5.5 : x - 5.5 - length;
    return [from, low, from + length, low + SIZE.line];
  }

  function meet(one, other) {
    return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
  }

  function show() {
    const kind = root.querySelector("input:checked")?.value ?? data.devices[0].kind;
    const device = data.devices.find((one) => one.kind === kind);
    charts.show(chart, (width) => figure(device, width));
  }

  for (const radio of root.querySelectorAll("input")) radio.onchange = show;
  show();
});
