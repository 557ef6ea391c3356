// room: ruleset
// Any bytes as the rules of a packet filter, and an advert that meets them both ways. Nothing may crash, hang or grow
// without bound; who decides is a line of the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "ruleset/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton;
  using namespace baton::ruleset;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<unsigned>(std::ranges::count(text, '\n') + 1);
  const auto rules = read(text);
  if (!rules) {
    ASSERT(rules.error().line <= lines && !rules.error().message.empty());
    return 0;
  }
  for (const Direction direction : {Direction::in, Direction::out}) {
    for (const std::uint32_t destination : {0xe0000012U, 0x0a001402U}) {  // 224.0.0.18, a peer
      const AdvertPacket packet{.direction = direction,
                                .interface = "eth0",
                                .destination = IpAddress::v4(destination),
                                .source = {},
                                .home = {{IpAddress::v4(0x0a001464), 24}}};
      ASSERT(judge(*rules, packet).line <= lines);
    }
  }
  return 0;
}
