#include "daemon/routing_carrier.h"

#include <algorithm>
#include <span>

#include "loop/loop.h"

namespace baton::daemon {

namespace {

// How long one turn may spend telling the kernel: with an advert due every 10 ms, a fifth of that.
constexpr Duration turn_budget = std::chrono::milliseconds(2);
constexpr std::size_t most_requests = 512;  // a turn
constexpr Duration retry_after = std::chrono::seconds(1);

}  // namespace

bool RoutingCarrier::must_wait() {
  if (retry_at_ && loop::now() < *retry_at_) return true;
  retry_at_.reset();
  return false;
}

bool RoutingCarrier::remove_some(kernel::NetlinkSocket& socket) {
  if (!plan_.has_removals() || must_wait()) return true;
  const auto rules = plan_.rules_to_remove(requests_a_turn_);
  if (!rules.empty()) {
    return carry_out(rules, [&](auto all) { return socket.carry_out(all); }) && !plan_.has_removals();
  }
  const auto routes = plan_.routes_to_remove(interfaces_, requests_a_turn_);
  return carry_out(routes, [&](auto all) { return socket.carry_out(all, interfaces_); }) && !plan_.has_removals();
}

bool RoutingCarrier::add_some(kernel::NetlinkSocket& socket) {
  if (plan_.is_settled() || must_wait()) return true;
  const auto routes = plan_.routes_to_add(interfaces_, requests_a_turn_);
  if (!routes.empty()) {
    return carry_out(routes, [&](auto all) { return socket.carry_out(all, interfaces_); }) && plan_.is_settled();
  }
  if (!plan_.has_all_routes()) return false;
  const auto rules = plan_.rules_to_add(requests_a_turn_);
  return carry_out(rules, [&](auto all) { return socket.carry_out(all); }) && plan_.is_settled();
}

// A chunk is sized so that it takes about the budget. True also when netlink could not be reached: the rest goes on.
template <typename Request, typename Send>
bool RoutingCarrier::carry_out(const std::vector<Request>& requests, Send&& send) {
  if (requests.empty()) return true;
  const Instant begin = loop::now();
  const auto refused = send(std::span<const Request>(requests));
  const Duration took = std::max<Duration>(loop::now() - begin, Duration(1));
  if (!refused) {
    log_.error(to_string(refused.error()));
    for (const Request& request : requests) plan_.look_again(request);
    retry_at_ = loop::now() + retry_after;
    return true;
  }
  std::vector<int> codes(requests.size(), 0);
  for (const kernel::RefusedRequest& one : *refused) codes[one.index] = one.code;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    using Operation = decltype(Request::operation);
    if (codes[i] == 0 && requests[i].operation == Operation::remove) ++removed_;
    const auto text = plan_.note(requests[i], codes[i]);
    if (text) codes[i] != 0 ? log_.error(*text) : log_.notice(*text);
  }
  const auto fitting =
      static_cast<std::size_t>(static_cast<double>(requests.size()) * static_cast<double>(turn_budget.count()) /
                               static_cast<double>(took.count()));
  requests_a_turn_ = std::clamp<std::size_t>(fitting, 4, std::min(most_requests, requests_a_turn_ * 2));
  return true;
}

}  // namespace baton::daemon
