#include "config/preprocessor.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/limits.h"
#include "config/repetition.h"

namespace baton::config {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

// Without its comment. # and ! begin one outside double quotes; \# and \! stand for themselves.
Text strip_comment(const Text& text) {
  const std::string_view characters = text.characters();
  if (!characters.contains('#') && !characters.contains('!')) return text;
  std::optional<TextMaker> out;  // once something is left out
  bool in_quotes = false;
  std::size_t begin = 0;
  std::size_t index = 0;
  for (; index < characters.size(); ++index) {
    const char each = characters[index];
    const bool is_mark = each == '#' || each == '!';
    if (each == '"') in_quotes = !in_quotes;
    if (is_mark && !in_quotes) break;
    if (each != '\\' || index + 1 == characters.size()) continue;
    ++index;
    if (in_quotes || (characters[index] != '#' && characters[index] != '!')) continue;
    if (!out) out.emplace(text.line());
    out->append(text.from(begin, index - 1));
    begin = index;
  }
  if (!out) return text.from(0, index);
  out->append(text.from(begin, index));
  return std::move(*out).finish();
}

std::size_t first_word_end(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if(text, is_blank) - text.begin());
}

// Index of the first brace outside double quotes; the size of the text when there is none. The braces of a variable
// that nobody defined are its own (keepalived splits the line there, and the blocks around it go wrong).
std::size_t find_brace(std::string_view text) {
  bool in_quotes = false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char each = text[index];
    if (each == '\\' && in_quotes) {
      ++index;
    } else if (each == '"') {
      in_quotes = !in_quotes;
    } else if (const std::size_t size = each == '$' ? reference_size(text.substr(index)) : 0; size > 0) {
      index += size - 1;
    } else if (!in_quotes && (each == '{' || each == '}')) {
      return index;
    }
  }
  return text.size();
}

}  // namespace

Preprocessor::Preprocessor(FileReader& reader, const LoadOptions& options, Sources& sources, Diagnostics& diagnostics,
                           TreeBuilder& tree)
    : reader_(reader),
      sources_(sources),
      diagnostics_(diagnostics),
      tree_(tree),
      config_id_(options.config_id),
      replacements_(options.replacements),
      lines_(limits::lines),
      statements_(limits::statements),
      statement_bytes_(limits::statement_bytes),
      variables_(reader, diagnostics, replacements_, options.random_seed) {
  if (config_id_.empty()) {
    const std::string host = reader.host_name();
    config_id_ = host.substr(0, host.find('.'));
  }
  variables_.set_config_id(config_id_);
  if (options.include_check) main_checks_ = IncludeChecks::all();
}

bool Preprocessor::read_main(const std::string& path) {
  std::optional<FileError> failure = read_file(path);
  if (!failure) return true;
  std::vector<std::string> matches;
  if (*failure == FileError::missing && has_wildcard(path))
    matches = reader_.glob(path).value_or(std::vector<std::string>());
  if (matches.size() > 1) {
    diagnostics_.warn("several-files", {},
                      fmt::format("{} names {} files; they are read in order", path, matches.size()),
                      "name one file, and include the others");
  }
  bool any = false;
  for (const std::string& match : matches) {
    failure = read_file(match);
    if (failure) {
      diagnostics_.error("unreadable-file", {}, fmt::format("{} {}", match, explain(*failure)));
    } else {
      any = true;
    }
  }
  if (matches.empty()) {
    diagnostics_.error(
        *failure == FileError::missing ? "missing-file" : "unreadable-file", {},
        fmt::format("{} {}", path, explain(*failure)),
        *failure == FileError::executable ? "chmod a-x it, if it is a configuration" : "name a file that is there");
  }
  return any;
}

std::optional<FileError> Preprocessor::read_file(const std::string& path) {
  std::expected<std::string, FileError> text = reader_.read(path);
  if (!text) return text.error();
  bytes_read_ += text->size();
  if (bytes_read_ > limits::file_bytes) return FileError::too_large;
  ++files_read_;
  const IncludeChecks checks = files_.empty() ? main_checks_ : files_.back().checks;
  files_.push_back({.path = path, .directory = directory_of(path), .checks = checks});
  variables_.set_directory(absolute_directory(files_.back().directory));
  read_lines(sources_.add_file(path, std::move(*text)));
  finish_collection();
  files_.pop_back();
  if (!files_.empty()) variables_.set_directory(absolute_directory(files_.back().directory));
  return std::nullopt;
}

