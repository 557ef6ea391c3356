#include "config/secret_file.h"

#include <fmt/format.h>

namespace baton::config {
namespace {

constexpr std::string_view credential_prefix = "credential:";

// A daemon works in /.
std::string beside(const Position& position, std::string_view path) {
  const std::string_view file = position.line->file->name;
  const std::size_t slash = file.rfind('/');
  if (path.starts_with('/') || slash == std::string_view::npos) return std::string(path);
  return std::string(file.substr(0, slash + 1)) + std::string(path);
}

// Nothing, reported: the service has no credentials, or that is no name of one.
std::optional<std::string> path_of(const Arguments& arguments, std::size_t index, std::string_view where,
                                   std::string_view id) {
  if (!where.starts_with(credential_prefix)) return beside(arguments.position(), where);
  const std::string_view name = where.substr(credential_prefix.size());
  const auto directory = arguments.context().reader.environment("CREDENTIALS_DIRECTORY");
  if (directory && !name.empty() && name.find('/') == std::string_view::npos)
    return fmt::format("{}/{}", *directory, name);
  arguments.diagnostics().error(id, arguments.at(index),
                                directory
                                    ? fmt::format("{} is no name of a credential", quoted(name))
                                    : fmt::format("there is no credential {}: the service has none", quoted(name)),
                                "add LoadCredential=NAME:PATH to the unit, and write credential:NAME");
  return std::nullopt;
}

}  // namespace

std::optional<Secret> read_secret_file(const Arguments& arguments, std::size_t index, std::string_view where,
                                       std::string_view id) {
  const std::optional<std::string> path = path_of(arguments, index, where, id);
  if (!path) return std::nullopt;
  FileReader& reader = arguments.context().reader;
  std::expected<std::string, FileError> content = reader.read(*path);
  if (!content) {
    arguments.diagnostics().error(id, arguments.at(index),
                                  fmt::format("the file {} {}", *path, explain(content.error())),
                                  "create it, readable for root alone");
    return std::nullopt;
  }
  if (reader.is_private(*path) == false) {
    arguments.diagnostics().warn("open-secret", arguments.at(index),
                                 fmt::format("{} can be read by others than its owner", *path),
                                 fmt::format("chmod 600 {}", *path));
  }
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  return Secret(std::move(*content));
}

}  // namespace baton::config
