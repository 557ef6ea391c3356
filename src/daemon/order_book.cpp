#include "daemon/order_book.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/access.h"
#include "daemon/status_page.h"
#include "kernel/memory_file.h"
#include "loop/loop.h"

namespace baton::daemon {

using nlohmann::json;

namespace {

constexpr std::size_t report_size = 64 << 20;  // bytes of a reload's report
constexpr std::size_t orders_waited_for = 16;

http::Response answer_of(const json& report) {
  if (!report.contains("error")) return {.body = text_of(report) + "\n"};
  const std::string kind = report.value("kind", "refused");
  const int status = kind == "busy" || kind == "no-worker" ? http::status::unavailable
                     : kind == "not-found"                 ? http::status::not_found
                                                           : http::status::conflict;
  return api::refusal(status, kind, report.value("error", ""));
}

}  // namespace

std::uint64_t OrderBook::first_id() {
  return static_cast<std::uint64_t>(loop::now().time_since_epoch().count());
}

void OrderBook::send(api::Ticket ticket, std::uint64_t id, const std::string& text) {
  std::erase_if(waiting_, [this](const auto& waiting) { return !server_.waits(waiting.second); });
  if (waiting_.size() >= orders_waited_for) {
    return server_.answer(
        ticket, api::refusal(http::status::unavailable, "busy", "too many orders are on their way; ask again"));
  }
  const auto told = guardian_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  if (!told) {
    return server_.answer(ticket, api::refusal(http::status::unavailable, "refused", to_string(told.error())));
  }
  waiting_[id] = ticket;
}

std::string OrderBook::report(const UniqueFd& file) {
  const auto text = kernel::read_memory_file(file, report_size);
  if (!text) {
    refuse_all(
        api::refusal(http::status::internal_error, "refused", "the report cannot be read: " + to_string(text.error())));
    return {};
  }
  json report = json::parse(*text, nullptr, false);
  if (!report.is_object() || !report["id"].is_number_unsigned()) return {};
  const auto waiting = waiting_.extract(report["id"].get<std::uint64_t>());
  report.erase("id");
  if (!waiting.empty()) server_.answer(waiting.mapped(), answer_of(report));
  return report.value("result", "");
}

void OrderBook::refuse_all(const http::Response& refusal) {
  for (const auto& [id, ticket] : std::exchange(waiting_, {})) server_.answer(ticket, refusal);
}

}  // namespace baton::daemon
