// What commands that ask a running batond have in common: how its errors are told, and the exit codes.
#pragma once

#include "control/client.h"

namespace baton::cli {

namespace exit_code {
inline constexpr int success = 0;
inline constexpr int failure = 1;  // it answered, and refused
inline constexpr int usage = 2;
inline constexpr int not_found = 3;  // no vrrp_instance of that name
inline constexpr int no_answer = 4;  // batond does not run, or does not answer
}  // namespace exit_code

// Says it on stderr; the exit code.
int complain(const control::ControlError& error);

}  // namespace baton::cli
