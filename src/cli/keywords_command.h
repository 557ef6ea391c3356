// `baton keywords [WORD]`: what Baton does with every keyword of keepalived.conf, for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "config/keyword_table.h"

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_keywords_command(command_line::Command& app, int& exit_code);

std::string render_keywords(std::span<const config::Keyword> keywords);
nlohmann::json keywords_as_json(std::span<const config::Keyword> keywords);

}  // namespace baton::cli
