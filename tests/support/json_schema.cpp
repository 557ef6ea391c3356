#include "support/json_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::support {

namespace {

using nlohmann::json;

bool is_of_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  return type == "null" && value.is_null();
}

bool fits_type(const json& value, const json& type) {
  if (type.is_string()) return is_of_type(value, type.get<std::string>());
  return std::ranges::any_of(type, [&](const json& one) { return is_of_type(value, one.get<std::string>()); });
}

}  // namespace

std::vector<std::string> misfits(const json& value, const json& schema, const json& document,
                                 const std::string& place) {
  if (schema.contains("$ref")) {
    const std::string target = schema["$ref"];
    return misfits(value, document.at(json::json_pointer(target.substr(1))), document, place);
  }
  std::vector<std::string> found;
  const auto add = [&](const std::string& what) { found.push_back(place + ": " + what); };
  const auto follow = [&](const json& part, const json& wanted, const std::string& name) {
    for (std::string& one : misfits(part, wanted, document, place + "/" + name)) found.push_back(std::move(one));
  };
  if (schema.contains("type") && !fits_type(value, schema["type"])) {
    add(value.dump().substr(0, 60) + " is no " + schema["type"].dump());
    return found;
  }
  if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) {
    add(value.dump() + " is none of " + schema["enum"].dump());
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) follow(value[i], schema["items"], std::to_string(i));
  }
  if (!value.is_object()) return found;
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name.get<std::string>())) add("lacks " + name.get<std::string>());
  }
  const json properties = schema.value("properties", json::object());
  const json others = schema.value("additionalProperties", json(true));
  for (const auto& [name, part] : value.items()) {
    if (properties.contains(name)) {
      follow(part, properties[name], name);
    } else if (others == false) {
      add(name + " is not described");
    } else if (others.is_object()) {
      follow(part, others, name);
    }
  }
  return found;
}

}  // namespace baton::support
