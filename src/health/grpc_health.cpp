#include "health/grpc_health.h"

#include <optional>

namespace baton::health {

namespace {

constexpr std::size_t prefix_bytes = 5;
constexpr std::size_t varint_bytes = 10;  // of 64 bits, seven a byte

// What of the message has not been read yet.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool is_done() const { return rest_.empty(); }
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < varint_bytes && i < rest_.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(rest_[i]);
      value |= std::uint64_t{byte & 0x7fU} << (7 * i);
      if ((byte & 0x80U) != 0) continue;
      rest_.remove_prefix(i + 1);
      return value;
    }
    return std::nullopt;
  }
  bool skip(std::uint64_t bytes) {
    if (bytes > rest_.size()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(bytes));
    return true;
  }
  // A field that we do not know, by its wire type; groups are of another age.
  bool skip_field(std::uint64_t wire_type) {
    switch (wire_type) {
      case 0: return varint().has_value();
      case 1: return skip(8);
      case 2: {
        const auto size = varint();
        return size && skip(*size);
      }
      case 5: return skip(4);
      default: return false;
    }
  }

 private:
  std::string_view rest_;
};

ServingStatus status_of(std::uint64_t number) {
  switch (number) {
    case 0: return ServingStatus::unknown;
    case 1: return ServingStatus::serving;
    case 2: return ServingStatus::not_serving;
    case 3: return ServingStatus::service_unknown;
    default: return ServingStatus::another;
  }
}

// What is not there has the value 0; of a field that comes twice the last one counts.
std::expected<ServingStatus, std::string_view> read_message(std::string_view message) {
  constexpr std::uint64_t status_tag = 1 << 3 | 0;  // field 1, a varint
  ServingStatus status = ServingStatus::unknown;
  for (Reader reader(message); !reader.is_done();) {
    const auto tag = reader.varint();
    if (!tag || *tag >> 3 == 0) return std::unexpected("its message has no form");
    if (*tag == status_tag) {
      const auto number = reader.varint();
      if (!number) return std::unexpected("its message ends early");
      status = status_of(*number);
    } else if (!reader.skip_field(*tag & 7)) {
      return std::unexpected("its message ends early");
    }
  }
  return status;
}

}  // namespace

std::string write_health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message += '\x0a';  // field 1, length and bytes
    std::size_t size = service.size();
    for (; size > 0x7f; size >>= 7) message += static_cast<char>((size & 0x7f) | 0x80);
    message += static_cast<char>(size);
    message += service;
  }
  std::string framed(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) framed += static_cast<char>(message.size() >> shift & 0xff);
  return framed + message;
}

std::expected<ServingStatus, std::string_view> read_health_response(std::string_view bytes) {
  if (bytes.empty()) return std::unexpected("it has no message");
  if (bytes.size() < prefix_bytes) return std::unexpected("its message ends early");
  if (bytes[0] != 0) return std::unexpected("its message is packed");
  std::uint32_t size = 0;
  for (std::size_t i = 1; i < prefix_bytes; ++i) size = size << 8 | static_cast<std::uint8_t>(bytes[i]);
  bytes.remove_prefix(prefix_bytes);
  if (size > bytes.size()) return std::unexpected("its message ends early");
  if (size < bytes.size()) return std::unexpected("more than one message");
  return read_message(bytes);
}

}  // namespace baton::health
