// A health check as a configuration has it: HTTP_GET, SSL_GET, GRPC_CHECK, TLS_CHECK, TCP_CHECK, SMTP_CHECK, DNS_CHECK,
// UDP_CHECK, PING_CHECK, MISC_CHECK, FILE_CHECK, BFD_CHECK. Everything is settled: what the block does not say stands
// here as its real server, its virtual server or keepalived says it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "config/command.h"
#include "config/secret.h"
#include "config/source_place.h"

namespace baton::config {

// Where a check connects, and from where.
struct CheckTarget {
  IpAddress address;                           // connect_ip, else the real server's
  std::uint16_t port = 0;                      // connect_port, else the real server's; 0 where the kind has none
  std::optional<IpAddress> source;             // bindto
  std::uint16_t source_port = 0;               // bind_port; 0: any
  std::string interface;                       // bind_if; empty: any
  std::uint32_t mark = 0;                      // fwmark
  Duration timeout = std::chrono::seconds(5);  // connect_timeout

  bool operator==(const CheckTarget&) const = default;
};

// regex_options; what each means: pcre2api(3).
enum class RegexOption : std::uint8_t {
  allow_empty_class,
  alt_bsux,
  alt_circumflex,
  alt_verbnames,
  auto_callout,
  caseless,
  dollar_endonly,
  dotall,
  dupnames,
  extended,
  firstline,
  match_unset_backref,
  multiline,
  never_backslash_c,
  never_ucp,
  never_utf,
  no_auto_capture,
  no_auto_possess,
  no_dotstar_anchor,
  no_start_optimize,
  ucp,
  ungreedy,
  use_offset_limit,
  utf,
};

// regex*: what a page must contain, or must not.
struct PageRegex {
  std::string pattern;  // PCRE2
  std::vector<RegexOption> options;
  bool no_match = false;                  // regex_no_match: a match is a failure
  std::size_t min_offset = 0;             // bytes of the body that are not looked at
  std::optional<std::size_t> max_offset;  // the last byte where a match may begin
  std::size_t stack_start = 0;            // regex_stack, in bytes; 0: the library's own
  std::size_t stack_max = 0;

  bool operator==(const PageRegex&) const = default;
};

struct StatusRange {
  std::uint16_t first = 200;  // 100..599
  std::uint16_t last = 299;   // not below `first`

  bool operator==(const StatusRange&) const = default;
};

// json: a value of a page that is JSON, and what it must be.
struct JsonExpectation {
  std::string pointer;  // to it, RFC 6901; valid
  std::string value;    // of a string its text; of a number, true, false and null as JSON writes them

  bool operator==(const JsonExpectation&) const = default;
};

// url: one page of an HTTP check.
struct CheckedPage {
  std::string path;                                    // never empty
  std::string virtualhost;                             // empty: no Host but the address
  std::vector<StatusRange> status_codes;               // never empty
  std::optional<std::array<std::uint8_t, 16>> digest;  // MD5 of the body
  std::optional<PageRegex> regex;
  std::vector<JsonExpectation> json;  // all of them hold
  bool tls_compliant = false;

  bool operator==(const CheckedPage&) const = default;
};

enum class HttpProtocol : std::uint8_t { http_1_0, http_1_0_close, http_1_1, http_2 };  // 1.0, 1.0C, 1.1, 2

// tls_verify, tls_min_days: what a server's certificate must be like. Nobody asks it to be anything unless told to.
struct CertificateDemands {
  bool verify = false;               // its chain leads to somebody we believe, and it bears the name
  std::string name;                  // that name; empty: the one TLS tells, else the virtualhost, else the address
  std::optional<unsigned> min_days;  // it is valid for so many days more

  bool operator==(const CertificateDemands&) const = default;
};

// HTTP_GET, SSL_GET.
struct HttpCheck {
  bool tls = false;  // SSL_GET
  HttpProtocol protocol = HttpProtocol::http_1_0;
  bool enable_sni = false;
  std::string sni_name;            // empty: the page's virtualhost
  bool fast_recovery = false;      // the pages of a server that comes up are asked for without a pause
  bool keep_connection = false;    // one connection for many tries, with HTTP/1.1
  CertificateDemands certificate;  // of SSL_GET
  std::vector<CheckedPage> pages;  // at least one

  bool operator==(const HttpCheck&) const = default;
};

// GRPC_CHECK: grpc.health.v1.Health says that the service is serving.
struct GrpcCheck {
  std::string service;      // empty: the server as a whole
  std::string virtualhost;  // the authority that is asked for; empty: the address
  bool tls = false;
  bool enable_sni = false;
  std::string sni_name;            // empty: the virtualhost
  CertificateDemands certificate;  // with tls

