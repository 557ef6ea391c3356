// room: process
// The runner's messages, both directions: any bytes are an error or a message that encodes to the same bytes.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "process/process_query.h"
#include "process/runner_protocol.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const Bytes copy(bytes.begin(), bytes.end());
  if (const auto message = process::decode_to_runner(bytes)) {
    ASSERT(process::encode(*message) == copy);
    if (const auto* scripts = std::get_if<process::SetScripts>(&*message)) {
      for (const auto& script : scripts->scripts) (void)process::process_query(script.command.argv);
    }
  }
  if (const auto message = process::decode_from_runner(bytes)) ASSERT(process::encode(*message) == copy);
  return 0;
}
