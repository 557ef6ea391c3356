#include "cli/check_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "cli/json_document.h"
#include "cli/strangers_files.h"
#include "config/disk_file_reader.h"
#include "config/limits.h"
#include "lab/topology.h"

namespace baton::cli {
namespace {

using check::CheckedFile;
using check::Finding;
using check::Findings;

constexpr int clean = 0;
constexpr int faulty = 1;  // errors or warnings
constexpr int usage = 2;

struct CheckOptions {
  std::vector<std::string> files;
  std::vector<std::string> firewalls;
  std::string explained;
  std::string config_id;
  bool lists = false;
  bool as_json = false;
  bool as_sarif = false;
  bool is_elsewhere = false;
};

std::unique_ptr<config::FileReader> reader_for(const CheckOptions& options) {
  if (options.is_elsewhere || options.files.size() > 1) return std::make_unique<StrangersFiles>();
  return std::make_unique<config::DiskFileReader>();
}

std::vector<CheckedFile> load_files(const CheckOptions& options) {
  const std::vector<std::string> names = lab::node_names(options.files);
  std::vector<CheckedFile> files;
  for (std::size_t node = 0; node < options.files.size(); ++node) {
    const std::unique_ptr<config::FileReader> reader = reader_for(options);
    config::LoadOptions how{.config_id = options.config_id, .keep_places = true};
    if (options.config_id.empty() && options.files.size() > 1) how.config_id = names[node];
    files.push_back({.name = options.files[node], .loaded = config::load(options.files[node], *reader, how)});
  }
  return files;
}

// A rule set may be a program (/etc/nftables.conf is one), or come through a pipe ("-").
std::expected<std::string, config::FileError> read_rule_set(const std::string& path) {
  if (path != "-" && !std::filesystem::exists(path)) return std::unexpected(config::FileError::missing);
  if (path != "-" && !std::filesystem::is_regular_file(path)) return std::unexpected(config::FileError::not_regular);
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& stream = path == "-" ? std::cin : file;
  std::string text;
  std::array<char, 65'536> buffer{};
  while (stream.good() && text.size() <= config::limits::file_bytes) {
    stream.read(buffer.data(), buffer.size());
    text.append(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (text.size() > config::limits::file_bytes) return std::unexpected(config::FileError::too_large);
  if (stream.bad() || !stream.eof()) return std::unexpected(config::FileError::unreadable);
  return text;
}

// nullopt, said: one cannot be read.
std::optional<std::vector<check::FirewallText>> read_firewalls(const std::vector<std::string>& paths) {
  std::vector<check::FirewallText> texts;
  for (const std::string& path : paths) {
    auto text = read_rule_set(path);
    if (!text) {
      std::fputs(printable(fmt::format("baton check: {} {}\n", path, config::explain(text.error()))).c_str(), stderr);
      return std::nullopt;
    }
    texts.push_back({.name = path == "-" ? "standard input" : path, .text = std::move(*text)});
  }
  return texts;
}

int run_explain(const std::string& id) {
  const check::Rule* rule = check::find_rule(id);
  if (rule == nullptr) {
    fmt::print(stderr, "baton: there is no rule '{}'; `baton check --list` has them all\n", id);
    return usage;
  }
  fmt::print("{}", explain(*rule));
  return clean;
}

int run_check(const CheckOptions& options) {
  if (options.lists) {
    fmt::print("{}", list_rules());
    return clean;
  }
  if (!options.explained.empty()) return run_explain(options.explained);
  if (options.files.empty()) {
    fmt::print(stderr, "baton check: name a configuration: baton check FILE...\n");
    return usage;
  }
  const auto firewalls = read_firewalls(options.firewalls);
  if (!firewalls) return usage;
  const Findings findings = check::check(load_files(options), *firewalls);
  if (options.as_json) {
    fmt::print("{}", json_document(findings_as_json(findings)));
  } else if (options.as_sarif) {
    fmt::print("{}", json_document(findings_as_sarif(findings)));
  } else {
    const char* no_colour = std::getenv("NO_COLOR");
    const bool is_plain = ::isatty(STDOUT_FILENO) == 0 || (no_colour != nullptr && *no_colour != '\0');
    fmt::print("{}", render_findings(findings, is_plain ? Colours::no : Colours::yes));
  }
  const auto is_fault = [](const Finding& finding) { return finding.severity != check::Severity::note; };
  return std::ranges::any_of(findings.findings, is_fault) ? faulty : clean;
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      app.add_subcommand("check", "what is wrong with a configuration, and between those of several nodes");
  command->add_option("FILE", options->files, "one file a node");
  auto* json = command->add_flag("--json", options->as_json, "one JSON document");
  command->add_flag("--sarif", options->as_sarif, "SARIF 2.1.0, for code hosts")->excludes(json);
  command
      ->add_option("--firewall", options->firewalls,
                   "packet filter rules the nodes are behind: iptables-save, nft list ruleset; - is standard input")
      ->allow_extra_args(false);
  command->add_option("--explain", options->explained, "what a rule is about: B017, or its name");
  command->add_flag("--list", options->lists, "all rules");
  command->add_flag("--elsewhere", options->is_elsewhere,
                    "the file is another machine's: do not look here for its programs and users");
  command->add_option("--config-id", options->config_id,
                      "for @id lines; default the host, of several files their names");
  command->callback([options, &exit_code] { exit_code = run_check(*options); });
}

}  // namespace baton::cli
