// room: config
// Any bytes as a configuration, with a file to include. Nothing may crash, hang or grow without bound; what is said
// must be printable as it is.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "config/limits.h"
#include "config/load.h"
#include "unit/config/memory_file_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t half = text.find("\n---\n");
  MemoryFileReader reader;
  reader.add("test.conf", text.substr(0, half));
  reader.add("other.conf", half == std::string::npos ? "include test.conf\n" : text.substr(half + 5));
  const LoadResult result = load("test.conf", reader, {.replacements = 10'000});
  ASSERT(result.diagnostics.size() <= 2 * limits::diagnostics);  // errors, and others
  ASSERT(result.ok == (worst(result.diagnostics) != Severity::error) || result.dropped > 0);
  for (const char each : report(result)) ASSERT(each == '\n' || static_cast<unsigned char>(each) >= ' ');
  return 0;
}
