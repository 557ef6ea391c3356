// The names that iproute2's tables give to numbers: /etc/iproute2/rt_tables and its neighbours, and /etc/protocols.
// Read through the FileReader when a name is asked for the first time; what every Linux knows is known without the
// files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/file_reader.h"

namespace baton::config {

// A number in C's writing (0x for hexadecimal, 0 for octal); nothing when it is none, or larger than `most`.
std::optional<std::uint64_t> parse_c_number(std::string_view text, std::uint64_t most);

class NameTables {
 public:
  // iproute_usr_dir and iproute_etc_dir: names of the second take the place of those of the first.
  NameTables(FileReader& reader, std::string user_directory, std::string etc_directory)
      : reader_(reader), user_directory_(std::move(user_directory)), etc_directory_(std::move(etc_directory)) {}

  enum class Table : std::uint8_t { tables, protocols, scopes, realms, dsfields, groups, ip_protocols };

  // What a name or a number stands for, at most `most`.
  std::optional<std::uint32_t> find(Table table, std::string_view word, std::uint32_t most = ~0U);

 private:
  using Names = std::map<std::string, std::uint32_t, std::less<>>;
  const Names& names_of(Table table);
  void read(const std::string& path, bool name_first, Names& names);

  FileReader& reader_;
  std::string user_directory_;
  std::string etc_directory_;
  std::map<Table, Names> read_;
};

}  // namespace baton::config
