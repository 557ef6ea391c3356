#include "ruleset/nft_tokens.h"

#include <cctype>
#include <map>

namespace baton::ruleset {
namespace {

// Of all words that ever came from variables: within variables, a short text makes any number of them.
constexpr std::size_t most_variable_bytes = 64U << 20;

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  std::expected<std::vector<Token>, unsigned> take() {
    while (at_ < text_.size() && variable_bytes_ <= most_variable_bytes) read();
    if (variable_bytes_ > most_variable_bytes) return std::unexpected(line_);
    end_statement();
    return std::move(tokens_);
  }

 private:
  void read() {
    const char each = text_[at_];
    if (each == '\n') {
      end_statement();
      ++line_;
      ++at_;
    } else if (each == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (each == '\\') {  // the end of a line that goes on; a shell's, before ; and {
      ++at_;
      if (at_ < text_.size() && text_[at_] == '\n') {
        ++line_;
        ++at_;
      }
    } else if (each == '"') {
      read_quoted();
    } else if (each == ';') {
      end_statement();
      ++at_;
    } else if (each == '\'' || std::isspace(static_cast<unsigned char>(each)) != 0) {  // a shell's quotes
      ++at_;
    } else if (std::string_view("{},").find(each) != std::string_view::npos) {
      add(std::string(1, each));
      ++at_;
    } else if (std::string_view("!=<>").find(each) != std::string_view::npos) {
      const std::size_t end = text_.find_first_not_of("!=<>", at_);
      add(std::string(text_.substr(at_, end - at_)));
      at_ = std::min(end, text_.size());
    } else {
      read_word();
    }
  }

  void read_quoted() {
    const std::size_t end = text_.find_first_of("\"\n", at_ + 1);
    tokens_.push_back({.text = std::string(text_.substr(at_ + 1, end - at_ - 1)), .line = line_, .is_quoted = true});
    const bool is_closed = end != std::string_view::npos && text_[end] == '"';
    at_ = std::min(end, text_.size()) + (is_closed ? 1 : 0);
  }

  void read_word() {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n\f\v{},;\"'\\!=<>#", at_), text_.size());
    std::string word(text_.substr(at_, end - at_));
    at_ = end;
    const bool is_key = word.size() > 1 && word.back() == ':' && !word.ends_with("::");  // of a map
    if (is_key) word.pop_back();
    const auto variable = word.front() == '$' ? variables_.find(word.substr(1)) : variables_.end();
    if (variable != variables_.end()) {
      insert(variable->second);
    } else {
      add(std::move(word));
    }
    if (is_key) add(":");
  }

  void insert(const std::vector<Token>& value) {
    for (const Token& each : value) {
      variable_bytes_ += sizeof(Token) + each.text.size();
      if (variable_bytes_ > most_variable_bytes) return;
      tokens_.push_back({each.text, line_, each.is_quoted});
    }
  }

  void add(std::string text) { tokens_.push_back({.text = std::move(text), .line = line_}); }

  // "define LAN = { 10.0.0.0/24, 10.0.1.0/24 }"
  void end_statement() {
    const bool is_definition =
        tokens_.size() >= begin_ + 4 && tokens_[begin_].is("define") && tokens_[begin_ + 2].is("=");
    if (is_definition) {
      int depth = 0;
      for (std::size_t at = begin_; at < tokens_.size(); ++at)
        depth += tokens_[at].is("{") ? 1 : tokens_[at].is("}") ? -1 : 0;
      if (depth > 0) return;  // it goes on in the next line
      std::vector<Token> value(tokens_.begin() + static_cast<std::ptrdiff_t>(begin_) + 3, tokens_.end());
      variables_.insert_or_assign(tokens_[begin_ + 1].text, std::move(value));
      tokens_.resize(begin_);
    }
    const bool is_empty = tokens_.empty() || tokens_.back().is(";");
    if (!is_empty) add(";");
    begin_ = tokens_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
  std::size_t begin_ = 0;  // of the statement
  std::vector<Token> tokens_;
  std::map<std::string, std::vector<Token>> variables_;
  std::size_t variable_bytes_ = 0;
};

}  // namespace

std::expected<std::vector<Token>, unsigned> nft_tokens(std::string_view text) {
  return Tokens(text).take();
}

}  // namespace baton::ruleset
