#include "process/runner_protocol.h"

#include <optional>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "process/message_codec.h"

// The fields of every struct, once, in the order of the wire. They stand in the namespace of their struct, not in an
// unnamed one, because that is where the codec's argument-dependent lookup finds them.
namespace baton::notify {

using process::Either;

static auto fields(Either<Command> auto& v) {
  return std::tie(v.argv, v.user, v.group);
}
static auto fields(Either<MailServer> auto& v) {
  return std::tie(v.host, v.port, v.helo_name, v.connect_timeout, v.security, v.user, v.password, v.ca_file);
}
static auto fields(Either<Mail> auto& v) {
  return std::tie(v.from, v.to, v.subject, v.body);
}
static auto fields(Either<Webhook> auto& v) {
  return std::tie(v.name, v.url, v.headers, v.format, v.timeout, v.retries, v.states, v.ca_file, v.proxy);
}
static auto fields(Either<WebhookNews> auto& v) {
  return std::tie(v.node, v.subject, v.name, v.state, v.priority, v.reason, v.detail, v.at_ms);
}
static constexpr MailSecurity last(MailSecurity) {
  return MailSecurity::tls;
}
static constexpr WebhookFormat last(WebhookFormat) {
  return WebhookFormat::teams;
}
static constexpr Subject last(Subject) {
  return Subject::group;
}
static constexpr EventState last(EventState) {
  return EventState::two_owners;
}

}  // namespace baton::notify

