// TLS of checks, from bytes to bytes: OpenSSL between two memories, without a socket. The library is loaded
// when the first such check is made, so that whoever checks no TLS carries none.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checker/tls_wishes.h"
#include "config/health_check.h"
#include "health/outcome.h"

namespace baton::checker {

struct TlsLibrary;
class TlsSession;

// What all sessions have in common: files read, ciphers chosen.
class TlsContext {
 public:
  // Whether any session asks whom we believe: the authorities of the whole machine are many.
  enum class Trust : std::uint8_t { nobody_asks, asked };
  // The error is a sentence: no library, a file that cannot be read, a key that does not fit.
  static std::expected<std::shared_ptr<TlsContext>, std::string> create(const std::optional<config::CheckTls>& settings,
                                                                        Trust trust = Trust::nobody_asks);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  TlsContext() = default;
  const TlsLibrary* library_ = nullptr;
  void* context_ = nullptr;  // SSL_CTX
  bool has_trust_ = false;   // somebody is believed
};

// Where the authorities of this machine may stand, the first that can be read: without the library, which has one more.
std::vector<std::string> authority_files();

class TlsSession {
 public:
  TlsSession(std::shared_ptr<TlsContext> context, TlsWishes wishes);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // What came is taken in; what is to be sent is appended to `wire`, what was said is appended to `clear`. A failure
  // ends the session.
  std::optional<health::Outcome> feed(std::string_view came, std::string& wire, std::string& clear);
  std::optional<health::Outcome> write(std::string_view clear, std::string& wire);
  // close_notify, for servers that mind (tls_compliant).
  void close(std::string& wire);

  bool is_established() const { return is_established_; }
  bool is_over() const { return is_over_; }  // the other side has said so

 private:
  std::optional<health::Outcome> shake_hands(std::string& wire);
  void wish();
  void drain(std::string& wire);
  std::optional<health::Outcome> check_agreement() const;
  std::optional<health::Outcome> check_age() const;
  health::Outcome failure() const;
  std::optional<health::Outcome> disbelief() const;

  std::shared_ptr<TlsContext> context_;
  TlsWishes wishes_;
  void* session_ = nullptr;  // SSL, and its two memories
  void* in_ = nullptr;
  void* out_ = nullptr;
  bool is_name_usable_ = true;  // that is verified
  bool is_established_ = false;
  bool is_over_ = false;
};

}  // namespace baton::checker
