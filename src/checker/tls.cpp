#include "checker/tls.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace baton::checker {

// What we use of libssl and libcrypto.
struct TlsLibrary {
  decltype(&TLS_client_method) client_method;
  decltype(&SSL_CTX_new) context_new;
  decltype(&SSL_CTX_free) context_free;
  decltype(&SSL_CTX_load_verify_file) load_ca;
  decltype(&SSL_CTX_use_certificate_chain_file) use_certificate;
  decltype(&SSL_CTX_use_PrivateKey_file) use_key;
  decltype(&SSL_CTX_set_default_passwd_cb) set_password_callback;
  decltype(&SSL_CTX_set_default_passwd_cb_userdata) set_password;
  decltype(&SSL_CTX_set_options) set_options;
  decltype(&SSL_CTX_ctrl) context_control;
  decltype(&SSL_new) session_new;
  decltype(&SSL_free) session_free;
  decltype(&SSL_set_bio) set_bio;
  decltype(&SSL_ctrl) session_control;
  decltype(&SSL_set_connect_state) set_connect_state;
  decltype(&SSL_do_handshake) do_handshake;
  decltype(&SSL_read) read;
  decltype(&SSL_write) write;
  decltype(&SSL_shutdown) shutdown;
  decltype(&SSL_get_error) get_error;
  decltype(&BIO_new) bio_new;
  decltype(&BIO_s_mem) bio_memory;
  decltype(&BIO_read) bio_read;
  decltype(&BIO_write) bio_write;
  decltype(&SSL_set_verify) set_verify;
  decltype(&SSL_get_verify_result) verify_result;
  decltype(&SSL_get0_param) parameters;
  decltype(&X509_VERIFY_PARAM_set1_host) set_host;
  decltype(&X509_VERIFY_PARAM_set1_ip_asc) set_address;
  decltype(&X509_verify_cert_error_string) disbelief;
  decltype(&X509_get_default_cert_file) default_ca;
  decltype(&SSL_get0_peer_certificate) peer_certificate;
  decltype(&X509_get0_notAfter) not_after;
  decltype(&ASN1_TIME_diff) time_between;
  decltype(&SSL_set_alpn_protos) set_alpn;
  decltype(&SSL_get0_alpn_selected) alpn_selected;
  decltype(&ERR_get_error) next_error;
  decltype(&ERR_clear_error) clear_errors;
  decltype(&ERR_reason_error_string) reason;
};

