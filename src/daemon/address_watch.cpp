#include "daemon/address_watch.h"

#include "base/result.h"

namespace baton::daemon {

SysResult<void> AddressWatch::open() {
  monitor_ = TRY(kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::monitor));
  requests_ = TRY(kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests));
  TRY_VOID(read_all());
  readable_ = loop_.watch(monitor_->fd(), loop::Ready::readable, [this] { on_changes(); });
  return {};
}

SysResult<void> AddressWatch::read_all() {
  table_.replace({}, TRY(requests_->dump_addresses()));
  return {};
}

// After a loss, what is queued is older than what was lost: it is thrown away, and then all is read anew. What cannot
// be read now is read with the next change.
void AddressWatch::on_changes() {
  const auto changes = monitor_->read_changes();
  misses_some_ = misses_some_ || !changes || !*changes;
  if (!misses_some_) {
    for (const kernel::Change& change : **changes) table_.apply(change);
  } else if (!monitor_->is_read_empty()) {
    return;
  } else if (read_all()) {
    misses_some_ = false;
  }
  changed_();
}

}  // namespace baton::daemon
