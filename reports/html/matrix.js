// The matrix: opens cells, filters rows and columns, moves by keys. Without it the table can be read all the same.
const data = JSON.parse(document.querySelector("script.data").textContent);
const verdicts = ["fail", "error", "inconclusive", "warn", "unsupported", "excluded", "pass"];
const symbols = ["✕", "E", "?", "!", "–", "○", "✓"];
const letters = "FEIWUXP";
const grid = document.getElementById("grid");
const box = grid.parentElement;
const panel = document.getElementById("panel");
const filters = document.getElementById("filters");
const say = (text) => { document.getElementById("said").textContent = text; };

// heads are the names of the columns, rows the cases: for each the row of the table and its words. Cell 0 is the name.
const heads = grid.tHead.rows[0];
const rows = [...grid.tBodies].flatMap((body) => [...body.rows].filter((row) => !row.classList.contains("area")))
  .map((line, i) => ({ line, ...data.rows[i], words: (data.rows[i].id + " " + data.rows[i].requires + " " + (data.rows[i].note || "")).toLowerCase() }));
const columns = data.columns.map((column) => ({ ...column, shown: true,
  words: [column.name, column.area, column.sentence, column.server, ...(column.breaks || [])].join(" ").toLowerCase() }));
const mutants = columns.some((column) => column.mutant);

// ---- drawing what was chosen

// make gives an element with texts and elements in it. Texts stay texts, whoever wrote them.
function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

function mark(verdict) {
  const element = make("i", "mark v-" + verdicts[verdict], symbols[verdict]);
  element.setAttribute("aria-hidden", "true");
  return element;
}

function list(pairs) {
  const element = make("dl");
  for (const [name, value] of pairs) if (value) element.append(make("div", "", make("dt", "", name), make("dd", "", value)));
  return element;
}

function sourceOf(row) {
  if (!row.link) return row.source;
  const link = make("a", "", row.source);
  link.href = row.link;
  link.rel = "noopener noreferrer";
  return link;
}

const counted = (n, one, many) => n === 1 ? "1 " + one : n + " " + many;

// drawCell tells what one server made of one case.
function drawCell(row, at) {
  const column = columns[at];
  const verdict = letters.indexOf(row.verdicts[at]);
  const parts = [make("h3", "", row.id), make("p", "quiet", column.name + (column.sentence ? ": " + column.sentence : ""))];
  if (verdict < 0) return [...parts, make("p", "verdict", "The report has no result of this case.")];
  const notes = [];
  if (column.breaks?.includes(row.id)) notes.push("meant to break");
  if (column.first === row.id) notes.push("named first");
  parts.push(make("p", "verdict", mark(verdict), verdicts[verdict] + (notes.length ? " (" + notes.join(", ") + ")" : "")));
  parts.push(make("p", "", row.requires), list([["Source", sourceOf(row)]]));
  if (!row.cells?.[at]) return [...parts, make("p", "quiet", "Every result of this case passed.")];
  return [...parts, ...row.cells[at].map(drawResult)];
}

// drawResult tells one result of a cell. What speaks for itself is only named.
function drawResult([verdict, place, ...more]) {
  const [expected, got, where, rerun] = more.slice(0, 4).map((i) => data.strings[i]);
  const one = make("div", "one", make("p", "verdict", mark(verdict), verdicts[verdict] + ": " + data.strings[place]));
  if (more.length) one.append(list([["Expected", expected], ["Got", got], ["Where", where]]));
  const cuts = more.slice(4);
  cuts.forEach((i, n) => one.append(timeline(...wireOf(data.wires[i]), cuts.length > 1 ? n + 1 : "")));
  if (rerun) {
    const button = make("button", "copy", "Copy");
    button.type = "button";
    one.append(make("div", "rerun", make("code", "", rerun), button));
  }
  return one;
}

// wireOf takes the numbers of a cut exchange apart, in the order in which the program wrote them.
function wireOf(numbers) {
  let at = 0;
  const next = () => numbers[at++], word = () => data.strings[next()];
  const flow = () => ({ received: next(), forwarded: next(), headBytes: next(), bodyBytes: next() });
  const e = { place: word(), offset: next(), fromEnd: !!next(), fault: word(), side: word(), fired: !!next(), why: word(), up: flow(), down: flow(),
    requestComplete: !!next(), finalStatus: next(), closedBy: word(), closed: word(), firedAfterMicroseconds: next(), interim: [] };
  for (let n = next(); n > 0; n--) e.interim.push(next());
  if (numbers[at] === -1) return [e, undefined];
  const exchange = { label: word(), sent: next(), received: next(), events: [] };
  const done = { sent: 0, received: 0 };
  for (; at < numbers.length; at++) {
    const kind = numbers[at] < 0 ? "received" : "sent", to = Math.abs(numbers[at]);
    exchange.events.push({ kind, offset: done[kind], bytes: to - done[kind] });
    done[kind] = to;
  }
  return [e, exchange];
}

