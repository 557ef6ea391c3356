#include "config/name_tables.h"

#include <charconv>
#include <vector>

#include "config/source.h"

namespace baton::config {
namespace {

using Table = NameTables::Table;

// As iproute2 itself knows them without a file; linux/rtnetlink.h.
std::map<std::string, std::uint32_t, std::less<>> built_in(Table table) {
  switch (table) {
    case Table::tables: return {{"default", 253}, {"main", 254}, {"local", 255}};
    case Table::protocols:
      return {{"redirect", 1}, {"kernel", 2}, {"boot", 3},   {"static", 4}, {"gated", 8},      {"ra", 9},
              {"mrt", 10},     {"zebra", 11}, {"bird", 12},  {"babel", 42}, {"dnrouted", 13},  {"xorp", 14},
              {"ntk", 15},     {"dhcp", 16},  {"bgp", 186},  {"isis", 187}, {"ospf", 188},     {"rip", 189},
              {"eigrp", 192},  {"openr", 99}, {"unspec", 0}, {"none", 0},   {"keepalived", 18}};
    case Table::scopes: return {{"global", 0}, {"site", 200}, {"link", 253}, {"host", 254}, {"nowhere", 255}};
    case Table::realms: return {{"unknown", 0}};
    case Table::dsfields: return {};
    case Table::groups: return {{"default", 0}};
    case Table::ip_protocols:
      return {{"icmp", 1}, {"tcp", 6},  {"udp", 17},   {"ipv6-icmp", 58}, {"ah", 51},
              {"esp", 50}, {"gre", 47}, {"sctp", 132}, {"vrrp", 112}};
  }
  return {};
}

std::string_view file_of(Table table) {
  switch (table) {
    case Table::tables: return "rt_tables";
    case Table::protocols: return "rt_protos";
    case Table::scopes: return "rt_scopes";
    case Table::realms: return "rt_realms";
    case Table::dsfields: return "rt_dsfield";
    case Table::groups: return "group";
    case Table::ip_protocols: return {};
  }
  return {};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  line = line.substr(0, line.find('#'));
  while (!(line = trim(line)).empty()) {
    std::size_t end = 0;
    while (end < line.size() && !is_blank(line[end])) ++end;
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

}  // namespace

std::optional<std::uint64_t> parse_c_number(std::string_view text, std::uint64_t most) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> NameTables::find(Table table, std::string_view word, std::uint32_t most) {
  if (const auto number = parse_c_number(word, most)) return static_cast<std::uint32_t>(*number);
  const Names& names = names_of(table);
  const auto found = names.find(word);
  if (found == names.end() || found->second > most) return std::nullopt;
  return found->second;
}

const NameTables::Names& NameTables::names_of(Table table) {
  const auto [place, is_new] = read_.try_emplace(table);
  Names& names = place->second;
  if (!is_new) return names;
  names = built_in(table);
  if (table == Table::ip_protocols) {
    read("/etc/protocols", true, names);
    return names;
  }
  for (const std::string& directory : {user_directory_, etc_directory_}) {
    if (directory.empty()) continue;
    const std::string path = directory + "/" + std::string(file_of(table));
    read(path, false, names);
    const auto more = reader_.glob(path + ".d/*.conf");
    for (const std::string& each : more.value_or(std::vector<std::string>())) read(each, false, names);
  }
  return names;
}

// A file that cannot be read is a table without further names; a line that makes no sense, no name.
void NameTables::read(const std::string& path, bool name_first, Names& names) {
  const auto content = reader_.read(path);
  if (!content) return;
  std::string_view rest = *content;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const auto words = words_of(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (words.size() < 2) continue;
    const auto number = parse_c_number(words[name_first ? 1 : 0], ~0U);
    if (!number) continue;
    names.insert_or_assign(std::string(words[name_first ? 0 : 1]), static_cast<std::uint32_t>(*number));
  }
}

}  // namespace baton::config
