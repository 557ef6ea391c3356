#include "metrics/service_metrics.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace baton::metrics {

namespace {

using nlohmann::json;

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A row of a table: one sample a service, or a real server; null: none.
struct Series {
  const char* name;
  const char* help;
  json (*value)(const json& it);
};

json as_number(bool is_so) {
  return is_so ? 1 : 0;
}

constexpr Series of_services[] = {
    {"baton_service_quorum_met", "1 while the service has its quorum.",
     [](const json& it) { return as_number(it.at("quorum").at("met").get<bool>()); }},
    {"baton_service_quorum_weight", "Weight that the quorum needs.",
     [](const json& it) { return it.at("quorum").at("wanted"); }},
    {"baton_service_weight", "Weight of the real servers that are up.",
     [](const json& it) { return it.at("quorum").at("have"); }},
    {"baton_service_sorry_in_use", "1 while the sorry server alone serves; missing where there is none.",
     [](const json& it) {
       const json& sorry = it.at("sorry_server");
       return sorry.is_null() ? json() : as_number(sorry.at("in_use").get<bool>());
     }},
};

constexpr Series of_servers[] = {
    {"baton_real_server_up", "1 while no check of the real server is down.",
     [](const json& it) { return as_number(it.at("state") != "down"); }},
    {"baton_real_server_drained", "1 while an operator keeps new connections away from it.",
     [](const json& it) { return as_number(it.at("state") == "drained"); }},
    {"baton_real_server_suspended", "1 while nobody looks at it, for the address is not here (ha_suspend).",
     [](const json& it) {
       return as_number(
           std::ranges::any_of(it.at("checks"), [](const json& check) { return check.value("suspended", false); }));
     }},
    {"baton_real_server_weight", "Weight that the kernel is to give it now; missing while it is not in the table.",
     [](const json& it) { return it.at("weight").at("in_force"); }},
    {"baton_real_server_since_timestamp_seconds", "When that began, as a UTC time; missing where it never changed.",
     [](const json& it) { return it.at("since"); }},
};

void write_services(const json& all, MetricsText& out) {
  for (const Series& series : of_services) {
    out.family(series.name, Kind::gauge, series.help);
    for (const json& service : all) {
      const json value = series.value(service);
      if (value.is_number()) out.sample({{"service", text(service, "name")}}, value.get<double>());
    }
  }
}

void write_servers(const json& all, MetricsText& out) {
  for (const Series& series : of_servers) {
    out.family(series.name, Kind::gauge, series.help);
    for (const json& service : all) {
      for (const json& server : service.at("servers")) {
        const json value = series.value(server);
        if (!value.is_number()) continue;
        out.sample({{"service", text(service, "name")}, {"real_server", text(server, "address")}}, value.get<double>());
      }
    }
  }
}

void write_traffic(const json& all, MetricsText& out) {
  struct Traffic {
    const char* name;
    Kind kind;
    const char* help;
    const char* key;
  };
  constexpr Traffic series[] = {
      {"baton_real_server_connections", Kind::counter, "Connections given to the real server.", "connections"},
      {"baton_real_server_active_connections", Kind::gauge, "Those of them that are open.", "active"},
      {"baton_real_server_received_packets", Kind::counter, "Packets to the real server.", "packets_in"},
      {"baton_real_server_sent_packets", Kind::counter, "Packets from it, where they come this way.", "packets_out"},
      {"baton_real_server_received_bytes", Kind::counter, "Bytes to the real server.", "bytes_in"},
      {"baton_real_server_sent_bytes", Kind::counter, "Bytes from it, where they come this way.", "bytes_out"},
  };
  for (const Traffic& one : series) {
    out.family(one.name, one.kind, one.help);
    for (const json& service : all) {
      for (const json& server : service.at("servers")) {
        const json& traffic = server.at("traffic");
        if (traffic.is_null() || traffic.at(one.key).is_null()) continue;
        out.sample({{"service", text(service, "name")}, {"real_server", text(server, "address")}},
                   traffic.at(one.key).get<double>());
      }
    }
  }
}

double sum_of(const json& server, const char* key) {
  double sum = 0;
  for (const json& check : server.at("checks")) sum += check.at(key).get<double>();
  return sum;
}

void write_checks(const json& document, MetricsText& out) {
  const auto counter = [&](const char* name, const char* help, const char* key) {
    out.family(name, Kind::counter, help);
    for (const json& service : document.at("services")) {
      for (const json& server : service.at("servers")) {
        if (server.at("checks").empty()) continue;
        out.sample({{"service", text(service, "name")}, {"real_server", text(server, "address")}}, sum_of(server, key));
      }
    }
  };
  counter("baton_real_server_tries", "Tries of the real server's checks.", "tries");
  counter("baton_real_server_failures", "Those of them that failed.", "failures");
  out.family("baton_check_tries", Kind::counter, "Tries of all checks, by how they ended.");
  for (const auto& [outcome, count] : document.at("outcomes").items()) {
    out.sample({{"outcome", outcome}}, count.get<double>());
  }
}

}  // namespace

void write_service_metrics(const json& services, MetricsText& out) {
  if (!services.is_object() || services.at("services").empty()) return;
  const json& plane = services.at("plane");
  out.family("baton_balancer_plane_up", Kind::gauge, "1 while something in the kernel carries the services out.");
  out.sample({{"plane", plane.at("name").is_null() ? "none" : text(plane, "name")}},
             plane.at("state") == "serves" ? 1 : 0);
  write_services(services.at("services"), out);
  write_servers(services.at("services"), out);
  write_traffic(services.at("services"), out);
  write_checks(services, out);
}

}  // namespace baton::metrics
