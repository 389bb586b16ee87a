// Draws evidence and transcript of one result: timelines, a table, and what went over the wire. All that
// a target sent goes into the page as text nodes, never as markup.
"use strict";

// el makes an element: el("p", {class: "x"}, "text", child, ...).
const el = (name, attrs, ...children) => fill(document.createElement(name), attrs, children);
const svg = (name, attrs, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", name), attrs, children);

function fill(node, attrs, children) {
  for (const [key, value] of Object.entries(attrs || {})) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== "" && child != null && child !== false));
  return node;
}

const count = (n) => Number(n).toLocaleString("en-US");
const bytes = (n) => (n === 1 ? "1 byte" : count(n) + " bytes");
const after = (usec) => (usec < 10000 ? (usec / 1000).toFixed(2) : usec < 1e6 ? (usec / 1000).toFixed(1) : count(Math.round(usec / 1000))) + " ms";
const words = (name) => brief(String(name).replaceAll("-", " "));

// What is not printable is shown, as on the terminal: ␀ for C0 controls, <U+202E> for the rest.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;
function picture(c) {
  const code = c.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return "<" + codePoint(c) + ">";
}
const controls = "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");
const controlName = (c) => controls[c.codePointAt(0)] || (c === "\x7f" ? "DEL" : codePoint(c));
const codePoint = (c) => "U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
const visible = (text) => String(text).replace(unprintable, picture);
const brief = (text) => (String(text).length > 160 ? visible(String(text).slice(0, 160)) + "…" : visible(text));

// showText gives nodes for text of several lines. Line ends are shown and kept; tabs are kept.
function showText(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(/\r?\n|[\p{C}\p{Zl}\p{Zp}]/gu)) {
    if (match[0] === "\t") continue;
    nodes.push(text.slice(last, match.index));
    const end = match[0].endsWith("\n");
    const symbols = [...match[0]].map(picture).join("");
    const name = [...match[0]].map(controlName).join("");
    nodes.push(el("span", { class: end || match[0] === "\r" ? "ctl" : "odd", "data-name": name }, symbols));
    if (end) nodes.push("\n");
    last = match.index + match[0].length;
  }
  nodes.push(text.slice(last));
  return nodes;
}

