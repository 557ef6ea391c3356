// A dialogue hears bytes in pieces, the way a hostile server cuts them: the first byte of each piece is its length. It
// must end or go on, keep within its bounds and say one printable sentence.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/printable.h"
#include "health/dialogue.h"
#include "health/limits.h"

namespace baton::health {

inline void judge(const Outcome& outcome) {
  const std::string text = sentence(outcome);
  ASSERT(!text.empty() && text.size() <= limits::sentence + limits::detail && printable(text) == text);
}

inline void hear_all(Dialogue& dialogue, const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string out;
  if (const Step step = dialogue.begin(out)) return judge(*step);
  while (!rest.empty()) {
    const auto length = std::min<std::size_t>(static_cast<std::uint8_t>(rest.front()), rest.size() - 1);
    rest.remove_prefix(1);
    out.clear();
    if (const Step step = dialogue.on_bytes(rest.substr(0, length), out)) return judge(*step);
    ASSERT(out.size() < 10'000);
    rest.remove_prefix(length);
  }
  judge(size % 2 == 0 ? dialogue.on_end() : dialogue.on_silence());
}

}  // namespace baton::health
