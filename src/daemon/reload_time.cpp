#include "daemon/reload_time.h"

#include <array>
#include <charconv>
#include <ctime>
#include <string>

namespace baton::daemon {

namespace {

struct Reader {
  std::string_view rest;

  bool take(char expected) {
    if (!rest.starts_with(expected)) return false;
    rest.remove_prefix(1);
    return true;
  }
  // So many digits, from least to most.
  std::optional<int> number(std::size_t digits, int least, int most) {
    if (rest.size() < digits) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, value);
    if (error != std::errc{} || end != rest.data() + digits || value < least || value > most) return std::nullopt;
    rest.remove_prefix(digits);
    return value;
  }
};

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
};

std::optional<Date> take_date(Reader& reader) {
  constexpr int century = 2000;
  const bool is_long = reader.rest.find('-') == 4;
  const auto year = is_long ? reader.number(4, 1970, 9999) : reader.number(2, 0, 99);
  if (!year || !reader.take('-')) return std::nullopt;
  const auto month = reader.number(2, 1, 12);
  if (!month || !reader.take('-')) return std::nullopt;
  const auto day = reader.number(2, 1, 31);
  if (!day || !reader.take(' ')) return std::nullopt;
  while (reader.take(' ')) {
  }
  const Date date{.year = is_long ? *year : century + *year, .month = *month, .day = *day};
  const bool is_one =
      std::chrono::year_month_day(std::chrono::year(date.year), std::chrono::month(static_cast<unsigned>(date.month)),
                                  std::chrono::day(static_cast<unsigned>(date.day)))
          .ok();
  return is_one ? std::optional(date) : std::nullopt;
}

std::optional<std::array<int, 3>> take_clock(Reader& reader) {
  const auto hour = reader.number(2, 0, 23);
  if (!hour || !reader.take(':')) return std::nullopt;
  const auto minute = reader.number(2, 0, 59);
  if (!minute || !reader.take(':')) return std::nullopt;
  const auto second = reader.number(2, 0, 59);
  if (!second) return std::nullopt;
  return std::array{*hour, *minute, *second};
}

}  // namespace

std::optional<WallTime> next_reload(std::string_view text, WallTime now) {
  text = text.substr(0, text.find_first_of("\r\n"));
  while (text.ends_with(' ')) text.remove_suffix(1);
  Reader reader{text};
  std::optional<Date> date;
  if (text.find('-') != text.npos) {
    date = take_date(reader);
    if (!date) return std::nullopt;
  }
  const auto clock = take_clock(reader);
  if (!clock) return std::nullopt;
  const bool is_utc = reader.take('Z');
  if (!reader.rest.empty()) return std::nullopt;

  const std::time_t now_seconds =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm when{};
  (void)(is_utc ? ::gmtime_r(&now_seconds, &when) : ::localtime_r(&now_seconds, &when));
  if (date) {
    when.tm_year = date->year - 1900;
    when.tm_mon = date->month - 1;
    when.tm_mday = date->day;
  }
  const auto at = [&](std::tm day) {
    day.tm_hour = (*clock)[0];
    day.tm_min = (*clock)[1];
    day.tm_sec = (*clock)[2];
    day.tm_isdst = -1;  // the system knows
    return WallTime(std::chrono::seconds(is_utc ? ::timegm(&day) : ::mktime(&day)));
  };
  WallTime result = at(when);
  if (result > now) return result;
  if (date) return std::nullopt;
  ++when.tm_mday;  // mktime(3) knows how long a month is, and how long this day
  return at(when);
}

}  // namespace baton::daemon