void Preprocessor::read_lines(SourceFile& file) {
  std::string_view text = file.text;
  bool starts_with_mark = text.starts_with(byte_order_mark);
  if (starts_with_mark) text.remove_prefix(byte_order_mark.size());
  while (!text.empty() && !is_stopped_) {
    const std::size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const SourceLine* line = add_line(file, content.substr(0, limits::line_bytes));
    if (!lines_.spend() && exhausted({.line = line})) return;
    if (std::exchange(starts_with_mark, false)) {
      diagnostics_.warn("byte-order-mark", {.line = line, .column = 1},
                        "the file begins with a byte-order mark, which is skipped; keepalived takes it for a part of "
                        "the first word",
                        "save the file as UTF-8 without a byte-order mark");
    }
    if (content.size() > limits::line_bytes) {
      diagnostics_.error("too-large", {.line = line, .column = 1},
                         fmt::format("a line of {} bytes; at most {} are read", content.size(), limits::line_bytes),
                         "use several lines");
      continue;
    }
    if (content.size() > limits::familiar_line_bytes) {
      diagnostics_.warn("long-line", {.line = line, .column = 1},
                        fmt::format("a line of {} bytes; it is read whole, but keepalived loses its first {}",
                                    content.size(), limits::familiar_line_bytes),
                        "use several lines, if keepalived is to read this file as well");
    }
    if (const std::size_t nul = content.find('\0'); nul != std::string_view::npos) {
      diagnostics_.warn("nul-byte", {.line = line, .column = static_cast<unsigned>(nul + 1)},
                        "the line holds a NUL byte and is ignored", "remove it; the file may be damaged");
      continue;
    }
    const std::size_t carriage_return = content.find('\r');
    if (carriage_return < trim(content).size()) {
      diagnostics_.warn("carriage-return", {.line = line, .column = static_cast<unsigned>(carriage_return + 1)},
                        "carriage returns within the line: to keepalived and to us this is one line",
                        "end the lines with LF or CR LF");
    }
    physical_line(line);
  }
}

void Preprocessor::physical_line(const SourceLine* line) {
  const Text text = strip_comment(Text(line)).trimmed();
  line_goes_on_ = trim(line->text).ends_with('\\');  // also at the end of a comment
  if (collection_) {
    collect(text);
  } else if (!text.empty()) {
    process(text, 0);
  }
  line_goes_on_ = false;
}

// One more line of a multi-line definition.
void Preprocessor::collect(const Text& text) {
  const bool has_backslash = text.characters().ends_with('\\');
  Text content = has_backslash ? text.from(0, text.size() - 1).trimmed() : text;
  if (!content.empty()) collection_->lines.push_back(std::move(content));
  if (!has_backslash && !line_goes_on_) finish_collection();
}

void Preprocessor::finish_collection() {
  if (!collection_) return;
  Collection collection = std::move(*collection_);
  collection_.reset();
  if (collection.is_wanted) variables_.set_lines(collection.name, std::move(collection.lines), collection.position);
}

void Preprocessor::process(Text text, unsigned depth) {
  if (depth > limits::nesting) {
    diagnostics_.error("endless-variable", text.at(0, text.size()), "multi-line variables within each other, too deep",
                       "follow the definitions and break the circle");
    is_stopped_ = true;
    return;
  }
  bool is_expanded = false;
  while (true) {
    text = text.trimmed();
    if (text.empty() || exhausted(text.at(0))) return;
    if (text[0] == '@') {
      std::optional<Text> kept = condition(text);
      if (!kept) {
        const Text rest = text.from(first_word_end(text.characters())).trimmed();
        (void)define(rest, false);  // its further lines go with it
        return;
      }
      text = std::move(*kept);
      continue;
    }
    if (define(text, true)) return;
    if (text[0] == '~' && repeat(text, depth)) return;
    if (const std::optional<Variables::Tail> tail = variables_.multi_line_tail(text)) {
      const std::vector<Text> lines = *tail->lines;  // a line may define the variable anew
      TextMaker first(text.line());
      first.append(text.from(0, tail->begin));
      first.append(lines.front().characters(), text.at(tail->begin).column);
      process(tail->begin == 0 ? lines.front() : std::move(first).finish(), depth + 1);
      for (std::size_t index = 1; index < lines.size() && replacements_.spend(); ++index)
        process(lines[index], depth + 1);
      return;
    }
    if (!is_expanded) {
      is_expanded = true;
      Text expanded = variables_.expand(text);
      const bool starts_anew = expanded.characters() != text.characters();
      text = std::move(expanded);
      if (starts_anew) continue;
    }
    if (include(text)) return;
    const std::size_t used = emit(text);
    if (!statement_bytes_.spend(text.size())) continue;  // charged for what is copied, so that a line of braces ends
    text = text.from(used);
  }
}

