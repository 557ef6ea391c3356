// $NAME and ${NAME}: what they are defined as, and their replacement (docs/configuration.md, "Variables").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/file_reader.h"
#include "config/source.h"

namespace baton::config {

// "$NAME=value" taken apart; nullopt for any other line.
struct Definition {
  std::string name;
  std::size_t value_at = 0;  // index of the character behind the '='
};
std::optional<Definition> parse_definition(std::string_view text);

// The length of a ${NAME} or ${NAME PARAMETERS} at the front of a text; 0 when there is none.
std::size_t reference_size(std::string_view text);

// Work that a few lines may cause in large amounts. Once it is used up, reading stops.
class Budget {
 public:
  bool spend(std::size_t amount = 1) {
    is_exhausted_ = is_exhausted_ || amount > left_;
    if (!is_exhausted_) left_ -= amount;
    return !is_exhausted_;
  }
  explicit Budget(std::size_t amount) : left_(amount) {}
  bool is_exhausted() const { return is_exhausted_; }

 private:
  std::size_t left_;
  bool is_exhausted_ = false;
};

class Variables {
 public:
  Variables(FileReader& reader, Diagnostics& diagnostics, Budget& budget, std::uint32_t seed)
      : reader_(reader), diagnostics_(diagnostics), budget_(budget), random_(seed) {}

  void set(const std::string& name, std::string value, const Position& position);
  void set_lines(const std::string& name, std::vector<Text> lines, const Position& position);
  void set_directory(std::string directory) { directory_ = std::move(directory); }  // ${_PWD}
  void set_config_id(std::string config_id) { config_id_ = std::move(config_id); }  // ${_INSTANCE}
  void seed(std::uint32_t value) { random_.seed(value); }

  // The text with every variable replaced, values of values too. Unknown names stay as they are. A text that would
  // become too long, or never end, is reported and comes back unchanged.
  Text expand(const Text& text);

  // Says of a statement what was not replaced because nobody defined it. Commands may mean a shell's variables.
  void report_undefined(const Text& text);

  // The multi-line variable a text ends with, and where its name begins.
  struct Tail {
    const std::vector<Text>* lines = nullptr;
    std::size_t begin = 0;
  };
  std::optional<Tail> multi_line_tail(const Text& text);

 private:
  struct Variable {
    std::string value;
    std::vector<Text> lines;  // of a multi-line variable
    const SourceLine* defined_at = nullptr;
  };
  enum class Outcome { done, too_long, endless };

  // Replaced behind `secret_begin`, a variable's value is a secret wherever it stands.
  Outcome replace(std::string_view text, const Text* origin, const Position& position, unsigned depth,
                  std::size_t secret_begin, TextMaker& out);
  std::optional<std::string> value_of(std::string_view reference, const Position& position, bool is_secret);
  void hide(const Variable& variable);
  std::optional<std::string> built_in(std::string_view name, std::string_view parameters, const Position& position);
  std::optional<std::string> random(std::string_view parameters, const Position& position);
  Variable* slot(const std::string& name, const Position& position);

  FileReader& reader_;
  Diagnostics& diagnostics_;
  Budget& budget_;
  std::minstd_rand random_;
  std::string directory_;
  std::string config_id_;
  std::map<std::string, Variable, std::less<>> variables_;
};

}  // namespace baton::config
