// room: health
// DNS_CHECK hears datagrams; those that bear its number are the interesting ones.
#include "fuzz/dialogue_fuzz.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  health::hear_all(*health::make_dns_dialogue({.type = config::DnsType::a, .name = "a"}, 0x3030), data, size);
  return 0;
}
