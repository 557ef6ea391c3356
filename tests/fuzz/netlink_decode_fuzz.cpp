// room: kernel
// Any bytes as a datagram of the kernel's.
#include "kernel/netlink_decode.h"

#include "base/assert.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<kernel::Change> changes;
  kernel::decode_changes(ByteView(data, size), changes);
  ASSERT(changes.size() <= size / 16);  // a header each
  return 0;
}
