#include "daemon/bfd_role.h"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "bfd/session_table.h"
#include "daemon/check_outbox.h"
#include "daemon/check_verdict.h"
#include "daemon/options.h"
#include "daemon/scheduling.h"
#include "kernel/bfd_socket.h"
#include "kernel/confinement.h"
#include "kernel/process_settings.h"
#include "log/rate_limit.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace {

constexpr int batches_per_turn = 4;
constexpr int goodbyes = 3;  // one may be lost
constexpr Duration between_goodbyes = std::chrono::milliseconds(20);
constexpr Duration longest_hand_over = std::chrono::seconds(1);
constexpr Duration look_for_successor = std::chrono::milliseconds(1);
constexpr Duration changes_told_within = std::chrono::seconds(10);  // of a session
constexpr std::uint64_t changes_told = 6;
constexpr Duration late = std::chrono::milliseconds(2);

int least_ttl(const bfd::SessionParameters& parameters) {
  return std::max(1, parameters.ttl - parameters.max_hops.value_or(0));
}

std::uint64_t draw(std::random_device& device) {
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

class BfdRole {
 public:
  explicit BfdRole(BfdStart start)
      : start_(std::move(start)),
        log_(start_.log),
        to_worker_(loop_, start_.sessions.size()),
        to_checker_(loop_, start_.sessions.size()) {}

  int run();

 private:
  SysResult<void> open();
  SysResult<void> listen(Family family, std::uint16_t port, bool multihop);
  void make_sessions(const BfdLedger::Sessions& known);
  bool goes_on(const BfdLedger::Known& known) const;
  void open_sender(const config::BfdSession& session, std::uint16_t wanted);

  void on_guardian_message();
  bool hear(bool to_the_end);
  void on_timer();
  void settle();
  void beat();
  void carry_out(const bfd::SessionActions& actions);
  void send(bfd::SessionId id, const bfd::Packet& packet);
  void on_change(bfd::SessionId id, const bfd::StateChanged& change);
  void tell(bfd::SessionId id);
  void note(bfd::SessionId id);
  void end(bool has_heirs);
  void say_goodbye();
  bool must_fall_silent() const;
  void fall_silent();

  std::string called(bfd::SessionId id) const {
    return fmt::format("BFD session {} ({})", start_.sessions[id].name, to_string(start_.sessions[id].neighbor));
  }

  struct Listener {
    kernel::BfdListener socket;
    bool multihop = false;
    loop::Subscription readable{};
  };
  // Of a session, beside what the table knows.
  struct Line {
    std::optional<kernel::BfdSender> sender;
    BfdLedger::Known before;  // what a role before us has counted
    std::uint16_t source_port = 0;
    std::uint64_t failures = 0;
    int send_error = 0;  // that was told
    bool was_told_too_far = false;
  };

  BfdStart start_;
  log::Logger log_;
  loop::Loop loop_;
  CheckOutbox to_worker_;
  CheckOutbox to_checker_;
  bfd::SessionTable table_;
  std::vector<Line> lines_;
  std::vector<Listener> listeners_;
  std::set<std::uint16_t> source_ports_;
  std::random_device random_;
  log::RateLimit told_{changes_told_within, 2 * BfdLedger::most, changes_told};  // changes, and what cannot be sent
  loop::Subscription guardian_readable_;
  std::vector<loop::Subscription> signals_;
  loop::Timer timer_{loop_.timer([this] { on_timer(); })};
  loop::Timer beat_{loop_.timer([this] { beat(); })};
  loop::Timer goodbye_;
  std::vector<bfd::SessionId> ending_;
  int goodbyes_left_ = goodbyes;
  Instant next_goodbye_{};
  Instant hand_over_until_{};
  bool has_heirs_ = false;
  bool hands_over_ = false;  // it speaks until its heir does
  bool is_ending_ = false;
  Instant rested_{};
};

int BfdRole::run() {
  schedule(start_.scheduling, start_.real_time, log_, ScheduledRole::bfd);
  if (const auto lifted = kernel::lift_memory_lock_limit(); lifted) {
    lock_memory(log_);
  } else {
    log_.warning(to_string(lifted.error()) +
                 "; the memory of the BFD role is not locked (systemd: LimitMEMLOCK=infinity)");
  }
  if (const auto opened = open(); !opened) {
    log_.error(to_string(opened.error()) + "; there is no BFD");
    return exit_code::failure;
  }
  const auto known = start_.ledger.take_over();
  if (!known) return exit_code::success;
  make_sessions(*known);
  if (const auto confined = kernel::confine_client({}); !confined) {
    log_.warning(to_string(confined.error()) + "; the BFD role keeps its power");
  }
  // The guardian ends us, not the service manager's signal to all: neighbours are told that it is on purpose.
  signals_.push_back(loop_.on_signal(SIGTERM, [] {}));
  signals_.push_back(loop_.on_signal(
      SIGXCPU, [this] { log_.warning("the BFD role ran for longer than bfd_rlimit_rttime without a pause"); }));
  guardian_readable_ = loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian_message(); });
  for (Listener& listener : listeners_) {
    listener.readable = loop_.watch(listener.socket.fd(), loop::Ready::readable, [this] { (void)hear(false); });
  }
  loop_.before_sleep([this] { settle(); });
  beat();
  start_.ledger.speak();
  loop_.run();
  return exit_code::success;
}

