#include "config/bfd_peers.h"

#include <algorithm>

namespace baton::config {

const BfdSession* session_of(const BfdCheck& check, const Configuration& configuration) {
  const auto found = std::ranges::find(configuration.bfd_sessions, check.session, &BfdSession::name);
  return found == configuration.bfd_sessions.end() ? nullptr : &*found;
}

bool have_same_peer(const BfdSession& left, const BfdSession& right) {
  return left.neighbor == right.neighbor && left.source == right.source && left.multihop == right.multihop;
}

}  // namespace baton::config
