// Shows what batond says, and changes nothing. Every name from outside becomes text (textContent), never markup.
//
// One rule for certainty: a state is shown as it is only while the worker answers and batond was heard a moment ago;
// otherwise as what it was.
"use strict";

const limits = {
  whole: 40,             // up to so many instances are asked for with everything
  rows: 200,             // drawn at once; the rest at a button, or through the filter
  events: 256,           // as many as batond keeps
  every: 2000,           // ms between two questions ...
  everyOfMany: 5000,     // ... and for more than `whole` instances
  silence: 3500,         // ms beyond that until nothing is certain any more
};

const seen = {
  status: null,
  services: null,        // where there are any
  at: 0,                 // when it was asked for, by performance.now()
  failure: "",           // why the last question had no answer
  lost: false,
  last: 0,               // number of the last event
  caught: 0,             // up to here none is missing that can be had
  events: new Map(),     // number -> event, in their order
  said: new Map(),       // name -> the state that was last spoken
  rows: new Map(),       // name -> its row
  room: limits.rows,
  only: "",              // a state, or all
};

// ---- words and elements

function byId(id) { return document.getElementById(id); }

function el(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== false && child !== null && child !== undefined));
  return element;
}
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function words(word) { return String(word || "").replaceAll("_", " ").replaceAll("-", " "); }
function signed(amount) { return (amount < 0 ? "−" : "+") + Math.abs(amount); }
function plural(count, word) { return `${count} ${word}${count === 1 ? "" : "s"}`; }
function inSeconds(value) { return value === null || value === undefined ? null : `${Number(value.toFixed(3))} s`; }

function clock(at) {
  if (!at) return "–";
  const date = new Date(at * 1000);
  const time = date.toLocaleTimeString([], { hour12: false });
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}
function age(at) {
  const seconds = Math.max(0, Date.now() / 1000 - at);
  if (seconds < 1) return "<1 s";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}
// An element whose text goes on with the time; tick() does that, and touches only what reads differently.
function aging(at, before = "", after = "") {
  const time = el("time", "", at ? before + age(at) + after : "–");
  if (!at) return time;
  time.dateTime = new Date(at * 1000).toISOString();
  time.title = new Date(at * 1000).toLocaleString();
  time.aging = () => before + age(at) + after;
  return time;
}

// ---- states

function isCertain() { return seen.status !== null && seen.status.worker.answers && !seen.lost; }

function stateMark(one) {
  const state = one.state;
  if (!isCertain()) return el("span", "state unsure", state === "INIT" ? "unknown" : `was ${state}`);
  return el("span", `state ${state.toLowerCase()}`, state);
}

// ---- asking

async function ask(path) {
  let reply;
  try {
    reply = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(10000) });
  } catch {
    throw new Error("batond does not answer");
  }
  const answer = await reply.json().catch(() => ({ error: `no JSON, status ${reply.status}` }));
  if (!reply.ok) throw new Error(answer.error || `status ${reply.status}`);
  return answer;
}

let timer = 0;
let isAsking = false;
let isAskedAgain = false;

async function refresh() {
  clearTimeout(timer);
  if (isAsking) { isAskedAgain = true; return; }
  isAsking = true;
  const at = performance.now();
  const isFew = seen.status !== null && seen.status.instances.length <= limits.whole;
  try {
    const status = await ask(isFew ? "/v1/status" : "/v1/status?view=brief");
    const isFirst = seen.status === null;
    if (!isFirst && status.pid !== seen.status.pid) forgetEvents();
    seen.services = status.load_balancing ? await ask("/v1/services") : null;
    seen.status = status;
    seen.at = at;
    seen.failure = "";
    if (isFirst) isAskedAgain = true;  // few or many is known now
  } catch (error) {
    seen.failure = error.message;
  }
  isAsking = false;
  judge();
  draw();
  // A browser slows the timers of a page that nobody sees; coming back asks at once.
  timer = setTimeout(refresh, isAskedAgain ? 150 : seen.failure ? 1000 : interval());
  isAskedAgain = false;
}
function soon() {
  if (isAsking) { isAskedAgain = true; return; }
  clearTimeout(timer);
  timer = setTimeout(refresh, 150);
}
function interval() {
  return seen.status !== null && seen.status.instances.length > limits.whole ? limits.everyOfMany : limits.every;
}
function judge() {
  seen.lost = seen.status === null ? seen.failure !== "" : performance.now() - seen.at > interval() + limits.silence;
}