  bool operator==(const GrpcCheck&) const = default;
};

// TLS_CHECK: a TLS handshake ends well.
struct TlsCheck {
  std::string sni_name;  // empty: none is told, but the one that is verified
  CertificateDemands certificate;

  bool operator==(const TlsCheck&) const = default;
};

// TCP_CHECK: a connection is accepted.
struct TcpCheck {
  bool operator==(const TcpCheck&) const = default;
};

// PING_CHECK: an echo is answered.
struct PingCheck {
  bool operator==(const PingCheck&) const = default;
};

// SMTP_CHECK: greeting, HELO, QUIT.
struct SmtpCheck {
  std::string helo_name = "smtpchecker.keepalived.org";
  std::vector<CheckTarget> hosts;  // at least one; the check's own target, or those of old `host` blocks

  bool operator==(const SmtpCheck&) const = default;
};

enum class DnsType : std::uint16_t {  // as on the wire
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  mx = 15,
  txt = 16,
  aaaa = 28,
  rrsig = 46,
  dnskey = 48,
};

// DNS_CHECK: a question over UDP has an answer.
struct DnsCheck {
  DnsType type = DnsType::soa;
  std::string name = ".";

  bool operator==(const DnsCheck&) const = default;
};

// One byte of a wanted reply: (received & mask) == (value & mask).
struct MaskedByte {
  std::uint8_t value = 0;
  std::uint8_t mask = 0xff;

  bool operator==(const MaskedByte&) const = default;
};

// UDP_CHECK: no ICMP error comes back, or a reply does.
struct UdpCheck {
  std::vector<std::uint8_t> payload;  // empty: random bytes
  bool requires_reply = false;
  std::vector<MaskedByte> reply;  // empty: any; compared as far as both go
  std::uint16_t min_reply_bytes = 0;
  std::uint16_t max_reply_bytes = 255;

  bool operator==(const UdpCheck&) const = default;
};

// MISC_CHECK: a program's exit code; 0 is up, 1 is down.
struct MiscCheck {
  Command command;
  Duration timeout{};       // misc_timeout, else delay_loop
  bool is_dynamic = false;  // codes 2..255 set the weight, to code - 2

  bool operator==(const MiscCheck&) const = default;
};

// FILE_CHECK: the number in a track_file.
struct FileCheck {
  std::string file;  // one of Configuration::files
  int weight = 1;    // the number is multiplied by it; 0: any number but 0 is down
  bool reverse = false;

  bool operator==(const FileCheck&) const = default;
};

// BFD_CHECK: a session of bfd_instance is up.
struct BfdCheck {
  std::string session;  // one of Configuration::bfd_sessions

  bool operator==(const BfdCheck&) const = default;
};

struct HealthCheck {
  using Kind = std::variant<TcpCheck, HttpCheck, SmtpCheck, DnsCheck, UdpCheck, PingCheck, MiscCheck, FileCheck,
                            BfdCheck, GrpcCheck, TlsCheck>;

  Kind kind;
  CheckTarget target;                              // kinds that connect
  Duration delay_loop = std::chrono::seconds(60);  // above 0
  unsigned retry = 1;                              // failures in a row beyond the first that a server survives
  Duration delay_before_retry = std::chrono::seconds(1);
  Duration warmup = std::chrono::seconds(60);  // the first check comes within this time; 0: at once
  bool alpha = false;                          // down until the first success
  unsigned rise = 1;                           // successes in a row until one that is down is up
  bool first_decides = false;                  // the first result is a verdict, whatever `retry` and `rise` are
  bool log_all_failures = false;
  Place place;

  bool operator==(const HealthCheck&) const = default;
};

// What a real server and its virtual server say to checks that say nothing themselves.
struct CheckDefaults {
  IpAddress address;       // the real server's
  std::uint16_t port = 0;  // likewise
  std::string virtualhost;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration delay_loop = std::chrono::seconds(60);
  std::optional<unsigned> retry;               // nullopt: each kind has its own
  std::optional<Duration> delay_before_retry;  // likewise
  std::optional<Duration> warmup;              // nullopt: the check's delay_loop
  bool alpha = false;
  bool log_all_failures = false;  // checker_log_all_failures
  Account script_user;            // script_user of global_defs
};

// SSL: what SSL_GET checks show a server, and whom they believe.
struct CheckTls {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  Secret password;  // of the key

  bool operator==(const CheckTls&) const = default;
};

}  // namespace baton::config
