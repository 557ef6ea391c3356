// Routers that something has happened to in a turn: filled and emptied without an allocation, whatever their number.
#pragma once

#include <cstddef>
#include <vector>

#include "vrrp/node.h"

namespace baton::daemon {

class RouterSet {
 public:
  explicit RouterSet(std::size_t routers) : is_in_(routers, false) {}

  void insert(vrrp::RouterId router) {
    if (is_in_[router]) return;
    is_in_[router] = true;
    routers_.push_back(router);
  }
  void insert_all() {
    for (std::size_t id = 0; id < is_in_.size(); ++id) insert(static_cast<vrrp::RouterId>(id));
  }
  void clear() {
    for (const vrrp::RouterId router : routers_) is_in_[router] = false;
    routers_.clear();
  }

  // In the order of their coming.
  auto begin() const { return routers_.begin(); }
  auto end() const { return routers_.end(); }

 private:
  std::vector<bool> is_in_;
  std::vector<vrrp::RouterId> routers_;
};

}  // namespace baton::daemon
