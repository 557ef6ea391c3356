// A page of an HTTP check as it is asked for again and again: the request and the regex, made once.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "config/health_check.h"
#include "health/page_search.h"

namespace baton::health {

struct HttpPage {
  config::CheckedPage wanted;
  std::string request;
  // Of a page with a regex; the error is why its pattern cannot be used, and then the page never passes.
  std::expected<std::optional<PageSearch>, std::string> search;
};

// As keepalived asks: HTTP/1.0 without Connection, unless http_protocol says otherwise; HTTP/1.1 with keep_connection.
std::vector<HttpPage> http_pages(const config::HttpCheck& check, const config::CheckTarget& target);

}  // namespace baton::health
