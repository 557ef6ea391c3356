// What the values of a page must be that is JSON (`json` of a url). The page is read once, from its beginning to its
// end, and never kept as a tree: what it costs is bounded by its length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/health_check.h"
#include "health/outcome.h"

namespace baton::health {

// A value that is no object and no array; monostate: an object or an array.
using JsonScalar = std::variant<std::monostate, std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string>;

class JsonExpectations {
 public:
  JsonExpectations() = default;
  explicit JsonExpectations(const std::vector<config::JsonExpectation>& expectations);

  struct Wanted {
    std::string pointer;
    std::vector<std::string> tokens;  // of the pointer, unescaped
    std::string text;                 // a string with this text will do,
    JsonScalar value;                 // and this, where the text is JSON; monostate: it is none
  };

  bool empty() const { return wanted_.empty(); }
  Outcome judge(std::string_view page) const;

 private:
  std::vector<Wanted> wanted_;
};

}  // namespace baton::health
