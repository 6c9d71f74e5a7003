// Keys of links and buttons. The page waits for this file, so that no key is lost while it loads.
"use strict";
{
  /* Who dictates turns the keys off: a spoken word would press them letter by letter. */
  let keys = true;
  try { keys = localStorage.getItem("grader keys") !== "off"; } catch { /* they stay on */ }
  const turned = () => `Turn the keys ${keys ? "off" : "on"}`;
  addEventListener("DOMContentLoaded", () => {
    const turn = document.createElement("button");
    turn.type = "button";
    turn.className = "button-link";
    turn.textContent = turned();
    turn.addEventListener("click", () => {
      keys = !keys;
      turn.textContent = turned();
      try { localStorage.setItem("grader keys", keys ? "on" : "off"); } catch { /* for this page */ }
    });
    document.querySelector("[data-keys]")?.append(turn);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
    if (!keys || typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    found.matches("a, button, [type=checkbox]") ? found.click() : found.focus();
  });
}
