// Files of other machines: whether a program or an account is there cannot be known.
#pragma once

#include "config/disk_file_reader.h"

namespace baton::cli {

class StrangersFiles : public config::DiskFileReader {
 public:
  config::ProgramState program(const std::string&) override { return config::ProgramState::unknown; }
  std::optional<bool> has_user(const std::string&) override { return std::nullopt; }
};

}  // namespace baton::cli
