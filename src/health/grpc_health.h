// The two messages of grpc.health.v1 (grpc/health/v1/health.proto), and gRPC's frame around each:
//
//   HealthCheckRequest  { string service = 1; }        | 0 | length, 4 bytes | message |
//   HealthCheckResponse { ServingStatus status = 1; }    compressed: no
//
// Too little for a library of Protocol Buffers.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace baton::health {

enum class ServingStatus : std::uint8_t { unknown, serving, not_serving, service_unknown, another };

std::string write_health_request(std::string_view service);

// One framed message and nothing behind it; the error says what is wrong with it.
std::expected<ServingStatus, std::string_view> read_health_response(std::string_view bytes);

}  // namespace baton::health
