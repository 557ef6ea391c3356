#include "cli/lab_command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/terminal.h"
#include "command_line/command_line.h"
#include "config/disk_file_reader.h"
#include "config/load.h"
#include "lab/director.h"
#include "lab/lab.h"
#include "lab/sandbox.h"
#include "lab/scenario.h"
#include "lab/story.h"

namespace baton::cli {
namespace {

constexpr int success = 0;
constexpr int failure = 1;
constexpr int usage = 2;

using lab::LabError;

// Everything decided before the first namespace is made.
struct Plan {
  lab::Topology topology;
  lab::LabOptions options;
  std::vector<const lab::Scenario*> scenarios;
};

// A user's configuration, and which of its files a machine does not see by itself.
struct ReadFiles {
  std::vector<lab::NodeInput> nodes;
  std::vector<std::vector<std::string>> hidden;  // by node
};

bool is_hidden_in_machines(const std::string& path) {
  return path.starts_with("/run/") || path.starts_with("/dev/") || path.starts_with("/var/run/");
}

std::expected<ReadFiles, LabError> read_files(const std::vector<std::string>& files) {
  const std::vector<std::string> names = lab::node_names(files);
  ReadFiles read;
  for (std::size_t i = 0; i < files.size(); ++i) {
    config::DiskFileReader reader;
    config::LoadResult loaded = config::load(files[i], reader, {.config_id = names[i]});
    if (!loaded.ok) return std::unexpected(LabError{config::report(loaded), ""});
    std::fputs(config::report(loaded).c_str(), stderr);
    read.nodes.push_back({.name = names[i], .configuration = std::move(loaded.configuration)});
    std::vector<std::string>& hidden = read.hidden.emplace_back();
    for (const std::string& file : loaded.files) {
      const std::string path = std::filesystem::absolute(file).lexically_normal().string();
      if (is_hidden_in_machines(path)) hidden.push_back(path);
    }
  }
  return read;
}

// A check that is a shell's or another interpreter's would take that program from everybody in the machine.
std::expected<void, LabError> check_replaceable(const lab::Topology& topology) {
  constexpr auto shared = std::to_array<std::string_view>(
      {"sh", "bash", "dash", "env", "nice", "timeout", "perl", "python", "python3", "nginx", "curl"});
  for (const lab::NodePlan& node : topology.nodes) {
    for (const lab::Check& check : node.checks) {
      if (check.arguments.empty()) continue;
      const std::string program = std::filesystem::path(check.arguments.front()).filename().string();
      if (std::ranges::find(shared, program) == shared.end()) continue;
      return std::unexpected(LabError{
          fmt::format("--assume-healthy cannot replace {} of {}: others need that program", program, check.name),
          "put the command into a script file of its own"});
    }
  }
  return {};
}

std::expected<lab::Daemon, LabError> parse_daemon(const std::string& text) {
  if (text == "batond" || text == "baton") return lab::Daemon::batond;
  if (text == "keepalived") return lab::Daemon::keepalived;
  return std::unexpected(LabError{fmt::format("no daemon is called '{}'", text), "batond or keepalived"});
}

std::expected<void, LabError> choose_daemons(const std::vector<std::string>& choices, Plan& plan) {
  for (const std::string& choice : choices) {
    const std::size_t equals = choice.find('=');
    const std::string node = equals == std::string::npos ? "" : choice.substr(0, equals);
    const lab::Daemon daemon = TRY(parse_daemon(equals == std::string::npos ? choice : choice.substr(equals + 1)));
    bool found = false;
    for (lab::NodeId id = 0; id < plan.topology.nodes.size(); ++id) {
      if (!node.empty() && plan.topology.nodes[id].name != node) continue;
      plan.options.nodes[id].daemon = daemon;
      found = true;
    }
    if (!found) {
      return std::unexpected(LabError{fmt::format("--daemon {}: no node is called '{}'", choice, node),
                                      "nodes are called as their files without the extension"});
    }
  }
  return {};
}

std::expected<void, LabError> choose_scenarios(const LabCommandOptions& options, Plan& plan) {
  const bool all_baton = std::ranges::all_of(
      plan.options.nodes, [](const lab::NodeSetup& setup) { return setup.daemon == lab::Daemon::batond; });
  if (options.scenarios.empty()) {
    for (const lab::Scenario& scenario : lab::scenarios()) {
      if (scenario.needs_web && (options.without_web || options.assume_healthy)) continue;
      if (scenario.needs_batond && !all_baton) continue;
      plan.scenarios.push_back(&scenario);
    }
    return {};
  }
  for (const std::string& name : options.scenarios) {
    if (name == "start") continue;  // always played
    const lab::Scenario* scenario = lab::find_scenario(name);
    if (scenario == nullptr) {
      return std::unexpected(
          LabError{fmt::format("no scenario is called '{}'", name), "baton lab --list names them all"});
    }
    plan.scenarios.push_back(scenario);
  }
  return {};
}

// The program that stands beside this one.
std::string batond_path(const LabCommandOptions& options) {
  if (!options.batond.empty()) return std::filesystem::absolute(options.batond).string();
  std::error_code ignored;  // without /proc there is no lab either
  return (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "batond").string();
}

std::expected<void, LabError> check_programs(const Plan& plan) {
  const auto is_there = [](const std::string& program) {
    for (const char* directory : {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
      if (access(fmt::format("{}/{}", directory, program).c_str(), X_OK) == 0) return true;
    }
    return false;
  };
  for (const lab::NodeSetup& setup : plan.options.nodes) {
    if (setup.has_web && !is_there("nginx"))
      return std::unexpected(LabError{"nginx is not installed", "apt-get install nginx-light, or --no-web"});
    if (setup.daemon == lab::Daemon::keepalived && !is_there("keepalived")) {
      return std::unexpected(LabError{"keepalived is not installed", "apt-get install keepalived"});
    }
    if (setup.daemon == lab::Daemon::batond && access(plan.options.batond.c_str(), X_OK) != 0) {
      return std::unexpected(LabError{fmt::format("there is no program {}", plan.options.batond),
                                      "build it (tools/build), or name it with --batond"});
    }
  }
  return {};
}

std::expected<Plan, LabError> make_plan(const LabCommandOptions& options) {
  const ReadFiles read = TRY(read_files(options.files));
  Plan plan;
  plan.topology = TRY(lab::plan_topology(read.nodes));
  if (options.assume_healthy) TRY_VOID(check_replaceable(plan.topology));
  plan.options.batond = batond_path(options);
  plan.options.probe_interval =
      std::chrono::round<Duration>(std::chrono::duration<double, std::milli>(options.probe_interval_ms));
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    plan.options.nodes.push_back(
        {.config_path = std::filesystem::absolute(options.files[i]).lexically_normal().string(),
         .config_text = "",
         .copied_files = read.hidden[i],
         .has_web = !options.without_web,
         .assume_healthy = options.assume_healthy});
  }
  TRY_VOID(choose_daemons(options.daemons, plan));
  TRY_VOID(choose_scenarios(options, plan));
  TRY_VOID(check_programs(plan));
  return plan;
}

int complain(const std::string& message) {
  std::fputs(fmt::format("baton lab: {}\n", message).c_str(), stderr);
  return failure;
}

std::vector<lab::Daemon> daemons_of(const Plan& plan) {
  std::vector<lab::Daemon> daemons;
  for (const lab::NodeSetup& setup : plan.options.nodes) daemons.push_back(setup.daemon);
  return daemons;
}

lab::StoryOptions story_options(const LabCommandOptions& options) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  return {.colour = wants_colours(),
          .live = terminal,
          .quiet = options.json,
          .log = options.all_log_lines ? lab::LogDetail::all : lab::LogDetail::states};
}

std::expected<void, LabError> play_all(lab::Director& director, const Plan& plan) {
  const auto failed = [](const SysError& error) { return std::unexpected(LabError{to_string(error), ""}); };
  if (const auto started = director.start(); !started) return failed(started.error());
  if (auto reason = director.why_nobody_serves()) return std::unexpected(std::move(*reason));
  for (const lab::Scenario* scenario : plan.scenarios) {
    const auto goes_on = director.play(*scenario);
    if (!goes_on) return failed(goes_on.error());
    if (*goes_on) continue;
    if (auto reason = director.why_nobody_serves()) return std::unexpected(std::move(*reason));
    return std::unexpected(
        LabError{fmt::format("after '{}' the servers did not become healthy again, not even after all were booted anew",
                             scenario->title),
                 "look at it with --log --keep --scenario " + scenario->name});
  }
  return {};
}

// Inside the sandbox.
int play(Plan& plan, const LabCommandOptions& options) {
  const std::vector<lab::Daemon> daemons = daemons_of(plan);
  lab::Story story(plan.topology, daemons, story_options(options));
  plan.options.on_event = [&](const lab::Event& event) { story.on_event(event); };
  auto opened = lab::Lab::open(plan.topology, plan.options);
  if (!opened) return complain(to_string(opened.error()));
  lab::Lab& lab = **opened;
  lab.every(std::chrono::milliseconds(100), [&] { story.show_live(lab); });

  story.introduce();
  lab::Director director(lab, {.on_scene = [&](const std::string& title) { story.on_scene(title); },
                               .on_row = [&](const lab::Row& row) { story.on_row(row); }});
  const std::expected<void, LabError> played = play_all(director, plan);
  if (options.json) {
    fmt::print("{}", json_document(lab::to_json(director.rows(), lab.events(), lab.topology(), daemons)));
  } else {
    story.print_table(director.rows());
  }
  if (!played) return complain(to_string(played.error()));
  if (options.keep) {
    story.on_scene("the lab goes on until ctrl-C; a shell in a server: nsenter -a -t $(pgrep -x lab:" +
                   plan.topology.nodes.front().name + ")");
    lab.run_for(std::chrono::hours(24));
  }
  return std::ranges::all_of(director.rows(), &lab::Row::passed) ? success : failure;
}

int list_scenarios() {
  fmt::print("{:15} {}\n", "start", "the servers start (always played)");
  for (const lab::Scenario& scenario : lab::scenarios()) {
    fmt::print("{:15} {}{}\n", scenario.name, scenario.title,
               scenario.undo_title.empty() ? "" : "; " + scenario.undo_title);
  }
  return success;
}

}  // namespace

