// What the api role serves as it is: files of the source tree that batond carries within itself
// (tools/cmake/embed.cmake).
#pragma once

#include <string_view>

namespace baton::api::documents {

extern const std::string_view openapi;      // docs/openapi.json
extern const std::string_view page;         // src/web, joined by tools/cmake/web_page.cmake
extern const std::string_view page_policy;  // under which a browser runs it: its Content-Security-Policy

}  // namespace baton::api::documents
