// How a packet filter finds the real server of a new connection: a number for the connection, and the server in the
// slot of that number. It is what remains of a scheduler where nobody counts connections.
#pragma once

#include <vector>

#include "base/service_table.h"

namespace baton {

// Where the number comes from. A hash is the same on every machine.
enum class Pick : std::uint8_t { in_turn, at_random, by_source, by_source_and_port, by_destination };

struct ServerSelection {
  Pick pick = Pick::in_turn;
  std::vector<DestinationKey> slots;  // empty: there is no server

  bool operator==(const ServerSelection&) const = default;
};

}  // namespace baton
