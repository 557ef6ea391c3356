#include "interop/tshark.h"

#include <sys/mman.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/unique_fd.h"
#include "unit/vrrp/pcap.h"

namespace baton::interop {

bool has_tshark() {
  return std::system("command -v tshark >/dev/null") == 0;
}

std::string picked(const std::vector<Bytes>& frames, const std::string& filter) {
  const UniqueFd memory(memfd_create("frames.pcap", 0));  // tshark inherits it
  const std::string file = "/dev/fd/" + std::to_string(memory.get());
  if (!vrrp::write_pcap(file, frames)) return "no capture file could be written";
  const std::string command = "timeout 30 tshark -n -o ip.check_checksum:TRUE -r " + file + " -Y '" + filter + "' 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  std::string output;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    const std::string line(buffer.data());
    if (!line.starts_with("Running as user")) output += line;
  }
  if (pclose(pipe) != 0) output += "tshark failed";
  return output;
}

}  // namespace baton::interop
