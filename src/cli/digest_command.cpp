#include "cli/digest_command.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/printable.h"
#include "checker/attempt.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "command_line/command_line.h"
#include "health/http_page.h"
#include "health/outcome.h"
#include "loop/loop.h"

namespace baton::cli {

namespace {

struct Options {
  std::string url;
  std::string virtualhost;
  std::string protocol = "1.0";
  double timeout = 5;
  bool sni = false;
  bool as_json = false;
};

constexpr auto protocols =
    std::to_array<std::pair<std::string_view, config::HttpProtocol>>({{"1.0", config::HttpProtocol::http_1_0},
                                                                      {"1.0C", config::HttpProtocol::http_1_0_close},
                                                                      {"1.1", config::HttpProtocol::http_1_1},
                                                                      {"2", config::HttpProtocol::http_2}});

// The first address of a name.
std::expected<IpAddress, std::string> look_up(const std::string& host) {
  if (const auto address = IpAddress::parse(host)) return *address;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (result != 0) return std::unexpected(fmt::format("there is no address of {}: {}", host, ::gai_strerror(result)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  const void* bytes = &reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr;
  if (found->ai_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(found->ai_addr)->sin6_addr;
  const std::size_t size = found->ai_family == AF_INET6 ? 16 : 4;
  return IpAddress::from_bytes(ByteView(static_cast<const std::uint8_t*>(bytes), size));
}

// A check for a digest that no page has fails, and says which one it was.
config::HttpCheck check_for(const PageUrl& url, const Options& options) {
  const auto* const protocol =
      std::ranges::find(protocols, options.protocol, &std::pair<std::string_view, config::HttpProtocol>::first);
  return {.tls = url.tls,
          .protocol = protocol->second,
          .enable_sni = options.sni,
          .pages = {{.path = url.path,
                     .virtualhost = options.virtualhost,
                     .status_codes = {{.first = 100, .last = 599}},
                     .digest = std::array<std::uint8_t, 16>{}}}};
}

std::expected<std::string, std::string> digest_of(const PageUrl& url, const Options& options) {
  const auto address = look_up(url.host);
  if (!address) return std::unexpected(address.error());
  const config::HttpCheck check = check_for(url, options);
  const config::CheckTarget target{.address = *address, .port = url.port};
  const auto pages = health::http_pages(check, target);
  const Duration timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.timeout));
  loop::Loop loop;
  std::optional<health::Outcome> outcome;
  checker::Attempt::Plan plan{.endpoint = {.address = *address, .port = url.port},
                              .transport = url.tls ? health::Transport::tls : health::Transport::tcp,
                              .wishes = {.server_name = options.sni ? options.virtualhost : std::string(),
                                         .speaks_http2 = check.protocol == config::HttpProtocol::http_2},
                              .timeout = timeout,
                              .in_all = timeout * 12,
                              .dialogue = health::make_http_dialogue(pages.front())};
  if (url.tls) {
    auto tls = checker::TlsContext::create(std::nullopt);
    if (!tls) return std::unexpected(tls.error());
    plan.tls = std::move(*tls);
  }
  checker::Attempt attempt(loop, std::move(plan), [&](health::Outcome came, const checker::Connection& /*kept*/) {
    outcome = std::move(came);
  });
  attempt.start(loop::now());
  while (!outcome) {
    const Instant now = loop::now();
    if (now >= attempt.deadline()) {
      attempt.on_deadline(now);
    } else {
      loop.turn(attempt.deadline() - now);
    }
  }
  if (outcome->is_success()) return std::string(32, '0');
  if (outcome->failure == health::Failure::http_digest) return outcome->detail;
  return std::unexpected(health::sentence(*outcome));
}

int run(const Options& options) {
  const auto url = parse_page_url(options.url);
  if (!url) {
    fmt::print(stderr, "baton: {}\n", printable(url.error()));
    return 2;
  }
  const auto digest = digest_of(*url, options);
  if (!digest) {
    fmt::print(stderr, "baton: no digest of {}: {}\n", printable(options.url), printable(digest.error()));
    return 1;
  }
  if (options.as_json) {
    nlohmann::json document;
    document["url"] = options.url;
    document["digest"] = *digest;
    fmt::print("{}", json_document(document));
  } else {
    fmt::print("{}\n", *digest);
  }
  return 0;
}

}  // namespace

std::expected<PageUrl, std::string> parse_page_url(std::string_view text) {
  PageUrl url;
  const auto wrong = [&](std::string_view why) {
    return std::unexpected(fmt::format("'{}' is no URL of a page: {}", text, why));
  };
  const std::string_view whole = text;
  const std::size_t scheme = text.find("://");
  const std::string_view name = scheme == text.npos ? std::string_view() : text.substr(0, scheme);
  if (name != "http" && name != "https") return wrong("it must begin with http:// or https://");
  url.tls = name == "https";
  url.port = url.tls ? 443 : 80;
  text.remove_prefix(scheme + 3);
  const std::size_t path = std::min(text.find_first_of("/?#"), text.size());
  std::string_view host = text.substr(0, path);
  text = text.substr(path, text.find('#', path) - path);
  if (!text.empty()) url.path = text.front() == '/' ? std::string(text) : "/" + std::string(text);
  if (host.contains('@')) return wrong("a user has no place in it");
  const bool is_bracketed = host.starts_with('[');
  const std::size_t end = is_bracketed ? host.find(']') : std::min(host.find(':'), host.size());
  if (end == host.npos) return wrong("a bracket is not closed");
  url.host = host.substr(is_bracketed ? 1 : 0, end - (is_bracketed ? 1 : 0));
  host.remove_prefix(std::min(end + (is_bracketed ? 1 : 0), host.size()));
  if (url.host.empty()) return wrong("it names no host");
  if (!host.empty()) {
    const auto [last, error] = std::from_chars(host.data() + 1, host.data() + host.size(), url.port);
    if (host.front() != ':' || error != std::errc{} || last != host.data() + host.size() || url.port == 0) {
      return wrong("its port is no number from 1 to 65535");
    }
  }
  const bool is_sendable =
      std::ranges::none_of(whole, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
  if (!is_sendable) return wrong("blanks are written as %20");
  return url;
}

void add_digest_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  command_line::Command command = app.add_command("digest", "The digest of a page, for HTTP_GET and SSL_GET");
  command.add_option("URL", options->url, "http://HOST[:PORT]/PATH, or https").required();
  command.add_option("--virtualhost", options->virtualhost, "the Host to ask for; as in the url block")
      .named_value("NAME");
  command.add_option("--protocol", options->protocol, "as http_protocol; 1.0 when not given")
      .named_value("VERSION")
      .one_of({"1.0", "1.0C", "1.1", "2"});
  command.add_option("--timeout", options->timeout, "seconds to connect, and between two pieces; 5 when not given")
      .named_value("SECONDS")
      .between(0.001, 3600.0);
  command.add_flag("--sni", options->sni, "tell the virtual host in the TLS handshake; as enable_sni");
  command.add_flag("--json", options->as_json, "one JSON document");
  command.set_footer(footer("baton digest http://10.0.0.2/health --virtualhost www.example.org",
                            "0 success, 1 no page, 2 called wrongly"));
  command.on_call([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace baton::cli
