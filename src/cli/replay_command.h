// `baton replay`: what a worker was told and what it did about it, played again by the same core (docs/replay.md).
#pragma once

namespace CLI {
class App;
}

namespace baton::cli {

void add_replay_command(CLI::App& app, int& exit_code);

}  // namespace baton::cli
