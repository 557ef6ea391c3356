// `baton drain ADDRESS:PORT` and `baton undrain ADDRESS:PORT`: a real server gets no new connections, and some again.
#pragma once

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_drain_commands(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
