// `baton completion bash|zsh|fish`: what a shell needs to complete baton's words, made from the commands themselves.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace baton::cli {

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

void add_completion_command(CLI::App& app, int& exit_code);

}  // namespace baton::cli
