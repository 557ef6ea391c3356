// The MD5 of a page as it comes: what `digest` of a url names, and genhash and `baton digest` print. MD5 is what
// keepalived.conf has; it tells a page from another one and keeps no secret.
#pragma once

#include <nettle/md5.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::health {

using Digest = std::array<std::uint8_t, 16>;

class PageDigest {
 public:
  PageDigest() { nettle_md5_init(&state_); }
  void add(std::string_view bytes) {
    nettle_md5_update(&state_, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  }
  // Once.
  Digest take() {
    Digest digest{};
    nettle_md5_digest(&state_, digest.size(), digest.data());
    return digest;
  }

 private:
  md5_ctx state_{};
};

// 32 hexadecimal digits.
std::string to_string(const Digest& digest);

}  // namespace baton::health
