// `baton watch`: the instances of this node as they live, on the whole terminal.
#pragma once

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_watch_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
