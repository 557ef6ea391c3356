#include "process/runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "loop/loop.h"
#include "process/child.h"
#include "process/children.h"
#include "process/fifos.h"
#include "process/mailer.h"
#include "process/notifications.h"
#include "process/program.h"
#include "process/runner_protocol.h"
#include "process/script_ledger.h"
#include "process/track_files.h"
#include "process/track_processes.h"
#include "process/track_scripts.h"
#include "process/webhooks.h"
#include "process/worker_link.h"

namespace baton::process {

namespace {

constexpr Duration counters_interval = std::chrono::seconds(1);
constexpr Duration beat_interval = std::chrono::seconds(1);
constexpr Duration fifo_complaint_interval = std::chrono::minutes(1);
constexpr Duration look_up_bound = std::chrono::seconds(10);  // of the user database
constexpr std::size_t most_early_lines = 1'000;               // for FIFOs that are not set yet

class Runner {
 public:
  Runner(UniqueFd guardian_channel, const RunnerOptions& options);
  void run() { loop_.run(); }

 private:
  // Running; the guardian is gone and the worker may still speak; the last things are being finished.
  enum class Phase { serving, orphaned, stopping };

  void on_guardian();
  void count_in(UniqueFd memory);
  void serve(UniqueFd worker);
  void on_guardian_gone();
  void on_worker_gone();
  void add_client(UniqueFd channel);
  void on_client(ToRunner& message);

  void on_message(ToRunner message);
  void on(SetScripts& message);
  void on(SetFifos& message);
  void on(Notify& message) { notifications_.add(std::move(message)); }
  void on(WriteFifos& message);
  void on(SendMail& message) { mailer_.send(std::move(message)); }
  void on(SetWebhooks& message);
  void on(TellWebhooks& message) { webhooks_.tell(message); }
  void on(Stop& message) { begin_stop(message.bound); }
  void on(SetFiles& message);
  void on(SetProcesses& message);
  void on(SetFileMask& message) { (void)::umask(static_cast<mode_t>(message.mask & 0777)); }

  template <typename Message, typename Item>
  bool is_complete(const Message& message, std::vector<Item>& part, std::vector<Item>& arriving, std::size_t most,
                   std::string_view what);
  void set_fifos();
  void look_up_fifo_owners();
  void start_fifo_script(const Fifo& fifo);
  void on_fifo_script_end(const std::string& path, const ChildEnd& end);
  void begin_stop(Duration bound);
  void finish_when_done();
  void on_timeout();
  void end_if_overslept();
  void beat();
  void settle();
  NewsHandlers news_handlers() {
    return {.event = [this](RunnerEvent event) { link_.send(std::move(event)); },
            .done = [this](std::uint64_t number) { on_news_done(number); }};
  }
  void on_news_done(std::uint64_t number);
  void tell_done();
  void tell_counters(Instant now);
  void log(Level level, std::string text) { link_.send(RunnerEvent{level, std::move(text)}); }

