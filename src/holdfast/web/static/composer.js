// The composer of updates: hits underlined where they stand, the next one by Tab, a way out by its digit.
"use strict";
(() => {
  const form = document.getElementById("composer-form");
  if (!form) return;
  const hits = () => [...document.querySelectorAll("#check [data-hit]")].filter((one) => one.dataset.hit)
    .map((one) => ({ row: one, field: form.elements[one.dataset.hit], start: Number(one.dataset.start), end: Number(one.dataset.end), blocks: one.dataset.blocks }));
  // A text may have been typed on since it was checked: what no longer stands there is not underlined.
  const under = () => {
    for (const field of form.querySelectorAll(".marked textarea")) {
      const shade = field.previousElementSibling, parts = [];
      let at = 0;
      for (const one of hits().filter((hit) => hit.field === field).sort((a, b) => a.start - b.start)) {
        if (one.start < at || one.end > field.value.length) continue;
        const mark = document.createElement("mark");
        mark.className = one.blocks ? "stops" : "warns";
        mark.textContent = field.value.slice(one.start, one.end);
        parts.push(field.value.slice(at, one.start), mark);
        at = one.end;
      }
      shade.replaceChildren(...parts, `${field.value.slice(at)}\n`);
      shade.scrollTop = field.scrollTop;
    }
  };
  let chosen = null;
  const choose = (one) => {
    chosen = one;
    document.querySelectorAll("#check .chosen").forEach((row) => row.classList.remove("chosen"));
    if (!one) return;
    one.row.classList.add("chosen");
    one.row.scrollIntoView({ block: "nearest" });
    one.field.focus();
    one.field.setSelectionRange(one.start, one.end);
  };
  const take = (fix) => {
    const { field, start, end } = chosen;
    field.focus();
    field.setRangeText(fix, start, end, "end");
    choose(null);
    form.dispatchEvent(new Event("holdfast:fixed", { bubbles: true }));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fix]"), row = button?.closest("[data-hit]");
    const one = row && hits().find((hit) => hit.row === row);
    if (!one) return;
    choose(one);
    take(button.dataset.fix);
  });
  form.addEventListener("keydown", (event) => {
    const all = hits(), at = chosen ? all.findIndex((one) => one.row === chosen.row) : -1;
    if (event.key === "Tab" && !event.shiftKey && event.target.closest(".marked") && at + 1 < all.length) {
      event.preventDefault();
      choose(all[at + 1]);
      return;
    }
    if (!chosen || event.ctrlKey || event.metaKey || event.altKey) return;
    const fix = /^[1-9]$/.test(event.key) && chosen.row.querySelectorAll("[data-fix]")[Number(event.key) - 1];
    if (fix) { event.preventDefault(); take(fix.dataset.fix); }
    else if (event.key === "i" && !chosen.blocks) { event.preventDefault(); chosen.row.querySelector("[name=reason]").focus(); }
    else if (event.key.length === 1 || event.key === "Backspace") choose(null);
  });
  form.addEventListener("scroll", (event) => { if (event.target.previousElementSibling) event.target.previousElementSibling.scrollTop = event.target.scrollTop; }, true);
  form.addEventListener("input", () => { choose(null); under(); });
  // The checked part comes anew on each pause; its preview stands elsewhere on the page.
  new MutationObserver(() => {
    const next = document.getElementById("preview-next"), here = document.getElementById("preview");
    if (next && here && !next.dataset.shown) {
      next.dataset.shown = "yes";
      here.replaceWith(next.content.querySelector("#preview").cloneNode(true));
    }
    under();
  }).observe(document.querySelector("aside"), { childList: true, subtree: false });
  under();
})();