// drawRow tells of a case: what it requires, and who breaks it.
function drawRow(row) {
  const breakers = columns.map((_, at) => at).filter((at) => breaks(row, at));
  const what = mutants ? "kills " + counted(breakers.length, "mutant", "mutants") : "broken by " + counted(breakers.length, "server", "servers");
  return [make("h3", "", row.id), make("p", "verdict", row.level + ", " + what), make("p", "", row.requires),
    list([["Source", sourceOf(row)], ["Note", row.note]]), links(breakers.map((at) => [columns[at].name, row, at]))];
}

// drawColumn tells of a server: what is known of it, and what it breaks.
function drawColumn(at) {
  const column = columns[at];
  const broken = rows.filter((row) => breaks(row, at));
  const counts = column.cases.map((n, i) => n ? counted(n, "case ", "cases ") + verdicts[i] : "").filter(Boolean).join(", ");
  return [make("h3", "", column.name), make("p", "verdict", column.sentence || column.word),
    list([["Cases", counts], ["Area", column.area], ["Named first", column.first || (column.mutant ? "nothing: it survives" : "")],
      ["Meant", (column.breaks || []).join("\n")], ["Tested", column.run], ["URL", column.url], ["Server", column.server], ["Ended early", column.ended]]),
    ...drawHeld(at), broken.length ? make("h4", "", "Broken") : "", links(broken.map((row) => [row.id, row, at]))];
}

// drawHeld tells of a server, for each profile and level, how many cases hold of how many that say anything of it.
function drawHeld(at) {
  if (mutants) return [];
  const levels = ["MUST", "SHOULD", "MAY"], profiles = new Map();
  for (const row of rows) {
    if (!"PWF".includes(row.verdicts[at])) continue;
    if (!profiles.has(row.profile)) profiles.set(row.profile, levels.map(() => [0, 0]));
    const n = profiles.get(row.profile)[levels.indexOf(row.level)];
    if (!n) continue;
    n[1]++;
    if (!breaks(row, at)) n[0]++;
  }
  const table = make("table", "held", make("thead", "", make("tr", "", make("th", "", "holds of tried"), ...levels.map((level) => make("th", "", level)))));
  const body = make("tbody", "");
  for (const [profile, counts] of profiles) {
    body.append(make("tr", "", make("th", "", profile),
      ...counts.map(([held, tried]) => make("td", held < tried ? "bad" : "", tried ? held + " of " + tried : "–"))));
  }
  table.append(body);
  return [table];
}

const breaks = (row, at) => row.verdicts[at] === "F" || (row.verdicts[at] === "W" && (row.level === "SHOULD" || columns[at].mutant));

function links(items) {
  const element = make("ul");
  for (const [text, row, at] of items) {
    const link = make("a", "", text);
    link.href = "#" + addressOf(row, at);
    element.append(make("li", "", link));
  }
  return element;
}

// ---- choosing

let here = null;   // the cell that the keys are on
let chosen = null; // [row, column] of what the panel shows; row null: a column; column -1: a row

const cellOf = (row, at) => row ? row.line.cells[at + 1] : heads.cells[at + 1];

// placeOf gives the row (null for the names) and the column (-1 for the first) of a cell.
function placeOf(cell) {
  const line = cell.parentElement;
  if (line === heads) return [null, cell.cellIndex - 1];
  return [rows.find((row) => row.line === line), cell.cellIndex - 1];
}

function labelOf(row, at) {
  if (!row) return columns[at].name + ", " + counted(columns[at].broken, "case broken", "cases broken");
  if (at < 0) return row.id + ", " + row.level;
  const verdict = letters.indexOf(row.verdicts[at]);
  return row.id + ", " + columns[at].name + ": " + (verdict < 0 ? "no result" : verdicts[verdict]);
}

