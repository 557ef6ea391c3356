// What a url wants of the page that comes, however HTTP brings it: status, digest, regex, JSON.
#pragma once

#include <string>
#include <string_view>

#include "health/dialogue.h"
#include "health/http_page.h"
#include "health/page_digest.h"

namespace baton::health {

class PageJudge {
 public:
  // The page must outlive it.
  explicit PageJudge(const HttpPage& page) : page_(page) {}

  // A failure, or it goes on.
  Step on_status(int status) const;
  // A piece of the body: a failure, a success where nobody looks at the rest, or it goes on.
  Step add(std::string_view piece);
  // All of it is there; once.
  Outcome on_whole();

 private:
  bool reads_page() const { return page_.wanted.digest || page_.wanted.regex || !page_.json.empty(); }
  Outcome search() const;

  const HttpPage& page_;
  PageDigest digest_;
  std::string text_;  // for regex and JSON
  std::size_t bytes_ = 0;
};

}  // namespace baton::health
