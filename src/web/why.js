// The panel that says why an instance is in its state: one question to batond, and what it answered as a document.
// Nothing else knows of it than `openWhy`.
const why = { dialog: byId("why"), title: byId("why-title"), text: byId("why-text"), asked: 0 };

async function openWhy(name) {
  const asked = ++why.asked;
  why.title.textContent = name;
  why.text.replaceChildren(el("p", "muted", "asking …"));
  if (!why.dialog.open) why.dialog.showModal();
  let parts;
  try {
    parts = explained(await ask("/v1/instances/" + encodeURIComponent(name)));
  } catch (error) {
    parts = [el("p", "wrong", error.message)];
  }
  if (asked === why.asked) why.text.replaceChildren(...parts);
}

byId("why-close").addEventListener("click", () => why.dialog.close());
why.dialog.addEventListener("click", (event) => {
  if (event.target === why.dialog) why.dialog.close();  // beside it
});

function explained(one) {
  return [
    el("p", "lead", stateMark(one), ` since ${clock(one.since)} (${age(one.since)}): ${one.reason_text}.`),
    !isCertain() && el("p", "wrong", "Nobody knows whether this still is so: the worker does not answer."),
    ...chapter("What keeps it in FAULT", one.faults.map((fault) => el("li", "wrong", fault))),
    ...chapter("Priority", sumOf(one.priority)),
    ...chapter("Master heard", heardOf(one)),
    ...chapter("Addresses", (one.addresses || []).map(presence).concat(
      one.addresses_not_shown ? [el("li", "muted", `and ${one.addresses_not_shown} more`)] : [])),
    ...chapter("Routes and rules", [...(one.routes || []), ...(one.rules || [])].map(presence)),
    ...chapter("Interfaces it made", (one.virtual_interfaces || []).map((made) =>
      el("li", "", el("code", "", made.name), ` ${made.kind} on ${made.base} ${made.mac || ""}`))),
    el("h3", "", "On the wire"),
    table([
      ["Interface", one.interface + (one.advert_interface && one.advert_interface !== one.interface ? `, adverts leave through ${one.advert_interface}` : "")],
      ["Virtual router", `${one.vrid}, VRRPv${one.version} ${one.family || ""}`],
      ["Advert interval", inSeconds(one.advert_int)],
      ["Skew time", inSeconds(one.skew_time)],
      ["Master down after", inSeconds(one.master_down_interval)],
      ["Preempts", one.preempt === undefined ? null : one.preempt ? "yes" : "no"],
      ["Adverts sent", one.adverts.sent],
      ["Adverts accepted", one.adverts.accepted],
      ["Failed to leave", one.adverts.failed ? `${one.adverts.failed}, the last: ${one.adverts.last_error}` : null],
      ["Other address list", one.adverts.unlike_addresses || null],
      ["Other masters heard", one.two_owners && one.two_owners.adverts ? one.two_owners.adverts : null],
      ["Announced by strangers", one.two_owners && one.two_owners.announcements ? one.two_owners.announcements : null],
      ["Became master", one.became_master === undefined ? null : `${one.became_master} times`],
    ]),
    ...chapter("Packets thrown away", Object.entries(one.rejected || {}).map(([reason, count]) =>
      el("li", "", `${count} ${words(reason)}`))),
  ].filter(Boolean);
}

function chapter(title, items) {
  return items.length ? [el("h3", "", title), el("ul", "", ...items)] : [];
}
function table(rows) {
  const list = el("dl", "");
  for (const [term, value] of rows) {
    if (value !== null && value !== undefined) list.append(el("dt", "", term), el("dd", "", String(value)));
  }
  return list;
}
function sumOf(priority) {
  const parts = (priority.parts || []).map((part, i) => el("li", "", `${i ? signed(part.amount) : part.amount} ${part.name}`));
  return [...parts, el("li", parts.length > 1 ? "sum" : "", `${priority.effective} is what it announces`)];
}
function heardOf(one) {
  if (!one.master) return [];
  const { address, priority, advert_int, last_advert } = one.master;
  return [el("li", "", el("code", "", address), ` priority ${priority}, each ${inSeconds(advert_int)}` +
    (last_advert ? `, last ${age(last_advert)} ago` : ""))];
}
function presence(entry) {
  return el("li", "", el("code", "", entry.address || entry.text), entry.interface ? ` on ${entry.interface}, ` : " ",
    entry.present ? el("span", "mark up", "here") : el("span", "muted", "not here"),
    entry.advertised === false ? el("span", "muted", ", not advertised") : "");
}
