// Writes metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0. One family after the other.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace baton::metrics {

enum class Format : std::uint8_t { prometheus, openmetrics };
std::string_view content_type(Format format);

enum class Kind : std::uint8_t { gauge, counter, info, histogram };

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

class MetricsText {
 public:
  explicit MetricsText(Format format) : format_(format) {}

  // What follows belongs to it. A counter's name without "_total", an info's without "_info".
  void family(std::string_view name, Kind kind, std::string_view help);
  void sample(Labels labels, double value);
  // `counts[i]` samples at most `bounds[i]`, and one count more for those beyond the last bound.
  void histogram(Labels labels, std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum);

  std::string finish();

 private:
  void line(std::string_view suffix, Labels labels, Label last, std::string_view value);

  Format format_;
  Kind kind_ = Kind::gauge;
  std::string name_;
  std::string text_;
};

}  // namespace baton::metrics
