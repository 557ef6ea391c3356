// GRPC_CHECK: asks grpc.health.v1.Health/Check, and wants to hear SERVING (the gRPC health checking protocol).
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "health/dialogue.h"
#include "health/grpc_health.h"
#include "health/http2_exchange.h"
#include "health/http_page.h"
#include "health/limits.h"

namespace baton::health {

namespace {

constexpr unsigned status_ok = 0;
constexpr unsigned status_not_found = 5;
// As gRPC numbers them.
constexpr auto status_names = std::to_array<std::string_view>(
    {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
     "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
     "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"});

Http2Request request_for(const config::GrpcCheck& check, const config::CheckTarget& target) {
  return {.fields = {{":method", "POST"},
                     {":scheme", check.tls ? "https" : "http"},
                     {":authority", authority_of(check.virtualhost, target)},
                     {":path", "/grpc.health.v1.Health/Check"},
                     {"content-type", "application/grpc"},
                     {"te", "trailers"},
                     {"user-agent", "grpc-baton"}},
          .body = write_health_request(check.service)};
}

class GrpcDialogue final : public Dialogue {
 public:
  explicit GrpcDialogue(Http2Request request) : request_(std::move(request)), exchange_(request_) {}

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
  Step check_header() const;
  Outcome on_whole() const;

  const Http2Request request_;
  Http2Exchange exchange_;
  std::string message_;
  bool has_status_ = false;
};

Step GrpcDialogue::hear(std::string_view bytes, std::string& out) {
  if (Step failure = exchange_.feed(bytes, out)) return failure;
  if (!exchange_.has_status()) return std::nullopt;
  if (!has_status_) {
    has_status_ = true;
    if (Step step = check_header()) return step;
  }
  message_ += exchange_.take_body();
  if (message_.size() > limits::grpc_message) return failed(Failure::grpc_malformed, "its message is too long");
  return exchange_.is_whole() ? Step(on_whole()) : std::nullopt;
}

Step GrpcDialogue::check_header() const {
  if (exchange_.status() != 200) return failed(Failure::http_status, std::to_string(exchange_.status()));
  const std::string_view type = exchange_.field("content-type").value_or("");
  if (type.starts_with("application/grpc")) return std::nullopt;
  return failed(Failure::grpc_malformed, type.empty() ? "it has no content-type" : type);
}

Outcome GrpcDialogue::on_whole() const {
  const std::string_view text = exchange_.field("grpc-status").value_or("");
  unsigned code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return failed(Failure::grpc_malformed, "it has no grpc-status");
  }
  const std::string_view words = exchange_.field("grpc-message").value_or("");
  if (code == status_not_found) return failed(Failure::grpc_service_unknown, words);
  if (code != status_ok) {
    const std::string name =
        code < status_names.size() ? std::string(status_names[code]) : fmt::format("code {}", code);
    return failed(Failure::grpc_status, words.empty() ? name : fmt::format("{}: {}", name, words));
  }
  const auto status = read_health_response(message_);
  if (!status) return failed(Failure::grpc_malformed, status.error());
  switch (*status) {
    case ServingStatus::serving: return success();
    case ServingStatus::not_serving: return failed(Failure::grpc_not_serving);
    case ServingStatus::service_unknown: return failed(Failure::grpc_service_unknown);
    case ServingStatus::unknown: return failed(Failure::grpc_unknown, "UNKNOWN");
    case ServingStatus::another: return failed(Failure::grpc_unknown, "a status that has no name");
  }
  return failed(Failure::grpc_unknown);
}

}  // namespace

std::unique_ptr<Dialogue> make_grpc_dialogue(const config::GrpcCheck& check, const config::CheckTarget& target) {
  return std::make_unique<GrpcDialogue>(request_for(check, target));
}

}  // namespace baton::health
