// A page of an HTTP check as it is asked for again and again: the request and the regex, made once.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/health_check.h"
#include "health/dialogue.h"
#include "health/http2_exchange.h"
#include "health/json_expectations.h"
#include "health/page_search.h"

namespace baton::health {

struct HttpPage {
  config::CheckedPage wanted;
  std::string request{};                // of HTTP/1
  std::optional<Http2Request> http2{};  // instead of it
  // Of a page with a regex; the error is why its pattern cannot be used, and then the page never passes.
  std::expected<std::optional<PageSearch>, std::string> search = std::nullopt;
  JsonExpectations json{};
};

// As keepalived asks: HTTP/1.0 without Connection, unless http_protocol says otherwise; HTTP/1.1 with keep_connection.
std::vector<HttpPage> http_pages(const config::HttpCheck& check, const config::CheckTarget& target);

// What Host says, and :authority: the virtualhost, else the address, IPv6 within brackets (RFC 9110, 7.2).
std::string authority_of(const std::string& virtualhost, const config::CheckTarget& target);

// Of a page with an HTTP/2 request; make_http_dialogue() asks for it.
std::unique_ptr<Dialogue> make_http2_dialogue(const HttpPage& page);

}  // namespace baton::health