// ---- events

let source = null;

function listen() {
  source = new EventSource("/v1/events");
  source.addEventListener("hello", (event) => { catchUp(); soon(); });
  for (const kind of ["instance", "group", "maintenance", "two-owners", "hook"]) {
    source.addEventListener(kind, (event) => {
      takeEvent({ ...JSON.parse(event.data), number: Number(event.lastEventId) });
      drawTimeline();
      soon();
    });
  }
  source.addEventListener("open", drawSigns);
  source.addEventListener("error", () => {
    drawSigns();
    soon();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);  // refused: it does not try by itself
  });
}
// What came before we listened, or while nobody could: history has it, and each event counts once.
async function catchUp() {
  try {
    let history = await ask(`/v1/history?after=${seen.caught}`);
    if (history.last < seen.caught) {  // of another life
      forgetEvents();
      history = await ask("/v1/history?after=0");
    }
    const first = history.events.length ? history.events[0].number : history.last + 1;
    const missed = seen.caught > 0 ? first - seen.caught - 1 : 0;
    if (missed > 0) takeEvent({ number: first - 0.5, gap: `${plural(missed, "event")} before this were not kept` });
    history.events.forEach(takeEvent);
    seen.caught = Math.max(seen.caught, history.last);
  } catch {
    setTimeout(catchUp, 1000);
    return;
  }
  drawTimeline();
}
function takeEvent(event) {
  if (seen.events.has(event.number)) return;
  seen.events.set(event.number, event);
  seen.last = Math.max(seen.last, Math.floor(event.number));
  if (event.number === seen.caught + 1) seen.caught = event.number;
}
function forgetEvents() {
  seen.last = 0;
  seen.caught = 0;
  seen.events.clear();
}

// ---- drawing

function draw() {
  drawSigns();
  if (seen.status === null) return;
  const { status } = seen;
  document.title = `${summary(status.instances)} – ${status.node}`;
  setText(byId("node"), status.node);
  setText(byId("version"), `Baton ${status.version}`);
  setText(byId("configuration"), `${status.configuration}, read ${clock(status.configuration_read)}` +
    (status.confirm_until ? `; undone at ${clock(status.confirm_until)} unless it is confirmed` : ""));
  drawStates(status.instances);
  drawRows();
  drawPeers(status.instances);
  drawLists(status);
  drawServices(seen.services);
  speak(status.instances);
}

// "until 20:00:00, by anna: new disk"
function maintenanceWords({ until, by, reason }) {
  return (until ? `until ${clock(until)}` : "without an end") + (by ? `, by ${by}` : "") + (reason ? `: ${reason}` : "");
}

function summary(instances) {
  if (!isCertain()) return "? Baton";
  if (seen.status.maintenance) return "MAINTENANCE";
  const count = (state) => instances.filter((one) => one.state === state).length;
  return `${count("FAULT") ? `${count("FAULT")} FAULT, ` : ""}${count("MASTER")} MASTER`;
}

function drawSigns() {
  const worker = byId("worker");
  const connection = byId("connection");
  const isHeard = seen.status !== null && !seen.lost;
  const restarts = seen.status ? seen.status.worker.restarts : 0;
  sign(worker, !isHeard ? "wait" : seen.status.worker.answers ? "good" : "bad",
       !isHeard ? "worker unknown" : seen.status.worker.answers
         ? `worker answers${restarts ? `, restarted ${restarts} ×` : ""}` : "worker does not answer");
  const isLive = source !== null && source.readyState === EventSource.OPEN;
  sign(connection, seen.lost ? "bad" : isLive ? "good" : "wait", seen.lost ? "connection lost" : isLive ? "live" : "connecting …");
  const maintenance = byId("maintenance");
  const held = seen.status?.maintenance;
  maintenance.hidden = !held;
  if (held) setText(maintenance, `in maintenance ${maintenanceWords(held)}`);
  document.documentElement.dataset.certain = isCertain();
  if (seen.lost) {
    alarm("Connection lost", seen.status === null ? `${seen.failure}; this page goes on asking.`
      : "batond does not answer this page. What is below is what it said last, not what is now.");
  } else if (seen.status !== null && !seen.status.worker.answers) {
    alarm("The VRRP worker does not answer",
      "Nobody knows the states now. What is below is its last will: what was when it was last heard. The guardian restarts it.");
  } else {
    byId("alarm").hidden = true;
  }
}
function sign(element, kind, text) {
  element.className = `sign ${kind}`;
  setText(element, text);
}
function alarm(title, text) {
  const box = byId("alarm");
  if (!box.hidden && box.dataset.text === title + text) return;
  box.dataset.text = title + text;
  box.replaceChildren(el("strong", "", title), text);
  box.hidden = false;
}

