// `baton doctor`: what keeps VRRP from working on this host and its wires (src/doctor), for people and for machines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "doctor/doctor.h"

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_doctor_command(command_line::Command& app, int& exit_code);

// What was heard, then "ens33: error: ... [D016]", what it means and the mend; what was not looked at; how many of
// each.
std::string render_report(const doctor::Report& report, bool is_coloured);
// docs/doctor.md has the keys.
nlohmann::ordered_json report_as_json(const doctor::Report& report, const std::string& configuration,
                                      Duration listened);
// 0 nothing but notes, 1 errors or warnings, 2 something could not be looked at.
int exit_code_of(const doctor::Report& report);

}  // namespace baton::cli