SysResult<void> BfdRole::open() {
  std::set<std::pair<Family, bool>> wanted;
  for (const config::BfdSession& session : start_.sessions) {
    if (session.has_neighbor()) wanted.emplace(session.neighbor.family(), session.multihop);
  }
  for (const auto& [family, multihop] : wanted) {
    const std::uint16_t port = multihop ? bfd::spec::multihop_port : bfd::spec::single_hop_port;
    if (const auto listening = listen(family, port, multihop); !listening) return listening;
  }
  return {};
}

SysResult<void> BfdRole::listen(Family family, std::uint16_t port, bool multihop) {
  auto socket = kernel::BfdListener::open(family, port);
  if (!socket) return std::unexpected(socket.error());
  listeners_.push_back({.socket = std::move(*socket), .multihop = multihop});
  return {};
}

void BfdRole::make_sessions(const BfdLedger::Sessions& known) {
  const Instant now = loop::now();
  std::set<std::uint32_t> discriminators{0};
  std::set<std::uint32_t> used;
  for (const auto& [key, each] : known) discriminators.insert(each.memory.identity.discriminator);
  lines_.reserve(start_.sessions.size());
  for (const config::BfdSession& session : start_.sessions) {
    const auto found = known.find(wire_key_of(session));
    const bool is_heir = found != known.end() && goes_on(found->second) &&
                         used.insert(found->second.memory.identity.discriminator).second;
    Line& line = lines_.emplace_back();
    if (is_heir) {
      line.before = found->second;
      line.failures = found->second.failures;
      (void)table_.add(parameters_of(session), found->second.memory, now);
    } else {
      bfd::Identity identity{.discriminator = 0, .seed = draw(random_)};
      while (!discriminators.insert(identity.discriminator).second) identity.discriminator = random_();
      (void)table_.add(parameters_of(session), identity, now);
    }
    if (session.has_neighbor()) open_sender(session, is_heir ? found->second.source_port : std::uint16_t{0});
    const auto id = static_cast<bfd::SessionId>(lines_.size() - 1);
    if (is_heir) log_.info(fmt::format("{} goes on as {}", called(id), name(table_.session(id).state())));
    note(id);
    tell(id);
  }
}

bool BfdRole::goes_on(const BfdLedger::Known& known) const {
  const bfd::SessionMemory& memory = known.memory;
  return !start_.begins_anew && memory.state != bfd::State::admin_down && memory.identity.discriminator != 0;
}

// From the port that it had, or from any that is free (RFC 5881 §4).
void BfdRole::open_sender(const config::BfdSession& session, std::uint16_t wanted) {
  constexpr int tries = 32;
  constexpr unsigned ports = bfd::spec::last_source_port - bfd::spec::first_source_port + 1U;
  Line& line = lines_.back();
  for (int i = 0; i < tries; ++i) {
    const bool had_one = i == 0 && wanted >= bfd::spec::first_source_port;
    const auto port = had_one ? wanted : static_cast<std::uint16_t>(bfd::spec::first_source_port + random_() % ports);
    if (source_ports_.contains(port)) continue;
    auto sender = kernel::BfdSender::open(session.neighbor.family(), session.source, port, session.ttl);
    if (!sender) {
      if (sender.error().code == EADDRINUSE && i + 1 < tries) continue;
      log_.error(fmt::format("BFD session {}: {}", session.name, to_string(sender.error())));
      return;
    }
    source_ports_.insert(port);
    line.source_port = port;
    line.sender = std::move(*sender);
    return;
  }
}

