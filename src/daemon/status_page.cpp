#include "daemon/status_page.h"

#include <fmt/format.h>

#include "base/assert.h"

namespace baton::daemon {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void ListTexts::append(std::size_t list, std::string_view more) {
  if (more.empty()) return;
  if (!items[list].empty()) items[list] += ',';
  items[list] += more;
}

json ListTexts::parsed() const {
  json lists = json::object();
  for (std::size_t i = 0; i < status_lists.size(); ++i) {
    lists[status_lists[i]] = json::parse(fmt::format("[{}]", items[i]), nullptr, false);
  }
  return lists;
}

std::string StatusPage::message() const {
  json sizes = json::array();
  for (const std::string& items : lists.items) sizes.push_back(items.size());
  json with_sizes = head;
  with_sizes["sizes"] = std::move(sizes);
  std::string text = text_of(with_sizes) + "\n";
  for (const std::string& items : lists.items) text += items;
  return text;
}

std::optional<StatusPage> StatusPage::from_message(ByteView message) {
  const std::string_view text(reinterpret_cast<const char*>(message.data()), message.size());
  const std::size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return std::nullopt;
  StatusPage page{.head = json::parse(text.substr(0, line_end), nullptr, false), .lists = {}};
  if (!page.head.is_object()) return std::nullopt;
  const json sizes = page.head.value("sizes", json());
  if (!sizes.is_array() || sizes.size() != status_lists.size()) return std::nullopt;
  std::string_view rest = text.substr(line_end + 1);
  for (std::size_t i = 0; i < status_lists.size(); ++i) {
    if (!sizes[i].is_number_unsigned() || sizes[i].get<std::size_t>() > rest.size()) return std::nullopt;
    page.lists.items[i] = rest.substr(0, sizes[i].get<std::size_t>());
    rest.remove_prefix(page.lists.items[i].size());
  }
  if (!rest.empty()) return std::nullopt;
  page.head.erase("sizes");
  return page;
}

std::string with_lists(const json& object, const ListTexts& lists) {
  ASSERT(!object.empty());
  std::string text = text_of(object);
  text.pop_back();
  for (std::size_t i = 0; i < status_lists.size(); ++i) {
    text.append(",\"").append(status_lists[i]).append("\":[").append(lists.items[i]).append("]");
  }
  return text += '}';
}

}  // namespace baton::daemon
