// HTTP_GET and SSL_GET: the pages they ask for, and what each must be like.
#include <algorithm>
#include <charconv>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/health_check_draft.h"
#include "config/lexer.h"
#include "config/limits.h"

namespace baton::config {
namespace {

struct PageDraft {
  CheckedPage page;
  std::optional<std::string> virtualhost;
  PageRegex regex;
  bool has_regex = false;
};
using P = PageDraft;

// --- url ---

std::optional<std::uint16_t> status_code(std::string_view text) {
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number || *number < 100 || *number > 599) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// "200", "200-299".
std::optional<StatusRange> status_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = status_code(text.substr(0, dash));
  const auto last = dash == text.npos ? first : status_code(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusRange{.first = *first, .last = *last};
}

void set_status_code(P& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a status code");
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    const auto range = status_range(arguments.word(index));
    if (range && draft.page.status_codes.size() < limits::status_ranges) {
      draft.page.status_codes.push_back(*range);
    } else {
      arguments.invalid(index, "a code from 100 to 599, or a range of them: 200-299", "it is ignored");
    }
  }
}

// The first one wins, as keepalived has it.
void set_digest(P& draft, const Arguments& arguments) {
  std::string text;
  if (!arguments.read(text)) return;
  std::array<std::uint8_t, 16> digest{};
  bool is_valid = text.size() == 2 * digest.size();
  for (std::size_t i = 0; is_valid && i < digest.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    is_valid = std::from_chars(digits, digits + 2, digest[i], 16).ptr == digits + 2;
  }
  if (!is_valid) return arguments.invalid(0, "32 hexadecimal digits, as baton digest and genhash print them");
  if (!draft.page.digest) draft.page.digest = digest;
}

// A quoted pattern's escapes are decoded once, as those of a command's first pass.
void set_regex(P& draft, const Arguments& arguments) {
  bool open_quote = false;
  const auto words = split_script_line(*arguments.statement().command, open_quote, arguments.diagnostics());
  if (words.size() < 2 || words[1].text.empty()) return arguments.missing("a regular expression");
  if (open_quote || words[1].text.size() > limits::regex_bytes) {
    return arguments.invalid(0, fmt::format("a pattern of at most {} bytes, its quotes closed", limits::regex_bytes));
  }
  draft.regex.pattern = words[1].text;
  draft.has_regex = true;
}

constexpr std::pair<std::string_view, RegexOption> regex_options[] = {
    {"allow_empty_class", RegexOption::allow_empty_class},
    {"alt_bsux", RegexOption::alt_bsux},
    {"alt_circumflex", RegexOption::alt_circumflex},
    {"alt_verbnames", RegexOption::alt_verbnames},
    {"auto_callout", RegexOption::auto_callout},
    {"caseless", RegexOption::caseless},
    {"dollar_endonly", RegexOption::dollar_endonly},
    {"dotall", RegexOption::dotall},
    {"dupnames", RegexOption::dupnames},
    {"extended", RegexOption::extended},
    {"firstline", RegexOption::firstline},
    {"match_unset_backref", RegexOption::match_unset_backref},
    {"multiline", RegexOption::multiline},
    {"never_backslash_c", RegexOption::never_backslash_c},
    {"never_ucp", RegexOption::never_ucp},
    {"never_utf", RegexOption::never_utf},
    {"no_auto_capture", RegexOption::no_auto_capture},
    {"no_auto_possess", RegexOption::no_auto_possess},
    {"no_dotstar_anchor", RegexOption::no_dotstar_anchor},
    {"no_start_optimize", RegexOption::no_start_optimize},
    {"ucp", RegexOption::ucp},
    {"ungreedy", RegexOption::ungreedy},
    {"use_offset_limit", RegexOption::use_offset_limit},
    {"utf", RegexOption::utf},
};

void set_regex_options(P& draft, const Arguments& arguments) {
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    for (const auto part : std::views::split(arguments.word(index), ' ')) {
      const std::string_view name(part.begin(), part.end());
      if (name.empty()) continue;
      const auto* const found =
          std::ranges::find(regex_options, name, &std::pair<std::string_view, RegexOption>::first);
      if (found == std::end(regex_options)) {
        arguments.diagnostics().warn("bad-value", arguments.at(index),
                                     fmt::format("there is no option {} of regular expressions; keepalived says "
                                                 "nothing and ignores it, too",
                                                 quoted(name)),
                                     "see regex_options in keepalived.conf(5)");
      } else if (std::ranges::find(draft.regex.options, found->second) == draft.regex.options.end()) {
        draft.regex.options.push_back(found->second);
      }
    }
  }
  std::ranges::sort(draft.regex.options);
}

