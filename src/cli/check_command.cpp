#include "cli/check_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "cli/json_document.h"
#include "cli/node_files.h"
#include "cli/strangers_files.h"
#include "cli/terminal.h"
#include "command_line/command_line.h"
#include "config/disk_file_reader.h"
#include "config/limits.h"

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
  std::vector<std::string> config_ids;
  bool lists = false;
  bool as_json = false;
  bool as_sarif = false;
  bool is_elsewhere = false;
};

int complain(const std::string& message) {
  std::fputs(printable(fmt::format("baton check: {}\n", message)).c_str(), stderr);
  return usage;
}

std::unique_ptr<config::FileReader> reader_for(const CheckOptions& options) {
  const bool is_cluster = options.files.size() > 1 || options.config_ids.size() > 1;
  if (options.is_elsewhere || is_cluster) return std::make_unique<StrangersFiles>();
  return std::make_unique<config::DiskFileReader>();
}

std::vector<CheckedFile> load_files(const CheckOptions& options) {
  std::vector<CheckedFile> files;
  for (const NodeFile& node : node_files(options.files, options.config_ids)) {
    const std::unique_ptr<config::FileReader> reader = reader_for(options);
    files.push_back({.name = node.path,
                     .node = options.config_ids.size() > 1 ? node.name : "",
                     .loaded = config::load(node.path, *reader, {.config_id = node.config_id, .keep_places = true})});
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
      (void)complain(fmt::format("{} {}\n  mend: name a file of rules that can be read, or - for standard input", path,
                                 config::explain(text.error())));
      return std::nullopt;
    }
    texts.push_back({.name = path == "-" ? "standard input" : path, .text = std::move(*text)});
  }
  return texts;
}

// Ids and names are written in one case each, and asked for in any.
const check::Rule* rule_called(std::string word) {
  const auto in = [&](int (*to_case)(int)) {
    std::ranges::transform(word, word.begin(),
                           [&](char each) { return static_cast<char>(to_case(static_cast<unsigned char>(each))); });
    return check::find_rule(word);
  };
  const check::Rule* by_id = in(std::toupper);
  return by_id != nullptr ? by_id : in(std::tolower);
}

int run_explain(const CheckOptions& options) {
  const check::Rule* rule = rule_called(options.explained);
  if (rule == nullptr) {
    return complain(fmt::format("there is no rule '{}'\n  mend: baton check --list has them all", options.explained));
  }
  fmt::print("{}", options.as_json ? json_document(rule_as_json(*rule)) : explain(*rule));
  return clean;
}

int run_list(const CheckOptions& options) {
  fmt::print("{}", options.as_json ? json_document(rules_as_json()) : list_rules());
  return clean;
}

int run_check(const CheckOptions& options) {
  if (options.lists) return run_list(options);
  if (!options.explained.empty()) return run_explain(options);
  if (options.files.empty()) return complain("name a configuration\n  mend: baton check FILE...");
  if (const std::string wrong = complaint_about(options.files, options.config_ids); !wrong.empty())
    return complain(wrong);
  const auto firewalls = read_firewalls(options.firewalls);
  if (!firewalls) return usage;
  const Findings findings = check::check(load_files(options), *firewalls);
  if (options.as_json) {
    fmt::print("{}", json_document(findings_as_json(findings)));
  } else if (options.as_sarif) {
    fmt::print("{}", json_document(findings_as_sarif(findings)));
  } else {
    fmt::print("{}", render_findings(findings, wants_colours() ? Colours::yes : Colours::no));
  }
  const auto is_fault = [](const Finding& finding) { return finding.severity != check::Severity::note; };
  return std::ranges::any_of(findings.findings, is_fault) ? faulty : clean;
}

}  // namespace

void add_check_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  command_line::Command command = app.add_command("check", "What is wrong in a configuration, or between several");
  command.add_option("FILE", options->files, "one file a node");
  const auto json = command.add_flag("--json", options->as_json, "one JSON document");
  command.add_flag("--sarif", options->as_sarif, "SARIF 2.1.0, for code hosts").excludes(json);
  command
      .add_option("--firewall", options->firewalls,
                  "packet filter rules the nodes are behind: iptables-save, nft list ruleset; - is standard input")
      .named_value("FILE");
  command.add_option("--explain", options->explained, "what a rule is about: B017, or its name").named_value("RULE");
  command.add_flag("--list", options->lists, "all rules");
  command.add_flag("--elsewhere", options->is_elsewhere,
                   "the file is another machine's: do not look here for its programs and users");
  command
      .add_option("-i,--config-id", options->config_ids,
                  "for @id lines; default the host, of several files their names; several: nodes of one file")
      .named_value("ID");
  command.set_footer(
      "Examples:\n"
      "  baton check web1.conf web2.conf\n"
      "  baton check -i web1 -i web2 keepalived.conf      one file with @web1 and @web2 lines\n"
      "  nft list ruleset | baton check --firewall - web1.conf\n"
      "  baton check --explain B017\n"
      "Exit codes: 0 nothing but notes, 1 errors or warnings, 2 called wrongly");
  command.on_call([options, &exit_code] { exit_code = run_check(*options); });
}

}  // namespace baton::cli
