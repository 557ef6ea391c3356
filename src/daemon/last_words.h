// Carrying out a last will: goodbye on the wire for every router that was MASTER, and its addresses off the interfaces.
// Done by the guardian for a dead worker, and by `batond --clean-up` when nobody was left to do it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "daemon/last_will.h"
#include "daemon/leftovers.h"
#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

// Static addresses, routes and rules: a worker that starts again would only put them back.
enum class StaticEntries : std::uint8_t { stay, go };

// `wills`: one for each router of `setup`, nullopt where nothing is known. A router whose will says that it holds its
// addresses gets a goodbye (priority 0, twice: a lost one costs three seconds). All addresses, routes and rules of
// `setup` are removed, and the leftovers of configurations before it; then the interfaces that routers had for
// themselves, and what the record at `settings_record` says was changed is restored.
void carry_out_last_will(const Setup& setup, std::span<const std::optional<RouterWill>> wills,
                         const Leftovers& leftovers, StaticEntries statics, const std::string& settings_record,
                         log::Logger& log);

// The same with nothing known: a router whose address is on its interface was MASTER. No goodbye with AH, whose
// sequence is not known; its peers wait their master-down time.
void clean_up(Setup setup, std::span<const config::VirtualAddress> leftovers, const std::string& settings_record,
              log::Logger& log);

// Goodbye only, for routers that a new configuration no longer has; their addresses go with the difference.
void say_goodbye(const Setup& setup, std::span<const std::optional<RouterWill>> wills, log::Logger& log);

}  // namespace baton::daemon
