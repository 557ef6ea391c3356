#include "config/load.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/diagnostics.h"
#include "config/keyword_check.h"
#include "config/link_settings.h"
#include "config/preprocessor.h"
#include "config/source.h"
#include "config/tree.h"
#include "config/whole_rules.h"

namespace baton::config {
namespace {

// Reads the blocks of one kind, each under its own name; a name given twice is reported and the first one stays.
template <typename Read>
auto read_all(const Context& context, const Statement& root, std::initializer_list<std::string_view> keywords,
              Read read) {
  const auto is_wanted = [&](const Statement& block) {
    return std::ranges::find(keywords, block.keyword()) != keywords.end();
  };
  std::vector<typename decltype(read(root))::value_type> things;
  things.reserve(static_cast<std::size_t>(std::ranges::count_if(root.children, is_wanted)));
  std::unordered_map<std::string_view, unsigned> seen;
  for (const Statement& block : root.children) {
    if (!is_wanted(block)) continue;
    if (block.words.size() == 2) {
      const auto [first, is_new] = seen.emplace(block.words[1].text, block.line->number);
      if (!is_new) {
        context.diagnostics.warn("given-twice", block.at(1),
                                 fmt::format("a {} named {} was given on line {}; this one is ignored", block.keyword(),
                                             quoted(block.words[1].text), first->second),
                                 "give it another name, or remove it");
        continue;
      }
    }
    if (auto thing = read(block)) things.push_back(std::move(*thing));
  }
  return things;
}

void read_static_entries(const Context& context, const Statement& root, NameTables& names,
                         Configuration& configuration) {
  for (const Statement& block : root.children) {
    if (block.keyword() == "static_ipaddress") {
      for (VirtualAddress& address : read_addresses(context, block)) {
        if (address.device.empty()) address.device = configuration.globals.default_interface;
        configuration.static_addresses.push_back(std::move(address));
      }
    } else if (block.keyword() == "static_routes") {
      std::ranges::move(read_routes(context, names, block), std::back_inserter(configuration.static_routes));
    } else if (block.keyword() == "static_rules") {
      std::ranges::move(read_rules(context, names, block), std::back_inserter(configuration.static_rules));
    }
  }
}

void keep_few_webhooks(const Context& context, std::vector<Webhook>& webhooks) {
  if (webhooks.size() <= limits::webhooks) return;
  context.diagnostics.warn(
      "too-many", context.position_of(webhooks[limits::webhooks]),
      fmt::format("more than {} webhooks; this one and those after it are ignored", limits::webhooks),
      "let one receiver pass the news on");
  webhooks.resize(limits::webhooks);
}

// Of several the last one, as keepalived has it.
void read_ssl(const Context& context, const Statement& root, Configuration& configuration) {
  for (const Statement& block : root.children) {
    if (block.keyword() == "SSL") configuration.check_tls = read_check_tls(context, block);
  }
}

void read_model(const Context& context, const Statement& root, Configuration& configuration) {
  GlobalSettings settings = read_globals(context, root);
  const Defaults& defaults = settings.defaults;
  configuration.globals = std::move(settings.globals);
  configuration.scripts = read_all(context, root, {"vrrp_script"}, [&](const Statement& block) {
    return read_script(context, block, configuration.globals.script_user);
  });
  configuration.files = read_all(context, root, {"track_file", "vrrp_track_file"},
                                 [&](const Statement& block) { return read_tracked_file(context, block); });
  configuration.processes = read_all(context, root, {"vrrp_track_process"},
                                     [&](const Statement& block) { return read_tracked_process(context, block); });
  const Definitions files(configuration);
  configuration.checks = read_all(context, root, {"vrrp_check"}, [&](const Statement& block) {
    return read_tracked_check(context, block, defaults, files);
  });
  BfdNeighbors neighbors;
  configuration.bfd_sessions = read_all(context, root, {"bfd_instance"}, [&](const Statement& block) {
    return read_bfd_session(context, block, neighbors);
  });
  configuration.webhooks =
      read_all(context, root, {"webhook"}, [&](const Statement& block) { return read_webhook(context, block); });
  keep_few_webhooks(context, configuration.webhooks);
  NameTables names(context.reader, configuration.globals.iproute_user_directory,
                   configuration.globals.iproute_etc_directory);
  const Definitions tracked(configuration);
  configuration.instances = read_all(context, root, {"vrrp_instance"}, [&](const Statement& block) {
    return read_instance(context, block, defaults, tracked, names);
  });
  const Definitions all(configuration);
  configuration.track_groups = read_all(context, root, {"track_group"},
                                        [&](const Statement& block) { return read_track_group(context, block, all); });
  configuration.groups = read_all(context, root, {"vrrp_sync_group"}, [&](const Statement& block) {
    return read_sync_group(context, block, defaults, all);
  });
  read_ipvs_sync_interfaces(context, root, configuration.globals.ipvs.sync_daemon);
  read_ssl(context, root, configuration);
  configuration.virtual_server_groups = read_all(context, root, {"virtual_server_group"}, [&](const Statement& list) {
    return read_virtual_server_group(context, list);
  });
  configuration.virtual_servers =
      read_virtual_servers(context, root, defaults, all, configuration.virtual_server_groups);
  read_static_entries(context, root, names, configuration);
  settle_preferences(context, root, configuration);
  read_link_settings(context, root, configuration);
  settle_whole(context, defaults, configuration);
}

void note_emptiness(const Configuration& configuration, Diagnostics& diagnostics) {
  const bool has_work =
      !configuration.instances.empty() || !configuration.virtual_servers.empty() || !configuration.bfd_sessions.empty();
  if (has_work || diagnostics.has_error()) return;
  diagnostics.note("nothing-to-do", {}, "the configuration has no vrrp_instance, so there is nothing to do",
                   "add a vrrp_instance block");
}

}  // namespace

LoadResult load(std::string_view path, FileReader& reader, const LoadOptions& options) {
  LoadResult result;
  Sources sources;
  Diagnostics diagnostics;
  TreeBuilder builder(diagnostics);
  Preprocessor preprocessor(reader, options, sources, diagnostics, builder);
  result.missing_file = !preprocessor.read_main(std::string(path));
  if (!result.missing_file) {
    Tree tree = builder.finish();
    check_keywords(tree, diagnostics);
    Programs programs(reader);
    read_model({diagnostics, reader, sources, programs}, tree.root, result.configuration);
    note_emptiness(result.configuration, diagnostics);
    if (options.keep_places) result.keyword_places = KeywordPlaces(tree.root);
  }
  result.files = sources.names();
  const bool is_refused = options.strict
                              ? diagnostics.has_warning()
                              : result.configuration.globals.refuses_warnings && diagnostics.has_familiar_warning();
  result.ok = !diagnostics.has_error() && !is_refused;
  result.is_familiar = diagnostics.has_error() || diagnostics.has_familiar_warning();
  result.dropped = diagnostics.dropped();
  result.diagnostics = diagnostics.take();
  return result;
}

std::string report(const LoadResult& result) {
  std::string text;
  std::size_t counts[3] = {};
  for (const Diagnostic& diagnostic : result.diagnostics) {
    text += to_string(diagnostic);
    ++counts[static_cast<std::size_t>(diagnostic.severity)];
  }
  if (text.empty()) return text;
  const auto counted = [](std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  text +=
      fmt::format("{}, {}, {}", counted(counts[2], "error"), counted(counts[1], "warning"), counted(counts[0], "note"));
  if (result.dropped > 0) text += fmt::format(", and {} more that are not shown", result.dropped);
  return text + "\n";
}

}  // namespace baton::config