  RunnerOptions options_;
  loop::Loop loop_;
  Users users_;
  RunnerCounters counters_;
  RunnerCounters told_counters_;
  Instant next_counters_;
  Instant next_fifo_complaint_;
  Children children_;
  WorkerLink link_;
  std::list<WorkerLink> clients_;  // those that are gone make room for the next
  ScriptLedger ledger_;
  TrackScripts scripts_;
  TrackFiles files_;
  TrackProcesses processes_;
  bool tells_files_ = false;  // the worker knows their numbers
  bool tells_processes_ = false;
  Notifications notifications_;
  std::vector<std::uint64_t> done_;  // news, in this turn
  Mailer mailer_;
  Webhooks webhooks_;
  Fifos fifos_;
  struct FifoScript {
    Children::Id child = 0;
    Fifo fifo;                 // as it was started for
    bool is_outdated = false;  // ends, and the present one starts then
  };
  std::map<std::string, FifoScript> fifo_scripts_;  // by path, while they run
  SetFifos fifo_list_;                              // the present one
  bool has_fifo_list_ = false;                      // somebody has set one, be it empty
  std::vector<WriteFifos> early_lines_;             // a client's, before that
  std::vector<TrackScript> arriving_scripts_;       // parts of a list whose last part is still to come
  std::vector<TrackedFile> arriving_files_;
  std::vector<TrackedProcess> arriving_processes_;
  std::vector<notify::Webhook> arriving_webhooks_;
  Phase phase_ = Phase::serving;
  std::optional<Instant> stop_deadline_;
  UniqueFd guardian_channel_;
  loop::Subscription guardian_;
  loop::Subscription term_;
  loop::Subscription interrupt_;
  loop::Timer timer_;
  loop::Timer beat_;
  Instant beaten_at_ = loop::now();
};

Runner::Runner(UniqueFd guardian_channel, const RunnerOptions& options)
    : options_(options),
      children_(loop_, &users_),
      link_(loop_, {.on_message = [this](ToRunner message) { on_message(std::move(message)); },
                    .on_bad_message =
                        [this](ProtocolError error) {
                          ++counters_.bad_messages;
                          log(Level::error, fmt::format("a message from the worker makes no sense: {}", name(error)));
                        },
                    .on_closed = [this] { on_worker_gone(); }}),
      ledger_(options.script_ledger),
      scripts_(loop_, children_, users_, options.search_path, counters_,
               {.result = [this](ScriptResult result) { link_.send(std::move(result)); },
                .event = [this](RunnerEvent event) { link_.send(std::move(event)); },
                .ran = [this](const TrackScript& script, RunResult result,
                              std::optional<Duration> took) { ledger_.count(script.name, result, took); }}),
      files_(loop_, {.result =
                         [this](FileResult result) {
                           if (tells_files_) link_.send(std::move(result));
                         },
                     .event = [this](RunnerEvent event) { link_.send(std::move(event)); }}),
      processes_(loop_,
                 [this](ProcessResult result) {
                   if (tells_processes_) link_.send(std::move(result));
                 }),
      notifications_(children_, users_, options.search_path, options.notify_patience, counters_,
                     {.finished = [this](NotifyFinished finished) { link_.send(std::move(finished)); },
                      .event = [this](RunnerEvent event) { link_.send(std::move(event)); }}),
      mailer_(children_, users_, counters_, news_handlers()),
      webhooks_(children_, users_, counters_, news_handlers()),
      guardian_channel_(std::move(guardian_channel)),
      guardian_(loop_.watch(guardian_channel_.get(), loop::Ready::readable, [this] { on_guardian(); })),
      term_(loop_.on_signal(SIGTERM, [this] { on_guardian_gone(); })),
      interrupt_(loop_.on_signal(SIGINT, [this] { on_guardian_gone(); })),
      timer_(loop_.timer([this] { on_timeout(); })),
      beat_(loop_.timer([this] { beat(); })) {
  loop_.before_sleep([this] { settle(); });
  if (!options_.lives_with_parent) loop_.after_waiting([this] { end_if_overslept(); });
  beat();
}

// ---- guardian and worker come and go --------------------------------------------------------------------------------

void Runner::on_guardian() {
  std::uint8_t byte = 0;
  iovec data{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(guardian_channel_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return on_guardian_gone();
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return;
  int passed = -1;
  std::memcpy(&passed, CMSG_DATA(header), sizeof passed);
  if (byte == guardian_passes_ledger) return count_in(UniqueFd(passed));
  byte == guardian_passes_client ? add_client(UniqueFd(passed)) : serve(UniqueFd(passed));
}

// Mapped for good.
void Runner::count_in(UniqueFd memory) {
  struct stat file{};
  if (::fstat(memory.get(), &file) < 0 || file.st_size < static_cast<off_t>(ScriptLedger::size())) return;
  void* const mapped = ::mmap(nullptr, ScriptLedger::size(), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped != MAP_FAILED) ledger_ = ScriptLedger(mapped);
}

void Runner::serve(UniqueFd worker) {
  link_.connect(std::move(worker));
  arriving_scripts_.clear();
  arriving_files_.clear();
  arriving_processes_.clear();
  arriving_webhooks_.clear();
  tells_files_ = false;
  tells_processes_ = false;
}

void Runner::add_client(UniqueFd channel) {
  clients_.remove_if([](const WorkerLink& client) { return !client.is_connected(); });
  if (clients_.size() >= limits::runner_clients) return log(Level::error, "too many clients of the runner");
  clients_.emplace_back(loop_,
                        WorkerLink::Handlers{.on_message = [this](ToRunner message) { on_client(message); },
                                             .on_bad_message = [this](ProtocolError) { ++counters_.bad_messages; },
                                             .on_closed = [] {}});
  clients_.back().connect(std::move(channel));
}

// Its last words come while we stop.
void Runner::on_client(ToRunner& message) {
  if (auto* notify = std::get_if<Notify>(&message)) return notifications_.add(std::move(*notify));
  if (auto* mail = std::get_if<SendMail>(&message)) return mailer_.send(std::move(*mail));
  if (auto* line = std::get_if<WriteFifos>(&message)) return on(*line);
  ++counters_.bad_messages;
}

void Runner::on_guardian_gone() {
  guardian_.reset();
  if (phase_ != Phase::serving) return;
  scripts_.stop();  // whoever ends us may end them as well, and that is no verdict
  if (!link_.is_connected()) return begin_stop(options_.stop_bound);
  phase_ = Phase::orphaned;
  stop_deadline_ = loop::now() + options_.orphan_bound;
}

// Scripts run on and their verdicts wait for the next worker; without a guardian there will be none.
void Runner::on_worker_gone() {
  arriving_scripts_.clear();
  if (phase_ == Phase::orphaned) begin_stop(options_.stop_bound);
}

// ---- what the worker wants ------------------------------------------------------------------------------------------

void Runner::on_message(ToRunner message) {
  if (phase_ == Phase::stopping) return;
  std::visit([this](auto& value) { on(value); }, message);
}

// Takes a part of a list to those before it. False: more are to come, or there are too many: one more than may be is
// kept, so that what follows is too many as well.
template <typename Message, typename Item>
bool Runner::is_complete(const Message& message, std::vector<Item>& part, std::vector<Item>& arriving, std::size_t most,
                         std::string_view what) {
  if (message.is_first) arriving.clear();
  part.resize(std::min(part.size(), most + 1 - arriving.size()));
  std::ranges::move(part, std::back_inserter(arriving));
  if (!message.is_last || arriving.size() <= most) return message.is_last;
  arriving.clear();
  log(Level::error, fmt::format("more than {} {}: none of them is set", most, what));
  return false;
}

void Runner::on(SetScripts& message) {
  if (!is_complete(message, message.scripts, arriving_scripts_, limits::scripts_of_a_runner, "track scripts")) return;
  users_.forget();  // a reload is the time to look again
  link_.begin_results();
  std::vector<std::string_view> names;
  for (const TrackScript& script : arriving_scripts_) names.push_back(script.name);
  ledger_.keep(names);
  scripts_.set(message.rules, std::exchange(arriving_scripts_, {}));
}

void Runner::on(SetFiles& message) {
  if (!is_complete(message, message.files, arriving_files_, limits::track_files, "tracked files")) return;
  tells_files_ = true;
  files_.set(std::exchange(arriving_files_, {}), message.at_start);
}

void Runner::on(SetProcesses& message) {
  if (!is_complete(message, message.processes, arriving_processes_, limits::track_processes, "tracked processes")) {
    return;
  }
  tells_processes_ = true;
  processes_.set(std::exchange(arriving_processes_, {}));
}

void Runner::on(SetWebhooks& message) {
  if (!is_complete(message, message.webhooks, arriving_webhooks_, limits::webhooks, "webhooks")) return;
  webhooks_.set(std::exchange(arriving_webhooks_, {}));
}

void Runner::on(SetFifos& message) {
  has_fifo_list_ = true;
  if (message.fifos.size() > limits::fifos) {
    return log(Level::error, fmt::format("more than {} FIFOs: none of them is set", limits::fifos));
  }
  fifo_list_ = std::move(message);
  look_up_fifo_owners();
  set_fifos();
  for (auto& [path, script] : fifo_scripts_) {
    if (std::ranges::find(fifo_list_.fifos, script.fifo) != fifo_list_.fifos.end()) continue;
    script.is_outdated = true;
    children_.terminate(script.child);
  }
  for (const Fifo& fifo : fifo_list_.fifos) start_fifo_script(fifo);
  for (WriteFifos& line : std::exchange(early_lines_, {})) on(line);
}

void Runner::set_fifos() {
  for (std::string& problem : fifos_.set(fifo_list_.fifos, &users_)) log(Level::error, std::move(problem));
}

// Those that no local file knows: by a child, for a directory service may never answer.
void Runner::look_up_fifo_owners() {
  for (const Fifo& fifo : fifo_list_.fifos) {
    const AccountName owner{fifo.user, fifo.group};
    if (users_.find(owner, Users::Groups::own)) continue;
    const auto child = children_.start_look_up(
        owner, look_up_bound, {.on_end = [this, path = fifo.path](const ChildEnd& end, Duration) {
          if (end.learned) return set_fifos();
          log(Level::error, fmt::format("the owner of FIFO {} {}", path, describe(end.end, end.report)));
        }});
    if (!child) log(Level::error, to_string(child.error()));
  }
}

// Unless it runs, be it with other settings: then it ends first.
void Runner::start_fifo_script(const Fifo& fifo) {
  if (fifo.script.argv.empty() || fifo_scripts_.contains(fifo.path)) return;
  notify::Command command = fifo.script;
  command.argv.push_back(fifo.path);
  const auto program = resolve(command, fifo_list_.rules, options_.search_path, users_);
  if (!program) {
    return log(Level::error, fmt::format("script of FIFO {} could not run: {}", fifo.path, program.error().text));
  }
  if (!program->warning.empty()) log(Level::warning, program->warning);
  const auto child = children_.start(
      *program, std::nullopt,
      {.on_end = [this, path = fifo.path](const ChildEnd& end, Duration) { on_fifo_script_end(path, end); }});
  if (!child) return log(Level::error, to_string(child.error()));
  fifo_scripts_.emplace(fifo.path, FifoScript{.child = *child, .fifo = fifo});
}

void Runner::on_fifo_script_end(const std::string& path, const ChildEnd& end) {
  const bool is_outdated = fifo_scripts_.extract(path).mapped().is_outdated;
  if (phase_ == Phase::stopping) return;
  if (!is_outdated) log(Level::warning, fmt::format("script of FIFO {} {}", path, describe(end.end, end.report)));
  const auto present = std::ranges::find(fifo_list_.fifos, path, &Fifo::path);
  if (is_outdated && present != fifo_list_.fifos.end()) start_fifo_script(*present);
}

// The worker, whose list it is, and a balancer start side by side.
void Runner::on(WriteFifos& message) {
  if (!has_fifo_list_) {
    if (early_lines_.size() < most_early_lines) return early_lines_.push_back(std::move(message));
    ++counters_.fifo_lines_dropped;
    return on_news_done(message.number);
  }
  const auto written = fifos_.write(message);
  on_news_done(message.number);
  counters_.fifo_lines += written.lines;
  counters_.fifo_lines_dropped += written.dropped;
  const bool is_well = written.dropped == 0 && written.problem.empty();
  if (is_well || loop::now() < next_fifo_complaint_) return;
  next_fifo_complaint_ = loop::now() + fifo_complaint_interval;
  if (!written.problem.empty()) log(Level::error, written.problem);
  if (written.dropped == 0) return;
  log(Level::warning,
      fmt::format("FIFO is full and nobody reads: {} lines dropped so far", counters_.fifo_lines_dropped));
}

// ---- the end --------------------------------------------------------------------------------------------------------

void Runner::begin_stop(Duration bound) {
  phase_ = Phase::stopping;
  stop_deadline_ = loop::now() + bound;
  scripts_.stop();
  mailer_.stop_retrying();
  webhooks_.stop_retrying();
  for (const auto& [path, script] : fifo_scripts_) children_.terminate(script.child);
}

void Runner::finish_when_done() {
  const std::size_t pending = notifications_.pending() + mailer_.pending() + webhooks_.pending();
  const bool has_client = std::ranges::any_of(clients_, &WorkerLink::is_connected);
  const bool is_done = pending == 0 && children_.running() == 0 && !has_client;
  if (!is_done && loop::now() < *stop_deadline_) return;
  children_.kill_all();
  link_.send(Stopped{static_cast<std::uint32_t>(pending)});
  link_.flush();
  loop_.stop();
}

// ---- time -----------------------------------------------------------------------------------------------------------

void Runner::on_timeout() {
  const Instant now = loop::now();
  children_.on_timeout(now);
  scripts_.on_timeout(now);
  notifications_.on_timeout(now);
  files_.on_timeout(now);
  processes_.on_timeout(now);
  mailer_.on_timeout(now);
  webhooks_.on_timeout(now);
  if (phase_ == Phase::orphaned && *stop_deadline_ <= now) begin_stop(options_.stop_bound);
}

// Whoever shows no life for so long has been replaced. A child is killed then; a service that wakes up says nothing any
// more, for somebody else has said it, and more. One that slept with the whole machine is started again.
void Runner::end_if_overslept() {
  if (loop::now() - beaten_at_ < options_.overslept) return;
  children_.kill_all();
  ::_exit(1);
}

void Runner::beat() {
  ledger_.beat();
  beaten_at_ = loop::now();
  beat_.set(loop::now() + beat_interval);
}

// At the end of each turn: everything that has happened is told, and the next deadline is set.
void Runner::settle() {
  tell_done();
  tell_counters(loop::now());
  if (phase_ == Phase::stopping) finish_when_done();
  link_.flush();
  std::optional<Instant> next = stop_deadline_;
  for (const auto& other :
       {children_.next_timeout(), scripts_.next_timeout(), files_.next_timeout(), processes_.next_timeout(),
        notifications_.next_timeout(), mailer_.next_timeout(), webhooks_.next_timeout()}) {
    if (other && (!next || *other < *next)) next = other;
  }
  if (counters_ != told_counters_ && (!next || next_counters_ < *next)) next = next_counters_;
  next ? timer_.set(*next) : timer_.cancel();
}

void Runner::on_news_done(std::uint64_t number) {
  if (number == 0) return;
  done_.push_back(number);
  if (done_.size() >= limits::numbers_done) tell_done();
}

void Runner::tell_done() {
  if (!done_.empty()) link_.send(NewsDone{.numbers = std::exchange(done_, {})});
}

void Runner::tell_counters(Instant now) {
  counters_.events_dropped = link_.dropped();
  if (counters_ == told_counters_ || now < next_counters_) return;
  told_counters_ = counters_;
  next_counters_ = now + counters_interval;
  link_.send(counters_);
}

// Closes what was inherited beyond the standard files, the guardian's own end of the channel first of all: as long as
// we hold that, its end of file never comes.
UniqueFd keep_only(UniqueFd channel) {
  constexpr int kept = 3;
  if (channel.get() != kept) channel.reset(dup3(channel.get(), kept, O_CLOEXEC));
  (void)close_range(kept + 1, ~0U, 0);
  return channel;
}

}  // namespace

int run_runner(UniqueFd guardian_channel, const RunnerOptions& options) {
  reset_signals();
  for (const int number : {SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) (void)signal(number, SIG_IGN);
  raise_descriptor_limit();
  (void)::umask(SetFileMask{}.mask);
  (void)setenv("PATH", options.search_path.c_str(), 1);
  Runner runner(keep_only(std::move(guardian_channel)), options);
  // The end of file on the channel says the same, if not as early.
  if (options.lives_with_parent) (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
  runner.run();
  return 0;
}

}  // namespace baton::process
