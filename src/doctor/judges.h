// The judges, each for one group of facts, and what they share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "doctor/doctor.h"

namespace baton::doctor {

// Collects findings; bounded, and says nothing twice.
class Findings {
 public:
  struct About {
    std::string interface{};
    std::string instance{};
    std::string seen;
    std::string means;
    std::string mend;
    std::optional<Severity> severity{};  // else the rule's
  };
  void add(std::string_view rule, About about);
  Report take() &&;

 private:
  Report report_;
  std::map<std::string_view, std::size_t> counts_;
};

void judge_host(const Patient& patient, Findings& findings);
void judge_bridges(const Patient& patient, Findings& findings);
void judge_firewall(const Patient& patient, Findings& findings);
void judge_wire(const Patient& patient, Findings& findings);
void judge_addresses(const Patient& patient, Findings& findings);

const Interface* find_interface(const Patient& patient, const std::string& name);
// Where the adverts of a router are on the wire: its interface, though they may leave by a macvlan on it.
inline const std::string& wire_of(const setup::RouterSetup& router) {
  return router.interface.empty() ? router.advert_interface : router.interface;
}
// The address that its adverts bear; nullopt: there is none.
std::optional<IpAddress> source_of(const Patient& patient, const setup::RouterSetup& router);
// Does the speaker speak for this virtual router, on its wire?
bool is_of(const setup::RouterSetup& router, const Speaker& speaker);
bool holds(const Patient& patient, const IpAddress& address);
std::string in_words(Duration duration);  // "1.5 s"
template <typename List>
std::string joined(const List& list) {
  std::string text;
  for (const auto& each : list) text += (text.empty() ? "" : ", ") + to_string(each);
  return text;
}

}  // namespace baton::doctor