// ---------------------------------------------------------------- events

void BfdRole::on_guardian_message() {
  auto message = start_.guardian.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::any_more) {
      guardian_readable_.reset();
      end(has_heirs_);
    }
    return;
  }
  if (message->bytes == Bytes{bfd_has_heirs}) {
    has_heirs_ = true;
    return;
  }
  if (!message->passed_fd || message->bytes.size() != 1) return;
  kernel::Channel channel(std::move(message->passed_fd));
  if (message->bytes.front() == new_session_reader) to_worker_.connect(std::move(channel));
  if (message->bytes.front() == new_session_checker) to_checker_.connect(std::move(channel));
}

// What has come; false when there may be more.
bool BfdRole::hear(bool to_the_end) {
  if (is_ending_) return true;
  constexpr int most_batches = 64;  // the receive buffer holds about as much
  bool is_empty = true;
  const auto rejected = table_.rejected();
  for (Listener& listener : listeners_) {
    is_empty = false;
    for (int i = 0; !is_empty && i < (to_the_end ? most_batches : batches_per_turn); ++i) {
      const Instant now = loop::now();
      bfd::SessionActions actions;
      is_empty = listener.socket.receive([&](const kernel::BfdDatagram& each) {
        const bfd::Datagram datagram{.bytes = each.bytes,
                                     .source = each.source,
                                     .destination = each.destination,
                                     .ttl = each.ttl,
                                     .multihop = listener.multihop};
        (void)table_.on_datagram(datagram, now, actions);
      });
      carry_out(actions);
    }
  }
  if (rejected != table_.rejected()) start_.ledger.put(table_.rejected());
  if (const auto far = table_.take_too_far(); far && !std::exchange(lines_[far->session].was_told_too_far, true)) {
    log_.warning(
        fmt::format("{}: packets with a TTL or hop limit of {} are dropped, they must have {}: set it at the neighbour",
                    called(far->session), far->ttl, least_ttl(table_.parameters(far->session))));
  }
  return is_empty;
}

// When we are late, what neighbours said meanwhile is heard first: nobody is down because we slept.
void BfdRole::on_timer() {
  if (hands_over_ && must_fall_silent()) fall_silent();
  if (is_ending_) return;
  Instant now = loop::now();
  if (const auto due = table_.next_timeout(); due && now - *due > late) {
    (void)hear(true);
    now = loop::now();
  }
  bfd::SessionActions actions;
  table_.on_timeout(now, actions);
  carry_out(actions);
}

void BfdRole::settle() {
  if (is_ending_) return timer_.cancel();
  const auto next = table_.next_timeout();
  if (next == timer_.when()) return;
  next ? timer_.set(*next) : timer_.cancel();
}

