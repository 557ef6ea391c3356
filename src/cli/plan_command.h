// `baton plan`: what every failure would do to the address, played on the daemon's own cores.
#pragma once

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_plan_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
