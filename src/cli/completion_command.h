// `baton completion bash|zsh|fish`: what a shell needs to complete baton's words, made from the commands themselves.
#pragma once

#include <string>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

std::string bash_completion(const command_line::Command& app);
std::string zsh_completion(const command_line::Command& app);
std::string fish_completion(const command_line::Command& app);

void add_completion_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
