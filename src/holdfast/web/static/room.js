// The war room: entries as they come, how a line is read before it is sent, and no text lost.
"use strict";
(() => {
  const list = document.getElementById("room-live");
  if (!list) return;
  const at = document.body.dataset.room, key = document.body.dataset.case;
  const csrf = document.querySelector('meta[name="csrf"]')?.content || "";
  const headers = { "X-Requested-With": "fetch", "X-CSRFToken": csrf };
  const kept = (() => { try { return localStorage; } catch { return {}; } })();
  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

  const shows = { chat: ["comment"], findings: ["fact", "decision"] }[list.dataset.kind];
  const add = (page) => {
    for (const one of [...page.querySelectorAll("li")].reverse()) {
      list.dataset.newest = Math.max(Number(list.dataset.newest), Number(one.dataset.position));
      if (document.getElementById(one.id) || (shows && !shows.includes(one.dataset.kind))) continue;
      one.classList.add("fresh");
      own(one);
      list.prepend(one);
    }
  };
  // What the stream carries is the same for everybody: each reader's forms get the reader's own token here.
  const own = (part) => part.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = csrf; });

  // What was missed while the stream was away is asked for by position, so nothing is lost in between.
  let asking = false, again = false;
  const entries = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(`${at}/news?after=${list.dataset.newest}&kind=${list.dataset.kind}`, { headers });
      if (answer.ok) add(parsed(`<ol>${await answer.text()}</ol>`));
    } catch { /* the dot in the head says that we are cut off; the next news asks again */ } finally { asking = false; }
    if (again) { again = false; entries(); }
  };

  const put = (page) => {
    for (const there of [...page.querySelectorAll("[data-panel], .casehead")]) {
      const here = there.id ? document.getElementById(there.id) : document.querySelector(".casehead");
      own(there);
      const typed = here && [...here.querySelectorAll("input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
      if (!here || typed || here.contains(document.activeElement) || here.innerHTML === there.innerHTML) continue;
      const unfolded = [...here.querySelectorAll("details")].map((one) => one.open);
      there.querySelectorAll("details").forEach((one, place) => { one.open = Boolean(unfolded[place]); });
      here.replaceWith(there);
      document.dispatchEvent(new CustomEvent("holdfast:replaced", { detail: there }));
    }
  };
  // Where many watch, each asks at a moment of its own, so that they do not all stand at the door at once.
  const crowd = () => Number(list.dataset.crowd) || 1;
  const later = (deed, least) => {
    let due = 0;
    return () => {
      if (due) return;
      due = setTimeout(() => { due = 0; deed(); }, least + (crowd() > 20 ? Math.random() * Math.min(8000, crowd() * 40) : 0));
    };
  };
  const fetched = (address) => async () => {
    const answer = await fetch(address, { headers }).catch(() => null);
    if (answer?.ok) put(parsed(await answer.text()));
  };
  const soon = later(() => entries(), 0), whole = later(fetched(at), 150);
  const told = (event) => {
    const news = event.detail || {};
    if (news.html && news.entry === Number(list.dataset.newest) + 1) add(parsed(`<ol>${news.html}</ol>`));
    else if (news.entry > Number(list.dataset.newest)) soon();
    if (news.panels) put(parsed(news.panels));
    // Decisions have buttons that only some may press, and the head is the page's: those are asked for.
    if (["case.decision", "case.moved", "case.severity", "case.disputed"].includes(news.kind)) whole();
  };
  document.body.addEventListener("holdfast:case", told);
  document.body.addEventListener("holdfast:here", told);
  document.addEventListener("holdfast:connected", soon);

  const here = () => fetch(`${at}/here`, { method: "POST", headers }).catch(() => null);
  here();
  setInterval(() => { if (!document.hidden) here(); }, 30000);

  const form = document.getElementById("room-line");
  if (!form) return;
  const field = form.elements.text, reads = document.getElementById("room-reads"), waiting = document.getElementById("room-unsent");
  const draft = `room-draft-${key}`, unsent = `room-unsent-${key}`;
  field.value = field.value || kept[draft] || "";
  const queue = () => { try { return JSON.parse(kept[unsent] || "[]"); } catch { return []; } };
  const keep = (texts) => {
    kept[unsent] = JSON.stringify(texts);
    waiting.hidden = !texts.length;
    waiting.replaceChildren(...texts.map((text) => {
      const row = document.createElement("li");
      row.className = "warn";
      row.textContent = `not sent yet: ${text}`;
      return row;
    }));
  };
  const send = async (text) => {
    const answer = await fetch(form.action, { method: "POST", headers, body: new URLSearchParams({ text }) });
    if (answer.ok) return "";
    if (answer.status >= 500) throw new Error("away");
    const said = await answer.json().catch(() => null);
    return said?.refused || said?.error?.message || `The desk refused it (${answer.status}).`;
  };
  // One sends at a time, of all tabs that share what is kept: two would both send the same line.
  let turn = Promise.resolve();
  const inTurn = (deed) => { turn = navigator.locks ? navigator.locks.request(unsent, deed) : turn.then(deed); };
  // A text that the desk refused goes back into the field; one that did not arrive waits for the connection.
  const flush = () => inTurn(async () => {
    try {
      for (let text = queue()[0]; text !== undefined; text = queue()[0]) {
        const refused = await send(text);
        keep(queue().slice(1));
        if (refused) { reads.textContent = refused; reads.className = "over"; if (!field.value) field.value = kept[draft] = text; }
      }
    } catch { /* it is still kept */ }
    keep(queue());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = kept[draft] = "";
    reads.textContent = "";
    keep([...queue(), text]);
    flush();
  });
  window.addEventListener("online", flush);
  document.addEventListener("holdfast:connected", flush);
  setInterval(() => { if (queue().length) flush(); }, 5000);
  keep(queue());
  flush();

  let typing = 0;
  const read = async () => {
    const text = field.value;
    if (!text.trim()) { reads.textContent = ""; return; }
    const answer = await fetch(`${form.dataset.reading}?text=${encodeURIComponent(text)}`, { headers }).catch(() => null);
    if (!answer?.ok || text !== field.value) return;
    reads.className = "";
    reads.textContent = `Reads as: ${(await answer.json()).reads}`;
  };
  field.addEventListener("input", () => {
    kept[draft] = field.value;
    clearTimeout(typing);
    typing = setTimeout(read, 250);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || !/^\/\S*$/.test(field.value)) return;
    const word = [...form.querySelectorAll("[data-word]")].find((one) => one.dataset.word.startsWith(field.value));
    if (!word) return;
    event.preventDefault();
    field.value = word.dataset.word;
    read();
  });
  form.addEventListener("click", (event) => {
    const word = event.target.closest("[data-word]");
    if (!word) return;
    field.value = word.dataset.word + field.value.replace(/^\/\S*\s*/, "");
    field.focus();
    read();
  });
  if (field.value) read();
})();
