#include "daemon/address_carrier.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::daemon {

namespace {

using namespace std::chrono_literals;

// How long one turn may spend telling the kernel of addresses: with an advert due every 10 ms, a fifth of that.
constexpr Duration budget_a_turn = 2ms;
constexpr Duration least_budget = 200us;    // below it the advert goes first,
constexpr Duration longest_pause = 2ms;     // but not for longer than this: with thousands one is always due
constexpr std::size_t most_requests = 512;  // a turn
constexpr Duration dear_request = 250us;    // assumed of the first: removing is dear where there are thousands
constexpr Duration first_back_off = 1s;
constexpr Duration longest_back_off = 30s;
constexpr Duration log_interval = 60s;
constexpr std::size_t log_keys = 64;  // operation, interface and errno

bool is_removal(const kernel::AddressRequest& request) {
  return request.operation == kernel::AddressRequest::Operation::remove;
}

}  // namespace

AddressCarrier::AddressCarrier(AddressPlan& plan, kernel::InterfaceTable& interfaces, log::Logger& log,
                               loop::Loop& loop)
    : plan_(plan),
      interfaces_(interfaces),
      log_(log),
      log_limit_(log_interval, log_keys),
      again_(loop.timer([this] { plan_.look_again(std::exchange(refused_, {})); })),
      back_off_(first_back_off),
      a_request_(dear_request) {}

AddressState AddressCarrier::carry_some(kernel::NetlinkSocket& requests, std::optional<Instant> next_advert) {
  if (plan_.is_settled()) {
    a_request_ = dear_request;  // what was cheap in the last burst need not be so in the next
    return AddressState::settled;
  }
  const Instant begin = loop::now();
  Duration budget = budget_a_turn;
  if (next_advert) budget = std::min<Duration>(budget, *next_advert - begin);
  if (budget < least_budget && begin - last_chunk_ < longest_pause) return AddressState::on_their_way;
  last_chunk_ = begin;
  budget = std::max(budget, least_budget);
  const auto fitting = static_cast<std::size_t>(budget / a_request_);
  const auto chunk = plan_.next_requests(interfaces_, std::clamp<std::size_t>(fitting, 2, most_requests));
  if (!chunk.empty()) {
    const auto refused = requests.carry_out(chunk);
    const auto count = static_cast<Duration::rep>(chunk.size());
    a_request_ = std::max<Duration>((loop::now() - begin) / count, 1us);
    std::vector<int> codes(chunk.size(), refused ? 0 : refused.error().code);
    if (refused) {
      for (const kernel::RefusedRequest& one : *refused) codes[one.index] = one.code;
    }
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (codes[i] != 0) {
        refuse(chunk[i], codes[i]);
      } else {
        interfaces_.apply(kernel::AddressChange{.address = chunk[i].address, .removed = is_removal(chunk[i])});
      }
    }
  }
  if (!plan_.is_settled()) return AddressState::on_their_way;
  if (refused_.empty()) back_off_ = first_back_off;
  return AddressState::settled;
}

void AddressCarrier::refuse(const kernel::AddressRequest& request, int code) {
  if (refused_.empty()) {
    again_.set(loop::now() + back_off_);
    back_off_ = std::min<Duration>(2 * back_off_, longest_back_off);
  }
  refused_.push_back(request);
  const char* const what = is_removal(request) ? "remove" : "add";
  const std::string key = fmt::format("{}/{}/{}", what, request.address.interface_index, code);
  if (const auto silent = log_limit_.allow(key, loop::now())) {
    const SysError error{fmt::format("{} address {}", what, to_string(request.address.address)), code};
    log_.error(fmt::format("{}; tried again{}", to_string(error),
                           *silent > 0 ? fmt::format(" ({} more like it)", *silent) : ""));
  }
}

}  // namespace baton::daemon
