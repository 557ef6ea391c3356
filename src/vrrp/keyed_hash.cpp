#include "vrrp/keyed_hash.h"

#include <nettle/memops.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace baton::vrrp {

namespace {

// nettle's functions for a context, under one name each.
void set_key(hmac_md5_ctx& context, ByteView key) {
  hmac_md5_set_key(&context, key.size(), key.data());
}
void set_key(hmac_sha256_ctx& context, ByteView key) {
  hmac_sha256_set_key(&context, key.size(), key.data());
}
void update(hmac_md5_ctx& context, ByteView bytes) {
  hmac_md5_update(&context, bytes.size(), bytes.data());
}
void update(hmac_sha256_ctx& context, ByteView bytes) {
  hmac_sha256_update(&context, bytes.size(), bytes.data());
}
// And makes it ready for the next message.
void finish(hmac_md5_ctx& context, std::span<std::uint8_t> code) {
  ASSERT(code.size() <= MD5_DIGEST_SIZE);
  hmac_md5_digest(&context, code.size(), code.data());
}
void finish(hmac_sha256_ctx& context, std::span<std::uint8_t> code) {
  ASSERT(code.size() <= SHA256_DIGEST_SIZE);
  hmac_sha256_digest(&context, code.size(), code.data());
}

}  // namespace

KeyedHash::KeyedHash(Digest digest, ByteView key) {
  if (digest == Digest::sha256) context_.emplace<hmac_sha256_ctx>();
  std::visit([&](auto& context) { set_key(context, key); }, context_);
}

void KeyedHash::sign(std::initializer_list<ByteView> pieces, std::span<std::uint8_t> code) {
  std::visit(
      [&](auto& context) {
        for (const ByteView piece : pieces) update(context, piece);
        finish(context, code);
      },
      context_);
}

bool KeyedHash::verify(std::initializer_list<ByteView> pieces, ByteView code) {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> expected;
  ASSERT(code.size() <= expected.size());
  const auto cut = std::span(expected).first(code.size());
  sign(pieces, cut);
  return is_same_secret(cut, code);
}

bool is_same_secret(ByteView left, ByteView right) {
  return left.size() == right.size() && memeql_sec(left.data(), right.data(), left.size()) != 0;
}

}  // namespace baton::vrrp
