// Keyboard first: single keys are off while typing and can be turned off altogether.
"use strict";
(() => {
  const off = document.getElementById("keys-off"), help = document.getElementById("all-keys");
  const kept = (() => { try { return localStorage; } catch { return {}; } })();
  if (off) { off.checked = kept["keys-off"] === "yes"; off.onchange = () => { kept["keys-off"] = off.checked ? "yes" : "no"; }; }
  // The sheet lists the page's own keys, which stand in its foot, before those of every page.
  const shown = () => {
    if (!help || help.open) return;
    const page = document.getElementById("page-keys"), own = [...document.querySelectorAll("footer.keys > span")];
    page.replaceChildren(...own.filter((one) => !one.textContent.startsWith("?")).flatMap((one) => {
      const name = document.createElement("dt"), says = document.createElement("dd");
      name.append(...[...one.querySelectorAll("kbd")].map((key) => key.cloneNode(true)));
      says.textContent = [...one.childNodes].filter((part) => part.nodeName !== "KBD").map((part) => part.textContent).join("").trim();
      return [name, says];
    }));
    help.showModal();
  };
  document.getElementById("help")?.addEventListener("click", shown);
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
  const rows = () => [...document.querySelectorAll("[data-rows] tbody tr:not(.place), ol[data-rows] > li")].filter((row) => row.getClientRects().length);
  // A part of the page that came anew has lost its choice: the same row is chosen again, wherever it stands by then.
  let same = "";
  const mark = (row) => row.id || row.querySelector("[name=item]")?.value || row.dataset.href || "";
  document.addEventListener("holdfast:replaced", () => {
    if (same && !document.querySelector("[data-rows] .chosen")) rows().find((row) => mark(row) === same)?.classList.add("chosen");
  });
  const choose = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("chosen"));
    const first = Math.max(0, all.findIndex((row) => row.querySelector('[data-key="Enter"]')));
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? first : at + by))];
    all[at]?.classList.remove("chosen");
    next.classList.add("chosen");
    same = mark(next);
    next.scrollIntoView({ block: "nearest" });
  };
  const open = () => {
    const row = document.querySelector("[data-rows] tr.chosen");
    const to = row && (row.dataset.href || row.querySelector("a.proof")?.href);
    if (to) location.href = to;
  };
  const key = document.body.dataset.case;
  const places = { n: key && `/cases/${key}/environments`, b: key && `/cases/${key}/brief`, q: "/", f: "/figures/", c: key ? `/cases/${key}/` : "/cases/", d: key && `/cases/${key}/diagnosis`, v: key && `/cases/${key}/access`, s: key && `/cases/${key}/traces`, t: key && `/cases/${key}/triage`, w: key && `/cases/${key}/room`, o: key && `/cases/${key}/handover`, m: key ? `/cases/${key}/mitigations` : "/mitigations/", a: key ? `/cases/${key}/decisions` : "/decisions/", k: key ? `/cases/${key}/tickets` : "/tickets/", l: key && `/cases/${key}/clocks`, u: key ? `/cases/${key}/updates` : "/promises/", e: key && `/cases/${key}/closing`, h: key ? `/cases/${key}/hypotheses` : "/hygiene/", p: "/policies/" };
  const fresh = () => {
    const line = document.getElementById("write-text");
    if (line) line.focus(); else document.getElementById("new")?.click();
  };
  const follow = (way) => document.querySelector(`.casehead a[rel=${way}]`)?.click();
  // What a page's own keys do stands in the page: data-key names the key of a field, a choice, a fold or a button.
  // A button marked data-twice wants its key a second time; the page may have come anew between the two. In a list of
  // rows a key is that of the chosen row.
  let first = { deed: "", at: 0 };
  const deedOf = (button) => `${button.form?.action} ${button.name} ${button.value}`;
  const asked = (button) => first.deed === deedOf(button) && Date.now() - first.at < 4000;
  const ask = (button) => { button.textContent = `Press ${button.dataset.key} again`; };
  document.addEventListener("holdfast:replaced", () => [...document.querySelectorAll("[data-twice]")].filter(asked).forEach(ask));
  const own = (name) => {
    const at = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === name && !one.disabled && one.getClientRects().length && (!one.closest("[data-rows]") || one.closest(".chosen")));
    if (!at) return false;
    if (at.matches("details")) { at.open = true; at.querySelector("input:not([type=hidden]), textarea, select")?.focus(); }
    else if (at.type === "radio") { at.checked = true; at.form.querySelector("input:not([type]), textarea").focus(); }
    else if (at.matches("input, textarea, select")) at.focus();
    else if (at.dataset.twice === undefined || asked(at)) at.click();
    else { first = { deed: deedOf(at), at: Date.now() }; ask(at); }
    return true;
  };
  const deeds = { "/": () => document.querySelector(".search input")?.focus(), "?": shown, j: () => choose(1), k: () => choose(-1), Enter: open, n: fresh, "[": () => follow("prev"), "]": () => follow("next") };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(document.activeElement)) return document.activeElement.blur();
    if (event.ctrlKey && event.key === "Enter") {
      const form = typing(event.target) && event.target.form;
      if (form && !form.querySelector("[data-outward]")) { event.preventDefault(); form.requestSubmit(); return; }
      const outward = document.querySelector("button[data-outward]:not(:disabled)");
      if (outward && !help?.open) { event.preventDefault(); outward.form.requestSubmit(outward); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || off?.checked || help?.open) return;
    if (event.defaultPrevented || event.target.closest?.(".rows")) return;
    if (event.key === "Enter" && event.target !== document.body && event.target.id !== "main") return;
    if (Date.now() - going < 1500 && places[event.key]) { event.preventDefault(); location.href = places[event.key]; return; }
    if (event.key === "g") { going = Date.now(); document.body.dataset.going = String(going); return; }
    if (own(event.key)) { event.preventDefault(); return; }
    if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, summary") && !String(getSelection())) location.href = row.dataset.href;
  });
})();
