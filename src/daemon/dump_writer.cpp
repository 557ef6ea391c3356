#include "daemon/dump_writer.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/dump_file.h"
#include "daemon/dump_text.h"
#include "kernel/memory_file.h"

namespace baton::daemon {

namespace {

constexpr std::size_t dump_size = 256 << 20;  // bytes

}  // namespace

std::optional<Dump> dump_of(ByteView message) {
  for (const Dump dump : {Dump::data, Dump::stats, Dump::stats_clear, Dump::json}) {
    if (message.size() == 1 && message[0] == static_cast<std::uint8_t>(dump)) return dump;
  }
  return std::nullopt;
}

std::string text_of(Dump dump, const Setup& setup, const nlohmann::json& status) {
  switch (dump) {
    case Dump::data: return data_text(setup, status);
    case Dump::stats:
    case Dump::stats_clear: return stats_text(status);
    case Dump::json: return json_text(setup, status);
  }
  return {};
}

void put_dump(Dump dump, const Setup& setup, const UniqueFd& text, log::Logger& log) {
  const std::string path = dump_path(dump, setup.dumps, temporary_directory());
  if (!text) {
    (void)::unlink(path.c_str());  // it may never have been there
    return log.warning("the VRRP worker does not answer; " + path + " is not written");
  }
  const auto content = kernel::read_memory_file(text, dump_size);
  if (!content) return log.error(to_string(content.error()));
  if (content->empty()) return;
  const auto written = replace_file(path, *content, 0666 & ~setup.file_mask);
  if (!written) return log.error(to_string(written.error()));
  log.debug("written: " + path);
}

}  // namespace baton::daemon
