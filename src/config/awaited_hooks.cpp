// conntrackd_sync: what is to be waited for beside scripts (docs/decisions/0029).
#include "config/blocks.h"

namespace baton::config {

void read_conntrackd_sync(const Arguments& arguments, AwaitedHooks& awaited) {
  const std::string file(arguments.word());
  if (!file.empty() && !file.starts_with('/')) return arguments.invalid(0, "the path of conntrackd's configuration");
  awaited.conntrackd = file;
}

}  // namespace baton::config
