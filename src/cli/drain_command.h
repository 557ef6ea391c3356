// `baton drain ADDRESS:PORT` and `baton undrain ADDRESS:PORT`: a real server gets no new connections, and some again.
#pragma once

namespace CLI {
class App;
}

namespace baton::cli {

void add_drain_commands(CLI::App& app, int& exit_code);

}  // namespace baton::cli