// stand puts the keys on a cell, which alone of all can be reached with Tab.
function stand(cell, focus) {
  if (here) here.tabIndex = -1;
  here = cell;
  cell.tabIndex = 0;
  cell.setAttribute("aria-label", labelOf(...placeOf(cell)));
  if (!focus) return;
  cell.focus({ preventScroll: true });
  uncover(cell);
}

// uncover scrolls the box so far that the names, which stay where they are, do not hide the cell.
function uncover(cell) {
  const rect = cell.getBoundingClientRect(), frame = box.getBoundingClientRect();
  const area = cell.closest("tbody")?.rows[0].offsetHeight || 0; // the heading of its area stays in sight, too
  const top = frame.top + grid.tHead.offsetHeight + area, left = frame.left + heads.cells[0].offsetWidth;
  const right = frame.left + box.clientWidth, bottom = frame.top + box.clientHeight;
  let dx = 0, dy = 0;
  if (cell.cellIndex > 0) dx = rect.left < left ? rect.left - left : rect.right > right ? rect.right - right : 0;
  if (cell.parentElement !== heads) dy = rect.top < top ? rect.top - top : rect.bottom > bottom ? rect.bottom - bottom : 0;
  if (dx || dy) box.scrollBy({ left: dx, top: dy, behavior: "instant" });
}

function choose(row, at) {
  const opens = panel.hidden;
  const parts = !row ? drawColumn(at) : at < 0 ? drawRow(row) : drawCell(row, at);
  const button = make("button", "shut", "Close");
  button.type = "button";
  panel.replaceChildren(button, ...parts);
  panel.hidden = false;
  panel.scrollTop = 0;
  if (chosen) cellOf(...chosen).classList.remove("here");
  chosen = [row, at];
  cellOf(row, at).classList.add("here");
  say(labelOf(row, at));
  writeAddress();
  if (opens) uncover(cellOf(row, at)); // the box has become smaller
}

function close() {
  if (!chosen) return;
  const cell = cellOf(...chosen);
  cell.classList.remove("here");
  panel.hidden = true;
  chosen = null;
  stand(cell, true);
  writeAddress();
}

// ---- filters

// filter shows the rows and columns that the form asks for.
function filter() {
  const form = new FormData(filters);
  const words = (name) => form.get(name).toLowerCase().split(/\s+/).filter(Boolean);
  const [inRow, inColumn] = [words("q"), words("s")];
  const levels = new Set(form.getAll("level")), profiles = new Set(form.getAll("profile"));
  const changed = [];
  columns.forEach((column, at) => {
    const shown = inColumn.every((word) => column.words.includes(word));
    if (shown !== column.shown) changed.push(at);
    column.shown = shown;
  });
  if (changed.length) for (const line of grid.rows) if (!line.classList.contains("area")) for (const at of changed) line.cells[at + 1].hidden = !columns[at].shown;
  grid.querySelectorAll("col:not(.c0)").forEach((col, at) => { col.hidden = !columns[at].shown; });
  let shown = 0;
  for (const row of rows) {
    const keep = (!levels.size || levels.has(row.level)) && (!profiles.size || profiles.has(row.profile)) &&
      inRow.every((word) => row.words.includes(word)) && (!form.get("differ") || differs(row));
    row.line.hidden = !keep;
    if (keep) shown++;
  }
  for (const body of grid.tBodies) body.hidden = ![...body.rows].some((line) => !line.hidden && !line.classList.contains("area"));
  const wide = columns.filter((column) => column.shown).length;
  document.getElementById("count").value = `${shown} of ${counted(rows.length, "case", "cases")}, ${wide} of ${counted(columns.length, mutants ? "mutant" : "server", mutants ? "mutants" : "servers")}`;
  document.getElementById("none").hidden = shown > 0 && wide > 0;
  if (!here || !here.checkVisibility()) reachable();
}

// differs says whether the columns that are shown differ in a row.
function differs(row) {
  let first = "";
  for (let at = 0; at < columns.length; at++) {
    if (!columns[at].shown) continue;
    if (!first) first = row.verdicts[at];
    else if (row.verdicts[at] !== first) return true;
  }
  return false;
}

// reachable lets Tab reach the first cell that is shown.
function reachable() {
  const row = rows.find((one) => !one.line.hidden);
  const at = columns.findIndex((column) => column.shown);
  if (row && at >= 0) stand(cellOf(row, at), false);
}

// ---- the address: #?q=words&level=MUST&at=ID.column

