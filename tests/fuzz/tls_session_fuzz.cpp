// room: checker
// SSL_GET hears what a server says instead of TLS: it ends or goes on, and answers with little.
#include "base/assert.h"
#include "checker/tls.h"
#include "fuzz/dialogue_fuzz.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = checker::TlsContext::create(std::nullopt);
  ASSERT(context.has_value());
  checker::TlsSession session(*context, {.server_name = "www.example.org"});
  std::string wire;
  std::string clear;
  if (session.feed({}, wire, clear)) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto length = std::min<std::size_t>(static_cast<std::uint8_t>(rest.front()), rest.size() - 1);
    rest.remove_prefix(1);
    wire.clear();
    const auto outcome = session.feed(rest.substr(0, length), wire, clear);
    ASSERT(wire.size() < 10'000 && clear.empty());
    if (outcome) return health::judge(*outcome), 0;
    rest.remove_prefix(length);
  }
  return 0;
}
