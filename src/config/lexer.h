// A statement's text to words. Ordinary lines know the double quote and nothing else; the lines that hold a command are
// read once more with a shell-like lexer in two passes (docs/configuration.md, "Commands").
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/source.h"

namespace baton::config {

struct Word {
  std::string text;
  unsigned column = 0;  // as Position
  unsigned width = 1;
  bool is_quoted = false;
};

// Blanks separate; "..." is one word of its own, also where it touches another. An open quote drops the rest of the
// line.
std::vector<Word> split_words(const Text& text, Diagnostics& diagnostics);

// First pass: quotes of both kinds group, pieces that touch are one word, \ protects the next character and stays.
// An open quote runs to the end; `open_quote` says so.
std::vector<Word> split_script_line(const Text& text, bool& open_quote, Diagnostics& diagnostics);

// Second pass, over a command: as the first, and escapes are decoded: \a \b \E \f \n \r \t \v, \nnn octal, \xHH, \cC,
// any other \C is C. An open quote runs to the end; `open_quote` says so.
std::vector<std::string> split_command(std::string_view command, bool& open_quote);

}  // namespace baton::config
