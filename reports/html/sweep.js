// Strips of a sweep: where the pointer or the keys are, the byte and what became of its cut is told.

const sweepWords = (bar) => bar.querySelector("title").textContent.replace(/^.*?: /, "");

// cutsOf lists the runs of a strip in the order of the message, each with the number of cuts before it.
function cutsOf(strip) {
  let before = 0;
  return [...strip.querySelectorAll("rect")]
    .map((bar) => ({ bar, from: +bar.dataset.from, to: +bar.dataset.to, step: +bar.dataset.step }))
    .sort((a, b) => a.from - b.from)
    .map((run) => {
      const length = (run.to - run.from) / run.step + 1;
      before += length;
      return { ...run, length, before: before - length };
    });
}

// liven lets a strip be read cut by cut.
function liven(strip) {
  const runs = cutsOf(strip);
  const all = runs.reduce((sum, run) => sum + run.length, 0);
  if (!all) return;
  const told = strip.parentElement.querySelector("output");
  const cursor = el("i", { class: "cursor", hidden: "" });
  strip.append(cursor);
  const at = (n) => runs.find((run) => n < run.before + run.length);
  const show = (n) => {
    const run = at(n);
    const text = `byte ${count(run.from + (n - run.before) * run.step)}: ${sweepWords(run.bar)}`;
    told.value = text;
    cursor.hidden = false;
    cursor.style.left = `${(100 * (n + 0.5)) / all}%`;
    strip.setAttribute("aria-valuenow", n);
    strip.setAttribute("aria-valuetext", text);
    return n;
  };
  let here = 0;
  fill(strip, { tabindex: 0, role: "slider", "aria-label": `Cuts in the ${strip.dataset.part}`, "aria-valuemin": 0, "aria-valuemax": all - 1, "aria-valuenow": 0 }, []);
  const odd = () => runs.find((run) => run.before > here && !run.bar.classList.contains("o-pass")) || runs.find((run) => !run.bar.classList.contains("o-pass"));
  const moves = {
    ArrowLeft: () => here - 1, ArrowDown: () => here - 1, ArrowRight: () => here + 1, ArrowUp: () => here + 1,
    PageDown: () => here - 64, PageUp: () => here + 64, Home: () => 0, End: () => all - 1, n: () => odd()?.before ?? here,
  };
  strip.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    here = show(Math.max(0, Math.min(all - 1, moves[event.key]())));
  });
  strip.addEventListener("focus", () => show(here));
  strip.addEventListener("pointermove", (event) => {
    const box = strip.getBoundingClientRect();
    here = show(Math.max(0, Math.min(all - 1, Math.floor((all * (event.clientX - box.left)) / box.width))));
  });
}
