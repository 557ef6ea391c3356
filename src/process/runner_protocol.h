// What the vrrp worker and the runner tell each other. One value is one message on an AF_UNIX SOCK_SEQPACKET pair and
// never longer than limits::message_size. Decoding believes nothing: a malformed message is an error value.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/time.h"
#include "notify/command.h"
#include "notify/mail.h"
#include "notify/webhook.h"

namespace baton::process {

namespace limits {

using namespace baton::limits;
inline constexpr std::size_t track_processes = 1'000;
inline constexpr std::size_t fifos = 16;
inline constexpr std::size_t runner_clients = 8;
inline constexpr std::size_t webhooks = 16;
inline constexpr std::size_t numbers_done = 1'000;                           // in one message
inline constexpr Duration shortest_interval = std::chrono::milliseconds(1);  // of a track script

}  // namespace limits

enum class ProtocolError : std::uint8_t {
  too_long,        // the value does not fit into a message
  truncated,       // the message ends within a field
  trailing_bytes,  // something follows the last field
  unknown_kind,    // a kind of message that nobody has defined
  bad_value,       // a field outside its range, a NUL byte inside a text
};
std::string_view name(ProtocolError error);

// ---- worker to runner -------------------------------------------------------------------------------------------

enum class InitialVerdict : std::uint8_t {
  unknown,  // no verdict until the first run has ended
  down,     // init_fail: a failed script from the start, `rise` successes bring it up
};

// A vrrp_script.
struct TrackScript {
  std::uint32_t id = 0;  // the worker's own number, named in each ScriptResult
  std::string name;
  notify::Command command;  // argv[0] "</path": the check is whether that file can be opened (">/path": for writing)
  Duration interval = std::chrono::seconds(1);  // at least limits::shortest_interval
  Duration timeout = Duration::zero();          // zero: as long as the interval
  std::uint32_t rise = 1;
  std::uint32_t fall = 1;
  InitialVerdict initial = InitialVerdict::unknown;
  bool wake_up = true;  // watch the processes that the command asks about, and run at once when they end
  Duration retry_interval = Duration::zero();  // after a failure that `fall` lets it survive; zero: interval
  bool codes_are_weights = false;              // exit statuses from 2 on are successes: misc_dynamic

  // How long a run may take before it is ended and has failed.
  Duration time_limit() const { return timeout > Duration::zero() ? timeout : interval; }

  bool operator==(const TrackScript&) const = default;
};

struct ScriptRules {
  bool security = false;   // enable_script_security: what root runs must be root's alone to write, else it does not run
  bool fail_open = false;  // as keepalived: a script that cannot run counts as up, but for a lack of memory
  bool supplementary_groups = false;  // set_supplementary_groups: of its user; else a script has the one group alone

  bool operator==(const ScriptRules&) const = default;
};

// The whole list of track scripts, in as many messages as it needs; it takes effect with the last one. A script that
// was there before (same command and user) keeps its verdict and its running child; one that is gone gets SIGTERM.
// Every verdict that is known is then told as a ScriptResult, which is how a new worker learns them.
struct SetScripts {
  bool is_first = true;
  bool is_last = true;
  ScriptRules rules;
  std::vector<TrackScript> scripts;

  bool operator==(const SetScripts&) const = default;
};

// A track_file.
struct TrackedFile {
  std::uint32_t id = 0;  // the worker's own number, as TrackScript::id; named in each FileResult
  std::string name;
  std::string path;            // absolute
  bool is_made = false;        // init_file: made with this number at the start of the daemon when it is missing,
  std::int32_t made_with = 0;  // and with `is_overwritten` also when it is there
  bool is_overwritten = false;

  bool operator==(const TrackedFile&) const = default;
};

// The whole list of tracked files, as SetScripts. What each of them holds is then told as a FileResult.
struct SetFiles {
  bool is_first = true;
  bool is_last = true;
  bool at_start = false;  // of the daemon, not of this worker: files may be made
  std::vector<TrackedFile> files;

  bool operator==(const SetFiles&) const = default;
};

// A vrrp_track_process.
struct TrackedProcess {
  enum class Match : std::uint8_t {
    ignore,   // any arguments
    none,     // no argument
    exact,    // these arguments
    partial,  // these arguments, and there may be more
    initial,  // the same, and the last one may go on
  };
  std::uint32_t id = 0;  // as TrackScript::id
  std::string name;
  std::string process;                 // its comm; with full_command the first word of its command line
  std::vector<std::string> arguments;  // with full_command
  Match match = Match::ignore;
  bool full_command = false;
  std::uint32_t quorum = 1;
  std::uint32_t quorum_max = std::numeric_limits<std::uint32_t>::max();
  Duration fork_delay = Duration::zero();
  Duration terminate_delay = Duration::zero();

