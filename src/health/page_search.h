// The regex of a url, compiled: PCRE2 with bounds on what a page may cost.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "config/health_check.h"

namespace baton::health {

class PageSearch {
 public:
  // The error is PCRE2's sentence and where in the pattern.
  static std::expected<PageSearch, std::string> compile(const config::PageRegex& regex);

  enum class Found : std::uint8_t { yes, no, too_costly };
  // Within the first limits::searched_bytes. The error is why PCRE2 can say neither: with `utf`, no UTF-8.
  std::expected<Found, std::string> search(std::string_view page) const;

  PageSearch(PageSearch&&) noexcept;
  PageSearch& operator=(PageSearch&&) noexcept;
  ~PageSearch();

 private:
  struct State;
  explicit PageSearch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace baton::health
