// What can be tracked: vrrp_script, track_file, vrrp_track_process, vrrp_check (bfd_instance is in bfd_session.cpp);
// and the lists that say who tracks it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/limits.h"

namespace baton::config {
namespace {

constexpr int widest_weight = 253;       // of scripts and interfaces
constexpr int widest_file_weight = 254;  // of files and processes

struct Weight {
  int weight = 0;
  bool reverse = false;
};

// "weight NUMBER [reverse|noreverse]" from the word at `index` on, as a list entry or a block's setting has it.
// Returns the index behind it.
std::size_t read_weight(const Context& context, const Statement& line, std::size_t index, int widest, Weight& weight) {
  const auto word = [&](std::size_t at) { return at < line.words.size() ? line.words[at].text : std::string_view(); };
  std::optional<std::int64_t> number = parse_integer(word(index));
  if (number == widest + 1) number = widest;  // keepalived takes 254 for 253
  if (number == -(widest + 1)) number = -widest;
  if (!number || *number < -widest || *number > widest) {
    context.diagnostics.warn("bad-value", line.at(index),
                             index < line.words.size()
                                 ? fmt::format("{} is no weight and is ignored", quoted(word(index)))
                                 : "a weight without a number is ignored",
                             fmt::format("give a whole number from {} to {}", -widest, widest));
  } else {
    weight.weight = static_cast<int>(*number);
  }
  if (word(index + 1) == "reverse") weight.reverse = true;
  if (word(index + 1) == "noreverse") weight.reverse = false;
  return index + (word(index + 1) == "reverse" || word(index + 1) == "noreverse" ? 2 : 1);
}

template <auto Weight_, auto Reverse, int widest>
void set_weight(ClassOf<Weight_>& target, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a number");
  Weight weight{.weight = target.*Weight_, .reverse = false};
  (void)read_weight(arguments.context(), arguments.statement(), 1, widest, weight);
  target.*Weight_ = weight.weight;
  target.*Reverse = weight.reverse;
}

// --- vrrp_script ---

struct ScriptDraft {
  Script script;
  std::optional<Command> command;
  std::optional<Duration> timeout;
};
using S = ScriptDraft;

void set_script_command(S& draft, const Arguments& arguments) {
  set_once<&S::command>(draft, arguments);
  if (!draft.command) return;
  if (!draft.command->account.user.empty()) {
    arguments.diagnostics().warn(
        "extra-words", arguments.at(1),
        fmt::format("only {} is run: a command with arguments must be quoted as a whole", quoted(draft.command->line)),
        "write script \"COMMAND ARGUMENT ...\"");
  }
  draft.command->account = {};
}

template <auto... Members>
void set_period(S& draft, const Arguments& arguments) {
  if (parse_seconds(arguments.word()) == Duration{}) {
    detail::follow<Members...>(draft) = std::chrono::seconds(1);
    return arguments.invalid(0, "more than 0", "1 is used");
  }
  set<Members...>(draft, arguments);
}

void set_script_user(S& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a user");
  draft.script.command.account = arguments.account(0);
  if (arguments.context().reader.has_user(draft.script.command.account.user) == false) {
    arguments.diagnostics().warn("unknown-user", arguments.at(),
                                 fmt::format("there is no user {}", quoted(arguments.word())),
                                 "add the account, or name another one");
  }
}

void set_script_weight(S& draft, const Arguments& arguments) {
  set_weight<&Script::weight, &Script::reverse, widest_weight>(draft.script, arguments);
}

constexpr Setting<S> script_settings[] = {
    {"script", set_script_command},
    {"interval", set_period<&S::script, &Script::interval>},
    {"timeout", set_period<&S::timeout>},
    {"weight", set_script_weight},
    {"rise", set<&S::script, &Script::rise>},
    {"fall", set<&S::script, &Script::fall>},
    {"user", set_script_user},
    {"init_fail", set<&S::script, &Script::init_fail>},
};

// --- track_file ---

// init_file [VALUE] [overwrite]
void set_init_file(TrackedFile& file, const Arguments& arguments) {
  file.init_value = 0;
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    const std::optional<std::int64_t> value = parse_integer(arguments.word(index));
    if (arguments.word(index) == "overwrite") {
      file.init_overwrite = true;
    } else if (value && std::in_range<int>(*value)) {
      file.init_value = static_cast<int>(*value);
    } else {
      arguments.invalid(index, "a number, or overwrite", "the word is ignored");
    }
  }
}

constexpr Setting<TrackedFile> file_settings[] = {
    {"file", set<&TrackedFile::path>},
    {"weight", set_weight<&TrackedFile::weight, &TrackedFile::reverse, widest_file_weight>},
    {"init_file", set_init_file},
};

// --- vrrp_track_process ---

using P = TrackedProcess;

void set_process(P& process, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a process name");
  process.process = arguments.word();
  process.arguments.clear();
  for (std::size_t index = 1; index < arguments.count(); ++index) process.arguments.emplace_back(arguments.word(index));
  if (process.arguments.empty()) return;
  process.full_command = true;
  if (process.match == ParameterMatch::ignore) process.match = ParameterMatch::exact;
}

void set_match(P& process, const Arguments& arguments) {
  process.match = ParameterMatch::none;
  if (arguments.count() == 0) return;
  constexpr auto words = std::to_array<std::string_view>({"initial", "partial"});
  const auto index = arguments.choice(words, "parameters must match exactly");
  process.match = !index ? ParameterMatch::exact : *index == 0 ? ParameterMatch::initial : ParameterMatch::partial;
}

void set_delay(P& process, const Arguments& arguments) {
  if (arguments.read(process.fork_delay)) process.terminate_delay = process.fork_delay;
}

constexpr Setting<P> process_settings[] = {
    {"process", set_process},
    {"param_match", set_match},
    {"weight", set_weight<&P::weight, &P::reverse, widest_file_weight>},
    {"quorum", set<&P::quorum>},
    {"quorum_max", set<&P::quorum_max>},
    {"delay", set_delay},
    {"fork_delay", set<&P::fork_delay>},
    {"terminate_delay", set<&P::terminate_delay>},
    {"full_command", set<&P::full_command>},
};

// --- vrrp_check ---

struct CheckedDraft {
  TrackedCheck check;
  Duration interval = std::chrono::seconds(1);  // as a vrrp_script has it
  unsigned rise = 1;
  unsigned fall = 1;
  bool init_fail = false;
};
using V = CheckedDraft;

void set_check_weight(V& draft, const Arguments& arguments) {
  set_weight<&TrackedCheck::weight, &TrackedCheck::reverse, widest_weight>(draft.check, arguments);
}

constexpr Setting<V> check_settings[] = {
    {"interval", set<&V::interval>},      {"weight", set_check_weight},      {"rise", set_at_least_one<&V::rise>},
    {"fall", set_at_least_one<&V::fall>}, {"init_fail", set<&V::init_fail>},
};

bool has(const Statement& block, std::string_view keyword) {
  return std::ranges::find(block.children, keyword, [](const Statement& each) { return each.keyword(); }) !=
         block.children.end();
}

// The port that a protocol has unless somebody says otherwise; 0: none.
std::uint16_t usual_port(std::string_view keyword) {
  if (keyword == "HTTP_GET") return 80;
  if (keyword == "SSL_GET" || keyword == "TLS_CHECK") return 443;
  if (keyword == "SMTP_CHECK") return 25;
  if (keyword == "DNS_CHECK") return 53;
  return 0;
}

// What is checked is a service of this node, unless the block says otherwise.
std::optional<HealthCheck> read_check_block(const Context& context, const Statement& block, const V& draft,
                                            const Defaults& defaults, const Definitions& definitions) {
  auto check = read_health_check(context, block,
                                 {.address = IpAddress::parse("127.0.0.1").value(),
                                  .port = usual_port(block.keyword()),
                                  .virtualhost = {},
                                  .connect_timeout = std::min<Duration>(draft.interval, std::chrono::seconds(5)),
                                  .delay_loop = draft.interval,
                                  .retry = draft.fall - 1,
                                  .delay_before_retry = draft.interval,
                                  .warmup = Duration::zero(),
                                  .alpha = draft.init_fail,
                                  .log_all_failures = defaults.checker_log_all_failures,
                                  .script_user = {}},
                                 definitions);
  if (block.keyword() == "PING_CHECK" && !has(block, "connect_ip")) {
    context.diagnostics.warn("incomplete-block", block.position(),
                             "PING_CHECK has no 'connect_ip' and is ignored: this node always answers itself",
                             "add 'connect_ip', as in: connect_ip 192.0.2.1");
    return std::nullopt;
  }
  if (!check) return std::nullopt;
  check->rise = draft.rise;
  check->first_decides = true;
  return check;
}

void report_incomplete(const Context& context, const Statement& block, std::string_view what) {
  context.diagnostics.warn(
      "incomplete-block", block.position(),
      fmt::format("{} {} has no '{}' and is ignored", block.keyword(), quoted(block.words[1].text), what),
      fmt::format("add '{}'", what));
}

// --- lists ---

// NAME [weight NUMBER [reverse|noreverse]]
Tracking read_tracking(const Context& context, const Statement& entry, Weight inherited, int widest) {
  Weight weight = inherited;
  std::size_t index = 1;
  while (index < entry.words.size()) {
    if (entry.words[index].text == "weight") {
      index = read_weight(context, entry, index + 1, widest, weight);
      continue;
    }
    context.diagnostics.warn("bad-value", entry.at(index),
                             fmt::format("unknown word {} is ignored", quoted(entry.words[index].text)),
                             "an entry is a name, and may go on with: weight NUMBER reverse");
    ++index;
  }
  return {.name = std::string(entry.keyword()),
          .weight = weight.weight,
          .reverse = weight.reverse,
          .place = make_place(entry.position())};
}

bool is_listed(const Context& context, const Statement& list, const Statement& entry, const Listed& listed) {
  if (!listed.contains({list.keyword(), entry.keyword()})) return false;
  context.diagnostics.warn("given-twice", entry.position(),
                           fmt::format("{} is tracked already; the first entry stays", quoted(entry.keyword())),
                           "remove one of them");
  return true;
}

bool is_near(std::string_view one, std::string_view other) {
  constexpr std::size_t farthest = 2;
  const std::size_t difference = std::max(one.size(), other.size()) - std::min(one.size(), other.size());
  return difference <= farthest && edit_distance(one, other) <= farthest;
}

// The name that was meant, perhaps; of so many, and so often, that the search costs nothing.
template <typename Tracked>
std::string find_near(const Context& context, const ByName<Tracked>& all, std::string_view name) {
  std::string_view near;
  if (all.size() > limits::names_to_guess_from || !context.diagnostics.may_guess()) return {};
  for (const auto& [each, tracked] : all) {
    if ((near.empty() || each < near) && is_near(each, name)) near = each;
  }
  return std::string(near);
}

// A thing that was defined by its name; nothing, reported, when there is none. keepalived wants it earlier in the file.
template <typename Tracked>
const Tracked* find_tracked(const Context& context, const ByName<Tracked>& all, const Statement& entry,
                            std::string_view kind) {
  const auto at = all.find(entry.keyword());
  if (at == all.end()) {
    const std::string near = find_near(context, all, entry.keyword());
    context.diagnostics.warn("not-defined", entry.position(),
                             fmt::format("no {} is named {}; it is not tracked", kind, quoted(entry.keyword())),
                             near.empty() ? fmt::format("define it with {} {} {{ ... }}", kind, entry.keyword())
                                          : fmt::format("did you mean '{}'?", near));
    return nullptr;
  }
  const Tracked* found = at->second;
  const bool is_later = found->place.file == entry.line->file->order && found->place.line > entry.line->number;
  if (is_later) {
    context.diagnostics.warn("defined-later", entry.position(),
                             fmt::format("{} is defined further down, on line {}: it works here, but keepalived would "
                                         "not track it",
                                         quoted(entry.keyword()), found->place.line),
                             fmt::format("move the {} above", kind));
  }
  return found;
}

// A session whose news go elsewhere would count as down for ever.
void report_untold(const Context& context, const Statement& entry) {
  context.diagnostics.warn(
      "bfd-not-told", entry.position(),
      fmt::format("bfd_instance {} is for checkers alone, VRRP does not hear of it; it is not tracked",
                  quoted(entry.keyword())),
      "add 'vrrp' to the bfd_instance, or remove 'checker' from it");
}

// keepalived takes the check away and goes on; whoever replaces it must not find the address gone.
void report_disabled(const Context& context, const Statement& entry) {
  context.diagnostics.warn(
      "script-disabled", entry.position(),
      fmt::format("vrrp_script {} cannot run and is not tracked: nothing is checked", quoted(entry.keyword())),
      "give it a program and a user that are there, then reload");
}

template <auto Member, typename Tracked>
void read_defined(const Context& context, const Statement& list, const ByName<Tracked>& all, std::string_view kind,
                  int widest, Trackers& trackers, Listed& listed) {
  for (const Statement& entry : list.children) {
    const Tracked* tracked = find_tracked(context, all, entry, kind);
    if (tracked == nullptr || is_listed(context, list, entry, listed)) continue;
    if constexpr (requires { tracked->can_run; }) {
      if (!tracked->can_run) {
        report_disabled(context, entry);
        continue;
      }
    }
    if constexpr (requires { tracked->for_vrrp; }) {
      if (!tracked->for_vrrp) {
        report_untold(context, entry);
        continue;
      }
    }
    listed.emplace(list.keyword(), entry.keyword());
    (trackers.*Member).push_back(read_tracking(context, entry, {tracked->weight, tracked->reverse}, widest));
  }
}

}  // namespace

