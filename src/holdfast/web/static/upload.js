// Sends files in pieces and goes on where it broke off, also after the page was closed.
"use strict";
(() => {
  const csrf = document.querySelector('meta[name="csrf"]')?.content;
  const kept = (() => { try { return localStorage; } catch { return {}; } })();
  const call = async (method, url, body, headers = {}) => {
    const answer = await fetch(url, { method, body, headers: { "X-CSRFToken": csrf, ...headers } });
    const said = answer.status === 204 ? null : await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said?.error?.message || `the desk answered ${answer.status}`), { status: answer.status });
    return said;
  };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  const begin = async (form, file, name) => {
    if (kept[name]) try { return await call("GET", `/api/v1/uploads/${kept[name]}`); } catch { delete kept[name]; }
    const body = JSON.stringify({ name: file.name, size: file.size, baseline: form.elements.baseline.checked });
    const upload = await call("POST", form.dataset.upload, body, { "Content-Type": "application/json" });
    kept[name] = upload.id;
    return upload;
  };
  const send = async (form, file, show) => {
    const name = `upload ${form.dataset.upload} ${file.name} ${file.size} ${file.lastModified}`;
    let upload = await begin(form, file, name), failures = 0;
    const piece = Math.min(upload.piece, Number(form.dataset.piece));
    while (upload.offset < file.size) {
      show(upload.offset);
      const part = file.slice(upload.offset, upload.offset + piece);
      try {
        upload = await call("PATCH", `/api/v1/uploads/${upload.id}`, part, { "Upload-Offset": String(upload.offset), "Content-Type": "application/octet-stream" });
        failures = 0;
      } catch (error) {
        if (++failures > 8 || (error.status && error.status !== 409 && error.status < 500)) throw error;
        await pause(Math.min(30000, 500 * 2 ** failures));
        upload = await call("GET", `/api/v1/uploads/${upload.id}`).catch(() => upload);
      }
    }
    await call("POST", `/api/v1/uploads/${upload.id}/complete`);
    delete kept[name];
  };
  const take = async (form, file) => {
    const row = document.createElement("li"), label = document.createElement("span"), bar = document.createElement("progress");
    label.textContent = file.name; bar.max = file.size || 1; bar.value = 0; bar.ariaLabel = `Sending ${file.name}`;
    row.dataset.busy = "yes"; row.append(label, bar);
    form.querySelector("ul").append(row);
    try {
      await send(form, file, (offset) => { bar.value = offset; label.textContent = `${file.name} ${Math.floor((100 * offset) / file.size)} %`; });
      delete row.dataset.busy; bar.value = file.size; label.textContent = `${file.name}, received`;
      return true;
    } catch (error) {
      delete row.dataset.busy; bar.remove(); label.className = "bad";
      label.textContent = `${file.name}: ${error.message}. What arrived is kept: choose the file again to go on.`;
      return false;
    }
  };
  document.addEventListener("change", async (event) => {
    const form = event.target.closest(".upload");
    if (!form || event.target.type !== "file") return;
    const files = [...event.target.files];
    event.target.value = "";
    const sent = [];
    for (const file of files) sent.push(await take(form, file)); // one after the other: order is part of the evidence
    if (sent.length && sent.every(Boolean)) location.reload();
  });
  document.addEventListener("submit", (event) => { if (event.target.matches(".upload")) event.preventDefault(); });
})();
