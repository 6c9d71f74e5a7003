// The page waits for this file, so that no key is lost while it loads.
"use strict";
{
  /* Dictation software presses keys letter by letter, so people can turn them off. */
  const stored = (act) => { try { return act(localStorage); } catch { /* not allowed */ } };
  let keys = stored((items) => items.getItem("grader keys")) !== "off";
  addEventListener("DOMContentLoaded", () => {
    const turn = document.createElement("button");
    const label = () => { turn.textContent = `Turn the keys ${keys ? "off" : "on"}`; };
    Object.assign(turn, { type: "button", className: "button-link", onclick() {
      keys = !keys;
      label();
      stored((items) => items.setItem("grader keys", keys ? "on" : "off"));
    } });
    label();
    document.querySelector("[data-keys]")?.append(turn);
  });

  addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select")) return;
    if (!keys || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!found) return;
    event.preventDefault();
    found.matches("a, button, [type=checkbox]") ? found.click() : found.focus();
  });
}
