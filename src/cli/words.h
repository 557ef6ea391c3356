// Words that every command uses: spans and times as people say them, and colours for who has a terminal that shows
// them.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace baton::cli {

double utc_now();                     // seconds since 1970
std::string span_of(double seconds);  // "20 ms", "3.6 s", "5 min", "2.1 h", "3 days"
std::string clock_of(double utc);     // "2026-11-27 13:36:00", local time
std::string time_of_day(double utc);  // "13:36:00.123", local time
std::string bare(
    std::string_view text);  // without control characters: what a name or a script's text could do to a terminal

// Of a status's `witness`: "10.0.20.1; has not answered, and the master is silent". Empty: it has none.
std::string witness_line(const nlohmann::json& witness);
// Of a status's `hook`: what its addresses wait for, or what went wrong before. Empty: neither.
std::string hook_line(const nlohmann::json& hook);

// Of a status's `takeover`: "3 of 4 neighbours; 10.0.20.9 not yet". Empty: there is nothing to tell.
std::string learned_by(const nlohmann::json& takeover);

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string state(std::string_view name, std::size_t width = 0) const;  // padded by what is seen
  std::string bold(std::string_view text) const;
  std::string alarm(std::string_view text) const;

 private:
  std::string painted(std::string_view code, std::string_view text) const;
  bool colour_;
};

// Columns as wide as their longest cell; the last one is as long as it is.
class Table {
 public:
  struct Cell {
    std::string text;
    std::string painted = {};  // empty: as text
  };
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace baton::cli
