// The blocks HTTP_GET, TCP_CHECK, ... of a real server: what they have in common, and the short ones. HTTP_GET's own
// part is in health_check_http.cpp, GRPC_CHECK and TLS_CHECK are in health_check_tls.cpp.
#include "config/health_check.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/health_check_draft.h"
#include "config/limits.h"

namespace baton::config {
namespace {

using D = CheckDraft;

constexpr std::int64_t widest_number = 2'147'483'647;

// --- what checks have in common ---

constexpr Setting<CheckTarget> target_settings[] = {
    {"connect_ip", set<&CheckTarget::address>},      {"connect_port", set<&CheckTarget::port>},
    {"bindto", set<&CheckTarget::source>},           {"bind_port", set<&CheckTarget::source_port>},
    {"bind_if", set<&CheckTarget::interface>},       {"fwmark", set<&CheckTarget::mark>},
    {"connect_timeout", set<&CheckTarget::timeout>},
};

constexpr Setting<D> schedule_settings[] = {
    {"delay_loop", set<&D::delay_loop>},
    {"retry", set<&D::retry>},
    {"nb_get_retry", set<&D::retry>},
    {"delay_before_retry", set<&D::delay_before_retry>},
    {"warmup", set<&D::warmup>},
    {"alpha", set<&D::alpha>},
    {"log_all_failures", set<&D::log_all_failures>},
};

// The addresses at both ends are of one family.
void check_families(const Context& context, const Statement& block, CheckTarget& target) {
  if (!target.source || target.source->family() == target.address.family()) return;
  context.diagnostics.warn("other-family", block.position(),
                           fmt::format("bindto {} is of another family than {}, and is ignored",
                                       to_string(*target.source), to_string(target.address)),
                           "give a source address of the family that is connected to");
  target.source.reset();
}

CheckTarget read_target(const Context& context, const Statement& block, CheckTarget target) {
  apply_settings(context, block, target_settings, target);
  check_families(context, block, target);
  return target;
}

bool has_port(const Context& context, const Statement& block, const CheckTarget& target) {
  if (target.port != 0) return true;
  context.diagnostics.warn("incomplete-block", block.position(),
                           fmt::format("{} has no port to connect to and is ignored", block.keyword()),
                           "add 'connect_port'");
  return false;
}

// --- SMTP_CHECK ---

constexpr Setting<SmtpCheck> smtp_settings[] = {{"helo_name", set<&SmtpCheck::helo_name>}};

// What a host says of the schedule holds for the whole check, as its own line would.
std::optional<SmtpCheck> read_smtp(const Context& context, const Statement& block, CheckDraft& draft) {
  const CheckTarget& target = draft.target;
  SmtpCheck check;
  apply_settings(context, block, smtp_settings, check);
  for (const Statement& host : block.children) {
    if (host.meaning == nullptr || host.keyword() != "host") continue;
    if (check.hosts.size() == limits::smtp_hosts) {
      context.diagnostics.warn("too-many", host.position(),
                               fmt::format("more than {} hosts; this one is ignored", limits::smtp_hosts),
                               "make it a check of its own");
      break;
    }
    apply_settings(context, host, schedule_settings, draft);
    const CheckTarget read = read_target(context, host, target);
    if (has_port(context, host, read)) check.hosts.push_back(read);
  }
  if (check.hosts.empty()) {
    if (!has_port(context, block, target)) return std::nullopt;
    check.hosts.push_back(target);
  }
  return check;
}

// --- DNS_CHECK ---

constexpr std::pair<std::string_view, DnsType> dns_types[] = {
    {"A", DnsType::a},       {"NS", DnsType::ns},       {"CNAME", DnsType::cname},
    {"SOA", DnsType::soa},   {"MX", DnsType::mx},       {"TXT", DnsType::txt},
    {"AAAA", DnsType::aaaa}, {"RRSIG", DnsType::rrsig}, {"DNSKEY", DnsType::dnskey},
};

void set_dns_type(DnsCheck& check, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a type of record");
  std::string type(arguments.word());
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  for (const auto& [name, value] : dns_types) {
    if (name != type) continue;
    check.type = value;
    return;
  }
  arguments.invalid(0, "A, NS, CNAME, SOA, MX, TXT, AAAA, RRSIG or DNSKEY", "the question is for the SOA");
}

// What a question can hold (RFC 1035, 2.3.4).
bool is_domain_name(std::string_view name) {
  if (name == ".") return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  for (std::size_t label = 0; const char c : name) {
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return !name.starts_with('.') && !name.contains("..");
}

// The first one wins, as keepalived has it.
void set_dns_name(DnsCheck& check, const Arguments& arguments) {
  std::string name;
  if (!arguments.read(name)) return;
  if (!is_domain_name(name)) return arguments.invalid(0, "a domain name");
  if (check.name == ".") check.name = std::move(name);
}

constexpr Setting<DnsCheck> dns_settings[] = {{"type", set_dns_type}, {"name", set_dns_name}};

// --- UDP_CHECK ---

std::optional<std::uint8_t> nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// "Ab12f 3 456" is AB 12 0F 03 45 06: two digits a byte from the left, a last one alone is a byte. x: any nibble, where
// that makes sense. Nothing: there is another character.
std::optional<std::vector<MaskedByte>> parse_hex(const Arguments& arguments, bool may_be_any) {
  std::vector<MaskedByte> bytes;
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    std::string_view rest = arguments.word(index);
    while (!rest.empty()) {
      if (rest.front() == ' ' || rest.front() == '\t') {
        rest.remove_prefix(1);
        continue;
      }
      const bool is_pair = rest.size() > 1 && rest[1] != ' ' && rest[1] != '\t';
      MaskedByte byte{.value = 0, .mask = is_pair ? std::uint8_t{0} : std::uint8_t{0xf0}};
      for (const char digit : rest.substr(0, is_pair ? 2 : 1)) {
        const std::optional<std::uint8_t> value = nibble(digit);
        const bool is_any = may_be_any && (digit == 'x' || digit == 'X');
        if (!value && !is_any) return std::nullopt;
        byte.value = static_cast<std::uint8_t>(byte.value << 4 | value.value_or(0));
        byte.mask = static_cast<std::uint8_t>(byte.mask << 4 | (is_any ? 0 : 0xf));
      }
      if (!is_pair) byte.mask |= 0xf0;
      bytes.push_back(byte);
      rest.remove_prefix(is_pair ? 2 : 1);
    }
  }
  if (bytes.size() > limits::udp_bytes) return std::nullopt;
  return bytes;
}

void set_payload(UdpCheck& check, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("hexadecimal digits");
  const auto bytes = parse_hex(arguments, false);
  if (!bytes) return arguments.invalid(0, fmt::format("hexadecimal digits, at most {} bytes", limits::udp_bytes));
  check.payload.clear();
  for (const MaskedByte& byte : *bytes) check.payload.push_back(byte.value);
}

void set_require_reply(UdpCheck& check, const Arguments& arguments) {
  check.requires_reply = true;
  auto bytes = parse_hex(arguments, true);
  if (!bytes) {
    return arguments.invalid(0, fmt::format("hexadecimal digits or x, at most {} bytes", limits::udp_bytes),
                             "any reply will do");
  }
  check.reply = std::move(*bytes);
}

constexpr Setting<UdpCheck> udp_settings[] = {
    {"payload", set_payload},
    {"require_reply", set_require_reply},
    {"min_reply_length", set<&UdpCheck::min_reply_bytes>},
    {"max_reply_length", set<&UdpCheck::max_reply_bytes>},
};

UdpCheck read_udp(const Context& context, const Statement& block) {
  UdpCheck check;
  apply_settings(context, block, udp_settings, check);
  if (check.min_reply_bytes <= check.max_reply_bytes) return check;
  context.diagnostics.warn("bad-value", block.position(),
                           fmt::format("no reply has at least {} and at most {} bytes; min_reply_length is ignored",
                                       check.min_reply_bytes, check.max_reply_bytes),
                           "give a max_reply_length that is not below it");
  check.min_reply_bytes = 0;
  return check;
}

// --- MISC_CHECK ---

struct MiscDraft {
  std::optional<Command> command;
  std::optional<Account> account;
  std::optional<Duration> timeout;
  bool is_dynamic = false;
};
using M = MiscDraft;

void set_misc_user(M& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a user");
  draft.account = arguments.account(0);
  if (arguments.context().reader.has_user(draft.account->user) != false) return;
  arguments.diagnostics().warn("unknown-user", arguments.at(),
                               fmt::format("there is no user {}", quoted(arguments.word())),
                               "add the account, or name another one");
}

constexpr Setting<M> misc_settings[] = {
    {"misc_path", set_once<&M::command>},
    {"misc_timeout", set<&M::timeout>},
    {"misc_dynamic", set<&M::is_dynamic>},
    {"user", set_misc_user},
};

void report_missing(const Context& context, const Statement& block, std::string_view what) {
  context.diagnostics.warn("incomplete-block", block.position(),
                           fmt::format("{} has no '{}' and is ignored", block.keyword(), what),
                           fmt::format("add '{}'", what));
}

std::optional<MiscCheck> read_misc(const Context& context, const Statement& block, const CheckDraft& draft,
                                   const CheckDefaults& defaults) {
  M misc;
  apply_settings(context, block, misc_settings, misc);
  if (!misc.command) {
    report_missing(context, block, "misc_path");
    return std::nullopt;
  }
  if (misc.account) misc.command->account = *misc.account;
  if (!config::can_run(context, *misc.command, defaults.script_user)) {  // keepalived goes without it as well
    context.diagnostics.warn(
        "script-disabled", block.position(),
        fmt::format("MISC_CHECK cannot run {}: it checks nothing, and the real server is up without it",
                    quoted(misc.command->arguments.front())),
        "correct the path, or the user it shall run as");
    return std::nullopt;
  }
  if (misc.command->account.user.empty()) misc.command->account = defaults.script_user;
  const bool has_timeout = misc.timeout && *misc.timeout > Duration{};
  return MiscCheck{.command = std::move(*misc.command),
                   .timeout = has_timeout ? *misc.timeout : draft.delay_loop,
                   .is_dynamic = misc.is_dynamic};
}

// --- FILE_CHECK, BFD_CHECK ---

struct FileDraft {
  std::string file;
  std::optional<int> weight;
  bool reverse = false;
};
using F = FileDraft;

void set_file_weight(F& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a number");
  const std::optional<std::int64_t> number = parse_integer(arguments.word());
  if (!number || *number < -widest_number || *number > widest_number) {
    return arguments.invalid(0, fmt::format("a whole number from {} to {}", -widest_number, widest_number));
  }
  draft.weight = static_cast<int>(*number);
  if (arguments.count() == 1) return;
  draft.reverse = arguments.word(1) == "reverse";
  if (!draft.reverse && arguments.word(1) != "noreverse") arguments.invalid(1, "reverse", "the word is ignored");
}

constexpr Setting<F> file_settings[] = {{"track_file", set<&F::file>}, {"weight", set_file_weight}};

std::optional<FileCheck> read_file(const Context& context, const Statement& block, const Definitions& definitions) {
  F draft;
  apply_settings(context, block, file_settings, draft);
  if (draft.file.empty()) {
    report_missing(context, block, "track_file");
    return std::nullopt;
  }
  const auto found = definitions.files.find(draft.file);
  if (found == definitions.files.end()) {
    context.diagnostics.warn(
        "not-defined", block.position(),
        fmt::format("no track_file is named {}; {} is ignored", quoted(draft.file), block.keyword()),
        fmt::format("define it with track_file {} {{ ... }}", draft.file));
    return std::nullopt;
  }
  return FileCheck{.file = draft.file,
                   .weight = draft.weight.value_or(found->second->weight),
                   .reverse = draft.weight ? draft.reverse : found->second->reverse};
}

constexpr Setting<BfdCheck> bfd_settings[] = {{"name", set<&BfdCheck::session>}};

template <typename Check, std::size_t size>
Check read_simple(const Context& context, const Statement& block, const Setting<Check> (&settings)[size]) {
  Check check;
  apply_settings(context, block, settings, check);
  return check;
}

std::optional<BfdCheck> read_bfd(const Context& context, const Statement& block, const Definitions& definitions) {
  BfdCheck check = read_simple(context, block, bfd_settings);
  if (check.session.empty()) {
    report_missing(context, block, "name");
    return std::nullopt;
  }
  const auto found = definitions.sessions.find(check.session);
  if (found == definitions.sessions.end()) {
    context.diagnostics.warn(
        "not-defined", block.position(),
        fmt::format("no bfd_instance is named {}; {} is ignored", quoted(check.session), block.keyword()),
        fmt::format("define it with bfd_instance {} {{ ... }}", check.session));
    return std::nullopt;
  }
  const BfdSession& session = *found->second;
  if (!session.for_checkers) {
    context.diagnostics.warn("bfd-not-told", block.position(),
                             fmt::format("bfd_instance {} is for VRRP alone, checkers do not hear of it; {} is ignored",
                                         quoted(check.session), block.keyword()),
                             "add 'checker' to the bfd_instance, or remove 'vrrp' from it");
    return std::nullopt;
  }
  if (session.place.file == block.line->file->order && session.place.line > block.line->number) {
    context.diagnostics.warn("defined-later", block.position(),
                             fmt::format("{} is defined further down, on line {}: it works here, but keepalived would "
                                         "ignore {}",
                                         quoted(check.session), session.place.line, block.keyword()),
                             "move the bfd_instance above");
  }
  return check;
}

// --- all of them ---

template <typename Check>
std::optional<HealthCheck::Kind> as_kind(std::optional<Check> check) {
  if (!check) return std::nullopt;
  return HealthCheck::Kind(std::move(*check));
}

std::optional<HealthCheck::Kind> read_kind(const Context& context, const Statement& block, CheckDraft& draft,
                                           const CheckDefaults& defaults, const Definitions& definitions) {
  const std::string_view keyword = block.keyword();
  if (keyword == "SMTP_CHECK") return as_kind(read_smtp(context, block, draft));
  if (keyword == "MISC_CHECK") return as_kind(read_misc(context, block, draft, defaults));
  if (keyword == "FILE_CHECK") return as_kind(read_file(context, block, definitions));
  if (keyword == "BFD_CHECK") return as_kind(read_bfd(context, block, definitions));
  if (keyword == "PING_CHECK") return PingCheck{};
  // Read in any case, so that what is wrong with them is said at once.
  const auto with_port = [&](auto check) {
    return has_port(context, block, draft.target) ? as_kind(std::optional(std::move(check))) : std::nullopt;
  };
  if (keyword == "UDP_CHECK") return with_port(read_udp(context, block));
  if (keyword == "GRPC_CHECK") return with_port(read_grpc(context, block, defaults.virtualhost));
  if (!has_port(context, block, draft.target)) return std::nullopt;
  if (keyword == "HTTP_GET" || keyword == "SSL_GET") return as_kind(read_http(context, block, defaults.virtualhost));
  if (keyword == "TLS_CHECK") return read_tls(context, block);
  if (keyword == "TCP_CHECK") return TcpCheck{};
  if (keyword == "DNS_CHECK") return read_simple(context, block, dns_settings);
  return std::nullopt;
}

// What a kind says of retries when nobody else does.
struct KindDefaults {
  unsigned retry = 1;
  Duration delay_before_retry = std::chrono::seconds(1);
};

KindDefaults defaults_of(const HealthCheck::Kind& kind, Duration delay_loop) {
  if (std::holds_alternative<HttpCheck>(kind)) return {.delay_before_retry = std::chrono::seconds(3)};
  if (std::holds_alternative<DnsCheck>(kind)) return {.retry = 3, .delay_before_retry = delay_loop};
  if (std::holds_alternative<MiscCheck>(kind)) return {.retry = 0};
  return {};
}

}  // namespace

std::optional<HealthCheck> read_health_check(const Context& context, const Statement& block,
                                             const CheckDefaults& defaults, const Definitions& definitions) {
  CheckDraft draft{.target = {.address = defaults.address, .port = defaults.port, .timeout = defaults.connect_timeout},
                   .delay_loop = defaults.delay_loop,
                   .retry = defaults.retry,
                   .delay_before_retry = defaults.delay_before_retry,
                   .warmup = defaults.warmup,
                   .alpha = defaults.alpha,
                   .log_all_failures = defaults.log_all_failures};
  draft.target = read_target(context, block, draft.target);
  apply_settings(context, block, schedule_settings, draft);
  auto kind = read_kind(context, block, draft, defaults, definitions);
  if (!kind) return std::nullopt;
  const KindDefaults own = defaults_of(*kind, draft.delay_loop);
  return HealthCheck{.kind = std::move(*kind),
                     .target = draft.target,
                     .delay_loop = draft.delay_loop,
                     .retry = draft.retry.value_or(own.retry),
                     .delay_before_retry = draft.delay_before_retry.value_or(own.delay_before_retry),
                     .warmup = draft.warmup.value_or(draft.delay_loop),
                     .alpha = draft.alpha,
                     .log_all_failures = draft.log_all_failures,
                     .place = make_place(block.position())};
}

CheckTls read_check_tls(const Context& context, const Statement& block) {
  static constexpr Setting<CheckTls> settings[] = {
      {"ca", set<&CheckTls::ca_file>},
      {"certificate", set<&CheckTls::certificate_file>},
      {"key", set<&CheckTls::key_file>},
      {"password", set<&CheckTls::password>},
  };
  return read_simple(context, block, settings);
}

}  // namespace baton::config
