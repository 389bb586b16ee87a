// The page: opens results, filters them, follows links, moves by keys. Without it the page can be read
// all the same.
const results = [...document.querySelectorAll("details.result")];
const filters = document.getElementById("filters");
const search = document.getElementById("q");
const facetNames = ["verdict", "level", "point", "fault", "profile", "transport"];
const marks = new Map([...document.querySelectorAll(".map td .mark")].map((mark) => [mark.getAttribute("href").slice(1), mark]));
const say = (text) => { document.getElementById("said").textContent = text; };

// complete makes a result whole: its texts, if they were waiting, then what is drawn from its data.
function complete(result) {
  const waiting = result.querySelector("script.wait");
  if (waiting) {
    const body = document.createElement("template");
    body.innerHTML = waiting.textContent; // markup that the report wrote, with every text in it escaped
    waiting.replaceWith(body.content);
  }
  const data = result.querySelector("script.data");
  if (data) {
    const foot = result.querySelector(".body > .foot");
    foot.before(drawExchange(JSON.parse(data.textContent), result.dataset.verdict === "fail"));
    data.remove();
  }
  for (const button of result.querySelectorAll(".copy[hidden]")) button.hidden = false;
  for (const strip of result.querySelectorAll(".strip:not([role])")) liven(strip);
  for (const keys of result.querySelectorAll(".withkeys[hidden]")) keys.hidden = false;
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.result[open]")) complete(event.target);
}, true);

// ---- filters

const texts = new Map();

// haystack gives the words of a result in lower case. The transcript is not among them.
function haystack(result) {
  if (!texts.has(result)) {
    const waiting = result.querySelector("script.wait");
    const body = waiting ? new DOMParser().parseFromString(waiting.textContent, "text/html").body : result.querySelector(".body");
    const wire = body.querySelector(".wire");
    let text = result.querySelector("summary").textContent + " " + body.textContent;
    if (wire) text = text.replace(wire.textContent, " ");
    texts.set(result, text.toLowerCase());
  }
  return texts.get(result);
}

// wanted reads the form: a set of values per facet that has any, and the words to find.
function wanted() {
  const form = new FormData(filters);
  const facets = facetNames.map((name) => [name, new Set(form.getAll(name))]).filter(([, set]) => set.size);
  return { facets, words: search.value.toLowerCase().split(/\s+/).filter(Boolean) };
}

// filter shows what the form asks for, in the list and on the map, and says how many that are.
function filter() {
  const { facets, words } = wanted();
  let shown = 0;
  for (const result of results) {
    const keep = facets.every(([name, set]) => set.has(result.dataset[name])) && words.every((word) => haystack(result).includes(word));
    result.hidden = !keep;
    marks.get(result.id)?.classList.toggle("off", !keep);
    if (keep) shown++;
  }
  for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("details.result:not([hidden])");
  for (const row of document.querySelectorAll(".map tbody tr:not(.area)")) row.hidden = !row.querySelector(".mark:not(.off)");
  for (const area of document.querySelectorAll(".map tbody")) area.hidden = !area.querySelector("tr:not(.area):not([hidden])");
  document.getElementById("count").value = `${count(shown)} of ${count(results.length)} results`;
  document.getElementById("none").hidden = shown > 0;
}

// ---- the address: #result, #?filter, or #result?filter

function readAddress() {
  const [anchor, query] = location.hash.slice(1).split(/\?(.*)/s);
  return { anchor: decode(anchor), query };
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function writeAddress() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) if (value) query.append(name, value);
  const text = query.toString();
  history.replaceState(null, "", text ? "#?" + text : "#results");
}

function fillForm(query) {
  const params = new URLSearchParams(query);
  search.value = params.get("q") || "";
  for (const box of filters.querySelectorAll("input[type=checkbox]")) box.checked = params.getAll(box.name).includes(box.value);
}

// find gives the result that an anchor means: itself, or the worst one of the case or place it names.
function find(anchor) {
  if (!anchor) return undefined;
  return results.find((result) => result.id === anchor) || results.find((result) => result.id.startsWith(anchor + "~"));
}

function reveal(result) {
  if (result.hidden) {
    fillForm("");
    filter();
    say("The filter was taken off to show this result.");
  }
  result.open = true;
  complete(result);
  result.scrollIntoView({ block: "start", behavior: "instant" });
  result.querySelector("summary").focus({ preventScroll: true });
}

function followAddress() {
  const { anchor, query } = readAddress();
  if (query !== undefined) {
    fillForm(query);
    filter();
  }
  const result = find(anchor);
  if (result) reveal(result);
  else if (query !== undefined && !anchor) document.getElementById("results").scrollIntoView();
}

// ---- copying

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

document.addEventListener("click", (event) => {
  if (event.target.matches(".copy")) copy(event.target);
  // A link to the place where we are already moves nothing by itself.
  const link = event.target.closest('a[href^="#"]');
  if (link && link.hash === location.hash) followAddress();
});

// ---- keys

function step(by) {
  const heads = results.filter((result) => !result.hidden).map((result) => result.querySelector("summary"));
  const here = document.activeElement?.closest?.("details.result")?.querySelector("summary");
  let at = heads.indexOf(here) + by;
  if (!here) at = by > 0 ? 0 : heads.length - 1;
  const head = heads[Math.max(0, Math.min(heads.length - 1, at))];
  head?.focus();
  head?.scrollIntoView({ block: "nearest", behavior: "instant" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target === search) return search.blur();
  if (event.target.matches("input[type=search], textarea, select")) return;
  if (event.key === "/") {
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
});

// ---- print: everything open, and as it was afterwards

const printLimit = 1000; // past that, opening everything would take longer than anybody waits
let closed = null;

function openAll() {
  if (closed || results.length > printLimit) return;
  closed = [];
  for (const result of results) {
    complete(result);
    for (const box of [result, ...result.querySelectorAll("details")]) {
      if (!box.open) { closed.push(box); box.open = true; box.dispatchEvent(new Event("toggle")); }
    }
  }
}

function closeAgain() {
  for (const box of closed || []) box.open = false;
  closed = null;
}

addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
matchMedia("print").addEventListener("change", (event) => (event.matches ? openAll() : closeAgain()));

// ---- start

filters.hidden = false;
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", () => { filter(); writeAddress(); });
filters.addEventListener("reset", () => setTimeout(() => { filter(); writeAddress(); }));
addEventListener("hashchange", followAddress);
for (const result of results) if (result.open) complete(result);
filter();
followAddress();
// When the page has loaded, the browser follows the fragment itself and takes the focus away: go there again.
addEventListener("load", () => {
  if (readAddress().anchor) followAddress();
  document.documentElement.dataset.ready = "yes";
});
