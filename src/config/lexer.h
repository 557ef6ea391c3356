// A statement's text to words. Ordinary lines know the double quote and nothing else; the lines that hold a command are
// read once more with a shell-like lexer in two passes (docs/configuration.md, "Commands").
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/source.h"

namespace baton::config {

// A view into the text it was split from.
struct Word {
  std::string_view text;
  unsigned column = 0;  // as Position
  unsigned width = 1;
  bool is_quoted = false;
};

// A word of a command: its quotes are gone.
struct ScriptWord {
  std::string text;
  unsigned column = 0;  // as Position
  unsigned width = 1;
};

// Blanks separate; "..." is one word of its own, also where it touches another. An open quote drops the rest of the
// line.
std::vector<Word> split_words(const Text& text, Diagnostics& diagnostics);

// First pass: quotes of both kinds group, pieces that touch are one word, escapes are decoded: \a \b \E \f \n \r \t \v,
// \nnn octal, \xHH, \cC, any other \C is C. An open quote runs to the end; `open_quote` says so.
std::vector<ScriptWord> split_script_line(const Text& text, bool& open_quote, Diagnostics& diagnostics);

// Second pass, over a command: as the first, so that escapes are decoded twice. `is_open`: behind a quote that is never
// closed something follows, or nothing follows a backslash.
std::vector<std::string> split_command(std::string_view command, bool& is_open);

}  // namespace baton::config