bool can_run(const Context& context, const Command& command, const Account& script_user) {
  const std::string& user = command.account.user.empty() ? script_user.user : command.account.user;
  if (!user.empty() && context.reader.has_user(user) == false) return false;
  const std::string& program = command.arguments.front();
  if (program.starts_with('<') || program.starts_with('>')) return true;  // "this file can be opened"
  const ProgramState state = context.programs.state(program);
  return state != ProgramState::missing && state != ProgramState::not_executable;
}

std::optional<std::string> read_name(const Context& context, const Statement& block) {
  if (block.words.size() < 2) {
    context.diagnostics.warn("missing-value", block.at(1),
                             fmt::format("'{}' needs a name; without one it is ignored", block.keyword()),
                             fmt::format("write {} NAME {{", block.keyword()));
    return std::nullopt;
  }
  if (block.words.size() > 2) {
    context.diagnostics.warn(
        "extra-words", block.at(2),
        fmt::format("the name of a {} is one word; with more the block is ignored", block.keyword()),
        "put it into quotes, or remove the blanks");
    return std::nullopt;
  }
  const std::string_view name = block.words[1].text;
  if (name.empty() || name.size() > limits::name_bytes) {
    context.diagnostics.error("bad-value", block.at(1), fmt::format("a name has 1 to {} bytes", limits::name_bytes),
                              "shorten it");
    return std::nullopt;
  }
  return std::string(name);
}

