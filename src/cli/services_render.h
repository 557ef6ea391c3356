// What `baton status --services` prints, of services as docs/status.md has them: what is down first to be seen.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace baton::cli {

// A line a service, below it those of its real servers that are not up; `whole`: all of them, with their checks.
// `services`: of a page; `head`: the page without them. `now`: UTC seconds.
std::string render_services(const nlohmann::json& head, const nlohmann::json& services, double now, bool whole,
                            bool colour);

// "load balancing: 1 of 2 services without quorum, 3 of 8 real servers down": of a status's `load_balancing`. Empty:
// there is none, or all is well.
std::string services_line(const nlohmann::json& summary);

// Whether this is the service's name, one of its addresses ("10.0.0.1:80"), or its group.
bool is_service(const nlohmann::json& service, std::string_view text);

}  // namespace baton::cli
