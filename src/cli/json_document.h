// JSON as all commands print it. What the names in a file are made of need not be UTF-8; a document always is.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace baton::cli {

template <typename Json>
std::string json_document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace baton::cli