// hexDump writes bytes (a string of them, as atob gives it) as lines of offset, sixteen bytes, and the
// printable ASCII among them.
function hexDump(data, offset) {
  const lines = [];
  for (let i = 0; i < data.length; i += 16) {
    const row = data.slice(i, i + 16);
    const hex = Array.from(row, (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
    lines.push((offset + i).toString(16).padStart(8, "0") + "  " + hex.padEnd(47) + "  " + row.replace(/[^ -~]/g, "."));
  }
  return lines.join("\n");
}

// describeCut says a cut in words: "fin in the request body at byte 512".
function describeCut(e) {
  const fault = brief(e.fault);
  if (e.place === "request-end") return fault + " after the request";
  const where = e.fromEnd ? bytes(e.offset) + " before its end" : "at byte " + count(e.offset);
  return fault + " in the " + (e.place === "continue" ? "100 (Continue)" : words(e.place)) + " " + where;
}

// segments turns evidence and the events of its exchange into runs of bytes in the order in which they
// went over the wire: {lane: "up"|"down", label, n, withheld, cut}. Where the exchange was left out of the
// transcript, the order is the usual one.
function segments(e, exchange) {
  const interim = Math.max(0, e.down.forwarded - e.down.headBytes - e.down.bodyBytes);
  const framing = Math.max(0, e.up.forwarded - e.up.headBytes - e.up.bodyBytes);
  const downHead = e.finalStatus ? "final " + e.finalStatus : "final head";
  const lanes = {
    up: [["head", e.up.headBytes], [framing ? "body, chunked" : "body", e.up.bodyBytes + framing]],
    down: [[(e.interim || []).join(" ") || "interim", interim], [downHead, e.down.headBytes], ["body", e.down.bodyBytes]],
  };
  const flow = (exchange ? exchange.events : []).filter((v) => v.bytes > 0 && (v.kind === "sent" || v.kind === "received"));
  const turns = flow.map((v) => [v.kind === "sent" ? "up" : "down", v.offset + v.bytes]);
  turns.push(["up", Infinity], ["down", Infinity]);
  if (!flow.length && interim) turns.unshift(["up", e.up.headBytes], ["down", interim]);
  const out = [];
  const done = { up: 0, down: 0 };
  for (const [lane, until] of turns) {
    let start = 0;
    for (const [label, n] of lanes[lane]) {
      const from = Math.max(start, done[lane]), to = Math.min(start + n, until);
      if (to > from) push(out, { lane, label, n: to - from });
      start += n;
    }
    done[lane] = Math.max(done[lane], Math.min(until, start));
  }
  return withhold(out, e, exchange);
}

// push adds a run, or lengthens the last one where it is the same.
function push(list, run) {
  const last = list[list.length - 1];
  if (last && last.lane === run.lane && last.label === run.label) last.n += run.n;
  else list.push(run);
}

// withhold adds what a lane received or was sent and did not forward, after its last run, and marks the cut.
function withhold(list, e, exchange) {
  const cutLane = /^request/.test(e.place) ? "up" : "down";
  const lost = {
    up: Math.max(e.up.received, exchange ? exchange.sent : 0) - e.up.forwarded,
    down: e.down.received - e.down.forwarded,
  };
  for (const lane of ["up", "down"]) {
    let at = list.findLastIndex((run) => run.lane === lane) + 1;
    if (at === 0 && lane === "down") at = list.length;
    const inserted = [];
    if (lane === cutLane) inserted.push({ lane, cut: true });
    if (lost[lane] > 0) inserted.push({ lane, label: "withheld", n: lost[lane], withheld: true });
    list.splice(at, 0, ...inserted);
  }
  return list;
}

// timeline draws one cut exchange: two lanes, time to the right, and the cut across both.
function timeline(e, exchange, number) {
  const left = 118, top = 30, high = 38, gap = 14;
  const bottom = top + 2 * high + gap;
  const y = { up: top, down: top + high + gap };
  const drawn = [];
  let x = left, cutAt = left;
  for (const run of segments(e, exchange)) {
    if (run.cut) { cutAt = x + 3; x += 7; continue; }
    const label = visible(run.label), amount = count(run.n) + " B";
    const width = Math.max(Math.max(label.length, amount.length) * 6.4 + 12, 12 * Math.log2(1 + run.n / 8));
    drawn.push(svg("g", { class: run.lane + (run.withheld ? " withheld" : "") },
      svg("title", null, label + ", " + bytes(run.n)),
      svg("rect", { x, y: y[run.lane], width, height: high, rx: 2 }),
      svg("text", { x: x + 6, y: y[run.lane] + 16 }, label),
      svg("text", { x: x + 6, y: y[run.lane] + 30 }, amount)));
    x += width + 2;
  }
  const says = e.fired ? describeCut(e) : "not fired: " + describeCut(e);
  const flip = cutAt > left + 260;
  const width = Math.ceil(Math.max(x + 8, cutAt + (flip ? 8 : says.length * 6.8)));
  const picture = svg("svg", { width, height: bottom + 8, viewBox: `0 0 ${width} ${bottom + 8}`, role: "img", "aria-label": aloud(e) },
    svg("text", { class: "lane", x: 0, y: y.up + 16 }, "client → server"),
    svg("text", { class: "lane", x: 0, y: y.down + 16 }, "server → client"),
    ...["up", "down"].map((lane) => svg("line", { class: "rail", x1: left, x2: width, y1: y[lane] + high, y2: y[lane] + high })),
    ...drawn,
    svg("g", { class: e.fired ? "cut" : "cut missed" },
      svg("line", { x1: cutAt, x2: cutAt, y1: 18, y2: bottom + 4 }),
      svg("text", { x: cutAt + (flip ? 5 : -5), y: 13, "text-anchor": flip ? "end" : "start" }, says)));
  return el("figure", { class: "timeline" },
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Timeline " + number }, picture),
    el("figcaption", null, el("strong", null, (number ? number + ". " : "") + (exchange ? brief(exchange.label) + ". " : "")), aloud(e)));
}

// aloud says in words what the picture shows.
function aloud(e) {
  if (!e.fired) return "The cut did not fire" + (e.why ? ": " + visible(e.why) : "") + ". Meant: " + describeCut(e) + ".";
  const shown = e.side === "server" || e.side === "client" ? ", shown to the " + e.side + " only" : "";
  return `Cut by ${describeCut(e)}${shown}, ${after(e.firedAfterMicroseconds)} after the link was opened. ` +
    `Forwarded ${bytes(e.up.forwarded)} to the server and ${bytes(e.down.forwarded)} to the client. ` +
    `The request was ${e.requestComplete ? "whole" : "not whole"}. Closed by ${brief(e.closedBy) || "nobody"} as ${brief(e.closed) || "none"}.`;
}

// evidenceTable lists every cut in numbers.
function evidenceTable(list) {
  const head = ["#", "cut", "fired", "received", "forwarded", "head", "body", "received", "forwarded", "head", "body", "whole", "1xx", "final", "closed"];
  const cls = (i) => (i < 3 || i > 13 ? "l" : i === 3 || i === 7 || i === 11 ? "edge" : "");
  const row = (e, i) => [i + 1, describeCut(e), e.fired ? "yes" : "no" + (e.why ? ": " + visible(e.why) : ""),
    ...[e.up, e.down].flatMap((f) => [f.received, f.forwarded, f.headBytes, f.bodyBytes].map(count)),
    e.requestComplete ? "yes" : "no", (e.interim || []).join(" ") || "–", e.finalStatus || "–",
    brief(e.closedBy) + ", " + brief(e.closed)];
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Evidence" }, el("table", { class: "evidence" },
    el("thead", null,
      el("tr", null, el("th", { colspan: 3 }), el("th", { colspan: 4, class: "edge", scope: "colgroup" }, "client → server, bytes"),
        el("th", { colspan: 4, class: "edge", scope: "colgroup" }, "server → client, bytes"), el("th", { colspan: 4, class: "edge" })),
      el("tr", null, ...head.map((text, i) => el("th", { scope: "col", class: cls(i) }, text)))),
    el("tbody", null, ...list.map((e, i) => el("tr", null, ...row(e, i).map((text, j) => el("td", { class: cls(j) }, String(text))))))));
}

