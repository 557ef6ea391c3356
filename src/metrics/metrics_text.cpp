#include "metrics/metrics_text.h"

#include <fmt/format.h>

#include <cmath>

#include "base/printable.h"

namespace baton::metrics {

namespace {

std::string_view word(Kind kind, Format format) {
  switch (kind) {
    case Kind::gauge: return "gauge";
    case Kind::counter: return "counter";
    case Kind::info: return format == Format::openmetrics ? "info" : "gauge";
    case Kind::histogram: return "histogram";
  }
  return "unknown";
}

std::string_view suffix_of(Kind kind) {
  if (kind == Kind::counter) return "_total";
  return kind == Kind::info ? "_info" : "";
}

// Names may have any byte; a control character and what is no UTF-8 would spoil the whole answer.
void append_escaped(std::string& text, std::string_view value) {
  for (const char c : printable(value)) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

std::string number(double value) {
  if (std::trunc(value) == value && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

}  // namespace

std::string_view content_type(Format format) {
  return format == Format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                       : "text/plain; version=0.0.4; charset=utf-8";
}

void MetricsText::family(std::string_view name, Kind kind, std::string_view help) {
  kind_ = kind;
  name_ = name;
  // In the older format a family has the name of its samples.
  const std::string shown = name_ + std::string(format_ == Format::prometheus ? suffix_of(kind) : "");
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", shown, help, shown, word(kind, format_));
}

void MetricsText::sample(Labels labels, double value) {
  line(suffix_of(kind_), labels, {}, number(value));
}

void MetricsText::histogram(Labels labels, std::span<const double> bounds, std::span<const std::uint64_t> counts,
                            double sum) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    const std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    line("_bucket", labels, {"le", bound}, std::to_string(below));
  }
  line("_sum", labels, {}, number(sum));
  line("_count", labels, {}, std::to_string(below));
}

void MetricsText::line(std::string_view suffix, Labels labels, Label last, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  bool is_first = true;
  const auto add = [&](const Label& label) {
    text_ += is_first ? '{' : ',';
    is_first = false;
    text_ += label.first;
    text_ += "=\"";
    append_escaped(text_, label.second);
    text_ += '"';
  };
  for (const Label& label : labels) add(label);
  if (!last.first.empty()) add(last);
  if (!is_first) text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

std::string MetricsText::finish() {
  if (format_ == Format::openmetrics) text_ += "# EOF\n";
  return std::move(text_);
}

}  // namespace baton::metrics
