// Every keyword that keepalived or Baton knows, made of keywords.tsv: where it may stand, what follows it, and how far
// Baton is with it. One table, so that "unknown", "not here", "not yet" and "did you mean" are never out of step.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::config {

enum class Kind : std::uint8_t {
  block,    // { statements }
  list,     // { entries, one a line }
  flag,     // no argument
  boolean,  // on true yes, off false no, or nothing for yes
  number,   // minimum..maximum
  seconds,  // with decimals, minimum..maximum
  text,     // one word
  script,   // a command, user, group (lexer.h)
  words,    // a form of its own
};

enum class Support : std::uint8_t {
  works,
  accepted,  // keepalived's own machinery; there is nothing to do for it
  later,     // keepalived has it, Baton does not yet
};

struct Keyword {
  std::string_view block;  // path of the block it stands in: "", "vrrp_instance", "vrrp_instance/authentication"
  std::string_view name;
  Kind kind = Kind::words;
  Support support = Support::works;
  double minimum = 0;  // number, seconds
  double maximum = 0;
  std::string_view instead;  // its present spelling, when this is an old one
  std::string_view reason;   // accepted: why that is right; later: with what it comes
};

// "works", "accepted", "later", as in the table.
std::string_view name(Support support);

namespace keyword_table {

std::span<const Keyword> all();
// The keywords of a block; none where the block has no keywords of its own.
std::span<const Keyword> in_block(std::string_view path);
const Keyword* find(std::span<const Keyword> block, std::string_view name);
const Keyword* find(std::string_view block, std::string_view name);
// The blocks a keyword may stand in.
std::vector<const Keyword*> homes(std::string_view name);
// The name that was probably meant, or nothing when none is near.
std::optional<std::string_view> nearest(std::string_view block, std::string_view name);
// Whether a line that begins with this word holds a command, in some block.
bool is_script(std::string_view name);
// The path of a block within a block.
std::string inner_path(std::string_view block, std::string_view name);

}  // namespace keyword_table

// How many letters must be added, removed, changed or swapped with their neighbour to make one word of the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

}  // namespace baton::config
