#include "health/page_judge.h"

#include <algorithm>

#include "health/limits.h"

namespace baton::health {

Step PageJudge::on_status(int status) const {
  const bool is_wanted = std::ranges::any_of(page_.wanted.status_codes, [status](const config::StatusRange& range) {
    return status >= range.first && status <= range.last;
  });
  return is_wanted ? Step(std::nullopt) : failed(Failure::http_status, std::to_string(status));
}

Step PageJudge::add(std::string_view piece) {
  bytes_ += piece.size();
  // Where nobody looks at the page, enough of it is enough.
  if (bytes_ > limits::page_bytes) return reads_page() ? failed(Failure::reply_too_long) : success();
  // Half a document says nothing.
  if (!page_.json.empty() && bytes_ > limits::json_bytes) return failed(Failure::json_too_long);
  if (page_.wanted.digest) digest_.add(piece);
  if (page_.wanted.regex || !page_.json.empty()) {
    constexpr std::size_t most = std::max(limits::searched_bytes + 1, limits::json_bytes);  // 1: whether a letter ends
    text_.append(piece, 0, most - std::min(most, text_.size()));
  }
  return std::nullopt;
}

Outcome PageJudge::on_whole() {
  if (page_.wanted.digest) {
    const Digest digest = digest_.take();
    if (digest != *page_.wanted.digest) return failed(Failure::http_digest, to_string(digest));
  }
  if (page_.wanted.regex) {
    if (Outcome outcome = search(); !outcome.is_success()) return outcome;
  }
  return page_.json.empty() ? success() : page_.json.judge(text_);
}

Outcome PageJudge::search() const {
  if (!page_.search) return failed(Failure::http_regex_invalid, page_.search.error());
  const bool no_match = page_.wanted.regex->no_match;
  const auto found = (*page_.search)->search(text_);
  if (!found) return failed(Failure::http_regex_invalid, found.error());
  switch (*found) {
    case PageSearch::Found::yes: return no_match ? failed(Failure::http_match) : success();
    case PageSearch::Found::no: return no_match ? success() : failed(Failure::http_no_match);
    case PageSearch::Found::too_costly: break;
  }
  return failed(Failure::http_regex_limit);
}

}  // namespace baton::health
