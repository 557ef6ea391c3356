#include "cli/plan_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/printable.h"
#include "cli/json_document.h"
#include "cli/strangers_files.h"
#include "config/load.h"
#include "lab/topology.h"
#include "plan/plan.h"
#include "plan/render.h"

namespace baton::cli {
namespace {

constexpr int success = 0;
constexpr int findings = 1;
constexpr int usage = 2;

struct PlanCommandOptions {
  std::vector<std::string> files;
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

std::optional<std::vector<plan::NodeInput>> read_files(const std::vector<std::string>& files) {
  const std::vector<std::string> names = lab::node_names(files);
  std::vector<plan::NodeInput> nodes;
  bool ok = true;
  for (std::size_t i = 0; i < files.size(); ++i) {
    StrangersFiles reader;
    config::LoadResult loaded = config::load(files[i], reader, {.config_id = names[i]});
    std::fputs(config::report(loaded).c_str(), stderr);
    ok = ok && loaded.ok;
    nodes.push_back({.name = names[i], .configuration = std::move(loaded.configuration)});
  }
  if (!ok) return std::nullopt;
  return nodes;
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
  auto nodes = read_files(options.files);
  if (!nodes) return usage;
  const plan::Network network = plan::make_network(std::move(*nodes));
  for (const std::string& problem : network.problems) (void)complain(problem);
  if (!network.problems.empty()) return usage;
  if (network.rings.empty()) return complain("no vrrp_instance in these files\n  mend: give at least one");
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
    if (!page) return complain(fmt::format("{} cannot be written", options.html));
  }
  if (options.json) {
    fmt::print("{}", json_document(to_json(plan)));
  } else if (options.html.empty()) {
    fmt::print("{}", printable(render_text(plan, options.all ? plan::Detail::all : plan::Detail::what_moves)));
  }
  return plan.worst() == plan::Severity::note ? success : findings;
}

}  // namespace

void add_plan_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PlanCommandOptions>();
  CLI::App* plan = app.add_subcommand("plan", "Say who holds each address after every failure and return, and why");
  plan->add_option("files", options->files, "a keepalived.conf for each server");
  plan->add_flag("--pairs", options->pairs, "every failure after every other one, too");
  plan->add_option("--only", options->only, "events with this in their name or title: machine, nginx, web1");
  plan->add_flag("--all", options->all, "also what moves nothing");
  plan->add_flag("--json", options->json, "one JSON document");
  plan->add_option("--html", options->html, "write a page with a timeline for each scenario into this file")
      ->type_name("PAGE.html");
  plan->callback([options, &exit_code] { exit_code = plan_command(*options); });
}

}  // namespace baton::cli
