// room: health
// HTTP_GET hears what a server sends: plain, for a digest, for a regex.
#include "fuzz/dialogue_fuzz.h"
#include "health/http_page.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto pages = health::http_pages(
      {.pages = {{.path = "/", .status_codes = {{200, 299}}},
                 {.path = "/", .status_codes = {{100, 599}}, .digest = std::array<std::uint8_t, 16>{}},
                 {.path = "/", .status_codes = {{100, 599}}, .regex = config::PageRegex{.pattern = "(a|b)*c"}}}},
      {.address = {}, .port = 80});
  if (size == 0) return 0;
  const auto dialogue = health::make_http_dialogue(pages[data[0] % pages.size()]);
  health::hear_all(*dialogue, data + 1, size - 1);
  return 0;
}
