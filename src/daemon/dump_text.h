// What keepalived writes when it is sent a signal, made of what `baton status --json` says (docs/status.md) and of the
// configuration: the .stats and .json files to the letter of keepalived 2.2.7 (with the counters that later versions
// added), the .data file with the lines that monitoring reads. Pure: status in, text out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "daemon/setup.h"

namespace baton::daemon {

std::string stats_text(const nlohmann::json& status);
// Empty when there is no instance: keepalived writes no file then.
std::string json_text(const Setup& setup, const nlohmann::json& status);
std::string data_text(const Setup& setup, const nlohmann::json& status);

// An address as these files write it: "10.0.0.1/24 dev eth0 scope global set".
std::string dump_text(const Setup& setup, const config::VirtualAddress& address, bool is_set);

}  // namespace baton::daemon
