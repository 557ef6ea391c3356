// One HTTP/2 request and its answer, from bytes to bytes: nghttp2's session without a socket (RFC 9113). What a server
// may cost is bounded here: fields, frames, and with them what we answer and keep. PURE.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/outcome.h"

namespace baton::health {

struct HeaderField {
  std::string name;  // lower case
  std::string value;
};

struct Http2Request {
  std::vector<HeaderField> fields;  // the pseudo-header fields first
  std::string body;
};

class Http2Exchange {
 public:
  // The request must outlive it.
  explicit Http2Exchange(const Http2Request& request);
  ~Http2Exchange();
  Http2Exchange(const Http2Exchange&) = delete;
  Http2Exchange& operator=(const Http2Exchange&) = delete;

  // The preface, our settings, the request.
  void begin(std::string& out);
  // A failure of the connection or of the request; what the answer says is the caller's to judge.
  std::optional<Outcome> feed(std::string_view bytes, std::string& out);
  // The last word, once the answer is known.
  void say_goodbye(std::string& out);

  bool has_status() const;  // a final one
  int status() const;
  bool is_whole() const;
  // Of the header, or of the trailer, which counts more.
  std::optional<std::string_view> field(std::string_view name) const;
  // What has come of the body since the last call.
  std::string take_body();

  // Why there is silence, or an end, before the answer was whole.
  Outcome on_end() const;
  Outcome on_silence() const;

 private:
  friend struct Http2Callbacks;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace baton::health