// A real-time process that never sleeps is ended by the kernel (RLIMIT_RTTIME), so one that is flooded sleeps on
// purpose.
void BfdRole::beat() {
  constexpr Duration again = std::chrono::milliseconds(300);
  constexpr timespec moment{.tv_sec = 0, .tv_nsec = 20'000};
  start_.ledger.beat(loop::now());
  beat_.set(loop::now() + again);
  (void)::nanosleep(&moment, nullptr);
}

// ---------------------------------------------------------------- what comes of them

void BfdRole::carry_out(const bfd::SessionActions& actions) {
  for (const auto& [id, action] : actions) {
    if (const auto* sent = std::get_if<bfd::SendPacket>(&action)) send(id, sent->packet);
    if (const auto* change = std::get_if<bfd::StateChanged>(&action)) on_change(id, *change);
  }
  for (const auto& each : actions) note(each.session);
}

void BfdRole::send(bfd::SessionId id, const bfd::Packet& packet) {
  Line& line = lines_[id];
  if (!line.sender) return;
  Bytes bytes;
  bfd::encode(packet, bytes);
  const auto& parameters = table_.parameters(id);
  const std::uint16_t port = parameters.multihop ? bfd::spec::multihop_port : bfd::spec::single_hop_port;
  const auto sent = line.sender->send(parameters.neighbor, port, bytes);
  const int code = sent ? 0 : sent.error().code;
  if (code == std::exchange(line.send_error, code) || code == 0 || code == EAGAIN) return;
  const auto silent = told_.allow(start_.sessions[id].name + "/send", loop::now());
  if (!silent) return;
  log_.warning(fmt::format("{} cannot send: {}{}", called(id), std::strerror(code), log::more_like_it(*silent)));
}

void BfdRole::on_change(bfd::SessionId id, const bfd::StateChanged& change) {
  const bfd::Session& session = table_.session(id);
  if (change.after == bfd::State::init || change.after == bfd::State::admin_down) {
    return log_.write(log::Level::debug, fmt::format("{} is {}", called(id), name(change.after)));
  }
  const bool is_failure = change.after == bfd::State::down && !session.counts_as_up();
  if (is_failure && change.before == bfd::State::up) ++lines_[id].failures;
  tell(id);
  const auto silent = told_.allow(start_.sessions[id].name, loop::now());  // a neighbour may flap as fast as it likes
  if (!silent) return;
  const std::string why = change.after == bfd::State::up ? "" : ": " + why_down(session.memory());
  log_.write(is_failure ? log::Level::warning : log::Level::notice,
             fmt::format("{} is {}{}{}", called(id), name(change.after), why, log::more_like_it(*silent)));
}

void BfdRole::tell(bfd::SessionId id) {
  const bfd::Session& session = table_.session(id);
  const config::BfdSession& configured = start_.sessions[id];
  const Bytes verdict = encode_tracked({.key = verdict_key_of(configured),
                                        .is_up = session.counts_as_up(),
                                        .reason = session.state() == bfd::State::up ? "" : why_down(session.memory())});
  if (configured.for_vrrp) to_worker_.put(id, verdict);
  // As keepalived has it, a server is what `alpha` says until its session has been up.
  if (configured.for_checkers && session.memory().was_up) to_checker_.put(id, verdict);
}

void BfdRole::note(bfd::SessionId id) {
  const Line& line = lines_[id];
  start_.ledger.put(id, wire_key_of(start_.sessions[id]),
                    {.memory = table_.session(id).memory(),
                     .source_port = line.source_port,
                     .accepted = line.before.accepted + table_.accepted(id),
                     .sent = line.before.sent + table_.sent(id),
                     .failures = line.failures});
}

// ---------------------------------------------------------------- the end

// Sessions that go on elsewhere are kept up until the next role speaks; the neighbours of the others are told that it
// is on purpose.
void BfdRole::end(bool has_heirs) {
  for (bfd::SessionId id = 0; id < table_.size(); ++id) {
    if (!has_heirs || !start_.ledger.has_heir(wire_key_of(start_.sessions[id]))) ending_.push_back(id);
  }
  if (ending_.empty()) goodbyes_left_ = 0;
  hands_over_ = ending_.size() < table_.size();
  hand_over_until_ = loop::now() + longest_hand_over;
  if (!hands_over_) fall_silent();
  goodbye_ = loop_.timer([this] { say_goodbye(); });
  say_goodbye();
}

void BfdRole::say_goodbye() {
  const Instant now = loop::now();
  if (goodbyes_left_ > 0 && now >= next_goodbye_) {
    --goodbyes_left_;
    next_goodbye_ = now + between_goodbyes;
    bfd::SessionActions actions;
    for (const bfd::SessionId id : ending_) table_.end(id, now, actions);
    for (const auto& [id, action] : actions) {
      if (const auto* sent = std::get_if<bfd::SendPacket>(&action)) send(id, sent->packet);
    }
    for (const bfd::SessionId id : ending_) note(id);  // whoever brings it back begins anew
  }
  if (hands_over_ && must_fall_silent()) fall_silent();
  if (goodbyes_left_ == 0 && !hands_over_) return loop_.stop();
  goodbye_.set(now + (hands_over_ ? look_for_successor : between_goodbyes));
}

// The next one speaks; or it listens already, and here nobody is heard any more.
bool BfdRole::must_fall_silent() const {
  const Instant now = loop::now();
  if (start_.ledger.has_successor() || now >= hand_over_until_) return true;
  for (bfd::SessionId id = 0; id < table_.size(); ++id) {
    const bfd::SessionMemory& memory = table_.session(id).memory();
    const bool is_heard = memory.remote_discriminator != 0 && memory.state != bfd::State::admin_down;
    if (is_heard && now >= memory.last_received + table_.session(id).detection_time()) return true;
  }
  return false;
}

void BfdRole::fall_silent() {
  hands_over_ = false;
  is_ending_ = true;
  for (Listener& listener : listeners_) listener.readable.reset();
  listeners_.clear();
}

}  // namespace

int run_bfd(BfdStart start) {
  return BfdRole(std::move(start)).run();
}

}  // namespace baton::daemon
