// What a worker that another one follows could tell no runner: the next one tells it. As one text, so that it can be
// handed over as a descriptor, of any size, while nobody waits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "daemon/outbox.h"

namespace baton::daemon {

struct Unsaid {
  Outbox::For whom = Outbox::For::whoever_comes;
  Bytes message;  // process::ToRunner
  bool operator==(const Unsaid&) const = default;
};

std::string pack(std::span<const Unsaid> messages);
// What is behind a malformed one is left out.
std::vector<Unsaid> unpack(std::string_view text);

}  // namespace baton::daemon