int lab_command(const LabCommandOptions& options) {
  if (options.list) return list_scenarios();
  if (options.files.empty()) {
    (void)complain("give a configuration file for each server\n  mend: baton lab web1.conf web2.conf");
    return usage;
  }
  auto plan = make_plan(options);
  if (!plan) {
    (void)complain(to_string(plan.error()));
    return usage;
  }
  const auto code = lab::run_in_sandbox([&] { return play(*plan, options); });
  if (!code) {
    return complain(
        to_string(code.error()) +
        "\n  mend: run it as root; a lab makes network and process namespaces of its own and touches nothing else");
  }
  return *code;
}

void add_lab_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<LabCommandOptions>();
  command_line::Command lab = app.add_command("lab", "Run configurations for real here, and break things");
  lab.add_option("files", options->files, "a keepalived.conf for each server");
  lab.add_option("--daemon", options->daemons,
                 "batond or keepalived for all servers, or NODE=keepalived,... for one each")
      .named_value("WHAT")
      .split_at(',');
  lab.add_option("--scenario", options->scenarios, "only these, in this order: NAME,NAME")
      .named_value("NAME")
      .split_at(',');
  lab.add_flag("--list", options->list, "name the scenarios");
  lab.add_flag("--json", options->json, "one JSON document at the end");
  lab.add_option("--probe-interval", options->probe_interval_ms, "milliseconds between two pings (default 1)")
      .named_value("MS")
      .between(0.1, 1000.0);
  lab.add_flag("--no-web", options->without_web, "no nginx on the servers");
  lab.add_flag("--assume-healthy", options->assume_healthy,
               "every check script succeeds (in the lab alone), for checks of what the lab does not run");
  lab.add_flag("--log", options->all_log_lines, "show every line the daemons write");
  lab.add_flag("--keep", options->keep, "go on until ctrl-C when the scenarios are over");
  lab.add_option("--batond", options->batond, "this batond (default: the one beside this program)").named_value("FILE");
  lab.set_footer(
      footer("baton lab web1.conf web2.conf", "0 done, 1 something did not go as it should, 2 called wrongly"));
  lab.on_call([options, &exit_code] { exit_code = lab_command(*options); });
}

}  // namespace baton::cli
