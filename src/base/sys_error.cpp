#include "base/sys_error.h"

#include <system_error>

namespace baton {

std::string to_string(const SysError& error) {
  return error.operation + ": " + std::generic_category().message(error.code);
}

}  // namespace baton
