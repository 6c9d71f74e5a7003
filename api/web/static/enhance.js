// Enhancements: every page also works without scripts.
const policy = globalThis.trustedTypes?.createPolicy("grader", { createHTML: (text) => text });
const parsed = (text) =>
  new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/* Fetch a page of this site; anything else is an error. */
class Trouble extends Error {}
const AWAY = "The server did not answer. What you typed is still here.";
const STRANGE = "The answer was not a page of this service. What you typed is still here.";

async function ask(url, body, more = {}) {
  const asked = { method: body ? "POST" : "GET", body, headers: { Accept: "text/html" } };
  const limits = { credentials: "same-origin", signal: AbortSignal.timeout(20000) };
  const response = await fetch(url, { ...asked, ...limits, ...more }).catch((error) => {
    throw error.name === "AbortError" ? error : new Trouble(AWAY);
  });
  const at = new URL(response.url);
  const type = response.headers.get("Content-Type") ?? "";
  if (response.status === 401 || at.pathname === "/login") throw new Trouble("login");
  if (at.origin !== location.origin || !type.startsWith("text/html")) throw new Trouble(STRANGE);
  return { ok: response.ok, status: response.status, doc: parsed(await response.text()) };
}
const main = (doc) => doc.querySelector("main p")?.textContent;

/* Answers: parts of the page are replaced by id; fields stay. */
const form = document.querySelector("form[data-answers]");
const said = document.getElementById("said");
const entries = () => [...new FormData(form)].filter(([name]) => name.includes("."));
const snapshot = () => JSON.stringify(entries());
const partOf = (field) => field.name.slice(field.name.indexOf(".") + 1);
const fieldsOf = (root) => all("input:not([type=hidden]), textarea", root);

let failed = ""; // what failed: save or send
function say(text, ...rest) {
  failed = "";
  const line = document.createElement("p");
  line.className = "note note-mid";
  line.append(text, ...rest.flatMap((one) => [" ", one]));
  said.replaceChildren(...(text ? [line] : []));
}

function button(label, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "button-link", textContent: label, onclick: act });
  return made;
}

function report(error, retry) {
  if (error.name === "AbortError") return;
  const again = button("Try again", retry);
  if (error.message !== "login") return say(error instanceof Trouble ? error.message : AWAY, again);
  const link = document.createElement("a");
  Object.assign(link, { href: "/login", target: "_blank", textContent: "Log in in a new tab" });
  say("You are logged out. What you typed is still here.", link, again);
}

/* Focus stays on the button unless it disappears. */
function swap(doc, { values }) {
  for (const old of all("[data-keep-focus]")) {
    const fresh = doc.getElementById(old.id);
    if (!fresh || all("button", old).length === all("button", fresh).length) continue;
    const moves = old.contains(document.activeElement);
    old.replaceChildren(...fresh.childNodes);
    const told = document.getElementById(old.id.replace("do-", "told-"));
    if (moves) Object.assign(told, { tabIndex: -1 }).focus();
  }
  for (const old of all("[data-swap]")) {
    const fresh = doc.getElementById(old.id);
    if (!fresh) continue;
    const differs = old.innerHTML !== fresh.innerHTML;
    if (differs) old.replaceChildren(...fresh.childNodes);
    old.className = fresh.className;
    old.classList.toggle("swapped", differs);
  }
  const fresh = fieldsOf(doc.getElementById(form.id));
  fieldsOf(form).forEach((field, at) => {
    const other = fresh[at];
    if (other?.name !== field.name) return;
    if (values && field.type !== "radio" && field.type !== "checkbox") field.value = other.value;
    if (values) field.checked = other.checked;
    if (field.value !== other.value) return;
    field.className = other.className;
    field.toggleAttribute("aria-invalid", false);
    if (other.ariaInvalid) field.setAttribute("aria-invalid", other.ariaInvalid);
  });
}

/* With scripts drafts save themselves, and Enter checks the part in which it is pressed. */
const plain = form?.querySelector("[data-plain] button");
if (plain) plain.parentElement.hidden = true;

function enter(field) {
  if (field.closest("[data-grid] td"))
    return field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  const check = field.closest("section")?.querySelector("button[name=check]");
  if (!check) save();
  else if (check.ariaDisabled !== "true") send(check);
}

let busy = false;
async function send(submitter) {
  if (busy) return;
  busy = true;
  clearTimeout(saving);
  clearTimeout(reading);
  asked?.abort();
  const sent = snapshot();
  const body = new URLSearchParams(new FormData(form, submitter));
  submitter?.setAttribute("aria-disabled", "true");
  try {
    const { ok, status, doc } = await ask(form.action, body);
    if (status === 413) return say(main(doc));
    if (!doc.getElementById(form.id)) throw new Trouble(main(doc));
    const same = sent === snapshot();
    swap(doc, { values: ok && same });
    say(ok && submitter?.name !== "check" ? "Draft saved." : "");
    if (ok && same) forget();
    document.getElementById(`told-${submitter?.value}`)?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    report(error, () => send(submitter));
    failed = "send";
  } finally {
    submitter?.removeAttribute("aria-disabled");
    busy = false;
  }
}

