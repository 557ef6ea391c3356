// What the api role serves as it is: files of the source tree that batond carries within itself
// (tools/cmake/embed.cmake).
#pragma once

#include <string_view>

namespace baton::api::documents {

extern const std::string_view openapi;  // docs/openapi.json

}  // namespace baton::api::documents
