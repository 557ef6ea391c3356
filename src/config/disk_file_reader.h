// The real file system behind a FileReader: regular files only, and never more than limits::file_bytes of one.
#pragma once

#include "config/file_reader.h"

namespace baton::config {

class DiskFileReader : public FileReader {
 public:
  std::expected<std::string, FileError> read(const std::string& path) override;
  std::vector<std::string> glob(const std::string& pattern) override;
  ProgramState program(const std::string& name) override;
  std::optional<bool> has_user(const std::string& name) override;
  std::optional<std::string> environment(const std::string& name) override;
  std::string working_directory() override;
  std::string host_name() override;
};

}  // namespace baton::config