// What is left of an @line, or nothing when it is not meant for this node.
std::optional<Text> Preprocessor::condition(const Text& text) const {
  const std::size_t end = first_word_end(text.characters());
  std::string_view id = std::string_view(text.characters()).substr(1, end - 1);
  const bool negated = id.starts_with('^');
  if (negated) id.remove_prefix(1);
  if ((id == config_id_) == negated) return std::nullopt;
  return text.from(end);
}

// False: this is no definition.
bool Preprocessor::define(const Text& text, bool is_wanted) {
  const std::optional<Definition> definition = parse_definition(text.characters());
  if (!definition) return false;
  const Position position = text.at(0, definition->value_at);
  const Text value = text.from(definition->value_at).trimmed();
  if (line_goes_on_ || value.characters().ends_with('\\')) {
    collection_ = Collection{.name = definition->name, .lines = {}, .position = position, .is_wanted = is_wanted};
    collect(value);
  } else if (is_wanted) {
    variables_.set(definition->name, std::string(value.characters()), position);
  }
  return true;
}

// False: this is no repetition.
bool Preprocessor::repeat(const Text& text, unsigned depth) {
  const std::string_view characters = text.characters();
  const bool hexadecimal = characters.starts_with("~SEQx(");
  const bool sequence = hexadecimal || characters.starts_with("~SEQ(");
  if (!sequence && !characters.starts_with("~LST(")) return false;
  const std::size_t open = characters.find('(');
  const std::size_t close = characters.find(')', open);
  if (close == std::string_view::npos) {
    diagnostics_.warn("bad-repetition", text.at(open), "this '(' is never closed; the line is ignored", "add the ')'");
    return true;
  }
  const Text arguments = variables_.expand(text.from(open + 1, close)).trimmed();
  const Text rest = text.from(close + 1).trimmed();
  if (sequence) {
    repeat_sequence(arguments, rest, hexadecimal, depth);
  } else {
    repeat_list(arguments, rest, depth);
  }
  return true;
}

void Preprocessor::repeat_sequence(const Text& arguments, const Text& rest, bool hexadecimal, unsigned depth) {
  const Position position = arguments.at(0, arguments.size());
  const std::expected<Sequence, RepetitionError> sequence = parse_sequence(arguments.characters(), hexadecimal);
  if (!sequence) {
    diagnostics_.warn("bad-repetition", position, fmt::format("{}; the line is ignored", sequence.error()),
                      "write ~SEQ(var, start, step, end)");
    return;
  }
  const std::uint64_t rounds = sequence->rounds();
  for (std::uint64_t round = 0; round < rounds && replacements_.spend(); ++round) {
    variables_.set(sequence->variable, sequence->value(round), position);
    process(rest, depth + 1);
    if (exhausted(position)) return;
  }
  (void)exhausted(position);
}

void Preprocessor::repeat_list(const Text& arguments, const Text& rest, unsigned depth) {
  const Position position = arguments.at(0, arguments.size());
  const std::expected<List, RepetitionError> list = parse_list(arguments.characters());
  if (!list) {
    diagnostics_.warn("bad-repetition", position, fmt::format("{}; the line is ignored", list.error()),
                      "write ~LST(var, a, b) or ~LST({x,y}, {1,2}, {3,4})");
    return;
  }
  for (const std::vector<std::string>& tuple : list->tuples) {
    if (!replacements_.spend(list->variables.size())) break;
    for (std::size_t index = 0; index < tuple.size(); ++index) {
      variables_.set(list->variables[index], tuple[index], position);
    }
    process(rest, depth + 1);
  }
  (void)exhausted(position);
}

// False: this is no include line.
bool Preprocessor::include(const Text& text) {
  const std::size_t keyword_size = first_word_end(text.characters());
  const std::optional<IncludeChecks> own = include_checks(std::string_view(text.characters()).substr(0, keyword_size));
  if (!own) return false;
  const Text argument = text.from(keyword_size).trimmed();
  constexpr std::size_t longest_path = 4'096;  // Linux PATH_MAX
  if (argument.empty() || argument.size() > longest_path) {
    diagnostics_.warn("bad-include", text.at(0, keyword_size), "an include without a usable path is ignored",
                      "write include PATH");
    return true;
  }
  const Position position = argument.at(0, argument.size());
  const IncludeChecks checks = *own | files_.back().checks;
  const std::optional<std::vector<std::string>> patterns = expand_braces(argument.characters());
  if (!patterns) {
    diagnostics_.error("too-large", position, fmt::format("more than {} alternatives in braces", limits::alternatives));
    return true;
  }
  for (const std::string& pattern : *patterns) {
    const bool is_absolute = pattern.starts_with('/');
    include_one(is_absolute ? pattern : files_.back().directory + pattern, patterns->size() > 1, checks, position);
  }
  return true;
}

