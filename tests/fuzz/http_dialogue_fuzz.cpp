// room: health
// HTTP_GET hears what a server sends: plain, for a digest, for a regex, for JSON; in HTTP/2; and GRPC_CHECK. The first
// byte says which.
#include "fuzz/dialogue_fuzz.h"
#include "health/http_page.h"

using namespace baton;

namespace {

std::vector<config::CheckedPage> pages() {
  return {{.path = "/", .status_codes = {{200, 299}}},
          {.path = "/", .status_codes = {{100, 599}}, .digest = std::array<std::uint8_t, 16>{}},
          {.path = "/", .status_codes = {{100, 599}}, .regex = config::PageRegex{.pattern = "(a|b)*c"}},
          {.path = "/",
           .status_codes = {{100, 599}},
           .json = {{.pointer = "/a/0", .value = "1"}, {.pointer = "/a/b", .value = "ok"}}}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto http1 = health::http_pages({.pages = pages()}, {.address = {}, .port = 80});
  static const auto http2 =
      health::http_pages({.protocol = config::HttpProtocol::http_2, .pages = pages()}, {.address = {}, .port = 80});
  if (size == 0) return 0;
  const std::size_t which = data[0] % (http1.size() + http2.size() + 1);
  std::unique_ptr<health::Dialogue> dialogue;
  if (which < http1.size()) {
    dialogue = health::make_http_dialogue(http1[which]);
  } else if (which < http1.size() + http2.size()) {
    dialogue = health::make_http_dialogue(http2[which - http1.size()]);
  } else {
    dialogue = health::make_grpc_dialogue({.service = "a"}, {.address = {}, .port = 80});
  }
  health::hear_all(*dialogue, data + 1, size - 1);
  return 0;
}