  bool operator==(const TrackedProcess&) const = default;
};

// The whole list of tracked processes, as SetScripts. Each verdict is then told as a ProcessResult.
struct SetProcesses {
  bool is_first = true;
  bool is_last = true;
  std::vector<TrackedProcess> processes;

  bool operator==(const SetProcesses&) const = default;
};

// umask of what the runner makes (FIFOs, files) and of every child. 0177 until it is set.
struct SetFileMask {
  std::uint32_t mask = 0177;

  bool operator==(const SetFileMask&) const = default;
};

struct Fifo {
  bool hears_routers = true;    // vrrp_notify_fifo and notify_fifo: instances and groups
  bool hears_services = false;  // lvs_notify_fifo and notify_fifo: virtual servers and real servers
  std::string path;
  std::string user;  // owner of a FIFO that we create; empty: the runner's own
  std::string group;
  notify::Command
      script;  // no argv: none. Started with the path as its last argument; again with a new list, if it has ended

  bool operator==(const Fifo&) const = default;
};

// notify_fifo, vrrp_notify_fifo, lvs_notify_fifo and their scripts. Replaces the list set before.
struct SetFifos {
  ScriptRules rules;
  std::vector<Fifo> fifos;

  bool operator==(const SetFifos&) const = default;
};

// Notify scripts of one event. Those of one key run one after the other in the order they were sent, but none waits for
// longer than RunnerOptions::notify_patience; keys do not wait for each other.
struct Notify {
  std::string key;  // "INSTANCE VI_1", "GROUP G1"
  ScriptRules rules;
  std::vector<notify::Command> commands;
  Duration deadline = Duration::zero();  // for each command; then SIGTERM, two seconds later SIGKILL; zero: none
  std::uint64_t number = 0;              // the worker's own, told again in each NotifyFinished

  bool operator==(const Notify&) const = default;
};

// FIFO lines, mails and webhooks' news carry the worker's own number, which NewsDone tells again; 0: it does not want
// to know.

// One line for every FIFO of SetFifos that hears of it, its newline included.
struct WriteFifos {
  std::string text;
  bool is_of_service = false;  // else of a router
  std::uint64_t number = 0;

  bool operator==(const WriteFifos&) const = default;
};

struct SendMail {
  notify::MailServer server;
  notify::Mail mail;
  std::uint64_t number = 0;

  bool operator==(const SendMail&) const = default;
};

// A webhook, in as many messages as there are, at least one; the list takes effect with the last. One of the same name
// keeps what waits for it; what waits for one that is gone is dropped.
struct SetWebhooks {
  bool is_first = true;
  bool is_last = true;
  std::vector<notify::Webhook> webhooks;

  bool operator==(const SetWebhooks&) const = default;
};

// For every webhook that wants it.
struct TellWebhooks {
  notify::WebhookNews news;
  std::uint64_t number = 0;

  bool operator==(const TellWebhooks&) const = default;
};

// The last message of a worker that stops for good: the runner ends its track scripts, gives notifications and mails
// that are still queued so much time, kills what is left, answers Stopped and exits with 0.
struct Stop {
  Duration bound = std::chrono::seconds(1);

  bool operator==(const Stop&) const = default;
};

using ToRunner = std::variant<SetScripts, SetFifos, Notify, WriteFifos, SendMail, Stop, SetFiles, SetFileMask,
                              SetProcesses, SetWebhooks, TellWebhooks>;

// ---- runner to worker -------------------------------------------------------------------------------------------

// How a run of a program ended.
struct RunEnd {
  enum class Kind : std::uint8_t {
    exited,         // code: exit status
    signalled,      // code: signal number
    timed_out,      // killed by us; code: the signal that ended it
    could_not_run,  // code: errno, 0 when it was refused by a rule of ours
    not_run,        // a verdict without a run: init_fail
  };
  Kind kind = Kind::exited;
  std::int32_t code = 0;

