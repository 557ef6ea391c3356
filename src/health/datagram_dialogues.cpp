// UDP_CHECK and PING_CHECK: one datagram there, one back or none.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "health/dialogue.h"
#include "health/limits.h"

namespace baton::health {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

// ---------------------------------------------------------------- UDP

class UdpDialogue final : public Dialogue {
 public:
  UdpDialogue(const config::UdpCheck& check, Nonce nonce) : check_(check), nonce_(nonce) {}

  Step begin(std::string& out) override {
    if (check_.payload.empty()) {
      append_number(out, nonce_);
    } else {
      out.append(check_.payload.begin(), check_.payload.end());
    }
    return std::nullopt;
  }
  Step on_bytes(std::string_view bytes, std::string&) override;
  // A server that need not answer has not said that it is not there.
  Outcome on_silence() override { return check_.requires_reply ? failed(Failure::reply_timeout) : success(); }

 private:
  const config::UdpCheck check_;
  Nonce nonce_;
};

Step UdpDialogue::on_bytes(std::string_view bytes, std::string&) {
  if (!check_.requires_reply) return success();
  if (bytes.size() < check_.min_reply_bytes || bytes.size() > check_.max_reply_bytes) {
    return failed(Failure::udp_length, fmt::format("{} bytes", bytes.size()));
  }
  const std::size_t compared = std::min(bytes.size(), check_.reply.size());
  for (std::size_t i = 0; i < compared; ++i) {
    const config::MaskedByte wanted = check_.reply[i];
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (((byte ^ wanted.value) & wanted.mask) != 0) {
      return failed(Failure::udp_content, fmt::format("byte {} is {:02x}", i + 1, byte));
    }
  }
  return success();
}

// ---------------------------------------------------------------- ping

// An ICMP echo (RFC 792, RFC 4443 4.1) on a ping socket (icmp(7)): the kernel sets identifier and checksum, and hands
// in answers to this socket alone, without the IP header.
//
//   0        1        2                 4                 6                 8
//   +--------+--------+-----------------+-----------------+-----------------+
//   | type   | code 0 | checksum        | identifier      | sequence number | nonce, 8 bytes
//   +--------+--------+-----------------+-----------------+-----------------+
class PingDialogue final : public Dialogue {
 public:
  PingDialogue(Family family, Nonce nonce) : is_v6_(family == Family::ipv6), nonce_(nonce) {}

  Step begin(std::string& out) override {
    const std::array<char, 8> header{is_v6_ ? static_cast<char>(128) : static_cast<char>(8), 0, 0, 0, 0, 0, 0, 1};
    out.append(header.data(), header.size());
    append_number(out, nonce_);
    return std::nullopt;
  }
  Step on_bytes(std::string_view bytes, std::string&) override {
    const auto type = bytes.empty() ? std::uint8_t{0xff} : static_cast<std::uint8_t>(bytes.front());
    std::string nonce;
    append_number(nonce, nonce_);
    const bool is_ours = type == (is_v6_ ? 129 : 0) && bytes.size() >= 16 && bytes.substr(8, 8) == nonce;
    if (is_ours) return success();
    return ++foreign_ > limits::foreign_datagrams ? Step(failed(Failure::reply_timeout, "only other packets came"))
                                                  : std::nullopt;
  }

 private:
  bool is_v6_;
  Nonce nonce_;
  unsigned foreign_ = 0;
};

}  // namespace

std::unique_ptr<Dialogue> make_udp_dialogue(const config::UdpCheck& check, Nonce nonce) {
  return std::make_unique<UdpDialogue>(check, nonce);
}

std::unique_ptr<Dialogue> make_ping_dialogue(Family family, Nonce nonce) {
  return std::make_unique<PingDialogue>(family, nonce);
}

}  // namespace baton::health