/* Drafts: on the server two seconds after the last key, until then in this browser. */
const place = form && `grader ${location.pathname} ${form.dataset.answers}`;
let saving;
let dirty = false;
const forget = () => {
  dirty = false;
  try { localStorage.removeItem(place); } catch { /* nothing is kept */ }
};
const keep = () => {
  dirty = true;
  const kept = { version: form.elements.version.value, typed: entries() };
  try { localStorage.setItem(place, JSON.stringify(kept)); } catch { /* nothing is kept */ }
};

async function save() {
  if (busy) return later();
  const sent = snapshot();
  try {
    const { ok, status, doc } = await ask(`${form.action}/draft`, new URLSearchParams(new FormData(form)));
    const state = doc.getElementById("state");
    if (status === 412) return say(main(doc), button("Compare", () => send(plain)));
    if (!ok || !state) return say(main(doc) ?? AWAY);
    form.elements.version.value = state.dataset.version;
    document.getElementById("saved").firstChild.textContent = "Draft saved. ";
    if (sent === snapshot()) forget();
    if (failed === "save") say("");
  } catch (error) {
    if (failed === "send") return;
    report(error, save);
    failed = "save";
    saving = setTimeout(save, 10000);
  }
}
function later() {
  clearTimeout(saving);
  saving = setTimeout(save, 2000);
}

function fill(typed) {
  const values = [...typed];
  for (const field of fieldsOf(form)) {
    const picks = field.type === "radio" || field.type === "checkbox";
    const at = values.findIndex(([name, value]) => name === field.name && (!picks || value === field.value));
    if (picks) field.checked = at >= 0;
    else if (at >= 0 && field.value !== values[at][1]) {
      field.value = values[at][1];
      document.getElementById(`preview-${partOf(field)}`)?.replaceChildren();
    }
    if (at >= 0) values.splice(at, 1);
  }
  keep();
  later();
}

/* The version prevents overwriting what another device saved since. */
function restore() {
  let kept;
  try { kept = JSON.parse(localStorage.getItem(place)); } catch { return forget(); }
  const before = entries();
  if (!kept?.typed || JSON.stringify(kept.typed) === JSON.stringify(before)) return forget();
  form.elements.version.value = kept.version;
  fill(kept.typed);
  say("Restored from this browser: it had not reached the server.", button("Discard it", () => {
    fill(before);
    say("");
  }));
}

/* Show how an answer is read, without a verdict. */
const reader = document.querySelector("form[data-reading]");
let reading;
let read;
let asked;
async function preview(part) {
  const box = document.getElementById(`preview-${part}`);
  const fields = [...new FormData(reader)].filter(([name]) => name.endsWith(`.${part}`));
  const cells = fields.filter(([name]) => name.startsWith("cell."));
  asked?.abort();
  if (!box || (cells.length && !cells.every(([, text]) => text.trim()))) return box?.replaceChildren();
  asked = new AbortController();
  const stale = setTimeout(() => box.replaceChildren(), 1000); // a reply about an earlier text
  try {
    const body = new URLSearchParams([["part", part], ...fields]);
    const { ok, doc } = await ask(reader.dataset.reading, body, { signal: asked.signal });
    if (!ok) return box.replaceChildren();
    const bad = doc.querySelector(".preview-bad");
    box.replaceChildren(...doc.body.childNodes);
    const field = document.getElementById(`answer-${part}`);
    bad ? field?.setAttribute("aria-invalid", "true") : field?.removeAttribute("aria-invalid");
  } catch (error) {
    if (error.name !== "AbortError") box.replaceChildren();
  } finally {
    clearTimeout(stale);
  }
}

reader?.addEventListener("input", (event) => {
  clearTimeout(reading);
  read = partOf(event.target);
  if (!navigator.onLine) document.getElementById(`preview-${read}`)?.replaceChildren();
  reading = setTimeout(preview, 300, read);
});

if (form) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-leave]")) return;
    event.preventDefault();
    if (event.submitter?.matches("[data-enter]")) enter(document.activeElement);
    else if (event.submitter?.ariaDisabled !== "true") send(event.submitter);
  });
  form.addEventListener("input", () => {
    keep();
    later();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const check = event.target.closest("section")?.querySelector("button[name=check]");
    event.preventDefault();
    if (check) send(check);
  });
  addEventListener("online", () => {
    if (dirty) save();
    if (read) preview(read);
    if (failed === "send") said.querySelector("p").firstChild.data = "The connection is back. Nothing was checked yet.";
  });
  addEventListener("pagehide", () => {
    if (dirty) fetch(`${form.action}/draft`, {
      method: "POST", keepalive: true, body: new URLSearchParams(new FormData(form)),
    }).catch(() => {});
  });
  restore();
}