namespace baton::process {

static auto fields(Either<TrackScript> auto& v) {
  return std::tie(v.id, v.name, v.command, v.interval, v.timeout, v.rise, v.fall, v.initial, v.wake_up,
                  v.retry_interval, v.codes_are_weights);
}
static auto fields(Either<ScriptRules> auto& v) {
  return std::tie(v.security, v.fail_open, v.supplementary_groups);
}
static auto fields(Either<SetScripts> auto& v) {
  return std::tie(v.is_first, v.is_last, v.rules, v.scripts);
}
static auto fields(Either<TrackedFile> auto& v) {
  return std::tie(v.id, v.name, v.path, v.is_made, v.made_with, v.is_overwritten);
}
static auto fields(Either<SetFiles> auto& v) {
  return std::tie(v.is_first, v.is_last, v.at_start, v.files);
}
static auto fields(Either<TrackedProcess> auto& v) {
  return std::tie(v.id, v.name, v.process, v.arguments, v.match, v.full_command, v.quorum, v.quorum_max, v.fork_delay,
                  v.terminate_delay);
}
static auto fields(Either<SetProcesses> auto& v) {
  return std::tie(v.is_first, v.is_last, v.processes);
}
static auto fields(Either<SetFileMask> auto& v) {
  return std::tie(v.mask);
}
static auto fields(Either<Fifo> auto& v) {
  return std::tie(v.hears_routers, v.hears_services, v.path, v.user, v.group, v.script);
}
static auto fields(Either<SetFifos> auto& v) {
  return std::tie(v.rules, v.fifos);
}
static auto fields(Either<Notify> auto& v) {
  return std::tie(v.key, v.rules, v.commands, v.deadline, v.number);
}
static auto fields(Either<WriteFifos> auto& v) {
  return std::tie(v.text, v.is_of_service, v.number);
}
static auto fields(Either<SendMail> auto& v) {
  return std::tie(v.server, v.mail, v.number);
}
static auto fields(Either<SetWebhooks> auto& v) {
  return std::tie(v.is_first, v.is_last, v.webhooks);
}
static auto fields(Either<TellWebhooks> auto& v) {
  return std::tie(v.news, v.number);
}
static auto fields(Either<Stop> auto& v) {
  return std::tie(v.bound);
}
static auto fields(Either<RunEnd> auto& v) {
  return std::tie(v.kind, v.code);
}
static auto fields(Either<ScriptResult> auto& v) {
  return std::tie(v.id, v.is_up, v.news, v.end, v.text);
}
static auto fields(Either<FileResult> auto& v) {
  return std::tie(v.id, v.number, v.news, v.text);
}
static auto fields(Either<ProcessResult> auto& v) {
  return std::tie(v.id, v.is_up, v.news, v.text);
}
static auto fields(Either<NotifyFinished> auto& v) {
  return std::tie(v.key, v.command, v.end, v.took, v.number);
}
static auto fields(Either<NewsDone> auto& v) {
  return std::tie(v.numbers);
}
static auto fields(Either<RunnerEvent> auto& v) {
  return std::tie(v.level, v.text);
}
static auto fields(Either<RunnerCounters> auto& v) {
  return std::tie(v.script_runs, v.script_runs_skipped, v.script_timeouts, v.wake_ups, v.notifications,
                  v.notifications_dropped, v.notification_timeouts, v.fifo_lines, v.fifo_lines_dropped, v.mails_sent,
                  v.mails_failed, v.mails_dropped, v.webhooks_sent, v.webhooks_failed, v.webhooks_dropped,
                  v.events_dropped, v.bad_messages);
}
static auto fields(Either<Stopped> auto& v) {
  return std::tie(v.abandoned);
}

static constexpr InitialVerdict last(InitialVerdict) {
  return InitialVerdict::down;
}
static constexpr TrackedProcess::Match last(TrackedProcess::Match) {
  return TrackedProcess::Match::initial;
}
static constexpr RunEnd::Kind last(RunEnd::Kind) {
  return RunEnd::Kind::not_run;
}
static constexpr ScriptResult::News last(ScriptResult::News) {
  return ScriptResult::News::detail;
}
static constexpr Level last(Level) {
  return Level::debug;
}

namespace {

// A message is its place in the variant, one byte, and its fields.
template <typename Variant>
std::expected<Bytes, ProtocolError> encode_variant(const Variant& message) {
  Bytes bytes;
  MessageWriter writer(bytes);
  writer.put(static_cast<std::uint8_t>(message.index()));
  std::visit([&](const auto& value) { writer.put(value); }, message);
  if (!writer.ok() || bytes.size() > limits::message_size) return std::unexpected(ProtocolError::too_long);
  return bytes;
}

// The variant's alternative number `kind`, empty; nullopt when there is none.
template <typename Variant, std::size_t... Index>
std::optional<Variant> alternative(std::uint8_t kind, std::index_sequence<Index...>) {
  std::optional<Variant> made;
  ((kind == Index ? void(made.emplace(std::in_place_index<Index>)) : void()), ...);
  return made;
}

template <typename Variant>
std::expected<Variant, ProtocolError> decode_variant(ByteView bytes) {
  if (bytes.size() > limits::message_size) return std::unexpected(ProtocolError::too_long);
  MessageReader reader(bytes);
  std::uint8_t kind = 0;
  reader.get(kind);
  if (!reader.is_complete()) return std::unexpected(ProtocolError::truncated);
  auto message = alternative<Variant>(kind, std::make_index_sequence<std::variant_size_v<Variant>>());
  if (!message) return std::unexpected(ProtocolError::unknown_kind);
  std::visit([&](auto& value) { reader.get(value); }, *message);
  if (!reader.is_complete()) return std::unexpected(ProtocolError::truncated);
  if (!reader.is_valid()) return std::unexpected(ProtocolError::bad_value);
  if (!reader.is_at_end()) return std::unexpected(ProtocolError::trailing_bytes);
  return *std::move(message);
}

}  // namespace

std::string_view name(ProtocolError error) {
  switch (error) {
    case ProtocolError::too_long: return "too long for a message";
    case ProtocolError::truncated: return "ends within a field";
    case ProtocolError::trailing_bytes: return "bytes after the last field";
    case ProtocolError::unknown_kind: return "unknown kind of message";
    case ProtocolError::bad_value: return "a field is out of its range";
  }
  std::unreachable();
}

std::expected<Bytes, ProtocolError> encode(const ToRunner& message) {
  return encode_variant(message);
}
std::expected<Bytes, ProtocolError> encode(const FromRunner& message) {
  return encode_variant(message);
}
std::expected<ToRunner, ProtocolError> decode_to_runner(ByteView bytes) {
  return decode_variant<ToRunner>(bytes);
}
std::expected<FromRunner, ProtocolError> decode_from_runner(ByteView bytes) {
  return decode_variant<FromRunner>(bytes);
}

namespace {

// Cut where a message is full. `part` is a message of the list with nothing in it.
template <typename Set, typename Item>
Messages encode_list(Set part, std::vector<Item> Set::* list, const std::vector<Item>& items) {
  std::vector<Bytes> messages;
  part.is_first = true;
  part.is_last = false;
  const Bytes empty = TRY(encode(ToRunner(part)));
  std::size_t size = empty.size();
  for (const Item& item : items) {
    Bytes bytes;
    MessageWriter writer(bytes);
    writer.put(item);
    if (!writer.ok() || empty.size() + bytes.size() > limits::message_size) {
      return std::unexpected(ProtocolError::too_long);
    }
    if (size + bytes.size() > limits::message_size) {
      messages.push_back(TRY(encode(ToRunner(part))));
      part.is_first = false;
      (part.*list).clear();
      size = empty.size();
    }
    (part.*list).push_back(item);
    size += bytes.size();
  }
  part.is_last = true;
  messages.push_back(TRY(encode(ToRunner(part))));
  return messages;
}

}  // namespace

Messages encode_scripts(const ScriptRules& rules, const std::vector<TrackScript>& scripts) {
  return encode_list(SetScripts{.rules = rules, .scripts = {}}, &SetScripts::scripts, scripts);
}

Messages encode_files(bool at_start, const std::vector<TrackedFile>& files) {
  return encode_list(SetFiles{.at_start = at_start, .files = {}}, &SetFiles::files, files);
}

Messages encode_processes(const std::vector<TrackedProcess>& processes) {
  return encode_list(SetProcesses{.processes = {}}, &SetProcesses::processes, processes);
}

Messages encode_webhooks(const std::vector<notify::Webhook>& webhooks) {
  return encode_list(SetWebhooks{.webhooks = {}}, &SetWebhooks::webhooks, webhooks);
}

}  // namespace baton::process
