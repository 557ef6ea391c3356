// HTTP_GET and SSL_GET: one page, asked for as keepalived asks, and what it must be like. Redirects are not followed: a
// 302 is a status like any other.
#include <fmt/format.h>

#include <algorithm>

#include "health/dialogue.h"
#include "health/http_page.h"
#include "health/limits.h"
#include "health/page_digest.h"
#include "health/page_search.h"
#include "http/parser.h"

namespace baton::health {

namespace {

// Of an address a header can hold: IPv6 within brackets (RFC 9110, 7.2).
std::string host_of(const config::CheckTarget& target) {
  const std::string address = to_string(target.address);
  return target.address.is_v6() ? fmt::format("[{}]:{}", address, target.port)
                                : fmt::format("{}:{}", address, target.port);
}

std::string request_for(const config::HttpCheck& check, const config::CheckedPage& page,
                        const config::CheckTarget& target) {
  const bool is_1_1 = check.protocol == config::HttpProtocol::http_1_1 || check.keep_connection;
  const bool says_close = check.protocol != config::HttpProtocol::http_1_0 && !check.keep_connection;
  return fmt::format("GET {} HTTP/1.{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n", page.path, is_1_1 ? 1 : 0,
                     says_close ? "Connection: close\r\n" : "",
                     page.virtualhost.empty() ? host_of(target) : page.virtualhost);
}

class HttpDialogue final : public Dialogue {
 public:
  explicit HttpDialogue(const HttpPage& page) : page_(page.wanted), plan_(page) {}

  Step begin(std::string& out) override {
    out += plan_.request;
    return std::nullopt;
  }
  Step on_bytes(std::string_view bytes, std::string&) override;
  Outcome on_end() override {
    if (!parser_.feed_end()) return failed(Failure::closed_early, has_bytes_ ? "" : "nothing had come");
    return on_page();
  }
  bool leaves_connection() const override { return parser_.is_whole() && parser_.keeps_alive(); }

 private:
  bool reads_page() const { return page_.digest.has_value() || page_.regex.has_value(); }
  Step check_status() const;
  Step take_page();
  Outcome on_page();
  Outcome search() const;

  const config::CheckedPage& page_;
  const HttpPage& plan_;
  http::ResponseParser parser_;
  PageDigest digest_;
  std::string text_;  // for the regex
  std::size_t page_bytes_ = 0;
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
    if (Step step = check_status()) return step;
  }
  if (Step step = take_page()) return step;
  if (parser_.is_whole()) return on_page();
  return std::nullopt;
}

Step HttpDialogue::check_status() const {
  const int status = parser_.status();
  const bool is_wanted = std::ranges::any_of(page_.status_codes, [status](const config::StatusRange& range) {
    return status >= range.first && status <= range.last;
  });
  return is_wanted ? Step(std::nullopt) : failed(Failure::http_status, std::to_string(status));
}

Step HttpDialogue::take_page() {
  const std::string piece = parser_.take_body();
  page_bytes_ += piece.size();
  // Where nobody looks at the page, enough of it is enough.
  if (page_bytes_ > limits::page_bytes) return reads_page() ? failed(Failure::reply_too_long) : success();
  if (page_.digest) digest_.add(piece);
  if (page_.regex && text_.size() < limits::searched_bytes) {
    text_.append(piece, 0, limits::searched_bytes - text_.size());
  }
  return std::nullopt;
}

Outcome HttpDialogue::on_page() {
  if (const Step step = take_page()) return *step;
  if (page_.digest) {
    const Digest digest = digest_.take();
    if (digest != *page_.digest) return failed(Failure::http_digest, to_string(digest));
  }
  return page_.regex ? search() : success();
}

Outcome HttpDialogue::search() const {
  if (!plan_.search) return failed(Failure::http_regex_invalid, plan_.search.error());
  switch ((*plan_.search)->search(text_)) {
    case PageSearch::Found::yes: return page_.regex->no_match ? failed(Failure::http_match) : success();
    case PageSearch::Found::no: return page_.regex->no_match ? success() : failed(Failure::http_no_match);
    case PageSearch::Found::too_costly: break;
  }
  return failed(Failure::http_regex_limit);
}

}  // namespace

std::string to_string(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::vector<HttpPage> http_pages(const config::HttpCheck& check, const config::CheckTarget& target) {
  std::vector<HttpPage> pages;
  for (const config::CheckedPage& page : check.pages) {
    HttpPage made{.wanted = page, .request = request_for(check, page, target), .search = std::nullopt};
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
  return std::make_unique<HttpDialogue>(page);
}

}  // namespace baton::health
