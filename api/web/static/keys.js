// The page waits for this file, so that no key is lost.
"use strict";
{
  /* Dictation software types letters, so people can turn keys off. */
  const stored = (act) => { try { return act(localStorage); } catch { /* refused */ } };
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
    const field = target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
    const held = event.ctrlKey || event.metaKey;
    if (field && key === "Escape") field.blur();
    if (field && key === "Enter" && held) field.form?.querySelector("[data-key=n]")?.click();
    if (field || !keys || held || event.altKey || event.defaultPrevented) return;
    const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!found) return;
    event.preventDefault();
    found.matches("textarea") ? found.focus() : found.click();
  });
}
