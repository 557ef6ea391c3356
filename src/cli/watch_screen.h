// What `baton watch` shows and what its keys do: from statuses, events and keys to lines of styled text. Pure: no
// terminal, no socket, no clock.
#pragma once

#include <cstddef>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace baton::cli {

enum class Style : std::uint8_t { plain, bold, reversed, good, calm, alarm };
struct Span {
  std::string text;
  Style style = Style::plain;
};
using Line = std::vector<Span>;

enum class Key : std::uint8_t { up, down, page_up, page_down, enter, escape, erase, letter };

class WatchScreen {
 public:
  void on_status(const nlohmann::json& status, double now);      // docs/status.md, brief
  void on_instance(const nlohmann::json& instance, double now);  // the chosen one, whole
  void on_event(const nlohmann::json& event);
  void on_silence(const std::string& why);                       // batond did not answer
  void on_message(const std::string& text) { message_ = text; }  // of a handover
  void on_key(Key key, char letter = 0);

  bool is_over() const { return is_over_; }
  std::string chosen() const;                  // name of the instance; empty: there is none
  std::optional<std::string> take_handover();  // which one was asked for, and confirmed

  std::vector<Line> lines(std::size_t height, std::size_t width, double now) const;

 private:
  enum class Mode : std::uint8_t { list, why, filter, question };
  std::vector<std::size_t> shown() const;  // indices of instances that the filter lets through
  void move(long by);
  void on_letter(char letter);
  Line head(double now) const;
  struct Widths {  // of columns
    std::size_t name = 4;
    std::size_t state = 6;
  };
  Line row(const nlohmann::json& instance, bool is_chosen, Widths widths, double now) const;
  std::vector<Line> why_lines(double now) const;
  std::string timer_line(double now) const;

  nlohmann::json status_;
  nlohmann::json instance_;
  double instance_at_ = 0;
  double answered_at_ = 0;
  std::string silence_;  // empty: it answers
  std::deque<nlohmann::json> events_;
  Mode mode_ = Mode::list;
  std::string asked_for_;  // the instance of the question, wherever the choice goes meanwhile
  std::string filter_;
  std::string message_;
  std::size_t chosen_ = 0;
  std::size_t page_ = 10;
  bool is_over_ = false;
  std::optional<std::string> handover_;
};

}  // namespace baton::cli
