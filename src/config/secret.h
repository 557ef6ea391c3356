// A password or a key. It can be compared and handed on, and it cannot be printed: there is no formatter, no stream
// operator and no conversion, so that it reaches a log only when somebody writes reveal() there.
#pragma once

#include <string>
#include <utility>

namespace baton::config {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace baton::config
