#include "cli/plan_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/printable.h"
#include "cli/json_document.h"
#include "cli/node_files.h"
#include "cli/strangers_files.h"
#include "command_line/command_line.h"
#include "config/load.h"
#include "plan/plan.h"
#include "plan/render.h"

namespace baton::cli {
namespace {

using nlohmann::json;

constexpr int success = 0;
constexpr int findings = 1;
constexpr int usage = 2;

struct PlanCommandOptions {
  std::vector<std::string> files;
  std::vector<std::string> config_ids;
  std::string only;
  std::string html;
  bool pairs = false;
  bool json = false;
  bool all = false;
};

int complain(const std::string& message) {
  std::fputs(printable(fmt::format("baton plan: {}\n", message)).c_str(), stderr);
  return usage;
}

// What was read of all files.
struct Reading {
  std::vector<plan::NodeInput> nodes;
  std::vector<std::string> names;
  json diagnostics = json::array();
  std::vector<std::string> problems;  // why nothing can be played
};

json diagnostic_as_json(const config::Diagnostic& said, const std::string& file) {
  return {{"severity", config::name(said.severity)},
          {"id", said.id},
          {"file", said.place.file.empty() ? file : said.place.file},
          {"line", said.place.line},
          {"column", said.place.column},
          {"message", said.message},
          {"fix", said.mend}};
}

Reading read_files(const PlanCommandOptions& options) {
  Reading reading;
  for (const NodeFile& node : node_files(options.files, options.config_ids)) {
    StrangersFiles reader;
    const std::string id = node.config_id.empty() ? node.name : node.config_id;
    config::LoadResult loaded = config::load(node.path, reader, {.config_id = id});
    std::fputs(printable(config::report(loaded)).c_str(), stderr);
    for (const config::Diagnostic& said : loaded.diagnostics) {
      reading.diagnostics.push_back(diagnostic_as_json(said, node.path));
    }
    if (!loaded.ok) reading.problems.push_back(fmt::format("{} cannot be read", node.path));
    reading.names.push_back(node.name);
    reading.nodes.push_back({.name = node.name, .configuration = std::move(loaded.configuration)});
  }
  return reading;
}

// Nothing is played; a program that reads JSON is told why as well.
int refuse(const PlanCommandOptions& options, const Reading& reading) {
  if (!options.json) return usage;
  json document = to_json(plan::Plan{
      .nodes = reading.names, .rings = {}, .addresses = {}, .scenarios = {}, .services = {}, .findings = {}});
  document["diagnostics"] = reading.diagnostics;
  document["problems"] = reading.problems;
  fmt::print("{}", json_document(document));
  return usage;
}

// `--html a.conf b.conf` would make a page of a.conf: only what is a page already is written over.
bool may_be_written(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::is_regular_file(status)) return true;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size == 0) return true;
  constexpr std::string_view beginning = "<!doctype html>";
  std::string begins(beginning.size(), ' ');
  std::ifstream(path).read(begins.data(), static_cast<std::streamsize>(begins.size()));
  return begins == beginning;
}

int plan_command(const PlanCommandOptions& options) {
  if (options.files.empty()) {
    return complain("give a configuration file for each server\n  mend: baton plan web1.conf web2.conf");
  }
  if (options.files.size() > plan::limits::nodes) {
    return complain(
        fmt::format("{} files, and a plan has at most {} nodes", options.files.size(), plan::limits::nodes));
  }
  if (!options.html.empty() && !may_be_written(options.html)) {
    return complain(
        fmt::format("{} is there and is no page: it stays as it is\n  mend: --html plan.html, or any name that is free",
                    options.html));
  }
  if (const std::string wrong = complaint_about(options.files, options.config_ids); !wrong.empty())
    return complain(wrong);
  Reading reading = read_files(options);
  if (!reading.problems.empty()) return refuse(options, reading);
  const plan::Network network = plan::make_network(std::move(reading.nodes));
  reading.problems = network.problems;
  const bool has_services = std::ranges::any_of(
      network.nodes, [](const plan::NodePlace& node) { return !node.setup.configuration.virtual_servers.empty(); });
  if (network.problems.empty() && network.rings.empty() && !has_services) {
    reading.problems.emplace_back("no vrrp_instance and no virtual_server in these files\n  mend: give at least one");
  }
  for (const std::string& problem : reading.problems) (void)complain(problem);
  if (!reading.problems.empty()) return refuse(options, reading);
  const plan::Plan plan =
      make_plan(network, {.pairs = options.pairs,
                          .only = options.only,
                          .steps = options.pairs ? plan::limits::steps_with_pairs : plan::limits::steps});
  if (plan.scenarios.empty()) {
    return complain(fmt::format(
        "no event has '{}' in its name or title\n  mend: --all without --only shows every event", options.only));
  }
  if (!options.html.empty()) {
    std::ofstream page(options.html, std::ios::trunc);
    page << printable(plan::render_html(plan));
    page.close();
    if (!page)
      return complain(
          fmt::format("{} cannot be written\n  mend: a file in a directory where you may write", options.html));
  }
  if (options.json) {
    json document = to_json(plan);
    document["diagnostics"] = std::move(reading.diagnostics);
    fmt::print("{}", json_document(document));
  } else if (options.html.empty()) {
    fmt::print("{}", printable(render_text(plan, options.all ? plan::Detail::all : plan::Detail::what_moves)));
  }
  return plan.worst() == plan::Severity::note ? success : findings;
}

}  // namespace

void add_plan_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<PlanCommandOptions>();
  command_line::Command plan = app.add_command("plan", "Who holds each address after every failure, and why");
  plan.add_option("files", options->files, "a keepalived.conf for each server");
  plan.add_option("-i,--config-id", options->config_ids,
                  "for @id lines; default the files' names; several: nodes of one file")
      .named_value("ID");
  plan.add_flag("--pairs", options->pairs, "every failure after every other one, too");
  plan.add_option("--only", options->only, "events with this in their name or title: machine, nginx, web1");
  plan.add_flag("--all", options->all, "also what moves nothing");
  plan.add_flag("--json", options->json, "one JSON document");
  plan.add_option("--html", options->html, "write a page with a timeline for each scenario into this file")
      .named_value("PAGE.html");
  plan.set_footer(
      "Examples:\n"
      "  baton plan web1.conf web2.conf\n"
      "  baton plan --only nginx web1.conf web2.conf\n"
      "  baton plan -i web1 -i web2 keepalived.conf       one file with @web1 and @web2 lines\n"
      "  baton plan --pairs --html plan.html web1.conf web2.conf web3.conf\n"
      "Exit codes: 0 no finding above a note, 1 there are, 2 called wrongly, or a file cannot be read or started");
  plan.on_call([options, &exit_code] { exit_code = plan_command(*options); });
}

}  // namespace baton::cli