namespace {

template <typename Function>
bool find(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// RTLD_GLOBAL is not needed: libssl brings its libcrypto, and its symbols are found through it.
bool load(TlsLibrary& to) {
  void* const ssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
  return ssl != nullptr && find(ssl, to.client_method, "TLS_client_method") &&
         find(ssl, to.context_new, "SSL_CTX_new") && find(ssl, to.context_free, "SSL_CTX_free") &&
         find(ssl, to.load_ca, "SSL_CTX_load_verify_file") &&
         find(ssl, to.use_certificate, "SSL_CTX_use_certificate_chain_file") &&
         find(ssl, to.use_key, "SSL_CTX_use_PrivateKey_file") &&
         find(ssl, to.set_password_callback, "SSL_CTX_set_default_passwd_cb") &&
         find(ssl, to.set_password, "SSL_CTX_set_default_passwd_cb_userdata") &&
         find(ssl, to.set_options, "SSL_CTX_set_options") && find(ssl, to.context_control, "SSL_CTX_ctrl") &&
         find(ssl, to.session_new, "SSL_new") && find(ssl, to.session_free, "SSL_free") &&
         find(ssl, to.set_bio, "SSL_set_bio") && find(ssl, to.session_control, "SSL_ctrl") &&
         find(ssl, to.set_connect_state, "SSL_set_connect_state") && find(ssl, to.do_handshake, "SSL_do_handshake") &&
         find(ssl, to.read, "SSL_read") && find(ssl, to.write, "SSL_write") && find(ssl, to.shutdown, "SSL_shutdown") &&
         find(ssl, to.get_error, "SSL_get_error") && find(ssl, to.bio_new, "BIO_new") &&
         find(ssl, to.bio_memory, "BIO_s_mem") && find(ssl, to.bio_read, "BIO_read") &&
         find(ssl, to.bio_write, "BIO_write") && find(ssl, to.next_error, "ERR_get_error") &&
         find(ssl, to.set_verify, "SSL_set_verify") && find(ssl, to.verify_result, "SSL_get_verify_result") &&
         find(ssl, to.parameters, "SSL_get0_param") && find(ssl, to.set_host, "X509_VERIFY_PARAM_set1_host") &&
         find(ssl, to.set_address, "X509_VERIFY_PARAM_set1_ip_asc") &&
         find(ssl, to.disbelief, "X509_verify_cert_error_string") &&
         find(ssl, to.default_ca, "X509_get_default_cert_file") &&
         find(ssl, to.peer_certificate, "SSL_get0_peer_certificate") && find(ssl, to.not_after, "X509_get0_notAfter") &&
         find(ssl, to.time_between, "ASN1_TIME_diff") && find(ssl, to.set_alpn, "SSL_set_alpn_protos") &&
         find(ssl, to.alpn_selected, "SSL_get0_alpn_selected") && find(ssl, to.clear_errors, "ERR_clear_error") &&
         find(ssl, to.reason, "ERR_reason_error_string");
}

const TlsLibrary* library() {
  static TlsLibrary loaded;
  static const bool is_loaded = load(loaded);
  return is_loaded ? &loaded : nullptr;
}

std::string why(const TlsLibrary& library) {
  const char* const reason = library.reason(library.next_error());
  return reason != nullptr ? reason : "for no known reason";
}

// Without one nobody is asked at a terminal.
int give_password(char* buffer, int size, int, void* secret) {
  if (secret == nullptr) return 0;
  const std::string& password = static_cast<const config::Secret*>(secret)->reveal();
  if (password.size() > static_cast<std::size_t>(size)) return 0;
  password.copy(buffer, password.size());
  return static_cast<int>(password.size());
}

constexpr std::array<unsigned char, 3> http2_protocols{2, 'h', '2'};  // ALPN's list of one (RFC 7301)

std::string days_of(int days) {
  return fmt::format("{} day{}", days, days == 1 ? "" : "s");
}

SSL* ssl(void* session) {
  return static_cast<SSL*>(session);
}
BIO* bio(void* memory) {
  return static_cast<BIO*>(memory);
}

}  // namespace

namespace {

const char* own_authorities() {
  return std::getenv("SSL_CERT_FILE");  // as OpenSSL has it
}

// The authorities of this machine in one file, so that it is read now: the process soon may open none any more.
bool load_authorities(const TlsLibrary& tls, SSL_CTX* context) {
  if (own_authorities() == nullptr && tls.load_ca(context, tls.default_ca()) == 1) return true;
  return std::ranges::any_of(authority_files(),
                             [&](const std::string& file) { return tls.load_ca(context, file.c_str()) == 1; });
}

}  // namespace

std::vector<std::string> authority_files() {
  if (const char* const own = own_authorities(); own != nullptr) return {own};
  return {"/usr/lib/ssl/cert.pem",               // OpenSSL's own name, of Debian
          "/etc/ssl/certs/ca-certificates.crt",  // Debian
          "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora
          "/etc/ssl/ca-bundle.pem"};             // SUSE
}

std::expected<std::shared_ptr<TlsContext>, std::string> TlsContext::create(
    const std::optional<config::CheckTls>& settings, Trust trust) {
  const TlsLibrary* const tls = library();
  if (tls == nullptr) return std::unexpected("libssl3 cannot be loaded");
  std::shared_ptr<TlsContext> made(new TlsContext());
  made->library_ = tls;
  SSL_CTX* const context = tls->context_new(tls->client_method());
  if (context == nullptr) return std::unexpected(why(*tls));
  made->context_ = context;
  // A server that ends without close_notify has ended.
  tls->set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  (void)tls->context_control(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
  if (settings && !settings->ca_file.empty()) {
    made->has_trust_ = true;
  } else if (trust == Trust::asked) {
    made->has_trust_ = load_authorities(*tls, context);
    tls->clear_errors();
  }
  if (!settings) return made;
  const auto failed = [&](const std::string& file) { return std::unexpected(fmt::format("{}: {}", file, why(*tls))); };
  tls->set_password_callback(context, give_password);
  tls->set_password(context, const_cast<config::Secret*>(&settings->password));  // it is read, and only by us
  if (!settings->ca_file.empty() && tls->load_ca(context, settings->ca_file.c_str()) != 1) {
    return failed(settings->ca_file);
  }
  if (!settings->certificate_file.empty() && tls->use_certificate(context, settings->certificate_file.c_str()) != 1) {
    return failed(settings->certificate_file);
  }
  if (!settings->key_file.empty() && tls->use_key(context, settings->key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failed(settings->key_file);
  }
  tls->set_password(context, nullptr);
  return made;
}

TlsContext::~TlsContext() {
  if (context_ != nullptr) library_->context_free(static_cast<SSL_CTX*>(context_));
}

TlsSession::TlsSession(std::shared_ptr<TlsContext> context, TlsWishes wishes)
    : context_(std::move(context)), wishes_(std::move(wishes)) {
  const TlsLibrary& tls = *context_->library_;
  session_ = tls.session_new(static_cast<SSL_CTX*>(context_->context_));
  in_ = tls.bio_new(tls.bio_memory());
  out_ = tls.bio_new(tls.bio_memory());
  if (session_ == nullptr || in_ == nullptr || out_ == nullptr) return;
  tls.set_bio(ssl(session_), bio(in_), bio(out_));
  tls.set_connect_state(ssl(session_));
  wish();
}

void TlsSession::wish() {
  const TlsLibrary& tls = *context_->library_;
  if (!wishes_.server_name.empty()) {
    (void)tls.session_control(ssl(session_), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              const_cast<char*>(wishes_.server_name.c_str()));  // it is copied
  }
  if (wishes_.speaks_http2) {
    (void)tls.set_alpn(ssl(session_), http2_protocols.data(), static_cast<unsigned>(http2_protocols.size()));
  }
  if (!wishes_.verify) return;
  X509_VERIFY_PARAM* const parameters = tls.parameters(ssl(session_));
  // What is no address is refused by the first, and the other one takes it. Without a name any would be believed.
  const std::string& name = wishes_.verified_name;
  is_name_usable_ =
      !name.empty() && !name.contains('\0') &&
      (tls.set_address(parameters, name.c_str()) == 1 || tls.set_host(parameters, name.data(), name.size()) == 1);
  tls.set_verify(ssl(session_), SSL_VERIFY_PEER, nullptr);
}

TlsSession::~TlsSession() {
  if (session_ != nullptr) context_->library_->session_free(ssl(session_));
}

std::optional<health::Outcome> TlsSession::feed(std::string_view came, std::string& wire, std::string& clear) {
  if (session_ == nullptr) return health::failed(health::Failure::no_resources, "no memory for TLS");
  if (wishes_.verify && !context_->has_trust_) {
    return health::failed(health::Failure::tls_unavailable, "this machine believes nobody: install ca-certificates");
  }
  if (!is_name_usable_) return health::failed(health::Failure::tls_name, wishes_.verified_name);
  const TlsLibrary& tls = *context_->library_;
  tls.clear_errors();
  if (!came.empty() && tls.bio_write(bio(in_), came.data(), static_cast<int>(came.size())) <= 0) return failure();
  if (!is_established_) {
    if (auto outcome = shake_hands(wire)) return outcome;
    if (!is_established_) return std::nullopt;
  }
  std::array<char, 16 * 1024> piece;
  for (;;) {
    const int size = tls.read(ssl(session_), piece.data(), static_cast<int>(piece.size()));
    if (size > 0) {
      clear.append(piece.data(), static_cast<std::size_t>(size));
      continue;
    }
    const int error = tls.get_error(ssl(session_), size);
    drain(wire);
    if (error == SSL_ERROR_ZERO_RETURN) is_over_ = true;
    if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) return failure();
    return std::nullopt;
  }
}

std::optional<health::Outcome> TlsSession::shake_hands(std::string& wire) {
  const TlsLibrary& tls = *context_->library_;
  const int result = tls.do_handshake(ssl(session_));
  drain(wire);
  if (result == 1) {
    is_established_ = true;
    if (auto outcome = check_age()) return outcome;
    return check_agreement();
  }
  const int error = tls.get_error(ssl(session_), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return std::nullopt;
  return failure();
}

std::optional<health::Outcome> TlsSession::write(std::string_view clear, std::string& wire) {
  if (clear.empty()) return std::nullopt;
  const TlsLibrary& tls = *context_->library_;
  tls.clear_errors();
  // Into a memory everything goes at once.
  if (tls.write(ssl(session_), clear.data(), static_cast<int>(clear.size())) <= 0) return failure();
  drain(wire);
  return std::nullopt;
}

void TlsSession::close(std::string& wire) {
  if (session_ == nullptr || !is_established_) return;
  (void)context_->library_->shutdown(ssl(session_));
  drain(wire);
}

void TlsSession::drain(std::string& wire) {
  std::array<char, 16 * 1024> piece;
  for (int size; (size = context_->library_->bio_read(bio(out_), piece.data(), static_cast<int>(piece.size()))) > 0;) {
    wire.append(piece.data(), static_cast<std::size_t>(size));
  }
}

std::optional<health::Outcome> TlsSession::check_agreement() const {
  if (!wishes_.speaks_http2) return std::nullopt;
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  context_->library_->alpn_selected(ssl(session_), &chosen, &size);
  const std::string_view protocol(reinterpret_cast<const char*>(chosen), size);
  if (protocol == "h2") return std::nullopt;
  return health::failed(health::Failure::tls_no_h2, protocol);
}

std::optional<health::Outcome> TlsSession::check_age() const {
  if (!wishes_.min_days) return std::nullopt;
  const TlsLibrary& tls = *context_->library_;
  const X509* const certificate = tls.peer_certificate(ssl(session_));
  if (certificate == nullptr) return health::failed(health::Failure::tls_certificate, "there is none");
  int days = 0;
  int seconds = 0;  // beyond them
  if (tls.time_between(&days, &seconds, nullptr, tls.not_after(certificate)) != 1) {
    return health::failed(health::Failure::tls_certificate, "its end cannot be read");
  }
  if (days < 0 || seconds < 0)
    return health::failed(health::Failure::tls_expired, fmt::format("{} ago", days_of(-days)));
  if (std::cmp_greater_equal(days, *wishes_.min_days)) return std::nullopt;
  return health::failed(health::Failure::tls_expires_soon,
                        fmt::format("{}, fewer than {}", days_of(days), *wishes_.min_days));
}

// Why the certificate was refused; nullopt: that is not what went wrong.
std::optional<health::Outcome> TlsSession::disbelief() const {
  const TlsLibrary& tls = *context_->library_;
  if (!wishes_.verify) return std::nullopt;
  const long result = tls.verify_result(ssl(session_));
  const char* const words = tls.disbelief(result);
  switch (result) {
    using enum health::Failure;
    case X509_V_OK: return std::nullopt;
    case X509_V_ERR_CERT_HAS_EXPIRED: return health::failed(tls_expired);
    case X509_V_ERR_CERT_NOT_YET_VALID: return health::failed(tls_not_yet_valid);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return health::failed(tls_name, wishes_.verified_name);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return health::failed(tls_untrusted, words);
    default: return health::failed(tls_certificate, words);
  }
}

health::Outcome TlsSession::failure() const {
  if (!is_established_) {
    if (auto outcome = disbelief()) return std::move(*outcome);
  }
  const unsigned long error = context_->library_->next_error();
  const char* const reason = context_->library_->reason(error);
  const std::string_view words = reason != nullptr ? reason : "for no known reason";
  if (is_established_) return health::failed(health::Failure::connection_broken, words);
  // The server has told so itself (RFC 7301, 3.2).
  const bool disagrees = ERR_GET_REASON(error) == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL;
  return health::failed(disagrees ? health::Failure::tls_no_h2 : health::Failure::tls_handshake, words);
}

}  // namespace baton::checker
