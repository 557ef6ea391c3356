#include "config/file_reader.h"

namespace baton::config {

std::string_view explain(FileError error) {
  switch (error) {
    case FileError::missing: return "does not exist";
    case FileError::directory: return "is a directory";
    case FileError::not_regular: return "is no regular file";
    case FileError::executable: return "is executable, so it is no configuration";
    case FileError::unreadable: return "cannot be read";
    case FileError::too_large: return "is too large, or all files together are";
  }
  return {};
}

}  // namespace baton::config
