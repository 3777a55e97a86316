// A ticket's own keys: x goes to the next open check, e writes the part it is about, p shows it as it is filed.
"use strict";
(() => {
  const off = () => document.getElementById("keys-off")?.checked;
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
  const going = () => Date.now() - Number(document.body.dataset.going || 0) < 1500;
  const parts = () => [...document.querySelectorAll(".part")].filter((one) => one.querySelector(".bad"));
  const nextOpen = () => {
    const all = parts(), at = all.findIndex((one) => one.classList.contains("chosen"));
    document.querySelector(".part.chosen")?.classList.remove("chosen");
    const next = all[(at + 1) % all.length];
    next?.classList.add("chosen");
    next?.scrollIntoView({ block: "center" });
  };
  const editPart = () => {
    const edit = (document.querySelector(".part.chosen") || parts()[0] || document.querySelector(".part"))?.querySelector("details.edit");
    if (!edit) return;
    edit.open = true;
    edit.querySelector("textarea:not(.hidden)").focus();
  };
  const preview = () => { const shown = document.getElementById("preview"); if (shown) { shown.open = !shown.open; shown.scrollIntoView({ block: "nearest" }); } };
  const deeds = { x: nextOpen, e: editPart, p: preview };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || off() || going() || document.querySelector("dialog[open]")) return;
    if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
  });
})();
