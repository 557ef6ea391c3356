// What a check demands of a server's certificate, and the blocks GRPC_CHECK and TLS_CHECK. None of them is
// keepalived's.
#include <fmt/format.h>

#include "config/blocks.h"
#include "config/health_check_draft.h"
#include "config/limits.h"

namespace baton::config {

// tls_verify [NAME]
void read_tls_verify(const Arguments& arguments, CertificateDemands& demands) {
  demands.verify = true;
  const std::string_view name = arguments.word();
  if (name.empty()) return;
  if (!is_sendable(name) || name.size() > limits::name_bytes || name.starts_with('.')) {
    return arguments.invalid(0, "the name of the server, or its address",
                             "the certificate must bear the name that is asked for");
  }
  demands.name = name;
}

namespace {

// A keyword of a block that has no effect without another one.
void check_needs_tls(const Context& context, const Statement& block, bool tls) {
  if (tls) return;
  for (const Statement& statement : block.children) {
    if (statement.meaning == nullptr) continue;
    const std::string_view keyword = statement.keyword();
    if (keyword != "tls_verify" && keyword != "tls_min_days" && keyword != "enable_sni" && keyword != "sni_name") {
      continue;
    }
    context.diagnostics.warn("no-effect", statement.position(), fmt::format("{} has no effect without tls", keyword),
                             fmt::format("add 'tls' to {}, or remove the line", block.keyword()));
  }
}

void check_name(const Context& context, const Statement& block, std::string& name, std::string_view keyword) {
  if (is_sendable(name) && name.size() <= limits::name_bytes) return;
  context.diagnostics.warn("bad-value", block.position(),
                           fmt::format("{} holds what a request cannot hold, and is ignored", keyword),
                           "give the name of a host");
  name.clear();
}

// --- GRPC_CHECK ---

struct GrpcDraft {
  GrpcCheck check;
  std::optional<std::string> virtualhost;
};
using G = GrpcDraft;

void set_service(G& draft, const Arguments& arguments) {
  std::string name;
  if (!arguments.read(name)) return;
  if (!is_sendable(name) || name.size() > limits::name_bytes) {
    return arguments.invalid(0, fmt::format("the name of a service, at most {} bytes", limits::name_bytes),
                             "the server as a whole is asked for");
  }
  draft.check.service = std::move(name);
}
void set_grpc_sni_name(G& draft, const Arguments& arguments) {
  draft.check.enable_sni = arguments.read(draft.check.sni_name) || draft.check.enable_sni;
}
void set_grpc_verify(G& draft, const Arguments& arguments) {
  read_tls_verify(arguments, draft.check.certificate);
}

constexpr Setting<G> grpc_settings[] = {
    {"service", set_service},
    {"virtualhost", set<&G::virtualhost>},
    {"tls", set<&G::check, &GrpcCheck::tls>},
    {"enable_sni", set<&G::check, &GrpcCheck::enable_sni>},
    {"sni_name", set_grpc_sni_name},
    {"tls_verify", set_grpc_verify},
    {"tls_min_days", set<&G::check, &GrpcCheck::certificate, &CertificateDemands::min_days>},
};

// --- TLS_CHECK ---

void set_verify(TlsCheck& check, const Arguments& arguments) {
  read_tls_verify(arguments, check.certificate);
}

constexpr Setting<TlsCheck> tls_settings[] = {
    {"sni_name", set<&TlsCheck::sni_name>},
    {"tls_verify", set_verify},
    {"tls_min_days", set<&TlsCheck::certificate, &CertificateDemands::min_days>},
};

}  // namespace

GrpcCheck read_grpc(const Context& context, const Statement& block, const std::string& virtualhost) {
  GrpcDraft draft;
  apply_settings(context, block, grpc_settings, draft);
  GrpcCheck& check = draft.check;
  check.virtualhost = draft.virtualhost.value_or(virtualhost);
  check_name(context, block, check.virtualhost, "virtualhost");
  check_name(context, block, check.sni_name, "sni_name");
  check_needs_tls(context, block, check.tls);
  if (!check.tls) {
    check.enable_sni = false;
    check.sni_name.clear();
    check.certificate = {};
  }
  return std::move(check);
}

TlsCheck read_tls(const Context& context, const Statement& block) {
  TlsCheck check;
  apply_settings(context, block, tls_settings, check);
  check_name(context, block, check.sni_name, "sni_name");
  return check;
}

}  // namespace baton::config
