// The room's one entrance: a path in, a Configuration and everything there is to say about it out.
//
//   lines -> comments, conditions, includes, variables, repetition (preprocessor) -> words (lexer) -> tree -> every
//   word known and in its place (keyword_check) -> model (global_defs, vrrp_instance, ...) -> what only the whole can
//   tell (whole_rules)
//
// Nothing here keeps state between two calls, looks at an interface, or starts anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/file_reader.h"
#include "config/keyword_places.h"
#include "config/limits.h"
#include "config/model.h"

namespace baton::config {

struct LoadOptions {
  bool strict = false;         // a warning refuses the configuration
  std::string config_id;       // for @id lines and ${_INSTANCE}; empty: the host name up to its first dot
  bool include_check = false;  // -e: every include problem is an error
  std::size_t replacements = limits::replacements;  // fewer where a stranger's file must be judged quickly
  std::uint32_t random_seed = 0;                    // of ${_RANDOM} where no random_seed is given
  bool keep_places = false;                         // of every keyword
};

struct LoadResult {
  Configuration configuration;
  std::vector<Diagnostic> diagnostics;  // in the order of files and lines; at most limits::diagnostics errors, and as
                                        // many others
  std::size_t dropped = 0;              // diagnostics beyond that
  bool ok = false;                      // no error, with `strict` no warning, with reload_check_config none that
                                        // keepalived has too: may be started
  bool is_familiar = false;             // among what is said is an error or something that keepalived reports too
  bool missing_file = false;            // the main file could not be read at all
  std::vector<std::string> files;       // every file read, the main one first
  KeywordPlaces keyword_places;         // empty unless they are to be kept
};

LoadResult load(std::string_view path, FileReader& reader, const LoadOptions& options = {});

// Every diagnostic, then a line of counts; empty when there is nothing to say.
std::string report(const LoadResult& result);

}  // namespace baton::config
