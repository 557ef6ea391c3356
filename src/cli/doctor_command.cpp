#include "cli/doctor_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/printable.h"
#include "cli/findings_text.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/terminal.h"
#include "command_line/command_line.h"
#include "config/disk_file_reader.h"
#include "config/load.h"
#include "doctor/rule_table.h"
#include "probe/probe.h"

namespace baton::cli {

namespace {

constexpr int clean = 0;
constexpr int usage = 2;

struct DoctorOptions {
  std::string config;
  std::string config_id;
  std::vector<std::string> interfaces;
  std::optional<double> listen;
  bool no_listen = false;
  bool no_probe = false;
  bool as_json = false;
  bool lists = false;
  std::string explained;
};

int complain(const std::string& message) {
  std::fputs(printable(fmt::format("baton doctor: {}\n", message)).c_str(), stderr);
  return usage;
}

std::string list_rules() {
  std::string text;
  for (const doctor::Rule& rule : doctor::rules()) {
    text += fmt::format("{}  {:<7}  {:<24}  {}\n", rule.id, config::name(rule.severity), rule.name, rule.title);
  }
  return text;
}

int run_explain(const std::string& id) {
  const doctor::Rule* rule = doctor::find_rule(id);
  if (rule == nullptr) return complain(fmt::format("there is no rule '{}'; `baton doctor --list` has them all", id));
  fmt::print("{} {} ({})\n{}\n\n{}", rule->id, rule->name, config::name(rule->severity), rule->title,
             wrapped(rule->explanation));
  return clean;
}

// The one that batond reads; empty: there is none.
std::string find_configuration(const DoctorOptions& options) {
  if (!options.config.empty()) return options.config;
  for (const char* path : {"/etc/baton/baton.conf", "/etc/keepalived/keepalived.conf"}) {
    if (::access(path, F_OK) == 0) return path;
  }
  return "";
}

int run_doctor(const DoctorOptions& options) {
  if (options.lists) {
    fmt::print("{}", list_rules());
    return clean;
  }
  if (!options.explained.empty()) return run_explain(options.explained);
  const std::string path = find_configuration(options);
  setup::Setup setup;
  if (!path.empty()) {
    config::DiskFileReader reader;
    config::LoadResult loaded = config::load(path, reader, {.config_id = options.config_id});
    if (!loaded.ok) {
      std::fputs(config::report(loaded).c_str(), stderr);
      return complain(fmt::format("{} cannot be started with\n  mend: baton check {}", path, path));
    }
    setup = setup::make_setup(std::move(loaded.configuration));
  }
  const Duration wanted = options.listen
                              ? std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*options.listen))
                              : doctor::wanted_listening(setup);
  const doctor::Patient patient = probe::look(std::move(setup), {.interfaces = options.interfaces,
                                                                 .listen = options.no_listen ? Duration{} : wanted,
                                                                 .probes = !options.no_probe});
  const doctor::Report report = doctor::examine(patient);
  if (options.as_json) {
    fmt::print("{}", json_document(report_as_json(report, path, patient.wire.listened)));
  } else {
    if (path.empty()) fmt::print("no configuration: what is said holds for VRRP as such; --config FILE names one\n");
    fmt::print("{}", render_report(report, wants_colours()));
  }
  return exit_code_of(report);
}

}  // namespace

void add_doctor_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<DoctorOptions>();
  command_line::Command command = app.add_command("doctor", "What keeps VRRP from working on this host and its LANs");
  command.add_option("--config", options->config, "default /etc/baton/baton.conf, else /etc/keepalived/keepalived.conf")
      .named_value("FILE");
  command.add_option("--interface", options->interfaces, "look at this one, too").named_value("NAME");
  const auto listen =
      command.add_option("--listen", options->listen, "seconds; default four advert intervals, at least 4")
          .named_value("SECONDS")
          .between(0.1, 3600.0);
  command.add_flag("--no-listen", options->no_listen, "do not listen to adverts").excludes(listen);
  command.add_flag("--no-probe", options->no_probe, "send nothing, not even ARP probes for virtual addresses");
  command.add_flag("--json", options->as_json, "one JSON document");
  command.add_option("--explain", options->explained, "what a finding is about: D016, or its name").named_value("RULE");
  command.add_flag("--list", options->lists, "everything that is looked for");
  command.add_option("--config-id", options->config_id, "for @id lines; default the host").named_value("ID");
  command.set_footer(footer("baton doctor; baton doctor --listen 10 --json",
                            "0 nothing but notes, 1 errors or warnings, 2 called wrongly, or not all was looked at"));
  command.on_call([options, &exit_code] { exit_code = run_doctor(*options); });
}

}  // namespace baton::cli