Definitions::Definitions(const Configuration& configuration) {
  const auto index = [](const auto& things, auto& by_name) {
    by_name.reserve(things.size());
    for (const auto& thing : things) by_name.emplace(thing.name, &thing);
  };
  index(configuration.scripts, scripts);
  index(configuration.files, files);
  index(configuration.processes, processes);
  index(configuration.checks, checks);
  index(configuration.bfd_sessions, sessions);
  index(configuration.instances, instances);
}

std::optional<Script> read_script(const Context& context, const Statement& block, const Account& script_user) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  ScriptDraft draft;
  apply_settings(context, block, script_settings, draft);
  if (!draft.command) {
    report_incomplete(context, block, "script");
    return std::nullopt;
  }
  Script script = std::move(draft.script);
  const Account account = script.command.account;
  script.name = *name;
  script.command = std::move(*draft.command);
  script.command.account = account;
  script.timeout = draft.timeout.value_or(script.interval);
  script.place = make_place(block.position());
  script.can_run = can_run(context, script.command, script_user);
  return script;
}

std::optional<TrackedFile> read_tracked_file(const Context& context, const Statement& block) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  TrackedFile file{.name = *name, .path = {}, .init_value = {}, .place = make_place(block.position())};
  apply_settings(context, block, file_settings, file);
  if (!file.path.empty()) return file;
  report_incomplete(context, block, "file");
  return std::nullopt;
}

