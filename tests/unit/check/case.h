// A case of tests/golden/check: the files of some nodes with one fault in them, and the patch that mends it.
//
//   # what is wrong
//   === web1.conf           the lines of a file follow, each behind a mark:
//    interface eth0         ' '  there in any case
//   -    priority 300       '-'  of the faulty version
//   +    priority 100       '+'  of the mended one
//   !vrrp_instance VI_1 {   '!'  there in any case, and here the faulty version's finding is expected
//   *    priority 300       '*'  of the faulty version, and here its finding is expected
#pragma once

#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check/check.h"
#include "unit/config/memory_file_reader.h"

namespace baton::check {

using Text = std::pair<std::string, std::string>;  // name, content
using Spot = std::pair<std::string, unsigned>;     // file, line

struct Case {
  std::vector<Text> faulty;
  std::vector<Text> mended;
  std::set<Spot> expected;
};

inline Case read_case(const std::string& path) {
  Case read;
  std::ifstream file(path);
  unsigned line = 0;
  for (std::string text; std::getline(file, text);) {
    if (text.starts_with('#')) continue;
    if (text.starts_with("=== ")) {
      read.faulty.emplace_back(text.substr(4), "");
      read.mended.emplace_back(text.substr(4), "");
      line = 0;
      continue;
    }
    const char mark = text.empty() ? ' ' : text.front();
    const std::string content = (text.empty() ? text : text.substr(1)) + "\n";
    if (mark != '+') {
      read.faulty.back().second += content;
      ++line;
    }
    if (mark != '-' && mark != '*') read.mended.back().second += content;
    if (mark == '!' || mark == '*') read.expected.emplace(read.faulty.back().first, line);
  }
  return read;
}

// Each text as the file of another node; one that is not called .conf is a firewall's.
inline Findings check_texts(const std::vector<Text>& texts) {
  config::MemoryFileReader reader;
  reader.has_script_user = false;
  for (const auto& [name, content] : texts) reader.add(name, content);
  std::vector<CheckedFile> files;
  std::vector<FirewallText> firewalls;
  for (const auto& [name, content] : texts) {
    if (!name.ends_with(".conf")) {
      firewalls.push_back({.name = name, .text = content});
      continue;
    }
    files.push_back({.name = name, .loaded = config::load(name, reader, {.keep_places = true})});
  }
  return check(files, firewalls);
}

}  // namespace baton::check