const arrows = { sent: ["→", "client to server"], received: ["←", "server to client"], mark: ["•", "note"], end: ["■", "end"] };

// showEvent writes one event of a transcript.
function showEvent(v) {
  const [arrow, says] = arrows[v.kind] || ["?", visible(v.kind)];
  const about = [after(v.atMicroseconds)];
  if (v.bytes) about.push(`${bytes(v.bytes)} from byte ${count(v.offset)}`);
  if (v.omitted) about.push(`${bytes(v.omitted)} not kept`);
  const kind = arrows[v.kind] ? v.kind : "other";
  return el("div", { class: "event" },
    el("span", { class: "dir " + kind, role: "img", "aria-label": says, title: says }, arrow),
    el("div", null,
      el("div", { class: "about" }, v.note ? el("em", null, visible(v.note)) : "", (v.note ? " · " : "") + about.join(" · ")),
      v.text ? el("pre", null, ...showText(v.text)) : "",
      v.b64 ? el("pre", { class: "hex" }, hexDump(atob(v.b64), v.offset)) : "",
      v.hex ? el("pre", null, visible(v.hex)) : "",
      v.omitted ? el("div", { class: "about" }, "… " + bytes(v.omitted) + " not kept") : ""));
}

// showExchange writes one exchange, folded unless open.
function showExchange(x, i, open) {
  const cut = x.link === "cut";
  const box = el("details", { class: "exchange" },
    el("summary", null, el("code", null, `${i + 1}. ${brief(x.label)}`),
      el("span", { class: cut ? "cutlink" : "quiet" }, brief(x.link) + " link"),
      el("span", { class: "quiet" }, `sent ${bytes(x.sent)}, received ${bytes(x.received)}, at ${after(x.atMicroseconds)}`)));
  box.open = open;
  const write = () => {
    if (box.open && !box.querySelector(".events")) {
      box.append(el("div", { class: "events", tabindex: 0, role: "region", "aria-label": `Exchange ${i + 1}` }, ...x.events.map(showEvent)));
    }
  };
  box.addEventListener("toggle", write);
  write();
  return box;
}

const timelinesShown = 6;

// drawExchange writes everything that the data of a result holds. expand opens its first exchanges.
function drawExchange(data, expand) {
  const { evidence = [], transcript = [], omitted = 0 } = data;
  const box = el("div", { class: "wire" });
  if (evidence.length) {
    const draw = (e, i) => timeline(e, transcript[e.exchange], evidence.length > 1 ? i + 1 : "");
    box.append(el("h4", null, evidence.length > 1 ? "Timelines of the cuts" : "Timeline of the cut"), ...evidence.slice(0, timelinesShown).map(draw));
    if (evidence.length > timelinesShown) {
      const more = el("button", { type: "button", class: "more" }, `Draw ${count(evidence.length - timelinesShown)} more timelines`);
      more.addEventListener("click", () => more.replaceWith(...evidence.map(draw).slice(timelinesShown)));
      box.append(more);
    }
    box.append(el("h4", null, "Evidence"), evidenceTable(evidence));
  }
  if (transcript.length) {
    box.append(el("h4", null, "Transcript"),
      ...transcript.map((x, i) => showExchange(x, i, expand && i < 6)),
      omitted ? el("p", { class: "quiet" }, `${count(omitted)} more exchanges were left out of this report.`) : "");
  }
  return box;
}
