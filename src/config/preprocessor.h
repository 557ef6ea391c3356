// Files to statements and braces: comments, conditional lines, definitions, repetition, variables, includes. Everything
// here works on lines; what a statement means is not its business, but for include_check and random_seed, which steer
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/file_reader.h"
#include "config/include_pattern.h"
#include "config/load.h"
#include "config/source.h"
#include "config/tree.h"
#include "config/variables.h"

namespace baton::config {

class Preprocessor {
 public:
  Preprocessor(FileReader& reader, const LoadOptions& options, Sources& sources, Diagnostics& diagnostics,
               TreeBuilder& tree);

  // The file, or the files a pattern matches. False when nothing could be read.
  bool read_main(const std::string& path);

 private:
  // The file being read, innermost last.
  struct File {
    std::string path;
    std::string directory;  // as a prefix: empty, or ending in '/'
    IncludeChecks checks;
  };
  // A multi-line definition that is still going on.
  struct Collection {
    std::string name;
    std::vector<Text> lines;
    Position position;
    bool is_wanted = true;  // false: its condition did not hold
  };

  std::optional<FileError> read_file(const std::string& path);
  void read_lines(SourceFile& file);
  void physical_line(const SourceLine* line);
  void collect(const Text& text);
  void finish_collection();

  void process(Text text, unsigned depth);
  std::optional<Text> condition(const Text& text) const;
  bool define(const Text& text, bool is_wanted);
  bool repeat(const Text& text, unsigned depth);
  void repeat_sequence(const Text& arguments, const Text& rest, bool hexadecimal, unsigned depth);
  void repeat_list(const Text& arguments, const Text& rest, unsigned depth);
  bool include(const Text& text);
  void include_one(const std::string& pattern, bool is_alternative, const IncludeChecks& checks,
                   const Position& position);
  std::size_t emit(const Text& text);
  void statement(const Text& text);
  void watch(const Text& text);
  bool exhausted(const Position& position);
  std::string absolute_directory(const std::string& directory) const;

  FileReader& reader_;
  Sources& sources_;
  Diagnostics& diagnostics_;
  TreeBuilder& tree_;
  std::string config_id_;
  Budget replacements_;
  Budget lines_;
  Budget statements_;
  Budget statement_bytes_;
  Variables variables_;
  std::vector<File> files_;
  std::optional<Collection> collection_;
  IncludeChecks main_checks_;
  std::size_t files_read_ = 0;
  std::size_t bytes_read_ = 0;
  bool line_goes_on_ = false;  // the physical line ends in a backslash
  bool is_stopped_ = false;
};

}  // namespace baton::config
