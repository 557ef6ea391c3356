// All commands of `baton`, each of which says itself what it takes and does.
#pragma once

namespace baton::command_line {
class Program;
}

namespace baton::cli {

// The one that is called puts its exit code into `exit_code`.
void add_commands(command_line::Program& program, int& exit_code);

}  // namespace baton::cli