/* Save drafts before a logout, or ask, so that none stays in this browser. */
const LOST = "Some of what you typed has not reached the server. Log out, and delete it from this browser?";
function typedBy(person) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith("grader /") && key.includes(` ${person}.`));
  } catch { return []; }
}
for (const leave of all("form[data-leaves]")) leave.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearTimeout(saving);
  if (dirty) await save();
  const typed = typedBy(leave.dataset.leaves);
  if (typed.length && !confirm(LOST)) return;
  for (const key of typed) localStorage.removeItem(key);
  dirty = false;
  leave.submit();
});

/* Ask before leaving a long form with unsaved input. */
for (const one of all("form[data-unsaved]")) {
  const state = () => JSON.stringify([...new FormData(one)].map(([name, value]) => [name, value.name ?? value]));
  const stored = one.dataset.unsaved ? "" : state();
  let sent = false;
  one.addEventListener("submit", () => { sent = true; });
  addEventListener("pageshow", (event) => { if (event.persisted) sent = false; });
  addEventListener("beforeunload", (event) => { if (!sent && state() !== stored) event.preventDefault(); });
}

/* Problem editor: line numbers, and a preview within the rate limit. */
const file = document.querySelector("[data-preview]");
const SPACING = 3000;
let drawing;
let drawn = 0;

function number() {
  const bad = new Set(all("a[data-line]").map((link) => +link.dataset.line));
  const count = Math.max(file.value.split("\n").length, ...bad);
  const lines = Array.from({ length: count }).flatMap((_, at) => {
    if (!bad.has(at + 1)) return `${at + 1}\n`;
    const mark = document.createElement("mark");
    return [Object.assign(mark, { id: `line-${at + 1}`, textContent: at + 1 }), "\n"];
  });
  document.getElementById("lines").replaceChildren(...lines);
  file.rows = file.value.split("\n").length + 1;
}

function soon(pause) {
  clearTimeout(drawing);
  drawing = setTimeout(draw, Math.max(pause, drawn + SPACING - Date.now()));
}

async function draw() {
  drawn = Infinity; // one at a time
  let pause = 0;
  const source = file.value;
  try {
    const limits = { signal: AbortSignal.timeout(150000) };
    const { status, doc } = await ask(file.dataset.preview, new URLSearchParams({ source }), limits);
    const [faults, seen] = all("#faults, #seen", doc);
    if (status === 429 || status === 503) pause = 10000;
    say(seen ? "" : main(doc) ?? AWAY);
    if (seen) {
      const old = document.getElementById("seen");
      const fresh = seen.childElementCount > 0;
      document.getElementById("faults").replaceChildren(...faults.childNodes);
      old.classList.toggle("ed-old", !fresh);
      if (fresh) old.replaceChildren(...seen.childNodes);
      number();
    }
  } catch (error) {
    report(error, draw);
  }
  drawn = Date.now();
  if (pause || source !== file.value) soon(pause);
}

if (file) {
  file.addEventListener("input", () => {
    number();
    if (drawn < Infinity) soon(700);
  });
  document.addEventListener("click", ({ target }) => {
    const line = target.closest("a[data-line]")?.dataset.line;
    if (!line) return;
    const start = file.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1);
    file.focus({ preventScroll: true });
    file.setSelectionRange(start, `${file.value}\n`.indexOf("\n", start));
  });
  if (file.value.trim() && !document.querySelector("#seen > *, #faults > *")) soon(0);
}

/* Any page: refresh an element, take a secret out of the address. */
async function again(id) {
  const old = document.getElementById(id);
  if (!old?.dataset.refresh) return;
  try {
    const { ok, doc } = await ask(old.dataset.href ?? location.href);
    const fresh = ok && doc.getElementById(id);
    if (fresh) {
      old.replaceChildren(...fresh.childNodes);
      if (!fresh.dataset.refresh) delete old.dataset.refresh;
    }
  } catch (error) {
    if (error.message === "login") return;
  }
  watch(old);
}
const watch = (one) => one.dataset.refresh && setTimeout(again, +one.dataset.refresh, one.id);
all("[data-refresh][id]").forEach(watch);

/* A second secret link changes only the fragment. */
const secret = document.querySelector("[data-secret] input");
function unlock() {
  if (!secret || !location.hash.startsWith("#gr_")) return;
  secret.value = location.hash.slice(1);
  secret.closest("[data-secret]").hidden = true;
  document.querySelector("main > .note-bad")?.remove();
  history.replaceState(null, "", location.pathname);
}
unlock();
addEventListener("hashchange", unlock);
for (const one of all("math[display=block]")) if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
document.querySelector("form[data-send-now]")?.submit();
for (const one of all("[data-open-wide]")) one.open = matchMedia("(min-width: 60.01rem)").matches;
