// Frames of a worked solution on one stage: previous, next, play. Without it they stand as stills.
const still = matchMedia("(prefers-reduced-motion: reduce)");
const BEAT = 350;

function control(label, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "button-quiet button-small", textContent: label, onclick: act });
  return made;
}

function setUp(stage) {
  const frames = [...stage.querySelectorAll(".ws-frame")];
  if (frames.length < 2) return;
  const sums = frames.map((one) => one.querySelector(".ws-running b")?.textContent);
  const where = document.createElement("span");
  const bar = document.createElement("div");
  let at = 0;
  let beat = 0;
  let timer;

  // While it plays, products come one by one; beat 0 shows all of them.
  function show() {
    frames.forEach((one, index) => one.classList.toggle("ws-now", index === at));
    const groups = frames[at].querySelectorAll(".ws-product");
    const cells = [...groups].flatMap((one) => [...one.children]);
    cells.forEach((one, index) => one.classList.toggle("ws-later", beat > 0 && index >= beat));
    const running = frames[at].querySelector(".ws-running b");
    if (running && groups.length === 1)
      running.textContent = beat ? sums[at].split(" → ").slice(0, beat).join(" → ") : sums[at];
    where.textContent = `${at + 1} of ${frames.length}`;
    return cells.length;
  }

  function go(to) {
    stop();
    at = Math.min(frames.length - 1, Math.max(0, to));
    show();
  }

  function stop() {
    clearTimeout(timer);
    timer = undefined;
    beat = 0;
    play.textContent = "Play";
    show();
  }

  function tick() {
    beat += 1;
    const cells = show();
    if (beat < cells) return (timer = setTimeout(tick, BEAT));
    if (at === frames.length - 1) return (timer = setTimeout(stop, BEAT));
    timer = setTimeout(() => {
      at += 1;
      beat = 0;
      tick();
    }, 3 * BEAT);
  }

  const play = control("Play", () => {
    if (timer) return stop();
    if (at === frames.length - 1) at = 0;
    play.textContent = "Stop";
    tick();
  });
  const keys = { ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1), Home: () => go(0), End: () => go(frames.length - 1) };
  bar.className = "row ws-bar-of";
  where.className = "muted tabular";
  where.setAttribute("role", "status");
  bar.append(control("Previous", keys.ArrowLeft), control("Next", keys.ArrowRight), play, where);
  bar.addEventListener("keydown", (event) => {
    const move = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  stage.append(...frames);
  stage.querySelector("details")?.remove();
  stage.classList.add("ws-live");
  stage.before(bar);
  show();
}

if (!still.matches) document.querySelectorAll("[data-frames]").forEach(setUp);