function addressOf(row, at) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) if (value) query.append(name, value);
  if (row !== undefined) query.append("at", (row ? row.id : "") + "." + (at < 0 ? "" : at));
  return "?" + query;
}

let pending = 0;

// writeAddress waits for the hand to rest: browsers refuse an address that changes with every repetition of a key.
function writeAddress() {
  clearTimeout(pending);
  pending = setTimeout(() => {
    const text = chosen ? addressOf(...chosen) : addressOf();
    history.replaceState(null, "", text === "?" ? "#matrix" : "#" + text);
  }, 200);
}

function followAddress() {
  if (!location.hash.startsWith("#?")) return;
  const params = new URLSearchParams(location.hash.slice(2));
  const at = params.get("at");
  const part = /^(.*)\.(\d*)$/s.exec(at || "");
  const row = part && part[1] ? rows.find((one) => one.id === part[1]) : null;
  const column = part && part[2] ? +part[2] : -1;
  if ([...params.keys()].some((key) => key !== "at")) {
    for (const input of filters.querySelectorAll("input[type=search]")) input.value = params.get(input.name) || "";
    for (const input of filters.querySelectorAll("input[type=checkbox]")) input.checked = params.getAll(input.name).includes(input.value);
    filter();
  }
  if (!part || column >= columns.length || (!row && (part[1] || column < 0))) return;
  if (!cellOf(row, column).checkVisibility()) {
    filters.reset();
    filter();
    say("The filter was taken off to show this cell.");
  }
  choose(row, column);
  box.parentElement.scrollIntoView({ block: "start", behavior: "instant" });
  stand(cellOf(row, column), true);
}

// ---- keys

// step gives the next cell that is shown, so many rows and columns away, or the last one before the edge.
function step(cell, down, right) {
  const lines = [heads, ...rows.filter((row) => !row.line.hidden).map((row) => row.line)];
  const across = [0, ...columns.map((_, at) => at + 1).filter((at) => columns[at - 1].shown)];
  const clamp = (n, length) => Math.max(0, Math.min(length - 1, n));
  const y = clamp(lines.indexOf(cell.parentElement) + down, lines.length);
  const x = clamp(across.indexOf(cell.cellIndex) + right, across.length);
  if (y === 0 && across[x] === 0) return cell; // the corner tells nothing
  return lines[y].cells[across[x]];
}

const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -1e6], End: [0, 1e6] };

grid.addEventListener("keydown", (event) => {
  const cell = event.target.closest("td, th");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    return choose(...placeOf(cell));
  }
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const next = step(cell, ...move);
  stand(next, true);
  if (chosen) choose(...placeOf(next)); // the panel goes along
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return event.target.matches("input[type=search]") ? event.target.blur() : close();
  if (event.target.matches("input[type=search]")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("q").select();
    document.getElementById("q").focus();
  }
});

// ---- the mouse

const choosable = (cell) => cell && !cell.parentElement.matches(".area, .sums") && cell !== heads.cells[0];

grid.addEventListener("click", (event) => {
  const cell = event.target.closest("td, th");
  if (!choosable(cell)) return;
  stand(cell, true);
  choose(...placeOf(cell));
});

grid.addEventListener("mouseover", (event) => {
  const cell = event.target.closest("td, th");
  if (choosable(cell) && !cell.title) cell.title = labelOf(...placeOf(cell));
});

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  let done = false;
  try {
    await navigator.clipboard.writeText(code.textContent);
    done = true;
  } catch {
    getSelection().selectAllChildren(code); // the command stays selected: Ctrl+C is left to the reader
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
  say(done ? "Command copied." : "Command selected. Press Ctrl+C to copy it.");
}

panel.addEventListener("click", (event) => {
  if (event.target.matches(".copy")) copy(event.target);
  if (event.target.matches(".shut")) close();
});

// A link to the place where we are already moves nothing by itself.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (link) clearTimeout(pending); // it knows better where we are to be
  if (link && link.hash === location.hash) followAddress();
});

// ---- start

// The headings of areas stop below the names of the columns.
new ResizeObserver(() => grid.style.setProperty("--head", grid.tHead.offsetHeight + "px")).observe(grid.tHead);
filters.hidden = false;
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", () => { filter(); writeAddress(); });
filters.addEventListener("reset", () => setTimeout(() => { filter(); writeAddress(); }));
addEventListener("hashchange", followAddress);
filter();
followAddress();
addEventListener("load", () => { document.documentElement.dataset.ready = "yes"; });
