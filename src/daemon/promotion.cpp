#include "daemon/promotion.h"

#include <utility>

#include "kernel/interface_settings.h"

namespace baton::daemon {

void Promotion::follow(const kernel::InterfaceTable& interfaces) {
  for (const RouterSetup& router : setup_.routers) {
    if (!router.promote_secondaries || changed_.contains(router.interface)) continue;
    if (interfaces.find(router.interface) == nullptr) continue;
    const auto changed = kernel::set_promote_secondaries(router.interface, true);
    if (!changed) log_.warning(to_string(changed.error()));
    changed_[router.interface] = changed && *changed;
  }
}

bool Promotion::has_changed(const std::string& interface) const {
  const auto found = changed_.find(interface);
  return found != changed_.end() && found->second;
}

void Promotion::restore() {
  for (const auto& [interface, changed] : std::exchange(changed_, {})) {
    if (changed) (void)kernel::set_promote_secondaries(interface, false);  // an interface that has gone needs nothing
  }
}

}  // namespace baton::daemon
