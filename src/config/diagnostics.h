// Collects what the stages have to say, with the source line cut and masked for showing. Bounded.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/diagnostic.h"
#include "config/source.h"

namespace baton::config {

class Diagnostics {
 public:
  void add(Severity severity, std::string_view id, const Position& position, std::string message,
           std::string mend = {});
  void note(std::string_view id, const Position& position, std::string message, std::string mend = {}) {
    add(Severity::note, id, position, std::move(message), std::move(mend));
  }
  void warn(std::string_view id, const Position& position, std::string message, std::string mend = {}) {
    add(Severity::warning, id, position, std::move(message), std::move(mend));
  }
  void error(std::string_view id, const Position& position, std::string message, std::string mend = {}) {
    add(Severity::error, id, position, std::move(message), std::move(mend));
  }

  bool has_error() const { return errors_ > 0; }
  bool has_warning() const { return warnings_ > 0; }
  // Of something that keepalived reports as well.
  bool has_familiar_warning() const { return familiar_warnings_ > 0; }
  // Whether more is counted only; then nobody need think of what to advise.
  bool is_full() const { return dropped_ > 0; }
  // Whether to search for what was meant by a word; asked once for each search.
  bool may_guess();
  std::size_t dropped() const { return dropped_; }
  // Of the values on this line none is shown: a secret keyword uses them.
  void hide(const SourceLine* line) { secret_lines_.insert(line); }
  // Cuts and masks the lines, so the text they point into must still be there.
  // In the order of files and lines; what belongs to no line comes last.
  std::vector<Diagnostic> take();

 private:
  struct Entry {
    std::size_t order = 0;  // as it was said
    Position position;
    Diagnostic diagnostic;
  };
  std::vector<Entry> entries_;
  std::unordered_set<const SourceLine*> secret_lines_;
  std::size_t kept_errors_ = 0;  // an error is seen behind however many warnings
  std::size_t kept_others_ = 0;
  std::size_t dropped_ = 0;
  std::size_t guesses_ = 0;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t familiar_warnings_ = 0;
};

// A word from the file as a message may quote it: printable, and not longer than a screen.
std::string quoted(std::string_view word);

}  // namespace baton::config
