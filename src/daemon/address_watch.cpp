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
  usable_ = table_.usable_addresses();
  return {};
}

void AddressWatch::on_changes() {
  const auto changes = monitor_->read_changes();
  misses_some_ = misses_some_ || !changes || !*changes;
  if (misses_some_) return catch_up();
  for (const kernel::Change& change : **changes) table_.apply(change);
  usable_ = table_.usable_addresses();
  changed_();
}

// After a loss, what is queued is older than what was lost: it is thrown away, and then all is read anew.
void AddressWatch::catch_up() {
  constexpr Duration try_again_after = std::chrono::seconds(1);
  if (!monitor_->is_read_empty()) return;
  if (!read_all()) return again_.set(loop::now() + try_again_after);
  misses_some_ = false;
  changed_();
}

}  // namespace baton::daemon