  bool is_success() const { return kind == Kind::exited && code == 0; }
  bool operator==(const RunEnd&) const = default;
};

struct ScriptResult {
  enum class News : std::uint8_t {
    known,    // told because the scripts were set: a verdict from before, or that of init_fail
    first,    // the first run has ended
    changed,  // the verdict is another one than before
    detail,   // same verdict, but the run ended in another way than the one before (exit 1, then exit 2)
  };
  std::uint32_t id = 0;
  bool is_up = false;  // the verdict after rise and fall
  News news = News::first;
  RunEnd end;
  std::string text;  // for the log: "exited with status 1 (run at once: nginx ended)"

  bool operator==(const ScriptResult&) const = default;
};

// What a tracked file holds.
struct FileResult {
  std::uint32_t id = 0;
  std::int32_t number = 0;  // of a missing file 0
  ScriptResult::News news = ScriptResult::News::first;
  std::string text;  // for the log: "holds 5"

  bool operator==(const FileResult&) const = default;
};

// Whether enough of a tracked process run.
struct ProcessResult {
  std::uint32_t id = 0;
  bool is_up = false;
  ScriptResult::News news = ScriptResult::News::first;
  std::string text;  // for the log: "0 running, at least 1 wanted"

  bool operator==(const ProcessResult&) const = default;
};

// A notify script has ended.
struct NotifyFinished {
  std::string key;
  std::string command;  // its argv[0]
  RunEnd end;
  Duration took = Duration::zero();
  std::uint64_t number = 0;  // Notify::number

  bool operator==(const NotifyFinished&) const = default;
};

// Written, sent or given up: whoever comes after this runner need not be told.
struct NewsDone {
  std::vector<std::uint64_t> numbers;

  bool operator==(const NewsDone&) const = default;
};

enum class Level : std::uint8_t {
  error = 3,
  warning = 4,
  notice = 5,
  info = 6,
  debug = 7
};  // as syslog(3) numbers them

// A line for the log.
struct RunnerEvent {
  Level level = Level::info;
  std::string text;

  bool operator==(const RunnerEvent&) const = default;
};

// Since the runner's start; told at most once a second, when a number has changed.
struct RunnerCounters {
  std::uint64_t script_runs = 0;
  std::uint64_t script_runs_skipped = 0;  // still running when the next run was due
  std::uint64_t script_timeouts = 0;
  std::uint64_t wake_ups = 0;  // runs made at once because a watched process ended or appeared
  std::uint64_t notifications = 0;
  std::uint64_t notifications_dropped = 0;  // a queue was full
  std::uint64_t notification_timeouts = 0;
  std::uint64_t fifo_lines = 0;
  std::uint64_t fifo_lines_dropped = 0;  // nobody reads and the pipe is full
  std::uint64_t mails_sent = 0;
  std::uint64_t mails_failed = 0;
  std::uint64_t mails_dropped = 0;  // the queue was full
  std::uint64_t webhooks_sent = 0;
  std::uint64_t webhooks_failed = 0;   // given up
  std::uint64_t webhooks_dropped = 0;  // a queue was full
  std::uint64_t events_dropped = 0;    // messages to a worker that did not read
  std::uint64_t bad_messages = 0;      // from the worker, not understood

  bool operator==(const RunnerCounters&) const = default;
};

// The answer to Stop, the last message.
struct Stopped {
  std::uint32_t abandoned = 0;  // notifications and mails that did not end within the bound

  bool operator==(const Stopped&) const = default;
};

using FromRunner = std::variant<ScriptResult, NotifyFinished, RunnerEvent, RunnerCounters, Stopped, FileResult,
                                ProcessResult, NewsDone>;

// ---- bytes --------------------------------------------------------------------------------------------------------

std::expected<Bytes, ProtocolError> encode(const ToRunner& message);
std::expected<Bytes, ProtocolError> encode(const FromRunner& message);
std::expected<ToRunner, ProtocolError> decode_to_runner(ByteView bytes);
std::expected<FromRunner, ProtocolError> decode_from_runner(ByteView bytes);

// A list of any length as the messages it needs, in order; never none.
using Messages = std::expected<std::vector<Bytes>, ProtocolError>;
Messages encode_scripts(const ScriptRules& rules, const std::vector<TrackScript>& scripts);
Messages encode_files(bool at_start, const std::vector<TrackedFile>& files);
Messages encode_processes(const std::vector<TrackedProcess>& processes);
Messages encode_webhooks(const std::vector<notify::Webhook>& webhooks);

}  // namespace baton::process
