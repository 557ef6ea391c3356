// Reads the configurations of one cluster's nodes as an administrator should: what is wrong with each, and what is
// wrong between them, where no file alone shows it. PURE: the files have been loaded, nothing is looked up.
//
// What config::load has said of a file is a finding as well, at the same place and in the same words; the rules here
// are those about files that load without a word and fail all the same. Each looks at an instance, at a pair, or at an
// index of all, so that ten thousand instances take no longer than ten thousand times one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "check/finding.h"
#include "check/firewall.h"
#include "config/load.h"

namespace baton::check {

// A node's configuration, loaded with LoadOptions::keep_places.
struct CheckedFile {
  std::string name;    // as the user calls it
  std::string node{};  // where one file is several nodes', which of them this is
  config::LoadResult loaded;

  const config::Configuration& configuration() const { return loaded.configuration; }
  // Where a block gives a keyword, else the block.
  config::Place keyword(const config::Place& block, std::string_view keyword) const {
    return loaded.keyword_places.of(block, keyword);
  }
  config::SourcePlace place(const config::Place& place) const;
  // "web1.conf line 12", to speak of another place than the finding's own.
  std::string words_for(const config::Place& place) const;
};

// `firewalls`: packet filter rules that the nodes are behind.
Findings check(std::span<const CheckedFile> files, std::span<const FirewallText> firewalls = {});

}  // namespace baton::check
