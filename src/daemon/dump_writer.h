// The files that somebody asked the guardian for by a signal (docs/keepalived.md). The api role makes their text, of
// what it asks the worker. It speaks with strangers and has no power over anybody's files, so it hands the text to the
// guardian, which has it put in its place by a process of a moment: neither the guardian nor the worker waits for a
// disk.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

// Of a message of one byte that names one.
std::optional<Dump> dump_of(ByteView message);

std::string text_of(Dump dump, const Setup& setup, const nlohmann::json& status);

// Waits for the disk. `text` is a kernel::memory_file; without one the worker did not answer, and the file is removed:
// old numbers would pass for new ones.
void put_dump(Dump dump, const Setup& setup, const UniqueFd& text, log::Logger& log);

}  // namespace baton::daemon
