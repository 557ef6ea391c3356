#include "cli/answer.h"

#include <fmt/format.h>

#include <cstdio>

namespace baton::cli {

int complain(const control::ControlError& error) {
  fmt::print(stderr, "baton: {}\n", error.message);
  switch (error.kind) {
    case control::ControlError::Kind::not_running:
    case control::ControlError::Kind::timeout: return exit_code::no_answer;
    case control::ControlError::Kind::not_found: return exit_code::not_found;
    case control::ControlError::Kind::permission:
    case control::ControlError::Kind::malformed:
    case control::ControlError::Kind::reloading:
    case control::ControlError::Kind::refused: return exit_code::failure;
  }
  return exit_code::failure;
}

}  // namespace baton::cli
