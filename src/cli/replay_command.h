// `baton replay`: what a worker was told and what it did about it, played again by the same core (docs/replay.md).
#pragma once

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_replay_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
