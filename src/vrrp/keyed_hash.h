// HMAC (RFC 2104) with one key. The key is mixed in once: what is kept is the state behind it.
#pragma once

#include <nettle/hmac.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <variant>

#include "base/bytes.h"

namespace baton::vrrp {

class KeyedHash {
 public:
  enum class Digest : std::uint8_t { md5, sha256 };

  KeyedHash(Digest digest, ByteView key);

  // The code over all pieces in their order, cut to the size of `code` (RFC 2104 §5), which has at most the digest's.
  void sign(std::initializer_list<ByteView> pieces, std::span<std::uint8_t> code);
  // Whether `code` is what sign() yields. The time taken says nothing about the place of a difference.
  [[nodiscard]] bool verify(std::initializer_list<ByteView> pieces, ByteView code);

 private:
  std::variant<hmac_md5_ctx, hmac_sha256_ctx> context_;
};

// Whether two secrets of one size are equal, in a time that does not depend on where they differ.
bool is_same_secret(ByteView left, ByteView right);

}  // namespace baton::vrrp
