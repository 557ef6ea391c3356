// `baton watch`: the instances of this node as they live, on the whole terminal.
#pragma once

namespace CLI {
class App;
}

namespace baton::cli {

void add_watch_command(CLI::App& app, int& exit_code);

}  // namespace baton::cli
