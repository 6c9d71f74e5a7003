// The way back to the platform that registered Grader, in its frame or window. Platforms wait for
// this message. Without it, an administrator closes the page.
const note = document.querySelector("[data-platform]");
const platform = window.opener ?? window.parent;

if (note && platform !== window) {
  const button = document.createElement("button");
  const onclick = () =>
    platform.postMessage({ subject: "org.imsglobal.lti.close" }, note.dataset.platform);
  Object.assign(button, { type: "button", className: "button", textContent: note.dataset.label, onclick });
  const row = document.createElement("p");
  row.append(button);
  note.parentElement.append(row);
}