void Preprocessor::include_one(const std::string& pattern, bool is_alternative, const IncludeChecks& checks,
                               const Position& position) {
  std::vector<std::string> matches{pattern};
  if (has_wildcard(pattern)) {
    auto found = reader_.glob(pattern);
    if (!found) {
      return diagnostics_.error(
          "too-large", position,
          fmt::format("{} would have to look at more than {} names", quoted(pattern), limits::names_looked_at),
          "name the directory that the files are in");
    }
    matches = std::move(*found);
    if (matches.empty()) {
      const std::string message = fmt::format("{} matches no file", quoted(pattern));
      diagnostics_.add(checks.wildcard ? Severity::error : Severity::note, "bad-include", position, message,
                       checks.wildcard ? "correct the pattern, or remove the line" : "");
    }
  }
  for (const std::string& path : matches) {
    if (std::ranges::find(files_, path, &File::path) != files_.end()) {
      diagnostics_.error("include-loop", position, fmt::format("{} includes itself", quoted(path)),
                         "remove one of the includes of the circle");
      continue;
    }
    if (files_.size() > limits::include_depth || files_read_ >= limits::files) {
      diagnostics_.error("too-large", position, "too many files, or files within files", "include fewer");
      is_stopped_ = is_stopped_ || files_read_ >= limits::files;
      return;
    }
    const std::optional<FileError> failure = read_file(path);
    if (!failure) continue;
    const bool is_missing = *failure == FileError::missing;
    const bool is_error = !is_missing ? checks.unreadable || *failure == FileError::too_large
                                      : (is_alternative ? checks.alternative : checks.missing);
    diagnostics_.add(is_error ? Severity::error : Severity::warning, "bad-include", position,
                     fmt::format("{} {}{}", quoted(path), explain(*failure), is_error ? "" : "; it is left out"),
                     *failure == FileError::executable ? "chmod a-x it, if it is a configuration"
                                                       : "correct the path, or remove the line");
  }
}

// The statement or the brace at the front; returns how much of the text that was.
std::size_t Preprocessor::emit(const Text& text) {
  const std::size_t brace = find_brace(text.characters());
  if (brace > 0) {
    statement(text.from(0, brace).trimmed());
    return brace;
  }
  if (text[0] == '{') {
    tree_.open(text.at(0));
  } else {
    tree_.close(text.at(0));
  }
  return 1;
}

void Preprocessor::statement(const Text& text) {
  if (!statements_.spend()) return;
  watch(text);
  variables_.report_undefined(text);
  tree_.statement(text);
}

// The two settings of global_defs that steer the reading itself.
void Preprocessor::watch(const Text& text) {
  const std::string_view characters = text.characters();
  if (!characters.starts_with("include_check") && !characters.starts_with("random_seed")) return;
  Diagnostics unheard;  // the same words are judged again with all others
  const std::vector<Word> words = split_words(text, unheard);
  if (words.front().text == "random_seed" && words.size() > 1) {
    variables_.seed(static_cast<std::uint32_t>(std::strtoul(std::string(words[1].text).c_str(), nullptr, 10)));
  }
  if (words.front().text != "include_check" || files_.empty()) return;
  IncludeChecks& checks = files_.back().checks;
  if (words.size() == 1) checks = IncludeChecks::all();
  bool is_first = true;
  for (std::size_t index = 1; index < words.size(); ++index) {
    std::string_view word = words[index].text;
    const bool is_set = !word.starts_with('-');
    const bool is_signed = word.starts_with('-') || word.starts_with('+');
    if (is_signed) word.remove_prefix(1);
    if (std::exchange(is_first, false) && !is_signed) checks = {};
    if (word == "read") checks.unreadable = is_set;
    if (word == "match") checks.missing = is_set;
    if (word == "wildcard_match") checks.wildcard = is_set;
    if (word == "brace_match") checks.alternative = is_set;
  }
}

// Says so once, and ends all reading.
bool Preprocessor::exhausted(const Position& position) {
  if (is_stopped_) return true;
  const bool is_exhausted = lines_.is_exhausted() || replacements_.is_exhausted() || statements_.is_exhausted() ||
                            statement_bytes_.is_exhausted();
  if (!is_exhausted) return false;
  is_stopped_ = true;
  diagnostics_.error("too-large", position, "the configuration becomes too large here; nothing more is read",
                     "look for repetition within repetition");
  return true;
}

std::string Preprocessor::absolute_directory(const std::string& directory) const {
  std::string path = directory.starts_with('/') ? directory : reader_.working_directory() + "/" + directory;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace baton::config
