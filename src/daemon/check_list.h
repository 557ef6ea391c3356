// The health checks of a configuration in the order of their numbers (check_verdict.h), each with a name for people and
// a key that the next configuration knows it by. Those of vrrp_check come behind those of real servers.
#pragma once

#include <vector>

#include "config/model.h"
#include "daemon/checker_role.h"
#include "log/logger.h"

namespace baton::daemon {

// At most checker::limits::checks; those beyond are told to `log` and not run.
std::vector<ListedCheck> list_checks(const config::Configuration& configuration, log::Logger& log);

// Whether the lists of both are the same, without making them.
bool list_the_same_checks(const config::Configuration& left, const config::Configuration& right);

// By which the worker knows what is told of it.
CheckKey key_of(const config::TrackedCheck& tracked);
// "127.0.0.1 port 80", "192.0.2.1".
std::string target_of(const config::HealthCheck& check);
// "HTTP_GET", "PING_CHECK".
std::string_view kind_of(const config::HealthCheck& check);

}  // namespace baton::daemon
