#include "daemon/flight_record.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/version.h"
#include "daemon/dump_file.h"
#include "loop/loop.h"
#include "recorder/parameters.h"

namespace baton::daemon {

namespace {

constexpr mode_t recording_mode = 0600;

std::string crash_path(const std::string& directory, int number) {
  return fmt::format("{}/crash-{}.recording", directory, number);
}

}  // namespace

std::unique_ptr<FlightRecord> FlightRecord::make(const vrrp::NodeParameters& parameters) {
  auto memory = kernel::SharedMemory::create(recorder::Ring::size_for(parameters.routers.size()));
  if (!memory) return nullptr;
  Bytes bytes = compact_bytes([&](CompactWriter& out) { recorder::write(parameters, out); });
  return std::unique_ptr<FlightRecord>(new FlightRecord(std::move(bytes), std::move(*memory)));
}

recorder::LifeBytes FlightRecord::life(std::optional<std::uint64_t> last) const {
  return {.parameters = parameters_, .segments = last ? ring().read(*last) : ring().read()};
}

Bytes recording_file(const std::vector<recorder::LifeBytes>& lives) {
  std::array<char, 256> node{};
  (void)::gethostname(node.data(), node.size() - 1);
  return recorder::recording_file(
      {.program = std::string(version), .node = node.data(), .boot = loop::now(), .wall = loop::wall_now()}, lives);
}

SysResult<std::string> keep_crash_recording(const std::string& directory, ByteView file) {
  for (int number = limits::crash_recordings; number > 1; --number) {
    // Where there is none yet there is nothing to be moved.
    (void)std::rename(crash_path(directory, number - 1).c_str(), crash_path(directory, number).c_str());
  }
  std::string path = crash_path(directory, 1);
  const auto written = replace_file(path, {reinterpret_cast<const char*>(file.data()), file.size()}, recording_mode);
  if (!written) return std::unexpected(written.error());
  return path;
}

}  // namespace baton::daemon
