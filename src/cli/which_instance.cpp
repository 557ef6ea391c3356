#include "cli/which_instance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ip_address.h"
#include "cli/words.h"

namespace baton::cli {

namespace {

using control::ControlError;
using nlohmann::json;

constexpr std::size_t names_shown = 10;

std::string list_of(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < names_shown) shown.push_back(bare(name));
  }
  const std::string more = names.size() > names_shown ? ", ... (baton status lists all)" : "";
  return fmt::format("{}{}", fmt::join(shown, ", "), more);
}

// "there are VI_1, VI_2"; empty where even that cannot be had.
std::string who_is_there(const std::string& socket) {
  std::vector<std::string> names;
  const auto rest =
      control::ask_item_by_item(socket, {.path = "/v1/status?view=brief"}, "instances",
                                [&](const json& instance) { names.push_back(instance.value("name", "")); });
  if (!rest || names.empty()) return {};
  return (names.size() == 1 ? "; there is " : "; there are ") + list_of(names);
}

}  // namespace

std::vector<std::string> instances_with(const json& instances, std::string_view address) {
  const auto wanted = IpAddress::parse(address);
  std::vector<std::string> names;
  for (const json& instance : instances) {
    const json addresses = instance.value("addresses", json::array());
    const bool has_it = wanted && std::ranges::any_of(addresses, [&](const json& each) {
                          const std::string text = each.value("address", "");
                          return IpAddress::parse(std::string_view(text).substr(0, text.find('/'))) == wanted;
                        });
    if (has_it) names.push_back(instance.value("name", ""));
  }
  return names;
}

std::expected<std::string, ControlError> instance_meant(const std::string& socket, const std::string& text) {
  if (!IpAddress::parse(text)) return text;
  const auto status = control::ask(socket, {.path = "/v1/status"});
  if (!status) return std::unexpected(status.error());
  const std::vector<std::string> names = instances_with(status->value("instances", json::array()), text);
  if (names.size() == 1) return names.front();
  if (names.empty()) {
    return std::unexpected(
        ControlError{.kind = ControlError::Kind::not_found,
                     .message = fmt::format("no vrrp_instance has the address {}{}", text, who_is_there(socket))});
  }
  return std::unexpected(
      ControlError{.kind = ControlError::Kind::refused,
                   .message = fmt::format("{} is an address of {}: say which", text, list_of(names))});
}

std::expected<json, ControlError> ask_instance(const std::string& socket, const std::string& text) {
  const auto name = instance_meant(socket, text);
  if (!name) return std::unexpected(name.error());
  auto instance = control::ask(socket, {.path = control::instance_path(*name)});
  if (!instance && instance.error().kind == ControlError::Kind::not_found) {
    instance.error().message += who_is_there(socket);
  }
  return instance;
}

}  // namespace baton::cli
