// Collects findings; bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "check/check.h"
#include "check/rule.h"

namespace baton::check {

class Report {
 public:
  // A rule's finding; the rule is named, and its severity counts unless another one is given.
  void add(std::string_view rule, const CheckedFile& file, const config::Place& place, std::string message,
           std::string mend, std::optional<Severity> severity = std::nullopt);
  // The same of something else than a configuration.
  void add_elsewhere(std::string_view rule, config::SourcePlace place, std::string message, std::string mend,
                     std::optional<Severity> severity = std::nullopt);
  // What reading the file has said.
  void add_reading(const CheckedFile& file, const config::Diagnostic& said);

  // Sorted by the order of the files, then by line.
  Findings take(std::span<const CheckedFile> files);

 private:
  void keep(const Rule& rule, Finding finding);

  Findings kept_;
  std::unordered_map<std::string_view, std::size_t> counts_;  // by rule id
  std::unordered_map<std::string, std::size_t> at_place_;     // by rule id and place
  std::unordered_set<std::string> said_;                      // one file may be several nodes'
};

}  // namespace baton::check
