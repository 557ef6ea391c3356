// `baton why [NAME]`: the chain that made an instance what it is, and what would change it.
#pragma once

namespace CLI {
class App;
}

namespace baton::cli {

void add_why_command(CLI::App& app, int& exit_code);

}  // namespace baton::cli
