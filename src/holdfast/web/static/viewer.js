// The evidence viewer: shows any line of a file of any size. Only the rows in sight exist in the page;
// beyond what a scrollbar can address, its position is scaled.
"use strict";
(() => {
  const root = document.getElementById("viewer");
  if (!root) return;
  const ROW = 20, HEAD = 20, MOST = 6_000_000, AROUND = 40;
  const box = root.querySelector(".rows"), space = root.querySelector(".space"), table = root.querySelector("table"), body = root.querySelector("tbody");
  const tools = root.querySelector(".tools"), said = root.querySelector("[data-said]"), where = root.querySelector("[data-where]"), whole = root.querySelector("[data-whole]");
  const file = root.querySelector('select[name="artefact"]');
  let levels = [], total = 0, first = 0, rows = [], cited = null, chosen = null, asked = 0, hits = null, timer = 0;

  const filter = () => {
    const query = new URLSearchParams({ version: root.dataset.version });
    for (const name of ["component", "template", "id"]) if (tools.elements[name].value) query.set(name, tools.elements[name].value);
    for (const level of levels) query.append("level", level);
    return query;
  };
  const get = async (what, query) => {
    const answer = await fetch(`${root.dataset.api}${file.value}/${what}?${query}${root.dataset.raw}`);
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error?.message || answer.status);
    return found;
  };
  const scale = () => Math.max(1, (total * ROW) / MOST);
  const height = () => Math.min(total * ROW, MOST) + HEAD + ROW;
  const top = () => Math.round((box.scrollTop * scale()) / ROW);
  const inSight = () => Math.ceil(box.clientHeight / ROW);

  const load = async (query) => {
    const mine = ++asked;
    said.textContent = "";
    try {
      const found = await get("rows", query);
      if (mine !== asked) return;
      ({ total, start: first, rows } = found);
      if (found.cited !== null) cited = found.cited;
      draw();
      return found;
    } catch (error) { if (mine === asked) said.textContent = `Not shown: ${error.message}`; }
  };
  const show = async (line) => {
    const query = filter();
    query.set("line", line); query.set("number", 3 * AROUND);
    const found = await load(query);
    if (found) { chosen = line; scrollTo(found.cited ?? 0); }
  };
  const scrollTo = (place) => {
    space.style.setProperty("height", `${height()}px`); // before scrolling: there must be somewhere to scroll to
    box.scrollTop = Math.max(0, ((place - Math.floor(inSight() / 3)) * ROW) / scale());
    draw();
  };
  const cell = (row, text, name) => { const td = row.insertCell(); td.textContent = text; if (name) td.className = name; return td; };
  // A time of day; what was written finer than a second to the millisecond, so that columns align.
  const moment = (time) => { const text = time.slice(11, 23).replace("Z", ""); return text.length > 8 ? text.padEnd(12, "0") : text; };
  const LOUD = { ERROR: "bad", CRITICAL: "bad", FATAL: "bad", WARN: "warn" };
  const draw = () => {
    space.style.setProperty("height", `${height()}px`);
    table.style.setProperty("transform", `translateY(${(first - top()) * ROW + box.scrollTop}px)`);
    body.replaceChildren(...rows.flatMap(drawn));
    table.querySelector("thead").style.setProperty("transform", `translateY(${-((first - top()) * ROW)}px)`);
    where.textContent = chosen ? `: ${chosen} of ${total.toLocaleString("en")}` : `${total.toLocaleString("en")} lines`;
  };
  const drawn = (one, at) => {
    const row = document.createElement("tr");
    row.dataset.line = one.line;
    if (first + at === cited) row.classList.add("cited");
    if (one.line === chosen) row.classList.add("chosen");
    cell(row, one.line, "num"); cell(row, one.time ? moment(one.time) : ""); cell(row, one.level, LOUD[one.level]);
    cell(row, one.template).title = one.template; cell(row, one.id.slice(0, 12)).title = one.id;
    marked(cell(row, ""), one.text + (one.cut ? ` … ${one.cut} bytes more` : ""));
    return first + at === cited && root.dataset.missing && cited + 1 === Number(root.dataset.at) ? [row, absent()] : [row];
  };
  // An absence is shown like an error: a row where the line should be.
  const absent = () => {
    const row = document.createElement("tr");
    row.className = "absent";
    const said = cell(row, root.dataset.missing);
    said.colSpan = 6;
    return row;
  };
  const marked = (td, text) => {
    const word = tools.elements.text.value, at = word ? text.toLowerCase().indexOf(word.toLowerCase()) : -1;
    if (at < 0) { td.textContent = text; return; }
    const mark = document.createElement("mark");
    mark.textContent = text.slice(at, at + word.length);
    td.append(text.slice(0, at), mark, text.slice(at + word.length));
  };
  box.addEventListener("scroll", () => {
    const at = top();
    if (at >= first && at + inSight() <= first + rows.length) { draw(); return; }
    clearTimeout(timer);
    timer = setTimeout(() => { const query = filter(); query.set("start", Math.max(0, top() - AROUND)); query.set("number", inSight() + 2 * AROUND); load(query); }, 40);
  }, { passive: true });

  const search = async (from) => {
    const text = tools.elements.text.value;
    if (!text) { hits = null; said.textContent = ""; draw(); return; }
    const query = new URLSearchParams({ version: root.dataset.version, text, start: from });
    let found = { lines: [], next: from };
    while (!found.lines.length && found.next !== null) {
      query.set("start", found.next);
      found = await get("search", query);
      if (text !== tools.elements.text.value) return;
      said.textContent = "searching …";
    }
    hits = { lines: found.lines, next: found.next, at: -1 };
    said.textContent = found.lines.length ? `${found.lines.length}${found.next === null ? "" : "+"} lines` : `no line has “${text}”`;
    if (found.lines.length) nextHit();
  };
  const nextHit = () => {
    if (!hits) return;
    if (hits.at + 1 < hits.lines.length) show(hits.lines[++hits.at]);
    else if (hits.next !== null) search(hits.next);
    else if (hits.lines.length) { hits.at = 0; show(hits.lines[0]); }
  };
  const choose = (by) => {
    const at = rows.findIndex((row) => row.line === chosen), next = rows[at + by];
    if (!next) return;
    chosen = next.line; draw();
    const y = first + at + by;
    if (y < top() + 2) box.scrollTop -= (ROW * 3) / scale();
    if (y > top() + inSight() - 3) box.scrollTop += (ROW * 3) / scale();
  };
  const unfold = () => {
    const row = rows.find((one) => one.line === chosen);
    if (!row) return;
    let text = row.text;
    try { text = JSON.stringify(JSON.parse(row.text), null, 2); } catch { /* not JSON: as it is */ }
    whole.textContent = text; whole.hidden = false;
  };
  // What a place in JSON means, written out: its line may be the whole file.
  const piece = (fragment) => {
    whole.textContent = (fragment.path ? `${fragment.path}\n` : "") + fragment.text;
    whole.hidden = false;
  };
  // The id filtered by, else the text searched for, else the id of the chosen line: through all files.
  const following = tools.querySelector("[data-follow]");
  const follow = () => {
    const row = rows.find((one) => one.line === chosen);
    const value = tools.elements.id.value || tools.elements.text.value || row?.id || "";
    following.href = `${following.dataset.follow}?${new URLSearchParams({ version: root.dataset.version, value })}`;
    return value;
  };
  following.addEventListener("click", follow);
  // Cites the chosen line as a fact of the case: the place goes with the words.
  const citing = document.getElementById("cite");
  const cite = () => {
    if (!citing || chosen === null) return;
    const place = citing.elements.proof;
    if (root.dataset.place !== "line" && file.value === root.dataset.artefact && chosen === (cited ?? -1) + 1) place.value = `${file.value}:${root.dataset.place}:${root.dataset.at}`;
    else place.value = `${file.value}:${chosen}`;
    citing.hidden = false;
    citing.querySelector("output").textContent = place.value;
    citing.elements.text.focus();
  };
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName), off = document.getElementById("keys-off")?.checked;
    if (event.key !== "c" || typing || off || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (going()) return;
    event.preventDefault(); cite();
  });
  const going = () => Date.now() - (Number(document.body.dataset.going) || 0) < 1500;
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-line]");
    if (!row) return;
    chosen = Number(row.dataset.line);
    if (event.target.cellIndex === 4 && event.target.title) { tools.elements.id.value = event.target.title; return show(chosen); }
    draw(); unfold();
  });
  box.addEventListener("keydown", (event) => {
    const deeds = { f: () => { if (follow()) following.click(); else said.textContent = "this line carries no id: search a text to follow it"; }, j: () => choose(1), k: () => choose(-1), N: nextHit, n: nextHit, Enter: unfold, e: () => { const row = rows.find((one) => one.line === chosen); if (row) { tools.elements.template.value = tools.elements.template.value ? "" : row.template; show(chosen); } } };
    if (deeds[event.key] && !event.ctrlKey && !event.metaKey) { event.preventDefault(); deeds[event.key](); }
  });
  tools.addEventListener("click", (event) => {
    if (event.target.dataset.levels === undefined) return;
    levels = event.target.dataset.levels.split(" ").filter(Boolean);
    for (const button of tools.querySelectorAll("[data-levels]")) button.setAttribute("aria-pressed", String(button === event.target));
    show(chosen || 1);
  });
  tools.addEventListener("change", (event) => {
    const name = event.target.name;
    if (name === "text") search(0);
    else if (name === "line") show(Math.max(1, Number(event.target.value) || 1));
    else show(chosen || 1);
  });
  tools.addEventListener("submit", (event) => { event.preventDefault(); if (document.activeElement === tools.elements.text) hits ? nextHit() : search(0); document.activeElement.blur(); });
  file.addEventListener("change", () => { cited = null; chosen = null; whole.hidden = true; words(); show(1); });

  const words = async () => {
    const found = await get("words", new URLSearchParams({ version: root.dataset.version })).catch(() => ({ templates: [], components: [] }));
    const fill = (name, any, options) => tools.elements[name].replaceChildren(new Option(any, ""), ...options);
    fill("component", "component: any", found.components.map((one) => new Option(one, one)));
    fill("template", "template: any", found.templates.map((one) => new Option(`${one.id} ×${one.count} ${one.text.slice(0, 60)}`, one.id)));
  };
  const open = async () => {
    const query = new URLSearchParams({ version: root.dataset.version, sort: root.dataset.place, at: root.dataset.at, number: 3 * AROUND });
    try {
      const found = await get("place", query);
      ({ total, start: first, rows, cited } = found);
      chosen = cited === null ? null : cited + 1;
      scrollTo(cited ?? 0);
      if (found.fragment) piece(found.fragment); else if (root.dataset.place !== "line") unfold();
    } catch (error) { said.textContent = `Not shown: ${error.message}`; }
  };
  words();
  open();
})();
