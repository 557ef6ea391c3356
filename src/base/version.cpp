#include "base/version.h"

namespace baton {

constexpr std::string_view version = BATON_VERSION;

}  // namespace baton
