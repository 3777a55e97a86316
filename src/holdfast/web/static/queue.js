// The queue's own keys: why a row stands where it stands, choosing rows, the filter.
"use strict";
(() => {
  const off = () => document.getElementById("keys-off")?.checked;
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && at.type !== "checkbox");
  const row = () => document.querySelector("[data-rows] tr.chosen") || document.querySelector("[data-rows] tbody tr");
  const why = async () => {
    const here = row();
    if (!here?.dataset.place) return;
    const shown = here.nextElementSibling;
    if (shown?.classList.contains("place")) return shown.remove();
    const answer = await fetch(here.dataset.place, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) return;
    const line = document.createElement("tr"), cell = document.createElement("td");
    line.className = "place";
    cell.colSpan = here.cells.length;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    cell.replaceChildren(...page.body.childNodes);
    line.append(cell);
    here.after(line);
  };
  const pick = () => { const box = row()?.querySelector("input[type=checkbox]"); if (box) box.checked = !box.checked; };
  const filter = () => { const panel = document.getElementById("filter"); if (panel) { panel.open = true; panel.querySelector("input[name=severity]").focus(); } };
  const deeds = { w: why, x: pick, f: filter };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || off() || document.querySelector("dialog[open]")) return;
    if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
  });
})();