function drawStates(instances) {
  const box = byId("states");
  const count = new Map([["", instances.length]]);
  for (const state of ["MASTER", "BACKUP", "MAINTENANCE", "FAULT", "INIT"]) {
    const having = instances.filter((one) => one.state === state).length;
    if (having || seen.only === state) count.set(state, having);
  }
  const signature = JSON.stringify([...count, seen.only, isCertain()]);
  if (box.dataset.signature === signature) return;
  box.dataset.signature = signature;
  const held = document.activeElement?.dataset?.state;
  box.replaceChildren(...[...count].map(([state, having]) => {
    const button = el("button", "", `${having} ${!state ? "all" : isCertain() ? state : `were ${state}`}`);
    button.type = "button";
    button.dataset.state = state;
    button.setAttribute("aria-pressed", String(seen.only === state));
    button.addEventListener("click", () => { seen.only = seen.only === state ? "" : state; draw(); });
    return button;
  }));
  if (held !== undefined) [...box.children].find((button) => button.dataset.state === held)?.focus();
}

// Those in FAULT first, else in the order of the file.
function wanted() {
  const text = byId("filter").value.trim().toLowerCase();
  const found = seen.status.instances.filter((one) => (!seen.only || one.state === seen.only) && (!text || searched(one).includes(text)));
  return [...found.filter((one) => one.state === "FAULT"), ...found.filter((one) => one.state !== "FAULT")];
}
function searched(one) {
  const addresses = one.addresses.map((address) => address.address).join(" ");
  return `${one.name} ${one.interface} ${one.vrid} ${one.state} ${addresses} ${one.master?.address || ""}`.toLowerCase();
}

// A row is made anew only when it reads differently; a row that stays is the same element, with its focus.
function drawRows() {
  const all = wanted();
  const shown = all.slice(0, seen.room);
  const body = byId("rows");
  const keep = new Set();
  let place = body.firstElementChild;
  for (const one of shown) {
    keep.add(one.name);
    let row = seen.rows.get(one.name);
    if (!row) {
      row = el("tr", "");
      row.addEventListener("click", () => openWhy(one.name));
      seen.rows.set(one.name, row);
    }
    fillRow(row, one);
    if (row === place) place = place.nextElementSibling;
    else body.insertBefore(row, place);
  }
  for (const [name, row] of seen.rows) {
    if (keep.has(name)) continue;
    row.remove();
    seen.rows.delete(name);
  }
  const more = byId("more");
  more.hidden = all.length <= shown.length;
  setText(more, `Show ${Math.min(limits.rows, all.length - shown.length)} more of ${all.length - shown.length}`);
  const none = byId("none");
  none.hidden = all.length > 0;
  setText(none, seen.status.instances.length ? "None matches the filter." : "The configuration has no vrrp_instance.");
}

