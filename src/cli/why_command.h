// `baton why [NAME]`: the chain that made an instance what it is, and what would change it.
#pragma once

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_why_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
