// What the parser has to say to the person who wrote the file: where, what, the line itself, and what to do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/source_place.h"

namespace baton::config {

// note: worth knowing, nothing is lost. warning: something is ignored, repaired or not carried out, and the rest works
// (keepalived goes on as well). error: the configuration is not started.
enum class Severity : std::uint8_t { note, warning, error };
std::string_view name(Severity severity);

struct Diagnostic {
  Severity severity = Severity::warning;
  std::string id;  // stable, kebab-case: "unknown-keyword"; every one is in docs/configuration.md
  SourcePlace place;
  std::string message;  // one sentence, no full stop
  std::string mend;     // what to do about it, one sentence, no full stop; may be empty
  std::string line;     // the source line, made printable and cut to a screen's width; empty when there is none
  unsigned caret = 0;   // where in `line` the caret stands, from 1; 0: no caret
  unsigned width = 1;   // how many columns it marks
};

// As a compiler prints it:
//   web1.conf:12:5: warning: unknown keyword 'prioritty' [unknown-keyword]
//       prioritty 100
//       ^~~~~~~~~
//     mend: did you mean 'priority'?
std::string to_string(const Diagnostic& diagnostic);

// The gravest; note when there is nothing.
Severity worst(std::span<const Diagnostic> diagnostics);

}  // namespace baton::config
