#include "vrrp/keyed_hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace baton::vrrp {

void KeyedHash::Free::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

std::optional<KeyedHash> KeyedHash::make(Digest digest, ByteView key) {
  EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (algorithm == nullptr) return std::nullopt;
  KeyedHash hash(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);  // the context holds it now
  std::array<char, 7> name = digest == Digest::md5 ? std::array{'M', 'D', '5', '\0', '\0', '\0', '\0'}
                                                   : std::array{'S', 'H', 'A', '2', '5', '6', '\0'};
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                              OSSL_PARAM_construct_end()};
  if (!hash.context_ || EVP_MAC_init(hash.context_.get(), key.data(), key.size(), parameters.data()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return hash;
}

bool KeyedHash::sign(std::initializer_list<ByteView> pieces, std::span<std::uint8_t> code) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> whole;
  std::size_t size = 0;
  EVP_MAC_CTX* const context = context_.get();
  bool ok = EVP_MAC_init(context, nullptr, 0, nullptr) == 1;  // the same key again
  for (const ByteView piece : pieces) ok = ok && EVP_MAC_update(context, piece.data(), piece.size()) == 1;
  ok = ok && EVP_MAC_final(context, whole.data(), &size, whole.size()) == 1 && size >= code.size();
  if (ok) std::ranges::copy(std::span(whole).first(code.size()), code.begin());
  return ok;
}

bool KeyedHash::verify(std::initializer_list<ByteView> pieces, ByteView code) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> expected;
  ASSERT(code.size() <= expected.size());
  const auto cut = std::span(expected).first(code.size());
  return sign(pieces, cut) && is_same_secret(cut, code);
}

bool is_same_secret(ByteView left, ByteView right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace baton::vrrp
