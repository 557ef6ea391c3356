// A page of a worker's status on its way to the api role: a head, and the items of each list as finished JSON text, so
// that nobody on the way parses what he only passes on. As a message: the head with the sizes of the texts, a line
// end, the texts one behind the other.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace baton::daemon {

inline constexpr std::array status_lists{"instances", "groups", "scripts", "processes", "checks"};

// Of each list the items, with commas between them.
struct ListTexts {
  std::array<std::string, status_lists.size()> items;

  void append(std::size_t list, std::string_view more);
  // {"instances":[...],...}
  nlohmann::json parsed() const;
};

struct StatusPage {
  nlohmann::json head;  // "id", "next", "worker"
  ListTexts lists;

  std::string message() const;
  // nullopt: this is no page.
  static std::optional<StatusPage> from_message(ByteView message);
};

// `object` with the lists as members: its text and theirs, joined. `object` has a member at least, and none of them.
std::string with_lists(const nlohmann::json& object, const ListTexts& lists);

// As all roles write JSON: on one line, and what is not UTF-8 replaced.
std::string text_of(const nlohmann::json& value);

}  // namespace baton::daemon