std::optional<std::size_t> size_at(const Arguments& arguments, std::size_t index, std::string_view what) {
  if (index >= arguments.count()) {
    arguments.missing(what);
    return std::nullopt;
  }
  const std::optional<std::int64_t> number = parse_integer(arguments.word(index));
  if (number && *number >= 0 && std::in_range<std::uint32_t>(*number)) return static_cast<std::size_t>(*number);
  arguments.invalid(index, what);
  return std::nullopt;
}

void set_min_offset(P& draft, const Arguments& arguments) {
  if (const auto offset = size_at(arguments, 0, "a number of bytes")) draft.regex.min_offset = *offset;
}
void set_max_offset(P& draft, const Arguments& arguments) {
  if (const auto offset = size_at(arguments, 0, "a number of bytes")) draft.regex.max_offset = *offset;
}

void set_regex_stack(P& draft, const Arguments& arguments) {
  const auto start = size_at(arguments, 0, "two numbers of bytes, start and maximum");
  if (!start) return;
  const auto most = size_at(arguments, 1, "two numbers of bytes, start and maximum");
  if (!most) return;
  if (*start > *most || *most > limits::regex_stack) {
    return arguments.invalid(1, fmt::format("a maximum from {} to {}", *start, limits::regex_stack));
  }
  draft.regex.stack_start = *start;
  draft.regex.stack_max = *most;
}

// RFC 6901: nothing, or reference tokens with a slash before each; ~ is written ~0, and / within a token ~1.
bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t tilde = text.find('~'); tilde != text.npos; tilde = text.find('~', tilde + 1)) {
    if (tilde + 1 == text.size() || (text[tilde + 1] != '0' && text[tilde + 1] != '1')) return false;
  }
  return true;
}

// json POINTER VALUE
void set_json(P& draft, const Arguments& arguments) {
  if (arguments.count() < 2) return arguments.missing("a JSON pointer and the value that is expected there");
  const std::string_view pointer = arguments.word(0);
  const std::string_view value = arguments.word(1);
  if (!is_json_pointer(pointer) || pointer.size() > limits::json_bytes) {
    return arguments.invalid(0, "a JSON pointer, as in: json /status/database ok");
  }
  if (value.size() > limits::json_bytes) {
    return arguments.invalid(1, fmt::format("a value of at most {} bytes", limits::json_bytes));
  }
  if (arguments.count() > 2) return arguments.invalid(2, "one value, within quotes where it has blanks");
  if (draft.page.json.size() == limits::json_values) {
    arguments.diagnostics().warn("too-many", arguments.at(),
                                 fmt::format("more than {} values; this one is ignored", limits::json_values),
                                 "make another url of it");
    return;
  }
  draft.page.json.push_back({.pointer = std::string(pointer), .value = std::string(value)});
}

constexpr Setting<P> page_settings[] = {
    {"path", set<&P::page, &CheckedPage::path>},
    {"digest", set_digest},
    {"status_code", set_status_code},
    {"virtualhost", set<&P::virtualhost>},
    {"json", set_json},
    {"regex", set_regex},
    {"regex_no_match", set<&P::regex, &PageRegex::no_match>},
    {"regex_options", set_regex_options},
    {"regex_min_offset", set_min_offset},
    {"regex_max_offset", set_max_offset},
    {"regex_stack", set_regex_stack},
    {"tls_compliant", set<&P::page, &CheckedPage::tls_compliant>},
};

