// HTTP_GET and SSL_GET with `http_protocol 2`: the page of http_dialogue.cpp, asked for in HTTP/2.
#include "health/dialogue.h"
#include "health/http2_exchange.h"
#include "health/http_page.h"
#include "health/page_judge.h"

namespace baton::health {

namespace {

class Http2Dialogue final : public Dialogue {
 public:
  explicit Http2Dialogue(const HttpPage& page) : exchange_(*page.http2), judge_(page) {}

  Step begin(std::string& out) override {
    exchange_.begin(out);
    return std::nullopt;
  }
  Step on_bytes(std::string_view bytes, std::string& out) override {
    Step step = hear(bytes, out);
    if (step) exchange_.say_goodbye(out);
    return step;
  }
  Outcome on_end() override { return exchange_.on_end(); }
  Outcome on_silence() override { return exchange_.on_silence(); }

 private:
  Step hear(std::string_view bytes, std::string& out);

  Http2Exchange exchange_;
  PageJudge judge_;
  bool has_status_ = false;
};

Step Http2Dialogue::hear(std::string_view bytes, std::string& out) {
  if (Step failure = exchange_.feed(bytes, out)) return failure;
  if (!exchange_.has_status()) return std::nullopt;
  if (!has_status_) {
    has_status_ = true;
    if (Step step = judge_.on_status(exchange_.status())) return step;
  }
  if (Step step = judge_.add(exchange_.take_body())) return step;
  return exchange_.is_whole() ? Step(judge_.on_whole()) : std::nullopt;
}

}  // namespace

std::unique_ptr<Dialogue> make_http2_dialogue(const HttpPage& page) {
  return std::make_unique<Http2Dialogue>(page);
}

}  // namespace baton::health
