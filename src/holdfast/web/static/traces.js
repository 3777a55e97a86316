// The waterfall: what is folded, the critical path alone, good traces beside it, and the span chosen.
"use strict";
(() => {
  const page = document.querySelector(".traced"), panel = document.getElementById("selected");
  if (!page) return;
  const rows = () => [...page.querySelectorAll(".spans tbody tr")];
  const press = (button, on) => button?.setAttribute("aria-pressed", String(on));
  const fold = (on) => { page.dataset.folded = on ? "yes" : "no"; page.querySelectorAll("[data-fold]").forEach((one) => press(one, (one.dataset.fold === "yes") === on)); };
  page.querySelectorAll("[data-fold]").forEach((one) => { one.onclick = () => fold(one.dataset.fold === "yes"); });
  const against = page.querySelector("[data-against]");
  if (against) against.onclick = () => press(against, page.toggleAttribute("data-beside"));
  const chosen = () => page.querySelector(".spans tr.chosen");
  const shows = {
    span: (row) => row.span, operation: (row) => row.operation, component: (row) => row.component, instance: (row) => row.instance,
    at: (row) => `+${Number(row.at).toFixed(1)} ms`, took: (row) => `${Number(row.took).toFixed(1)} ms`, good: (row) => row.good || "–", fault: (row) => row.fault || "–",
    lines: (row) => row.lines === "" ? "–" : `${row.lines}${row.usual === "" ? "" : `, usually ${Number(row.usual)}`}`,
  };
  const show = () => {
    const row = chosen();
    const some = row?.dataset.span;
    panel.querySelector("[data-none]").hidden = Boolean(some);
    panel.querySelector("[data-some]").hidden = !some;
    if (!some) return;
    panel.querySelectorAll("[data-shows]").forEach((one) => { one.textContent = shows[one.dataset.shows](row.dataset); });
    panel.querySelector("[data-open]").href = row.dataset.href;
    const proof = panel.querySelector("input[name=proof]");
    if (proof) proof.value = `${row.dataset.artefact}:span:${row.dataset.span}`;
  };
  const choose = (row) => { chosen()?.classList.remove("chosen"); row.classList.add("chosen"); show(); };
  new MutationObserver(show).observe(page.querySelector(".spans tbody"), { subtree: true, attributeFilter: ["class"] });
  page.querySelector(".spans tbody").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !row.classList.contains("chosen")) { event.stopPropagation(); choose(row); }
  });
  // Opens or folds what is under a span; one that is folded away is shown by opening its caller.
  const under = (open) => {
    const row = chosen();
    if (!row) return;
    const all = rows(), from = all.indexOf(row);
    for (const next of all.slice(from + 1)) {
      if (Number(next.dataset.depth) <= Number(row.dataset.depth)) break;
      if (next.classList.contains("fold")) next.toggleAttribute("data-opened", open);
      else next.toggleAttribute("data-closed", !open);
    }
  };
  const line = () => { const [artefact, number] = (chosen()?.dataset.log || "").split(":"); if (number) location.href = `${location.pathname.replace(/traces$/, "diagnosis")}?artefact=${artefact}&at=line:${number}#viewer`; };
  const deeds = { ArrowRight: () => under(true), ArrowLeft: () => under(false), p: () => page.toggleAttribute("data-path"), l: line };
  const typing = (at) => at && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.getElementById("keys-off")?.checked || document.querySelector("dialog[open]")) return;
    if (Date.now() - Number(document.body.dataset.going || 0) < 1500) return;
    if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
  });
  const first = page.querySelector(".spans tr.wrong:not(.lost)") || rows()[0];
  if (first) choose(first);
})();
