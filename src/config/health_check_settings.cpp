// A health check as its settings: see settings.h.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "config/settings.h"

namespace baton::config {

namespace {

std::string seconds(Duration value) {
  return fmt::format("{:g} s", std::chrono::duration<double>(value).count());
}

std::string yes_no(bool value) {
  return value ? "yes" : "no";
}

std::string target_text(const CheckTarget& target) {
  std::string text = fmt::format("{} port {}", to_string(target.address), target.port);
  if (target.source) text += fmt::format(" from {}", to_string(*target.source));
  if (target.source_port != 0) text += fmt::format(" from port {}", target.source_port);
  if (!target.interface.empty()) text += fmt::format(" dev {}", target.interface);
  if (target.mark != 0) text += fmt::format(" fwmark {}", target.mark);
  return text;
}

std::string hex(const std::vector<std::uint8_t>& bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::string protocol_text(HttpProtocol protocol) {
  switch (protocol) {
    case HttpProtocol::http_1_0: return "1.0";
    case HttpProtocol::http_1_0_close: return "1.0C";
    case HttpProtocol::http_1_1: return "1.1";
    case HttpProtocol::http_2: return "2";
  }
  return {};
}

std::string page_text(const CheckedPage& page) {
  std::string text = fmt::format("{} virtualhost {} status_code", page.path, page.virtualhost);
  for (const StatusRange& range : page.status_codes) text += fmt::format(" {}-{}", range.first, range.last);
  if (page.digest) text += fmt::format(" digest {:02x}", fmt::join(*page.digest, ""));
  if (page.tls_compliant) text += " tls_compliant";
  for (const JsonExpectation& json : page.json) text += fmt::format(" json \"{}\" \"{}\"", json.pointer, json.value);
  if (!page.regex) return text;
  const PageRegex& regex = *page.regex;
  text +=
      fmt::format(" {} \"{}\" offset {}", regex.no_match ? "regex_no_match" : "regex", regex.pattern, regex.min_offset);
  if (regex.max_offset) text += fmt::format("-{}", *regex.max_offset);
  if (!regex.options.empty()) text += " options";
  for (const RegexOption option : regex.options) text += fmt::format(" {}", static_cast<unsigned>(option));
  if (regex.stack_max != 0) text += fmt::format(" stack {} {}", regex.stack_start, regex.stack_max);
  return text;
}

std::string reply_text(const std::vector<MaskedByte>& reply) {
  std::string text;
  for (const MaskedByte& byte : reply) text += fmt::format("{:02x}/{:02x} ", byte.value, byte.mask);
  return text;
}

class Kinds {
 public:
  explicit Kinds(Settings& out) : out_(out) {}

  void operator()(const TcpCheck&) { name("TCP_CHECK"); }
  void operator()(const PingCheck&) { name("PING_CHECK"); }
  void operator()(const HttpCheck& check) {
    name(check.tls ? "SSL_GET" : "HTTP_GET");
    add("http_protocol", protocol_text(check.protocol));
    add("enable_sni", yes_no(check.enable_sni));
    add("sni_name", check.sni_name);
    add("fast_recovery", yes_no(check.fast_recovery));
    add("keep_connection", yes_no(check.keep_connection));
    add_demands(check.certificate);
    for (const CheckedPage& page : check.pages) add("url", page_text(page));
  }
  void operator()(const GrpcCheck& check) {
    name("GRPC_CHECK");
    add("service", check.service);
    add("virtualhost", check.virtualhost);
    add("tls", yes_no(check.tls));
    add("enable_sni", yes_no(check.enable_sni));
    add("sni_name", check.sni_name);
    add_demands(check.certificate);
  }
  void operator()(const TlsCheck& check) {
    name("TLS_CHECK");
    add("sni_name", check.sni_name);
    add_demands(check.certificate);
  }
  void operator()(const SmtpCheck& check) {
    name("SMTP_CHECK");
    add("helo_name", check.helo_name);
    for (const CheckTarget& host : check.hosts) {
      add("host", target_text(host));
      add("connect_timeout", seconds(host.timeout));
    }
  }
  void operator()(const DnsCheck& check) {
    name("DNS_CHECK");
    add("type", std::to_string(static_cast<unsigned>(check.type)));
    add("name", check.name);
  }
  void operator()(const UdpCheck& check) {
    name("UDP_CHECK");
    add("payload", hex(check.payload));
    add("require_reply", check.requires_reply ? "yes " + reply_text(check.reply) : "no");
    add("min_reply_length", std::to_string(check.min_reply_bytes));
    add("max_reply_length", std::to_string(check.max_reply_bytes));
  }
  void operator()(const MiscCheck& check) {
    name("MISC_CHECK");
    add("misc_path", check.command.line);
    add("user", check.command.account.user + " " + check.command.account.group);
    add("misc_timeout", seconds(check.timeout));
    add("misc_dynamic", yes_no(check.is_dynamic));
  }
  void operator()(const FileCheck& check) {
    name("FILE_CHECK");
    add("track_file", check.file);
    add("weight", fmt::format("{}{}", check.weight, check.reverse ? " reverse" : ""));
  }
  void operator()(const BfdCheck& check) {
    name("BFD_CHECK");
    add("name", check.session);
  }

 private:
  void name(std::string_view kind) { add("check", std::string(kind)); }
  void add_demands(const CertificateDemands& demands) {
    add("tls_verify", demands.verify ? "yes " + demands.name : "no");
    add("tls_min_days", demands.min_days ? std::to_string(*demands.min_days) : "");
  }
  void add(std::string_view keyword, std::string value) { out_.push_back({keyword, std::move(value)}); }

  Settings& out_;
};

}  // namespace

Settings settings_of(const HealthCheck& check) {
  Settings settings;
  std::visit(Kinds(settings), check.kind);
  settings.push_back({"connect", target_text(check.target)});
  settings.push_back({"connect_timeout", seconds(check.target.timeout)});
  settings.push_back({"delay_loop", seconds(check.delay_loop)});
  settings.push_back({"retry", std::to_string(check.retry)});
  settings.push_back({"delay_before_retry", seconds(check.delay_before_retry)});
  settings.push_back({"warmup", seconds(check.warmup)});
  settings.push_back({"alpha", yes_no(check.alpha)});
  settings.push_back({"rise", std::to_string(check.rise)});
  settings.push_back({"first_decides", yes_no(check.first_decides)});
  settings.push_back({"log_all_failures", yes_no(check.log_all_failures)});
  return settings;
}

Settings settings_of(const CheckTls& tls) {
  return {{"ca", tls.ca_file},
          {"certificate", tls.certificate_file},
          {"key", tls.key_file},
          {"password", tls.password.reveal(), true}};
}

}  // namespace baton::config
