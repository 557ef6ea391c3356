// Where the keywords of a configuration were written, for those who speak of a setting that the model holds as a value:
// `baton check`. Kept only where it is asked for (LoadOptions::keep_places).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/keyword_table.h"
#include "config/source_place.h"

namespace baton::config {

struct Statement;

class KeywordPlaces {
 public:
  KeywordPlaces() = default;
  // Of the blocks of the top level; what stands in a block of an instance (authentication) is the instance's.
  explicit KeywordPlaces(const Statement& root);

  struct Entry {
    Place block;
    const Keyword* keyword = nullptr;
    Place place;
    std::size_t number = 0;  // of the block: those that a ~SEQ makes begin at the same place
    std::size_t order = 0;   // as written
  };

  // Where the block that begins at `block` gives a keyword for the last time; `block` itself when it does not.
  Place of(const Place& block, std::string_view keyword) const;
  bool has(const Place& block, std::string_view keyword) const { return find(block, keyword) != nullptr; }
  // The same of global_defs, wherever it stands.
  Place of_global(std::string_view keyword) const { return of({}, keyword); }
  bool has_global(std::string_view keyword) const { return has({}, keyword); }

  // By block and keyword, then as written.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  void add_block(const Place& block, std::size_t number, const Statement& statement);
  const Entry* find(const Place& block, std::string_view keyword) const;

  std::vector<Entry> entries_;
};

}  // namespace baton::config
