// HTTP_GET and SSL_GET: one page, asked for as keepalived asks, and what it must be like. Redirects are not followed: a
// 302 is a status like any other.
#include <fmt/format.h>

#include "health/dialogue.h"
#include "health/http_page.h"
#include "health/page_judge.h"
#include "http/parser.h"

namespace baton::health {

namespace {

std::string request_for(const config::HttpCheck& check, const config::CheckedPage& page,
                        const config::CheckTarget& target) {
  const bool is_1_1 = check.protocol == config::HttpProtocol::http_1_1 || check.keep_connection;
  const bool says_close = check.protocol != config::HttpProtocol::http_1_0 && !check.keep_connection;
  return fmt::format("GET {} HTTP/1.{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n", page.path, is_1_1 ? 1 : 0,
                     says_close ? "Connection: close\r\n" : "", authority_of(page.virtualhost, target));
}

Http2Request http2_request_for(const config::HttpCheck& check, const config::CheckedPage& page,
                               const config::CheckTarget& target) {
  return {.fields = {{":method", "GET"},
                     {":scheme", check.tls ? "https" : "http"},
                     {":authority", authority_of(page.virtualhost, target)},
                     {":path", page.path},
                     {"user-agent", "KeepAliveClient"}},
          .body = {}};
}

class HttpDialogue final : public Dialogue {
 public:
  explicit HttpDialogue(const HttpPage& page) : request_(page.request), judge_(page) {}

  Step begin(std::string& out) override {
    out += request_;
    return std::nullopt;
  }
  Step on_bytes(std::string_view bytes, std::string&) override;
  Outcome on_end() override {
    if (!parser_.feed_end()) return failed(Failure::closed_early, has_bytes_ ? "" : "nothing had come");
    return on_page();
  }
  bool leaves_connection() const override { return parser_.is_whole() && parser_.keeps_alive(); }

 private:
  Outcome on_page();

  const std::string& request_;
  http::ResponseParser parser_;
  PageJudge judge_;
  bool has_bytes_ = false;
  bool has_status_ = false;
};

Failure failure_of(http::ResponseParser::Fault fault) {
  using enum http::ResponseParser::Fault;
  switch (fault) {
    case none:
    case malformed: return Failure::http_malformed;
    case header_too_long: return Failure::http_header_too_long;
    case body_too_long: return Failure::reply_too_long;
  }
  return Failure::http_malformed;
}

Step HttpDialogue::on_bytes(std::string_view bytes, std::string&) {
  has_bytes_ = true;
  if (!parser_.feed(bytes)) {
    const Failure failure = failure_of(parser_.fault());
    const bool shows = failure == Failure::http_malformed && !parser_.has_header();
    return failed(failure, shows ? bytes : std::string_view());
  }
  if (!parser_.has_header()) return std::nullopt;
  if (!has_status_) {
    has_status_ = true;
    if (Step step = judge_.on_status(parser_.status())) return step;
  }
  if (parser_.is_whole()) return on_page();
  return judge_.add(parser_.take_body());
}

Outcome HttpDialogue::on_page() {
  const Step step = judge_.add(parser_.take_body());
  return step ? *step : judge_.on_whole();
}

}  // namespace

std::string authority_of(const std::string& virtualhost, const config::CheckTarget& target) {
  if (!virtualhost.empty()) return virtualhost;
  const std::string address = to_string(target.address);
  return target.address.is_v6() ? fmt::format("[{}]:{}", address, target.port)
                                : fmt::format("{}:{}", address, target.port);
}

std::string to_string(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::vector<HttpPage> http_pages(const config::HttpCheck& check, const config::CheckTarget& target) {
  std::vector<HttpPage> pages;
  for (const config::CheckedPage& page : check.pages) {
    HttpPage made{.wanted = page, .json = JsonExpectations(page.json)};
    if (check.protocol == config::HttpProtocol::http_2) {
      made.http2 = http2_request_for(check, page, target);
    } else {
      made.request = request_for(check, page, target);
    }
    if (page.regex) {
      auto search = PageSearch::compile(*page.regex);
      if (search) {
        made.search = std::optional(std::move(*search));
      } else {
        made.search = std::unexpected(std::move(search.error()));
      }
    }
    pages.push_back(std::move(made));
  }
  return pages;
}

std::unique_ptr<Dialogue> make_http_dialogue(const HttpPage& page) {
  if (page.http2) return make_http2_dialogue(page);
  return std::make_unique<HttpDialogue>(page);
}

}  // namespace baton::health