std::optional<CheckedPage> read_page(const Context& context, const Statement& block, const std::string& virtualhost,
                                     bool tls_compliant) {
  PageDraft draft;
  draft.page.tls_compliant = tls_compliant;
  apply_settings(context, block, page_settings, draft);
  CheckedPage& page = draft.page;
  if (page.path.empty()) {
    context.diagnostics.warn("incomplete-block", block.position(), "url has no 'path' and is ignored",
                             "add 'path', as in: path /");
    return std::nullopt;
  }
  page.virtualhost = draft.virtualhost.value_or(virtualhost);
  if (!is_sendable(page.path) || !is_sendable(page.virtualhost) || page.path.size() > limits::url_bytes ||
      page.virtualhost.size() > limits::name_bytes) {
    context.diagnostics.warn("bad-value", block.position(),
                             "path or virtualhost holds what a request cannot hold; the url is ignored",
                             "write blanks as %20, and shorten what is very long");
    return std::nullopt;
  }
  if (!page.path.starts_with('/') && page.path != "*") page.path.insert(0, "/");
  if (page.status_codes.empty()) page.status_codes.emplace_back();
  if (draft.has_regex) page.regex = std::move(draft.regex);
  return std::move(page);
}

// --- HTTP_GET ---

struct HttpDraft {
  HttpCheck check;
  std::optional<std::string> virtualhost;
  bool tls_compliant = false;
};
using H = HttpDraft;

void set_protocol(H& draft, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"1.0", "1.0C", "1.0c", "1.1", "2"});
  constexpr HttpProtocol values[] = {HttpProtocol::http_1_0, HttpProtocol::http_1_0_close, HttpProtocol::http_1_0_close,
                                     HttpProtocol::http_1_1, HttpProtocol::http_2};
  if (const auto index = arguments.choice(words, "1.0 is used")) draft.check.protocol = values[*index];
}

void set_sni_name(H& draft, const Arguments& arguments) {
  draft.check.enable_sni = true;
  draft.check.sni_name = arguments.word();
}

void set_tls_verify(H& draft, const Arguments& arguments) {
  read_tls_verify(arguments, draft.check.certificate);
}

// An HTTP/2 connection is more than bytes: what it remembers ends with the try.
void check_kept(const Context& context, const Statement& block, HttpCheck& check) {
  if (!check.keep_connection || check.protocol != HttpProtocol::http_2) return;
  check.keep_connection = false;
  const auto at = std::ranges::find_if(block.children, [](const Statement& statement) {
    return statement.meaning != nullptr && statement.keyword() == "keep_connection";
  });
  context.diagnostics.warn("no-effect", at == block.children.end() ? block.position() : at->position(),
                           "keep_connection has no effect with http_protocol 2: each try makes a connection",
                           "remove it, or use http_protocol 1.1");
}

constexpr Setting<H> http_settings[] = {
    {"virtualhost", set<&H::virtualhost>},
    {"http_protocol", set_protocol},
    {"enable_sni", set<&H::check, &HttpCheck::enable_sni>},
    {"sni_name", set_sni_name},
    {"fast_recovery", set<&H::check, &HttpCheck::fast_recovery>},
    {"keep_connection", set<&H::check, &HttpCheck::keep_connection>},
    {"tls_compliant", set<&H::tls_compliant>},
    {"tls_verify", set_tls_verify},
    {"tls_min_days", set<&H::check, &HttpCheck::certificate, &CertificateDemands::min_days>},
};

}  // namespace

std::optional<HttpCheck> read_http(const Context& context, const Statement& block, const std::string& virtualhost) {
  HttpDraft draft;
  draft.check.tls = block.keyword() == "SSL_GET";
  apply_settings(context, block, http_settings, draft);
  check_kept(context, block, draft.check);
  const std::string host = draft.virtualhost.value_or(virtualhost);
  for (const Statement& statement : block.children) {
    if (statement.meaning == nullptr || statement.keyword() != "url") continue;
    if (draft.check.pages.size() == limits::pages) {
      context.diagnostics.warn("too-many", statement.position(),
                               fmt::format("more than {} urls; this one is ignored", limits::pages),
                               "make another check of it");
      break;
    }
    if (auto page = read_page(context, statement, host, draft.tls_compliant)) {
      draft.check.pages.push_back(std::move(*page));
    }
  }
  if (!draft.check.pages.empty()) return std::move(draft.check);
  context.diagnostics.warn("incomplete-block", block.position(),
                           fmt::format("{} has no 'url' and is ignored", block.keyword()), "add: url { path / }");
  return std::nullopt;
}

}  // namespace baton::config
