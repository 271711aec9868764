"use strict";
{
  const byId = (id) => document.getElementById(id);
  const details = JSON.parse(byId("details").textContent);
  const stage = byId("stage");
  const panel = byId("panel");
  const search = byId("search");
  const count = byId("count");
  const svg = stage.querySelector("svg");
  const parts = [...svg.querySelectorAll("[data-path]")]; // in the order of `details`
  const size = { width: svg.width.baseVal.value, height: svg.height.baseVal.value };

  // Zoom and pan

  const view = { scale: 1, x: 0, y: 0 };

  function draw() {
    svg.style.transform = `translate(${view.x}px,${view.y}px) scale(${view.scale})`;
  }

  function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const scale = Math.min(4, Math.max(0.02, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    draw();
  }

  function fit() {
    const room = Math.min(stage.clientWidth / size.width, stage.clientHeight / size.height);
    view.scale = Math.min(1, Math.max(0.02, room));
    view.x = Math.max(0, (stage.clientWidth - size.width * view.scale) / 2);
    view.y = Math.max(0, (stage.clientHeight - size.height * view.scale) / 2);
    draw();
  }

  function reveal(part) {
    if (view.scale < 0.7) zoom(0.9 / view.scale);
    const box = part.querySelector("rect").getBoundingClientRect();
    const frame = stage.getBoundingClientRect();
    const middle = (start, length, room) => start + Math.min(length, room * 0.8) / 2;
    view.x += frame.left + frame.width / 2 - middle(box.left, box.width, frame.width);
    view.y += frame.top + frame.height / 2 - middle(box.top, box.height, frame.height);
    draw();
  }

  let drag = null;
  let dragged = false;

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(-event.deltaY * lines * 0.0015), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = { x: event.clientX - view.x, y: event.clientY - view.y, fromX: event.clientX, fromY: event.clientY };
    dragged = false;
  });

  window.addEventListener("pointermove", (event) => {
    if (!drag) return;
    dragged ||= Math.hypot(event.clientX - drag.fromX, event.clientY - drag.fromY) > 4;
    if (!dragged) return;
    view.x = event.clientX - drag.x;
    view.y = event.clientY - drag.y;
    draw();
  });

  window.addEventListener("pointerup", () => { drag = null; });

  // Details

  let chosen = null;

  function line(tag, text, parent) {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  function show(part) {
    const found = details[parts.indexOf(part)];
    chosen?.classList.remove("chosen");
    chosen = part;
    part.classList.add("chosen");
    panel.replaceChildren();
    line("h2", found.title, panel);
    const list = line("dl", "", panel);
    for (const [name, values] of found.rows) {
      line("dt", name, list);
      for (const value of values) line("dd", value, list).dir = "auto";
    }
    if (found.see !== undefined) {
      const button = line("button", "Show where it is drawn", panel);
      button.addEventListener("click", () => { reveal(parts[found.see]); show(parts[found.see]); });
    }
    panel.scrollTop = 0;
  }

  for (const part of parts) {
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "button");
  }

  stage.addEventListener("click", (event) => {
    const part = event.target.closest("[data-path]");
    if (part && !dragged) show(part);
  });

  stage.addEventListener("keydown", (event) => {
    const part = event.target.closest("[data-path]");
    if (!part || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    show(part);
  });

  // Search

  let hits = [];
  let at = -1;

  function tell() {
    const which = at < 0 ? "" : `${at + 1} of `;
    count.textContent = search.value.trim() ? `${which}${hits.length} found` : "";
  }

  function find() {
    for (const part of hits) part.classList.remove("hit", "here");
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (each) => each.find && words.every((word) => each.find.includes(word));
    hits = words.length ? parts.filter((_, index) => matches(details[index])) : [];
    at = -1;
    for (const part of hits) part.classList.add("hit");
    tell();
  }

  function next(step) {
    if (!hits.length) return;
    hits[at]?.classList.remove("here");
    at = at < 0 && step < 0 ? hits.length - 1 : (at + step + hits.length) % hits.length;
    hits[at].classList.add("here");
    reveal(hits[at]);
    show(hits[at]);
    tell();
  }

  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
    if (event.key !== "Escape") return;
    search.value = "";
    find();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === search) return;
    event.preventDefault();
    search.focus();
  });

  byId("in").addEventListener("click", () => zoom(1.3));
  byId("out").addEventListener("click", () => zoom(1 / 1.3));
  byId("fit").addEventListener("click", fit);
  window.addEventListener("resize", fit);
  fit();
}
