#include "metrics/node_metrics.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "metrics/service_metrics.h"

namespace baton::metrics {

namespace {

using nlohmann::json;

const json& part(const json& object, const char* key) {
  static const json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? nothing : *found;
}

std::string text(const json& object, const char* key) {
  const json& value = part(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

double number(const json& object, const char* key) {
  const json& value = part(object, key);
  return value.is_number() ? value.get<double>() : 0;
}

const json& list(const json& object, const char* key) {
  static const json none = json::array();
  const json& value = part(object, key);
  return value.is_array() ? value : none;
}

constexpr const char* states[] = {"INIT", "BACKUP", "MASTER", "FAULT", "MAINTENANCE"};

// A row of a table: one sample an instance.
struct Series {
  const char* name;
  Kind kind;
  const char* help;
  double (*value)(const json& instance);
};

constexpr Series of_instances[] = {
    {"baton_instance_state_since_timestamp_seconds", Kind::gauge, "When the instance entered its state, as a UTC time.",
     [](const json& it) { return number(it, "since"); }},
    {"baton_instance_priority", Kind::gauge, "Priority that is announced.",
     [](const json& it) { return number(part(it, "priority"), "effective"); }},
    {"baton_instance_base_priority", Kind::gauge, "Priority of the configuration, before weights.",
     [](const json& it) { return number(part(it, "priority"), "base"); }},
    {"baton_instance_holds_addresses", Kind::gauge, "1 where the virtual addresses are meant to be here.",
     [](const json& it) { return part(it, "holds_addresses") == true ? 1.0 : 0.0; }},
    {"baton_instance_became_master", Kind::counter, "Transitions to MASTER.",
     [](const json& it) { return number(it, "became_master"); }},
    {"baton_instance_released_master", Kind::counter, "Transitions from MASTER.",
     [](const json& it) { return number(it, "released_master"); }},
    {"baton_adverts_sent", Kind::counter, "Adverts that left.",
     [](const json& it) { return number(part(it, "adverts"), "sent"); }},
    {"baton_adverts_failed", Kind::counter, "Packets with an advert that the kernel did not take.",
     [](const json& it) { return number(part(it, "adverts"), "failed"); }},
    {"baton_adverts_accepted", Kind::counter, "Adverts of others that were taken.",
     [](const json& it) { return number(part(it, "adverts"), "accepted"); }},
    {"baton_priority_zero_sent", Kind::counter, "Goodbyes: adverts with priority 0 that left.",
     [](const json& it) { return number(part(it, "adverts"), "priority_zero_sent"); }},
    {"baton_priority_zero_accepted", Kind::counter, "Goodbyes of others that were taken.",
     [](const json& it) { return number(part(it, "adverts"), "priority_zero_accepted"); }},
    {"baton_adverts_unlike_addresses", Kind::counter, "Adverts taken although their address list is another one.",
     [](const json& it) { return number(part(it, "adverts"), "unlike_addresses"); }},
    {"baton_second_masters", Kind::counter, "Adverts of another MASTER while this node was MASTER.",
     [](const json& it) { return number(part(it, "two_owners"), "adverts"); }},
    {"baton_instance_witness_awaited", Kind::gauge,
     "1 while the master is silent and no witness answers: this node may be cut off, and stays BACKUP.",
     [](const json& it) { return part(part(it, "witness"), "awaited") == true ? 1.0 : 0.0; }},
    {"baton_instance_hook_awaited", Kind::gauge, "1 while the addresses of a new MASTER wait for before_announce.",
     [](const json& it) { return part(part(it, "hook"), "awaited") == true ? 1.0 : 0.0; }},
    {"baton_instance_hook_waits", Kind::counter, "Times that its addresses waited for before_announce.",
     [](const json& it) { return number(part(it, "hook"), "waits"); }},
    {"baton_instance_hooks_late", Kind::counter, "Hooks of it, or of its group, that did not end within hook_timeout.",
     [](const json& it) { return number(part(it, "hook"), "late"); }},
    {"baton_instance_hooks_failed", Kind::counter, "Hooks of it, or of its group, that failed.",
     [](const json& it) { return number(part(it, "hook"), "failed"); }},
    {"baton_strange_announcements", Kind::counter,
     "ARP packets and neighbour advertisements of strangers with an address of ours while this node was MASTER.",
     [](const json& it) { return number(part(it, "two_owners"), "announcements"); }},
};

class NodeMetrics {
 public:
  NodeMetrics(const json& status, double now, Format format) : status_(status), now_(now), out_(format) {}

  std::string text_of_all() {
    daemon();
    const json& worker = part(status_, "worker");
    if (part(worker, "answers") == true) {
      worker_counters(worker);
      instances();
      groups();
      scripts();
      processes();
      checks();
    }
    sessions();
    write_service_metrics(part(status_, "services"), out_);  // these are not the worker's
    return out_.finish();
  }

 private:
  void daemon() {
    const json& worker = part(status_, "worker");
    out_.family("baton_build", Kind::info, "Version of batond.");
    out_.sample({{"version", text(status_, "version")}}, 1);
    out_.family("baton_worker_up", Kind::gauge,
                "1 while the VRRP worker answers; without it there is no state to tell.");
    out_.sample({}, part(worker, "answers") == true ? 1 : 0);
    out_.family("baton_worker_restarts", Kind::counter,
                "Workers started in place of one that died, since the last reload.");
    out_.sample({}, number(worker, "restarts"));
    out_.family("baton_state_age_seconds", Kind::gauge, "Age of the state that this answer is made of.");
    out_.sample({}, std::max(0.0, now_ - (part(status_, "at").is_number() ? number(status_, "at") : now_)));
    out_.family("baton_configuration_read_timestamp_seconds", Kind::gauge,
                "When the configuration was read, as a UTC time.");
    out_.sample({}, number(status_, "configuration_read"));
    out_.family("baton_reload_unconfirmed", Kind::gauge,
                "1 while a reload waits for its confirmation and is undone without one.");
    out_.sample({}, part(status_, "confirm_until").is_number() ? 1 : 0);
    const json& maintenance = part(status_, "maintenance");
    out_.family("baton_maintenance", Kind::gauge, "1 while the node is in maintenance and takes nothing over.");
    out_.sample({}, maintenance.is_object() ? 1 : 0);
    if (part(maintenance, "until").is_number()) {
      out_.family("baton_maintenance_end_timestamp_seconds", Kind::gauge,
                  "When the maintenance ends by itself, as a UTC time; missing where it does not.");
      out_.sample({}, number(maintenance, "until"));
    }
    if (const json& reloads = part(status_, "reloads"); reloads.is_object()) {
      out_.family("baton_reloads", Kind::counter, "Reloads that were asked for, by what became of them.");
      for (const auto& [result, count] : reloads.items()) out_.sample({{"result", result}}, count.get<double>());
    }
    if (const json& limits = part(status_, "limits_hit"); limits.is_object()) {
      out_.family("baton_limits_hit", Kind::counter, "How often a bound was reached, by the bound.");
      for (const auto& [limit, count] : limits.items()) out_.sample({{"limit", limit}}, count.get<double>());
    }
  }

  void worker_counters(const json& worker) {
    if (const json& handovers = part(worker, "handovers"); handovers.is_object()) {
      out_.family("baton_handovers", Kind::counter, "Hand-overs that were asked for, by what became of them.");
      for (const auto& [result, count] : handovers.items()) out_.sample({{"result", result}}, count.get<double>());
    }
    out_.family("baton_announcements_lost", Kind::counter,
                "Announcements of our addresses by others that came too fast to be looked at.");
    out_.sample({}, number(worker, "announcements_lost"));
    const json& lateness = part(worker, "lateness");
    if (!lateness.is_object()) return;
    out_.family("baton_timer_lateness_seconds", Kind::histogram,
                "How late the worker served its timers, adverts among them.");
    histogram({}, lateness);
  }

  void instances() {
    const json& all = list(status_, "instances");
    out_.family("baton_instance", Kind::info, "What the instance is.");
    for (const json& it : all) {
      out_.sample({{"vrrp_instance", text(it, "name")},
                   {"interface", text(it, "interface")},
                   {"vrid", std::to_string(static_cast<int>(number(it, "vrid")))},
                   {"version", std::to_string(static_cast<int>(number(it, "version")))},
                   {"family", text(it, "family")}},
                  1);
    }
    out_.family("baton_instance_state", Kind::gauge, "1 for the state that the instance is in, 0 for the others.");
    for (const json& it : all) {
      for (const char* state : states) {
        out_.sample({{"vrrp_instance", text(it, "name")}, {"state", state}}, text(it, "state") == state ? 1 : 0);
      }
    }
    for (const Series& series : of_instances) {
      out_.family(series.name, series.kind, series.help);
      for (const json& it : all) out_.sample({{"vrrp_instance", text(it, "name")}}, series.value(it));
    }
    out_.family("baton_adverts_rejected", Kind::counter,
                "Packets thrown away, by reason; reasons that occurred alone.");
    for (const json& it : all) {
      const json& rejected = part(it, "rejected");
      if (!rejected.is_object()) continue;
      for (const auto& [reason, count] : rejected.items()) {
        out_.sample({{"vrrp_instance", text(it, "name")}, {"reason", reason}}, count.get<double>());
      }
    }
  }

  void groups() {
    const json& all = list(status_, "groups");
    if (all.empty()) return;
    out_.family("baton_group_state", Kind::gauge, "1 for the state that the sync group is in, 0 for the others.");
    for (const json& it : all) {
      for (const char* state : states) {
        out_.sample({{"group", text(it, "name")}, {"state", state}}, text(it, "state") == state ? 1 : 0);
      }
    }
  }

  void scripts() {
    const json& all = list(status_, "scripts");
    if (all.empty()) return;
    script_runs(all);
    out_.family("baton_script_up", Kind::gauge, "1 where the vrrp_script counts as up; missing until it is known.");
    for (const json& it : all) {
      if (text(it, "status") == "up" || text(it, "status") == "down") {
        out_.sample({{"script", text(it, "name")}}, text(it, "status") == "up" ? 1 : 0);
      }
    }
  }

  void script_runs(const json& all) {
    const auto gauge = [&](std::string_view name, std::string_view help, const char* key) {
      out_.family(name, Kind::gauge, help);
      for (const json& it : all) {
        if (part(it, key).is_number()) out_.sample({{"script", text(it, "name")}}, number(it, key));
      }
    };
    gauge("baton_script_interval_seconds", "Time from one run of the script to the next.", "interval");
    gauge("baton_script_timeout_seconds", "A run that takes longer is ended and has failed.", "timeout");
    out_.family("baton_script_runs", Kind::counter, "Runs of the script, by what became of them.");
    for (const json& it : all) {
      const json& runs = part(it, "runs");
      if (!runs.is_object()) continue;
      for (const auto& [result, count] : runs.items()) {
        out_.sample({{"script", text(it, "name")}, {"result", result}}, count.get<double>());
      }
    }
    out_.family("baton_script_duration_seconds", Kind::histogram,
                "How long a run of the script took; one that was ended by its timeout, so long.");
    for (const json& it : all) {
      if (part(it, "durations").is_object()) histogram({{"script", text(it, "name")}}, part(it, "durations"));
    }
  }

  void histogram(Labels labels, const json& of) {
    out_.histogram(labels, of.at("bounds").get<std::vector<double>>(),
                   of.at("counts").get<std::vector<std::uint64_t>>(), number(of, "sum"));
  }

  void processes() {
    const json& all = list(status_, "processes");
    if (all.empty()) return;
    out_.family("baton_process_up", Kind::gauge,
                "1 where the vrrp_track_process counts as up; missing until it is known.");
    for (const json& it : all) {
      if (text(it, "status") == "up" || text(it, "status") == "down") {
        out_.sample({{"process", text(it, "name")}}, text(it, "status") == "up" ? 1 : 0);
      }
    }
  }

  void checks() {
    const json& all = list(status_, "checks");
    if (all.empty()) return;
    out_.family("baton_check_up", Kind::gauge, "1 where the vrrp_check counts as up; missing until it is known.");
    for (const json& it : all) {
      if (text(it, "status") == "up" || text(it, "status") == "down") {
        out_.sample({{"check", text(it, "name")}}, text(it, "status") == "up" ? 1 : 0);
      }
    }
    out_.family("baton_check_made", Kind::gauge,
                "1 where somebody makes the check; 0: its last verdict stands, and what it was of may have changed.");
    for (const json& it : all) out_.sample({{"check", text(it, "name")}}, part(it, "checked") == true ? 1 : 0);
  }

  void sessions() {
    const json& bfd = part(status_, "bfd");
    if (!bfd.is_object()) return;
    const json& all = list(bfd, "sessions");
    const auto family = [&](const char* name, Kind kind, const char* help, auto&& value) {
      out_.family(name, kind, help);
      for (const json& it : all) out_.sample({{"session", text(it, "name")}}, value(it));
    };
    out_.family("baton_bfd_spoken", Kind::gauge, "1 where the process that speaks BFD lives.");
    out_.sample({}, part(bfd, "spoken") == true ? 1 : 0);
    family("baton_bfd_session_up", Kind::gauge, "1 where the BFD session is Up.",
           [](const json& it) { return text(it, "state") == "Up" ? 1 : 0; });
    family("baton_bfd_session_counts_as_up", Kind::gauge,
           "1 where the BFD session counts as up: it is, or its neighbour has ended it on purpose.",
           [](const json& it) { return part(it, "counts_as_up") == true ? 1 : 0; });
    family("baton_bfd_session_failures", Kind::counter, "How often the BFD session went down, and not on purpose.",
           [](const json& it) { return number(it, "failures"); });
    family("baton_bfd_packets_sent", Kind::counter, "BFD packets that were sent.",
           [](const json& it) { return number(part(it, "packets"), "sent"); });
    family("baton_bfd_packets_accepted", Kind::counter, "BFD packets that were accepted.",
           [](const json& it) { return number(part(it, "packets"), "accepted"); });
    out_.family("baton_bfd_packets_rejected", Kind::counter, "BFD packets that were thrown away, by reason.");
    for (const auto& [reason, count] : part(bfd, "rejected").items()) {
      out_.sample({{"reason", reason}}, count.get<double>());
    }
  }

  const json& status_;
  double now_;
  MetricsText out_;
};

}  // namespace

std::string node_metrics(const json& status, double now_utc_seconds, Format format) {
  return NodeMetrics(status, now_utc_seconds, format).text_of_all();
}

}  // namespace baton::metrics
