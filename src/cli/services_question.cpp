#include "cli/services_question.h"

#include <fmt/format.h>

#include "cli/services_render.h"
#include "cli/words.h"

namespace baton::cli {

namespace {

using control::ControlError;
using nlohmann::json;

constexpr int most_pages = 100'000;
constexpr std::size_t names_shown = 10;

}  // namespace

std::expected<json, ControlError> ask_services(const std::string& socket) {
  auto all = control::ask(socket, {.path = "/v1/services"});
  if (!all) return all;
  for (int pages = 0; pages < most_pages && (*all)["next"].is_number_unsigned(); ++pages) {
    auto page = control::ask(socket, {.path = fmt::format("/v1/services?from={}", (*all)["next"].get<std::size_t>())});
    if (!page) return page;
    for (json& service : (*page)["services"]) (*all)["services"].push_back(std::move(service));
    (*all)["next"] = (*page)["next"];
  }
  return all;
}

std::expected<json, ControlError> ask_services(const std::string& socket, const std::string& text) {
  auto all = ask_services(socket);
  if (!all) return all;
  json found = json::array();
  std::string names;
  std::size_t named = 0;
  for (json& service : (*all)["services"]) {
    if (named++ < names_shown) {
      names += fmt::format("{}{}", names.empty() ? "; there is " : ", ", bare(service.value("name", "")));
    }
    if (is_service(service, text)) found.push_back(std::move(service));
  }
  if (found.empty()) {
    return std::unexpected(ControlError{.kind = ControlError::Kind::not_found,
                                        .message = fmt::format("no virtual server is {}{}", text, names)});
  }
  (*all)["services"] = std::move(found);
  return all;
}

}  // namespace baton::cli
