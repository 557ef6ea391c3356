#include "check/firewall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "check/file_rules.h"

namespace baton::check {
namespace {

// Words of letters and digits, in lower case, up to a comment.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool is_inside = false;
  for (const char each : line.substr(0, line.find('#'))) {
    const bool is_letter = std::isalnum(static_cast<unsigned char>(each)) != 0;
    if (is_letter && !is_inside) words.emplace_back();
    if (is_letter) words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    is_inside = is_letter;
  }
  return words;
}

bool has_any(const std::vector<std::string>& words, std::initializer_list<std::string_view> wanted) {
  return std::ranges::find_first_of(words, wanted) != words.end();
}

bool lets_in(const std::vector<std::string>& words) {
  return has_any(words, {"accept"}) && has_any(words, {"p", "proto", "protocol", "l4proto", "value"}) &&
         !has_any(words, {"tcp", "udp", "dport", "sport", "output"});
}

}  // namespace

ProtocolLines find_protocols(const FirewallText& firewall) {
  ProtocolLines found;
  std::string_view rest = firewall.text;
  for (unsigned number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    const std::vector<std::string> words = words_of(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!lets_in(words)) continue;
    if (found.vrrp == 0 && has_any(words, {"vrrp", "112"})) found.vrrp = number;
    if (found.ah == 0 && has_any(words, {"ah", "51"})) found.ah = number;
  }
  return found;
}

void check_firewall(const FirewallText& firewall, std::span<const CheckedFile> files, Report& report) {
  const ProtocolLines lines = find_protocols(firewall);
  const auto report_at = [&](unsigned line, std::string message, std::string mend) {
    report.add_elsewhere("firewall-other-protocol", {.file = firewall.name, .line = line, .column = 0},
                         std::move(message), std::move(mend));
  };
  for (const CheckedFile& file : files) {
    for (const config::Instance& instance : file.configuration().instances) {
      const bool is_ah = instance.authentication.type == config::AuthType::ah;
      const std::string where = file.words_for(file.keyword(instance.place, "auth_type"));
      if (is_ah && lines.vrrp > 0 && lines.ah == 0) {
        return report_at(lines.vrrp,
                         fmt::format("this lets protocol 112 in, and the adverts of {} ({}) are protocol 51, AH: nodes "
                                     "behind it do not hear each other",
                                     instance.name, where),
                         "let protocol 51 (ah) in as well");
      }
      if (!is_ah && lines.ah > 0 && lines.vrrp == 0) {
        return report_at(
            lines.ah,
            fmt::format("this lets protocol 51 in, and the adverts of {} ({}) are protocol 112: nodes behind "
                        "it do not hear each other",
                        instance.name, where),
            "let protocol 112 (vrrp) in as well");
      }
    }
  }
}

}  // namespace baton::check
