// room: recorder
// Any bytes as a recording: an error, or steps up to an error or to the end. Behind the magic and the version, and with
// the digest that belongs to them, so that what is tried is what comes after.
#include <string_view>

#include "base/assert.h"
#include "recorder/recorder.h"
#include "recorder/replay.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view magic = "BATONREC";
  static_assert(recorder::format_version < 0x80);  // one byte
  Bytes file(magic.begin(), magic.end());
  file.push_back(recorder::format_version);
  file.insert(file.end(), data, data + size);
  const std::uint64_t value = recorder::digest(file);
  for (unsigned shift = 0; shift < 64; shift += 8) file.push_back(static_cast<std::uint8_t>(value >> shift));

  const auto recording = recorder::read_recording(file);
  if (!recording) return 0;
  recorder::Replay replay(*recording, recorder::Replay::Unfinished::played);
  for (auto step = replay.next(); step && *step; step = replay.next()) {
    ASSERT((*step)->life < recording->lives.size());
  }
  return 0;
}
