// `baton plan`: what every failure would do to the address, played on the daemon's own cores.
#pragma once

namespace CLI {
class App;
}

namespace baton::cli {

void add_plan_command(CLI::App& app, int& exit_code);

}  // namespace baton::cli
