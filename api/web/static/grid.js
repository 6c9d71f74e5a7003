// Cells of an answer: arrows, Enter, pasting in any notation, Undo; and buttons that copy arrays.
// What is pasted is read by the server, as every answer is: there is one reader.
function setUp(grid) {
  const inputs = [...grid.querySelectorAll("td > input")];
  const width = +grid.dataset.width;
  const height = inputs.length / width;
  const message = grid.querySelector(".grid-said");
  const form = grid.closest("form");
  const at = (row, column) => inputs[row * width + column];

  function say(text, undo) {
    message.textContent = text;
    if (!undo) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button-link", textContent: "Undo" });
    button.addEventListener("click", undo);
    message.append(" ", button);
  }

  function go(event, row, column) {
    if (row < 0 || column < 0 || row >= height || column >= width) return;
    event.preventDefault();
    at(row, column).focus();
    at(row, column).select();
  }

  function changed() {
    inputs[0].dispatchEvent(new Event("input", { bubbles: true }));
  }

  function fill(rows, row, column) {
    const before = inputs.map((one) => one.value);
    rows.forEach((cells, down) => cells.forEach((text, right) => {
      const input = at(row + down, column + right);
      input.value = text;
      input.className = "grid-new";
      input.removeAttribute("aria-invalid");
    }));
    changed();
    say(`Pasted ${rows.length} × ${rows[0].length} values.`, () => {
      inputs.forEach((one, index) => {
        one.value = before[index];
        one.classList.remove("grid-new");
      });
      changed();
      say("The paste is undone.");
      at(row, column).focus();
    });
  }

  function place(rows, index) {
    const wide = Math.max(...rows.map((one) => one.length));
    if (rows.some((one) => one.length !== wide))
      return say(`Not pasted: the rows have different lengths (${rows.map((one) => one.length).join(", ")}).`);
    const whole = rows.length === height && wide === width;
    const [row, column] = whole ? [0, 0] : [Math.floor(index / width), index % width];
    if (row + rows.length <= height && column + wide <= width) return fill(rows, row, column);
    if (height === 1 && wide === 1 && rows.length + column <= width)
      return fill([rows.flat()], row, column);
    say(`Not pasted: ${rows.length} × ${wide} values do not fit here; the answer has ${height} × ${width}.`);
  }

  async function paste(text, index) {
    const body = new URLSearchParams({ part: grid.dataset.grid, pasted: text });
    try {
      const response = await fetch(form.dataset.reading, { method: "POST", body });
      if (!response.ok) throw new Error(response.status);
      const told = await response.json();
      told.rows ? place(told.rows, index) : say(`Not pasted: ${told.message}`);
    } catch {
      say("Not pasted: the server did not answer. Try again in a moment.");
    }
  }

  grid.addEventListener("paste", (event) => {
    const index = inputs.indexOf(event.target);
    const text = event.clipboardData.getData("text/plain");
    if (index < 0 || !/[\s,;&|[\]{}]/.test(text.trim())) return;
    event.preventDefault();
    paste(text, index);
  });

  grid.addEventListener("keydown", (event) => {
    const index = inputs.indexOf(event.target);
    if (index < 0 || event.isComposing || event.altKey || event.metaKey || event.ctrlKey) return;
    const input = event.target;
    const row = Math.floor(index / width);
    const column = index % width;
    const { selectionStart: from, selectionEnd: to } = input;
    const wholly = from === 0 && to === input.value.length;
    if (event.key === "Enter") {
      event.preventDefault();
      if (row + 1 < height) return go(event, row + 1, column);
      if (column + 1 < width) return go(event, 0, column + 1);
      grid.closest("section")?.querySelector("button[name=check]")?.focus();
    }
    if (event.key === "ArrowDown") go(event, row + 1, column);
    if (event.key === "ArrowUp") go(event, row - 1, column);
    if (event.shiftKey) return;
    if (event.key === "ArrowLeft" && (wholly || to === 0)) go(event, row, column - 1);
    if (event.key === "ArrowRight" && (wholly || from === input.value.length)) go(event, row, column + 1);
  });

  grid.addEventListener("input", (event) => {
    if (!event.isTrusted || !inputs.includes(event.target)) return;
    event.target.className = "";
    event.target.removeAttribute("aria-invalid");
  });
}
document.querySelectorAll("[data-grid]").forEach(setUp);

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.firstChild;
    await copy(button.dataset.copy);
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 1500);
  });
}
