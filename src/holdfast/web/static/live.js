// The clock, the countdowns, and the live stream. The stream only says that something happened;
// what happened is fetched as a page fragment, under the reader's own rights.
"use strict";
(() => {
  const pad = (number) => String(number).padStart(2, "0");
  const written = (seconds) => {
    const sign = seconds < 0 ? "−" : "";
    const s = Math.abs(Math.trunc(seconds));
    if (s < 60) return `${sign}${s}s`;
    if (s < 3600) return `${sign}${Math.trunc(s / 60)}m\u00a0${pad(s % 60)}s`;
    if (s < 86400) return `${sign}${Math.trunc(s / 3600)}h\u00a0${pad(Math.trunc((s % 3600) / 60))}m`;
    return `${sign}${Math.trunc(s / 86400)}d\u00a0${pad(Math.trunc((s % 86400) / 3600))}h`;
  };
  const tick = () => {
    const now = Date.now();
    const clock = document.querySelector("[data-utc] time");
    if (clock) clock.textContent = new Date(now).toISOString().slice(11, 19);
    for (const due of document.querySelectorAll("[data-due]")) {
      const left = (Date.parse(due.dataset.due) - now) / 1000;
      due.textContent = left < 0 ? `over ${written(-left)}` : written(left);
      due.classList.toggle("over", left < 0);
    }
  };
  tick();
  setInterval(tick, 1000);

  const dot = document.getElementById("live");
  if (!dot) return;
  const key = document.body.dataset.case;
  const address = new URL(document.body.dataset.stream || dot.dataset.stream, location);
  if (key && !document.body.dataset.stream) address.searchParams.set("case", key);
  let stream, heard = new Date(), unsure = false;
  const connect = () => {
    stream = new EventSource(address);
    stream.onopen = () => { document.dispatchEvent(new CustomEvent("holdfast:connected")); dot.classList.remove("stale"); dot.lastElementChild.textContent = "live"; };
    stream.onerror = () => {
      dot.classList.add("stale");
      dot.lastElementChild.textContent = `last news ${heard.toISOString().slice(11, 19)}, reconnecting`;
    };
    stream.addEventListener("start", () => { if (unsure && key) ofCase({ kind: "case.unknown" }); unsure = false; });
    for (const kind of ["start", "news"]) stream.addEventListener(kind, (event) => address.searchParams.set("after", event.lastEventId));
    stream.addEventListener("news", (event) => {
      heard = new Date();
      const news = JSON.parse(event.data);
      if (key) ofCase(news); else ofQueue(news);
    });
  };
  // A browser opens six connections to a host, and each open stream is one: a tab that nobody looks at lets go of
  // its own, and asks for what it missed when it is looked at again; one that let go before the stream had begun does
  // not know from where on, and asks for the page.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { unsure ||= !address.searchParams.has("after"); stream.close(); }
    else if (stream.readyState === EventSource.CLOSED) connect();
  });
  connect();
  const ofCase = (news) => {
    if (!document.body.dataset.stream) refresh();
    if (news.kind.startsWith("case.")) document.body.dispatchEvent(new CustomEvent("holdfast:case", { detail: news }));
    if (news.kind === "room.here") document.body.dispatchEvent(new CustomEvent("holdfast:here", { detail: news }));
  };
  const ofQueue = (news) => {
    const moved = document.getElementById("moved");
    if (moved && news.kind.startsWith("case.") && news.kind !== "case.comment") moved.hidden = false;
  };

  // Parts of the page are replaced by their newer selves, unless somebody is typing in them.
  let asking = false, again = false;
  const changed = (field) => /^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : !/^(hidden|file)$/.test(field.type) && field.value !== field.defaultValue;
  const chosen = (field) => field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  const typed = (part) => [...part.querySelectorAll("select")].some(chosen) || part.contains(document.activeElement) || [...part.querySelectorAll("input, textarea")].some(changed);
  // One question at a time: news that come while an answer is on its way make one more, however many they are.
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the dot in the head says that we are cut off */ } finally { asking = false; }
    if (again) { again = false; refresh(); }
  };
  const put = (page) => {
    for (const here of document.querySelectorAll("[data-live], .casehead")) {
      const there = here.id ? page.getElementById(here.id) : page.querySelector(".casehead");
      if (!there || typed(here) || here.querySelector("[data-busy]") || here.innerHTML === there.innerHTML) continue;
      const unfolded = [...here.querySelectorAll("details")].map((one) => one.open);
      there.querySelectorAll("details").forEach((one, at) => { one.open = one.open || Boolean(unfolded[at]); });
      here.replaceWith(there);
      document.dispatchEvent(new CustomEvent("holdfast:replaced", { detail: there }));
    }
  };
})();
