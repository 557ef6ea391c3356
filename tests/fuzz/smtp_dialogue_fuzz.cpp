// room: health
// SMTP_CHECK hears what a server sends.
#include "fuzz/dialogue_fuzz.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  health::hear_all(*health::make_smtp_dialogue({}), data, size);
  return 0;
}