std::optional<TrackedProcess> read_tracked_process(const Context& context, const Statement& block) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  TrackedProcess process;
  process.name = *name;
  process.place = make_place(block.position());
  apply_settings(context, block, process_settings, process);
  if (!process.process.empty()) return process;
  report_incomplete(context, block, "process");
  return std::nullopt;
}

std::optional<TrackedCheck> read_tracked_check(const Context& context, const Statement& block, const Defaults& defaults,
                                               const Definitions& definitions) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  CheckedDraft draft;
  apply_settings(context, block, check_settings, draft);
  const Statement* checked = nullptr;
  for (const Statement& child : block.children) {
    if (child.meaning == nullptr || child.meaning->kind != Kind::block) continue;
    if (checked != nullptr) {
      context.diagnostics.warn(
          "given-twice", child.position(),
          fmt::format("vrrp_check {} has a {} already; this one is ignored", quoted(*name), checked->keyword()),
          "make another vrrp_check of it, and track both");
      continue;
    }
    checked = &child;
  }
  if (checked == nullptr) {
    context.diagnostics.warn("incomplete-block", block.position(),
                             fmt::format("vrrp_check {} has no check and is ignored", quoted(*name)),
                             "add one, as in: TCP_CHECK { connect_port 80 }");
    return std::nullopt;
  }
  auto check = read_check_block(context, *checked, draft, defaults, definitions);
  if (!check) return std::nullopt;
  TrackedCheck tracked = std::move(draft.check);
  tracked.name = *name;
  tracked.check = std::move(*check);
  tracked.place = make_place(block.position());
  return tracked;
}

