// Where a script without a slash in its name is looked for, by the test of a configuration as well as by the runner,
// and PATH of every script. One constant: the shell of the person who tests has another PATH than a service.
#pragma once

#include <string_view>

namespace baton {

inline constexpr std::string_view program_search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace baton
