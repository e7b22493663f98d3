"use strict";
// The latency budget: which model to take at each of its steps was worked out by `harness recommend`'s own code.
page.section("cards", (root, data) => {
  const slider = root.querySelector("input[type=range]");
  if (!slider) return;
  let device = data.devices[0];

  function show() {
    const step = device.steps[Number(slider.value)];
    const batch = device.batch ? ` of ${device.batch}` : "";
    const limit = step.ms ? `${step.ms} ms/batch${batch} on ${device.label}` : `none, on ${device.label}`;
    root.querySelector(".limit").textContent = limit;
    root.querySelector(".command").textContent = step.command;
    const lines = device.answers[step.answer].map((line) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      return paragraph;
    });
    root.querySelector(".answer").replaceChildren(...lines);
    slider.setAttribute("aria-valuetext", limit);
  }

  // Another device has other steps: the nearest budget of its own is taken.
  function change(to) {
    const budget = device.steps[Number(slider.value)].ms;
    device = to;
    const last = device.steps.length - 1;
    const fitting = device.steps.findIndex((step) => step.ms && Number(step.ms) >= Number(budget));
    slider.max = last;
    slider.value = budget && fitting >= 0 ? fitting : last;
    show();
  }

  slider.addEventListener("input", show);
  for (const choice of root.querySelectorAll("input[type=radio]")) {
    choice.addEventListener("change", () => change(data.devices[Number(choice.value)]));
  }
  show();
});
