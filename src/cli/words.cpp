#include "cli/words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace baton::cli {

double utc_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string span_of(double seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.0f} days", seconds / 86400);
}

std::string clock_of(double utc) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(utc)));
}

std::string time_of_day(double utc) {
  const double whole = std::floor(utc);
  return fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(static_cast<std::time_t>(whole)),
                     static_cast<int>((utc - whole) * 1000));
}

std::string bare(std::string_view text) {
  std::string result(text);
  std::ranges::replace_if(result, [](unsigned char letter) { return letter < ' ' || letter == 0x7f; }, '?');
  return result;
}

std::string witness_line(const nlohmann::json& witness) {
  if (!witness.is_object()) return {};
  std::string text;
  for (const auto& address : witness.value("addresses", nlohmann::json::array())) {
    text += (text.empty() ? "" : ", ") + bare(address.get<std::string>());
  }
  if (witness.value("awaited", false)) return text + "; no answer, and the master is silent: this node may be cut off";
  return witness.value("asked", false) ? text + "; asked, the master is silent" : text;
}

std::string hook_line(const nlohmann::json& hook) {
  if (!hook.is_object()) return {};
  if (hook.value("awaited", false)) {
    return fmt::format("its addresses wait for before_announce, for {:.1f} s more at most",
                       std::max(0.0, hook.value("ends_in", 0.0)));
  }
  const auto late = hook.value("late", 0ULL);
  const auto failed = hook.value("failed", 0ULL);
  return late + failed == 0 ? std::string() : fmt::format("{} not in time, {} failed", late, failed);
}

std::string learned_by(const nlohmann::json& takeover) {
  if (!takeover.is_object() || takeover.value("asked", 0) == 0) return {};
  std::string text = fmt::format("{} of {} neighbours", takeover.value("learned", 0), takeover.value("asked", 0));
  const char* separator = "; ";
  const auto missing = takeover.value("missing", nlohmann::json::array());
  for (const auto& address : missing) text += std::exchange(separator, ", ") + bare(address.get<std::string>());
  if (!missing.empty()) text += takeover.value("over", false) ? " did not answer" : " not yet";
  return text;
}

std::string Painter::painted(std::string_view code, std::string_view text) const {
  return colour_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::string Painter::state(std::string_view name, std::size_t width) const {
  const char* code = name == "MASTER"        ? "1;32"
                     : name == "BACKUP"      ? "1;34"
                     : name == "FAULT"       ? "1;31"
                     : name == "MAINTENANCE" ? "1;33"
                                             : "1";
  return painted(code, name) + std::string(width > name.size() ? width - name.size() : 0, ' ');
}

std::string Painter::bold(std::string_view text) const {
  return painted("1", text);
}

std::string Painter::alarm(std::string_view text) const {
  return painted("1;31", text);
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].text.size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    std::size_t padding = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].text.empty()) {
        line.append(padding, ' ');
        padding = 0;
        line += row[i].painted.empty() ? row[i].text : row[i].painted;
      }
      padding += widths[i] - row[i].text.size() + 2;
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace baton::cli
