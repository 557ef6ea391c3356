// Loads a text as the file "test.conf".
#pragma once

#include <string>

#include "config/load.h"
#include "unit/config/memory_file_reader.h"

namespace baton::config {

inline LoadResult load_text(const std::string& text, const LoadOptions& options = {}) {
  MemoryFileReader reader(MemoryFileReader::Files{{"test.conf", text}});
  return load("test.conf", reader, options);
}

// An instance that lacks nothing, with further lines.
inline std::string instance_text(const std::string& lines, const std::string& name = "VI_1",
                                 const std::string& vrid = "50") {
  return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " + vrid + "\nvirtual_ipaddress {\n10.0.20." +
         vrid + "\n}\n" + lines + "\n}\n";
}

inline Instance instance_of(const std::string& lines, const std::string& before = {}) {
  LoadResult result = load_text(before + instance_text(lines));
  return result.configuration.instances.empty() ? Instance{} : result.configuration.instances.front();
}

// The ids of what was said, in order.
inline std::vector<std::string> ids(const LoadResult& result) {
  std::vector<std::string> ids;
  for (const Diagnostic& diagnostic : result.diagnostics) ids.push_back(diagnostic.id);
  return ids;
}

}  // namespace baton::config
