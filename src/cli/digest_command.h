// `baton digest URL`: the digest of a page as HTTP_GET and SSL_GET compute it, for `digest` of a url block; what
// genhash is to keepalived.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

void add_digest_command(command_line::Command& app, int& exit_code);

// "http://host:port/path", as far as it is a page that can be asked for.
struct PageUrl {
  bool tls = false;
  std::string host;  // a name or a numeric address, without brackets
  std::uint16_t port = 80;
  std::string path = "/";

  bool operator==(const PageUrl&) const = default;
};
// The error is a sentence.
std::expected<PageUrl, std::string> parse_page_url(std::string_view text);

}  // namespace baton::cli
