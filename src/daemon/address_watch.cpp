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

void AddressWatch::on_changes() {
  const auto changes = monitor_->read_changes();
  if (!changes || !*changes) {
    (void)read_all();  // the kernel dropped some; what cannot be read now comes with the next change
  } else {
    for (const kernel::Change& change : **changes) table_.apply(change);
  }
  changed_();
}

}  // namespace baton::daemon
