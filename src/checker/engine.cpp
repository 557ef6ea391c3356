#include "checker/engine.h"

#include <sys/resource.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "health/limits.h"

namespace baton::checker {

// Whom several checks may connect to.
struct Engine::Target {
  std::size_t under_way = 0;
  Queue waiting;  // for limits::tries_of_address
};

struct Engine::Item {
  config::HealthCheck wanted;
  health::Check check;
  std::vector<health::HttpPage> pages;  // of an HTTP check
  Target* target = nullptr;
  std::unique_ptr<Attempt> attempt;
  Connection kept;         // for the next try
  Queue* queue = nullptr;  // where it stands for its turn, and
  Queue::iterator place;
  bool is_suspended = false;
};

namespace {

unsigned pages_of(const config::HealthCheck& check) {
  if (const auto* http = std::get_if<config::HttpCheck>(&check.kind)) return static_cast<unsigned>(http->pages.size());
  if (const auto* smtp = std::get_if<config::SmtpCheck>(&check.kind)) return static_cast<unsigned>(smtp->hosts.size());
  return 1;
}

health::Schedule schedule_of(const config::HealthCheck& check) {
  const auto* http = std::get_if<config::HttpCheck>(&check.kind);
  return {.delay_loop = check.delay_loop,
          .retry = check.retry,
          .delay_before_retry = check.delay_before_retry,
          .warmup = check.warmup,
          .starts_up = !check.alpha,
          .pages = pages_of(check),
          .fast_recovery = http != nullptr && http->fast_recovery,
          .rise = check.rise,
          .first_decides = check.first_decides};
}

bool connects(const config::HealthCheck& check) {
  return !std::holds_alternative<config::MiscCheck>(check.kind) &&
         !std::holds_alternative<config::FileCheck>(check.kind) &&
         !std::holds_alternative<config::BfdCheck>(check.kind);
}

std::size_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

kernel::CheckEndpoint endpoint_of(const config::CheckTarget& target) {
  return {.address = target.address,
          .port = target.port,
          .source = target.source,
          .source_port = target.source_port,
          .interface = target.interface,
          .mark = target.mark};
}

}  // namespace

Engine::Engine(loop::Loop& loop, std::vector<config::HealthCheck> checks, const std::optional<config::CheckTls>& tls,
               std::uint64_t seed, Events events)
    : loop_(loop), events_(std::move(events)), timer_(loop.timer([this] { on_timer(); })), random_(seed) {
  ASSERT(checks.size() <= limits::checks);
  loop_.serve_at_once(limits::served_at_once);
  most_kept_ = std::min(limits::kept_connections, descriptor_limit() / 2);
  bool needs_tls = false;
  auto trust = TlsContext::Trust::nobody_asks;
  items_.reserve(checks.size());
  for (config::HealthCheck& check : checks) {
    health::Check core(schedule_of(check), nonce());
    std::vector<health::HttpPage> pages;
    if (const auto* http = std::get_if<config::HttpCheck>(&check.kind)) {
      pages = health::http_pages(*http, check.target);
    }
    if (const auto wishes = tls_wishes_of(check, 0)) {
      needs_tls = true;
      if (wishes->verify) trust = TlsContext::Trust::asked;
    }
    grid_ = std::max(limits::shortest_wait, std::min(grid_, check.delay_loop / limits::grid_parts));
    Target* const target = &targets_[check.target.address];
    items_.push_back(std::make_unique<Item>(Item{.wanted = std::move(check),
                                                 .check = std::move(core),
                                                 .pages = std::move(pages),
                                                 .target = target,
                                                 .attempt = nullptr,
                                                 .kept = {},
                                                 .queue = nullptr,
                                                 .place = {},
                                                 .is_suspended = false}));
  }
  if (needs_tls) tls_ = TlsContext::create(tls, trust);
}

Engine::~Engine() = default;

void Engine::start(const Before& before) {
  const Instant now = loop::now();
  for (Index index = 0; index < items_.size(); ++index) {
    Item& item = *items_[index];
    if (!connects(item.wanted)) continue;
    if (const auto state = before ? before(index) : std::nullopt) {
      item.check.resume(*state, now);
    } else {
      item.check.start(now);
    }
    timers_.set(index, item.check.next_try());
  }
  arm();
}

void Engine::suspend(Index index) {
  Item& item = *items_[index];
  if (!connects(item.wanted) || std::exchange(item.is_suspended, true)) return;
  if (item.queue != nullptr) {
    const bool was_woken = item.queue != &item.target->waiting;  // it may be
    take_out(item);
    if (was_woken) wake_one(*item.target);
  }
  if (item.attempt) {
    item.attempt.reset();
    leave(item);
  }
  (void)take_kept(item);
  item.check.suspend();
  timers_.set(index, std::nullopt);
  arm();
}

void Engine::go_on(Index index) {
  Item& item = *items_[index];
  if (!connects(item.wanted) || !std::exchange(item.is_suspended, false)) return;
  item.check.go_on(loop::now());
  timers_.set(index, item.check.next_try());
  arm();
}

const health::Check& Engine::check(Index index) const {
  return items_[index]->check;
}

void Engine::on_timer() {
  const Instant now = loop::now();
  serve_timers(now);
  for (std::size_t begun = 0; begun < limits::starts_per_turn && !due_.empty(); ++begun) {
    const Index index = due_.front();
    take_out(*items_[index]);
    begin_or_wait(index, now);
  }
  arm();
}

// Of a check that is on its way it is the end of its patience, of another one the time of its next try.
void Engine::serve_timers(Instant now) {
  while (const std::optional<Index> index = timers_.pop_due(now)) {
    Attempt* const attempt = items_[*index]->attempt.get();
    if (attempt == nullptr) {
      put(due_, *index);
    } else if (const Instant deadline = attempt->deadline(); deadline > now) {
      timers_.set(*index, deadline);
    } else {
      attempt->on_deadline(now);
      if (const auto& goes_on = items_[*index]->attempt) timers_.set(*index, goes_on->deadline());
    }
  }
}

// On a grid, so that many checks cost few wake-ups; one too many costs less than to set the clock anew for each try.
void Engine::arm() {
  if (!due_.empty()) return timer_.set(loop::now());
  const std::optional<Instant> next = timers_.next();
  if (!next) return timer_.cancel();
  const auto grid = grid_.count();
  const auto since_boot = next->time_since_epoch().count();
  const Instant when(Duration((since_boot + grid - 1) / grid * grid));
  if (const auto set = timer_.when(); !set || when < *set) timer_.set(when);
}

void Engine::begin_or_wait(Index index, Instant now) {
  Target& target = *items_[index]->target;
  if (target.under_way >= limits::tries_of_address) {
    ++counters_.delayed;
    put(target.waiting, index);
    wake_one(target);
  } else if (under_way_ >= limits::tries) {
    ++counters_.delayed;
    put(waiting_, index);
  } else {
    begin(index, now);
  }
}

void Engine::begin(Index index, Instant now) {
  Item& item = *items_[index];
  ++under_way_;
  ++item.target->under_way;
  ++counters_.tries;
  const unsigned page = item.check.begin_try();
  if (!tls_ && tls_wishes_of(item.wanted, page)) {
    return end(index, health::failed(health::Failure::tls_unavailable, tls_.error()));
  }
  item.attempt = std::make_unique<Attempt>(
      loop_, plan_of(item, page),
      [this, index](const health::Outcome& outcome, Connection left) { end(index, outcome, std::move(left)); });
  item.attempt->start(now);
  if (item.attempt) timers_.set(index, item.attempt->deadline());
}

void Engine::end(Index index, const health::Outcome& outcome, Connection left) {
  Item& item = *items_[index];
  item.attempt.reset();
  if (left && kept_ < most_kept_) {
    item.kept = std::move(left);
    ++kept_;
  }
  ++counters_.failures[static_cast<std::size_t>(outcome.failure)];
  const auto verdict = item.check.end_try(outcome, loop::now());
  timers_.set(index, item.check.next_try());
  if (events_.ended) events_.ended(index, item.check);
  if (verdict) events_.verdict(index, *verdict);
  leave(item);
  arm();
}

void Engine::leave(Item& item) {
  --under_way_;
  --item.target->under_way;
  wake_one(*item.target);
}

// A place is for one that waits. Whoever was woken and does not take it, because it waits for something else now or is
// suspended, wakes the next: no place is free while somebody waits for it.
void Engine::wake_one(Target& target) {
  Queue* queue = nullptr;
  if (!target.waiting.empty() && target.under_way < limits::tries_of_address) {
    queue = &target.waiting;
  } else if (!waiting_.empty() && under_way_ < limits::tries) {
    queue = &waiting_;
  }
  if (queue == nullptr) return;
  const Index index = queue->front();
  take_out(*items_[index]);
  put(due_, index);
}

void Engine::put(Queue& queue, Index index) {
  Item& item = *items_[index];
  ASSERT(item.queue == nullptr);
  item.queue = &queue;
  item.place = queue.insert(queue.end(), index);
}

void Engine::take_out(Item& item) {
  std::exchange(item.queue, nullptr)->erase(item.place);
}

std::uint64_t Engine::nonce() {
  random_ = random_ * 6364136223846793005 + 1442695040888963407;  // Knuth's, MMIX
  return random_ ^ (random_ >> 33);
}

Connection Engine::take_kept(Item& item) {
  if (item.kept) --kept_;
  return std::exchange(item.kept, {});
}

Attempt::Plan Engine::plan_of(Item& item, unsigned page) {
  const config::HealthCheck& wanted = item.wanted;
  Attempt::Plan plan{.endpoint = endpoint_of(wanted.target), .timeout = wanted.target.timeout};
  const auto add = [&](health::Transport transport, std::unique_ptr<health::Dialogue> dialogue) {
    plan.transport = transport;
    plan.dialogue = std::move(dialogue);
  };
  if (const auto* http = std::get_if<config::HttpCheck>(&wanted.kind)) {
    const config::CheckedPage& asked = http->pages[page];
    add(health::Transport::tcp, health::make_http_dialogue(item.pages[page]));
    plan.says_close_notify = asked.tls_compliant;
    plan.keeps_connection = http->keep_connection;
    plan.kept = take_kept(item);
  } else if (const auto* grpc = std::get_if<config::GrpcCheck>(&wanted.kind)) {
    add(health::Transport::tcp, health::make_grpc_dialogue(*grpc, wanted.target));
  } else if (const auto* smtp = std::get_if<config::SmtpCheck>(&wanted.kind)) {
    plan.endpoint = endpoint_of(smtp->hosts[page]);
    plan.timeout = smtp->hosts[page].timeout;
    add(health::Transport::tcp, health::make_smtp_dialogue(*smtp));
  } else if (const auto* dns = std::get_if<config::DnsCheck>(&wanted.kind)) {
    add(health::Transport::udp, health::make_dns_dialogue(*dns, nonce()));
  } else if (const auto* udp = std::get_if<config::UdpCheck>(&wanted.kind)) {
    add(health::Transport::udp, health::make_udp_dialogue(*udp, nonce()));
  } else if (std::holds_alternative<config::PingCheck>(wanted.kind)) {
    add(health::Transport::ping, health::make_ping_dialogue(wanted.target.address.family(), nonce()));
  } else {
    add(health::Transport::tcp, health::make_tcp_dialogue());  // TLS_CHECK as well: then the handshake has ended
  }
  if (auto wishes = tls_wishes_of(wanted, page)) {
    plan.transport = health::Transport::tls;
    plan.tls = *tls_;
    plan.wishes = std::move(*wishes);
  }
  plan.in_all = std::max(wanted.delay_loop, plan.timeout * health::limits::timeouts_in_all);
  return plan;
}

}  // namespace baton::checker
