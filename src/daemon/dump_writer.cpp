#include "daemon/dump_writer.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/dump_file.h"
#include "daemon/dump_text.h"

namespace baton::daemon {

namespace {

std::string text_of(Dump dump, const Setup& setup, const nlohmann::json& status) {
  switch (dump) {
    case Dump::data: return data_text(setup, status);
    case Dump::stats:
    case Dump::stats_clear: return stats_text(status);
    case Dump::json: return json_text(setup, status);
  }
  return {};
}

}  // namespace

void write_dump(Dump dump, const Setup& setup, const nlohmann::json& status, log::Logger& log) {
  const std::string path = dump_path(dump, setup.dumps, temporary_directory());
  const std::string text = text_of(dump, setup, status);
  if (text.empty()) return;
  if (const auto written = replace_file(path, text, 0666 & ~setup.file_mask); !written) {
    return log.error(to_string(written.error()));
  }
  log.debug("written: " + path);
}

void refuse_dump(Dump dump, const Setup& setup, log::Logger& log) {
  const std::string path = dump_path(dump, setup.dumps, temporary_directory());
  (void)::unlink(path.c_str());  // it may never have been there
  log.warning("the VRRP worker does not answer; " + path + " is not written");
}

}  // namespace baton::daemon