void read_tracked_interfaces(const Context& context, const Statement& list, Trackers& trackers, Listed& listed) {
  for (const Statement& entry : list.children) {
    if (is_listed(context, list, entry, listed)) continue;
    listed.emplace(list.keyword(), entry.keyword());
    trackers.interfaces.push_back(read_tracking(context, entry, {}, widest_weight));
  }
}

void read_tracked_scripts(const Context& context, const Statement& list, const Definitions& definitions,
                          Trackers& trackers, Listed& listed) {
  read_defined<&Trackers::scripts>(context, list, definitions.scripts, "vrrp_script", widest_weight, trackers, listed);
}

void read_tracked_files(const Context& context, const Statement& list, const Definitions& definitions,
                        Trackers& trackers, Listed& listed) {
  read_defined<&Trackers::files>(context, list, definitions.files, "track_file", widest_file_weight, trackers, listed);
}

void read_tracked_processes(const Context& context, const Statement& list, const Definitions& definitions,
                            Trackers& trackers, Listed& listed) {
  read_defined<&Trackers::processes>(context, list, definitions.processes, "vrrp_track_process", widest_file_weight,
                                     trackers, listed);
}

void read_tracked_checks(const Context& context, const Statement& list, const Definitions& definitions,
                         Trackers& trackers, Listed& listed) {
  read_defined<&Trackers::checks>(context, list, definitions.checks, "vrrp_check", widest_weight, trackers, listed);
}

void read_tracked_sessions(const Context& context, const Statement& list, const Definitions& definitions,
                           Trackers& trackers, Listed& listed) {
  read_defined<&Trackers::sessions>(context, list, definitions.sessions, "bfd_instance", widest_weight, trackers,
                                    listed);
}

void read_session_weight(BfdSession& session, const Arguments& arguments) {
  set_weight<&BfdSession::weight, &BfdSession::reverse, widest_weight>(session, arguments);
}

}  // namespace baton::config
