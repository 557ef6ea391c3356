#include "daemon/drain.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/service_table.h"

namespace baton::daemon {

namespace {

using nlohmann::json;

constexpr std::size_t longest_name = 255;  // of a service or server

std::string name_of(const config::RealServer& server) {
  return to_string(DestinationKey{.address = server.address, .port = server.port});
}

// `each(number, service, server)`, as the board numbers them.
template <typename Each>
void for_each_server(const config::Configuration& configuration, Each&& each) {
  std::size_t number = 0;
  for (const config::VirtualServer& service : configuration.virtual_servers) {
    for (const config::RealServer& server : service.real_servers) each(number++, service, server);
  }
}

}  // namespace

std::string to_message(const DrainOrder& order) {
  return json{{"id", order.id}, {"drain", order.is_drained}, {"server", order.server}, {"service", order.service}}
      .dump();
}

std::optional<DrainOrder> drain_order_of(ByteView message) {
  const json text = json::parse(message.begin(), message.end(), nullptr, false);
  if (!text.is_object() || !text.value("id", json()).is_number_unsigned() ||
      !text.value("drain", json()).is_boolean()) {
    return std::nullopt;
  }
  auto order = drain_order_of_request(text, text["drain"].get<bool>());
  if (!order) return std::nullopt;
  order->id = text["id"].get<std::uint64_t>();
  return std::move(*order);
}

std::expected<DrainOrder, std::string> drain_order_of_request(const json& request, bool is_drained) {
  DrainOrder order{.is_drained = is_drained};
  const auto take = [&](const char* key, std::string& text) {
    const auto found = request.find(key);
    if (found == request.end() || found->is_null()) return true;
    if (!found->is_string() || found->get_ref<const std::string&>().size() > longest_name) return false;
    text = found->get<std::string>();
    return true;
  };
  if (!take("server", order.server) || !take("service", order.service)) {
    return std::unexpected(fmt::format("server and service are texts of at most {} bytes", longest_name));
  }
  if (order.server.empty()) return std::unexpected("server is missing: an address and a port, 10.0.0.11:80");
  return order;
}

json carry_out(const DrainOrder& order, const config::Configuration& configuration, CheckBoard& board) {
  json services = json::array();
  bool changed = false;
  for_each_server(configuration,
                  [&](std::size_t number, const config::VirtualServer& service, const config::RealServer& server) {
                    if (number >= board.server_count() || name_of(server) != order.server) return;
                    if (!order.service.empty() && service.name != order.service) return;
                    services.push_back(service.name);
                    changed = changed || board.is_drained(number) != order.is_drained;
                    board.set_drained(number, order.is_drained);
                  });
  if (services.empty()) {
    return {{"id", order.id},
            {"kind", "not-found"},
            {"error", order.service.empty()
                          ? fmt::format("no virtual server has a real server {}", order.server)
                          : fmt::format("virtual server {} has no real server {}", order.service, order.server)}};
  }
  return {{"id", order.id}, {"services", std::move(services)}, {"changed", changed}};
}

}  // namespace baton::daemon
