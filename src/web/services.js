// Load balancing: virtual servers, their real servers, and why one of these is out. Those in trouble come first. The
// VRRP worker has no part in it, so that this stays certain as long as batond is heard. Nothing else knows of it than
// `drawServices`.

function drawServices(answer) {
  const section = byId("services");
  section.hidden = !answer || !answer.services.length;
  if (section.hidden) return;
  setText(byId("plane"), planeWords(answer.plane));
  byId("plane").className = answer.plane.problem ? "wrong" : "muted";
  const shown = inTroubleFirst(answer.services);
  const signature = JSON.stringify([shown, seen.lost]);
  if (section.dataset.signature !== signature) {
    section.dataset.signature = signature;
    byId("service-list").replaceChildren(...shown.map(serviceItem));
  }
  const more = answer.total - answer.services.length;
  byId("more-services").hidden = more === 0;
  setText(byId("more-services"), `${plural(more, "more service")}: baton status --services`);
}

function planeWords({ state, name, problem }) {
  if (problem) return problem;
  return state === "serves" ? `served by ${name}` : "what serves them is not known yet";
}
function isInTrouble(service) {
  return !service.quorum.met || service.servers.some((server) => server.state === "down");
}
function inTroubleFirst(services) {
  return [...services.filter(isInTrouble), ...services.filter((service) => !isInTrouble(service))];
}

function serviceItem(service) {
  const { quorum, sorry_server: sorry, servers } = service;
  const up = servers.filter((server) => server.state !== "down").length;
  const more = service.addresses.length + service.addresses_not_shown - 1;  // addresses
  return el("li", "",
    el("p", "lead", certainMark(quorum.met ? "up" : "down", quorum.met ? "quorum" : "no quorum"), " ", el("strong", "", service.name), " ",
      el("small", "", [service.group, more > 0 && `and ${more} more`, service.scheduler].filter(Boolean).join(" · "))),
    el("p", "muted", `${up} of ${servers.length} up, weight ${quorum.have} of ${quorum.wanted} wanted`,
      servers.some((server) => server.checks.some((check) => check.suspended)) && "; checks are suspended, for the address is not here",
      sorry?.in_use && el("span", "wrong", `; the sorry server ${sorry.address} alone serves`)),
    serverTable(servers));
}

function serverTable(servers) {
  const table = el("table", "");
  table.append(...servers.map((server) => el("tr", "",
    el("td", "", certainMark(server.state === "down" ? "down" : "up", server.state)),
    el("td", "address", server.address),
    el("td", "since", server.since ? `since ${clock(server.since)}` : ""),
    el("td", "", weightWords(server.weight)),
    el("td", "", trafficWords(server.traffic)),
    el("td", server.state === "down" ? "wrong" : "muted", whyOut(server)))));
  return table;
}
function weightWords({ configured, in_force: inForce }) {
  if (inForce === null) return "gets nothing";
  return `weight ${inForce}` + (inForce === configured ? "" : ` of ${configured}`);
}
function trafficWords(traffic) {
  if (!traffic) return "";
  const counted = traffic.connections !== null ? plural(traffic.connections, "connection")
    : traffic.packets_in !== null ? plural(traffic.packets_in, "packet") : "";
  return counted + (traffic.active !== null ? `, ${traffic.active} open` : "");
}
function whyOut({ state, checks }) {
  const failing = checks.find((check) => check.state === "down");
  if (failing) return `${failing.kind}: ${failing.text || "down"}` +
    (failing.failures_in_a_row > 1 ? ` (${failing.failures_in_a_row} failures in a row)` : "");
  if (state === "drained") return "no new connections, until baton undrain";
  if (state === "disabled") return "its weight is 0: no new connections";
  return state === "down" ? "no check has found it up yet" : "";
}
function certainMark(kind, word) {
  if (seen.lost) return el("span", "mark unsure", `? was ${word}`);
  return el("span", `mark ${kind}`, `${kind === "up" ? "✓" : "✗"} ${word}`);
}