function fillRow(row, one) {
  row.lastAdvert = one.master?.last_advert;
  const signature = JSON.stringify([isCertain(), one.state, one.leaving, one.since, one.reason, one.priority, one.faults, one.interface, one.vrid,
    one.addresses, one.addresses_not_shown, one.master && { ...one.master, last_advert: !one.master.last_advert }]);
  if (row.signature === signature) return;
  const isChange = row.signature !== undefined && row.state !== one.state;
  row.signature = signature;
  row.state = one.state;
  row.className = (isCertain() ? one.state.toLowerCase() : "unsure") + (isChange ? " changed" : "");
  const isHeld = row.contains(document.activeElement);
  const name = el("button", "name", one.name);
  name.type = "button";
  name.setAttribute("aria-haspopup", "dialog");
  row.replaceChildren(
    el("td", "", stateMark(one)),
    el("td", "", name, el("small", "", `${one.interface} · VRID ${one.vrid}`)),
    el("td", "since", aging(one.since), one.since ? el("small", "", clock(one.since)) : null),
    labelled("Why", el("span", "", one.leaving ? "leaves; waits for its successor" : one.reason_text),
      ...one.faults.map((fault) => el("small", "wrong", fault))),
    labelled("Priority", ...priorityOf(one.priority)),
    labelled("Master heard", ...masterOf(one, row)),
    labelled("Addresses", ...addressesOf(one)));
  if (isHeld) name.focus();
}
function labelled(label, ...children) {
  const cell = el("td", "", ...children);
  cell.dataset.label = label;
  return cell;
}
function priorityOf({ effective, base, parts = [] }) {
  const added = parts.slice(1).filter((part) => part.amount !== 0);
  return [el("span", "", String(effective)),
    added.length ? el("small", "", `${base} ${added.map((part) => `${signed(part.amount)} ${part.name}`).join(" ")}`)
      : effective !== base && el("small", "", `of ${base}`)];
}
function masterOf(one, row) {
  if (!one.master) return [el("span", "muted", !isCertain() ? "not known" : one.state === "MASTER" ? "itself" : "nobody")];
  const heard = el("small", "", one.master.priority === undefined ? "" : `priority ${one.master.priority}`);
  if (one.master.last_advert) {
    const last = el("span", "", "");
    last.aging = () => `, ${age(row.lastAdvert)} ago`;
    last.textContent = last.aging();
    heard.append(last);
  }
  return [el("span", "address", one.master.address), heard];
}
function addressesOf(one) {
  if (!one.addresses.length) return [el("span", "muted", "–")];
  const more = one.addresses.length + (one.addresses_not_shown || 0) - 1;
  const text = el("span", "address", one.addresses[0].address.split("/")[0] + (more ? ` +${more}` : ""));
  const known = one.addresses.filter((address) => address.present !== undefined);
  if (!known.length || !isCertain()) return [text];
  const here = known.filter((address) => address.present).length;
  const isWrong = one.state === "MASTER" ? here < known.length : here > 0 && one.state !== "INIT";
  const word = here === known.length ? "here" : here ? `${here} of ${known.length} here` : "not here";
  return [text, el("small", isWrong ? "wrong" : here ? "mark up" : "", word)];
}

function drawList(id, items, empty) {
  const list = byId(id);
  const signature = JSON.stringify([items.map((item) => item.signature), isCertain()]);
  if (list.dataset.signature === signature) return;
  list.dataset.signature = signature;
  list.replaceChildren(...(items.length ? items.map((item) => item.make()) : [el("li", "muted", empty)]));
}
function drawPeers(instances) {
  const peers = new Map();
  for (const { name, master } of instances) {
    if (!master) continue;
    const peer = peers.get(master.address) || { of: [], last: 0 };
    peer.of.push(name);
    peer.last = Math.max(peer.last, master.last_advert || 0);
    peers.set(master.address, peer);
  }
  const shown = [...peers].slice(0, limits.rows);
  shown.forEach(([address, peer]) => lastHeard.set(address, peer.last));
  drawList("peers", shown.map(([address, peer]) => ({
    signature: [address, peer.of, peer.last > 0],
    make: () => el("li", "", el("code", "", address), el("span", "muted", peer.of.length > 3 ? `of ${peer.of.length} instances` : `of ${peer.of.join(", ")}`),
      peer.last > 0 && isCertain() && heardAgo(address)),
  })), isCertain() ? "Nobody: this node hears no other master." : "Not known now.");
}
const lastHeard = new Map();
function heardAgo(address) {
  const time = el("small", "", "");
  time.aging = () => `${age(lastHeard.get(address) || 0)} ago`;
  time.textContent = time.aging();
  return time;
}
function drawLists(status) {
  drawList("groups", status.groups.map((group) => ({
    signature: group,
    make: () => el("li", "", stateMark(group), el("strong", "", group.name),
      el("span", "muted", group.members.length > 6 ? plural(group.members.length, "member") : group.members.join(", "))),
  })), isCertain() ? "None configured." : "Not known now.");
  drawList("checks", [...status.scripts, ...status.processes, ...status.checks || [], ...sessionsOf(status)].map((check) => ({
    signature: [check.name, check.status, check.text],
    make: () => el("li", "", checkMark(check.status), el("strong", "", check.name), check.text ? el("small", "", check.text) : null),
  })), isCertain() ? "None configured." : "Not known now.");
}
// BFD, by what those who track a session go by.
function sessionsOf(status) {
  return (status.bfd ? status.bfd.sessions : []).map((session) => ({
    name: session.name, status: session.counts_as_up ? "up" : "down", text: session.text || `BFD with ${session.neighbor}`,
  }));
}
function checkMark(status) {
  if (!isCertain()) return el("span", "mark unsure", `? was ${status}`);
  return status === "up" ? el("span", "mark up", "✓ up") : status === "down" ? el("span", "mark down", "✗ down") : el("span", "mark unsure", "? not known yet");
}

