#include "health/page_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "health/limits.h"
#include "health/regex_price.h"

namespace baton::health {

namespace {

using Code = std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)>;
using MatchData = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;
using MatchContext = std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>;

std::uint32_t flag(config::RegexOption option) {
  using enum config::RegexOption;
  switch (option) {
    case allow_empty_class: return PCRE2_ALLOW_EMPTY_CLASS;
    case alt_bsux: return PCRE2_ALT_BSUX;
    case alt_circumflex: return PCRE2_ALT_CIRCUMFLEX;
    case alt_verbnames: return PCRE2_ALT_VERBNAMES;
    case auto_callout: return PCRE2_AUTO_CALLOUT;
    case caseless: return PCRE2_CASELESS;
    case dollar_endonly: return PCRE2_DOLLAR_ENDONLY;
    case dotall: return PCRE2_DOTALL;
    case dupnames: return PCRE2_DUPNAMES;
    case extended: return PCRE2_EXTENDED;
    case firstline: return PCRE2_FIRSTLINE;
    case match_unset_backref: return PCRE2_MATCH_UNSET_BACKREF;
    case multiline: return PCRE2_MULTILINE;
    case never_backslash_c: return PCRE2_NEVER_BACKSLASH_C;
    case never_ucp: return PCRE2_NEVER_UCP;
    case never_utf: return PCRE2_NEVER_UTF;
    case no_auto_capture: return PCRE2_NO_AUTO_CAPTURE;
    case no_auto_possess: return PCRE2_NO_AUTO_POSSESS;
    case no_dotstar_anchor: return PCRE2_NO_DOTSTAR_ANCHOR;
    case no_start_optimize: return PCRE2_NO_START_OPTIMIZE;
    case ucp: return PCRE2_UCP;
    case ungreedy: return PCRE2_UNGREEDY;
    case use_offset_limit: return PCRE2_USE_OFFSET_LIMIT;
    case utf: return PCRE2_UTF;
  }
  return 0;
}

std::string error_text(int code) {
  std::array<PCRE2_UCHAR, 200> text{};
  (void)pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

// Of UTF-8: that a letter does not begin here.
bool goes_on(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
}

constexpr std::size_t letter_bytes = 4;  // at most, RFC 3629

// Without the letter that it would end in the middle of.
std::string_view beginning(std::string_view page, std::size_t most, bool is_utf) {
  std::size_t end = std::min(most, page.size());
  if (is_utf && end < page.size()) {
    while (end > 0 && most - end < letter_bytes && goes_on(page[end])) --end;
  }
  return page.substr(0, end);
}

// Bytes until the next one begins, where `from` is within one.
std::size_t rest_of_letter(std::string_view page, std::size_t from) {
  std::size_t end = from;
  while (from > 0 && end < page.size() && end - from < letter_bytes && goes_on(page[end])) ++end;
  return end - from;
}

}  // namespace

struct PageSearch::State {
  Code code{nullptr, &pcre2_code_free};
  MatchData data{nullptr, &pcre2_match_data_free};
  MatchContext context{nullptr, &pcre2_match_context_free};
  std::size_t min_offset = 0;
  RegexPrice price;
  bool is_utf = false;  // by an option or by the pattern's own (*UTF)
};

PageSearch::PageSearch(std::unique_ptr<State> state) : state_(std::move(state)) {}
PageSearch::PageSearch(PageSearch&&) noexcept = default;
PageSearch& PageSearch::operator=(PageSearch&&) noexcept = default;
PageSearch::~PageSearch() = default;

// Interpreted: the checker's filter of system calls lets no memory become code, and regex_stack is of the JIT alone.
std::expected<PageSearch, std::string> PageSearch::compile(const config::PageRegex& regex) {
  std::uint32_t options = PCRE2_AUTO_CALLOUT;
  if (regex.max_offset) options |= PCRE2_USE_OFFSET_LIMIT;
  for (const config::RegexOption option : regex.options) options |= flag(option);
  // Else PCRE2 looks for the end of the line from each of its bytes.
  if ((options & PCRE2_FIRSTLINE) != 0) options |= PCRE2_NO_START_OPTIMIZE;
  int error = 0;
  PCRE2_SIZE where = 0;
  auto state = std::make_unique<State>();
  state->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(regex.pattern.data()), regex.pattern.size(), options,
                                  &error, &where, nullptr));
  if (!state->code) return std::unexpected(fmt::format("{} (at byte {})", error_text(error), where));
  state->data.reset(pcre2_match_data_create(1, nullptr));
  state->context.reset(pcre2_match_context_create(nullptr));
  if (!state->data || !state->context) return std::unexpected("no memory");
  (void)pcre2_set_match_limit(state->context.get(), limits::regex_steps);
  (void)pcre2_set_heap_limit(state->context.get(), limits::regex_heap_kib);
  if (regex.max_offset) (void)pcre2_set_offset_limit(state->context.get(), *regex.max_offset);
  state->min_offset = regex.min_offset;
  state->price = price_of(state->code.get(), regex.pattern);
  std::uint32_t all_options = 0;
  (void)pcre2_pattern_info(state->code.get(), PCRE2_INFO_ALLOPTIONS, &all_options);
  state->is_utf = (all_options & PCRE2_UTF) != 0;
  return PageSearch(std::move(state));
}

std::expected<PageSearch::Found, std::string> PageSearch::search(std::string_view page) const {
  page = beginning(page, limits::searched_bytes, state_->is_utf);
  if (state_->min_offset > page.size()) return Found::no;
  const std::size_t from = state_->min_offset + (state_->is_utf ? rest_of_letter(page, state_->min_offset) : 0);
  RegexBudget budget(state_->price);
  (void)pcre2_set_callout(state_->context.get(), &RegexBudget::pay, &budget);
  const int result = pcre2_match(state_->code.get(), reinterpret_cast<PCRE2_SPTR>(page.data()), page.size(), from, 0,
                                 state_->data.get(), state_->context.get());
  if (result >= 0) return Found::yes;
  switch (result) {
    case PCRE2_ERROR_NOMATCH: return Found::no;
    case PCRE2_ERROR_CALLOUT:
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_NOMEMORY: return Found::too_costly;
    default: return std::unexpected(error_text(result));
  }
}

}  // namespace baton::health