function drawTimeline() {
  const newest = [...seen.events.keys()].sort((one, other) => other - one);
  for (const number of newest.splice(limits.events)) seen.events.delete(number);
  setText(byId("timeline-note"), newest.length ? "" : "Nothing since batond started.");
  byId("timeline-note").hidden = newest.length > 0;
  const list = byId("timeline");
  const had = new Map([...list.children].map((item) => [item.number, item]));
  list.replaceChildren(...newest.map((number) => had.get(number) || eventItem(seen.events.get(number))));
}
function eventItem(event) {
  const item = event.gap ? el("li", "", el("span", "gap", event.gap)) : el("li", "", eventTime(event.at), el("span", "what", ...eventWords(event)));
  item.number = event.number;
  return item;
}
function eventTime(at) {
  const time = el("time", "", clock(at));
  time.dateTime = new Date(at * 1000).toISOString();
  time.title = new Date(at * 1000).toLocaleString();
  return time;
}
function eventWords(event) {
  const isState = ["MASTER", "BACKUP", "FAULT", "MAINTENANCE"].includes(event.state);
  const priority = event.priority === undefined ? "" : `priority ${event.priority}`;
  if (event.event === "two-owners") return twoOwnersWords(event);
  return [
    el("strong", "", ({ group: "group ", maintenance: "maintenance of " }[event.event] || "") + event.name),
    isState ? el("span", `state ${event.state.toLowerCase()}`, event.state) : el("span", "muted", words(event.state).toLowerCase()),
    el("small", "", [event.event === "maintenance" ? maintenanceWords(event) : words(event.reason), priority].filter(Boolean).join(", ")),
    event.lost ? el("small", "wrong", `${plural(event.lost, "event")} before this were lost`) : null,
  ];
}

function twoOwnersWords(event) {
  const who = event.mac ? `${event.address} is announced from ${event.mac}` : `${event.peer} is master as well`;
  return [el("strong", "", event.name), el("span", "wrong", "two owners"), el("small", "", `${who}, ${event.state}`)];
}

// For who listens instead of looking.
function speak(instances) {
  const changes = [];
  for (const one of instances) {
    const state = isCertain() ? one.state : "unknown";
    if (seen.said.has(one.name) && seen.said.get(one.name) !== state) changes.push(`${one.name} is ${state}`);
    seen.said.set(one.name, state);
  }
  if (changes.length) setText(byId("spoken"), changes.length > 3 ? `${changes.length} instances changed` : changes.join(", "));
}

// ---- the clock and the keys

function tick() {
  const wasLost = seen.lost;
  judge();
  if (wasLost !== seen.lost) draw();
  if (document.hidden) return;
  for (const element of document.querySelectorAll("#rows time, #rows small > span, #peers small")) {
    if (element.aging) setText(element, element.aging());
  }
}

byId("filter").addEventListener("input", () => { seen.room = limits.rows; if (seen.status) drawRows(); });
byId("filter").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  byId("filter").value = "";
  if (seen.status) drawRows();
  byId("filter").blur();
});
byId("more").addEventListener("click", () => { seen.room += limits.rows; drawRows(); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || why.dialog.open) return;
  if (document.activeElement === byId("filter")) return;
  event.preventDefault();
  byId("filter").focus();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

refresh();
listen();
setInterval(tick, 1000);
