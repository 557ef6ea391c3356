// Whether each node can check what the others sign. What the secrets are is never said.
#include <fmt/format.h>

#include <algorithm>

#include "check/between_rules.h"

namespace baton::check {
namespace {

using config::Instance;

std::string_view kind_of(const Instance& instance) {
  if (instance.hmac) return "auth_hmac";
  switch (instance.authentication.type) {
    case config::AuthType::none: return "no authentication";
    case config::AuthType::pass: return "PASS";
    case config::AuthType::ah: return "AH";
  }
  return {};
}

// Keys are exchanged one after the other, so lists may differ; what one signs with the other must have.
bool knows_key_of(const Instance& receiver, const Instance& sender) {
  const auto active = std::ranges::find(sender.hmac->keys, sender.hmac->active_key, &config::HmacKey::id);
  return active == sender.hmac->keys.end() ||
         std::ranges::find(receiver.hmac->keys, *active) != receiver.hmac->keys.end();
}

void report_difference(const Member& member, const Member& other, std::string_view keyword, std::string_view what,
                       Report& report) {
  report.add("authentication-differs", *member.file, member.keyword(keyword),
             fmt::format("{} {}, {}: each throws the other's adverts away, and both become master",
                         member.instance->name, what, other.file->words_for(other.keyword(keyword))),
             "write the same authentication on all nodes");
}

void compare(const VirtualRouter& router, Report& report) {
  find_odd_ones(
      router, [](const Member& each) { return kind_of(*each.instance); },
      [&](const Member& member, const Member& other) {
        report_difference(
            member, other, "auth_type",
            fmt::format("has {} here and {} in the other file", kind_of(*member.instance), kind_of(*other.instance)),
            report);
      });
  find_odd_ones(
      router, [](const Member& each) { return each.instance->authentication; },
      [&](const Member& member, const Member& other) {
        if (kind_of(*member.instance) != kind_of(*other.instance)) return;  // said above
        report_difference(member, other, "auth_pass", "has another password here than in the other file", report);
      });
  const Member& first = router.members.front();
  for (const Member& member : router.members) {
    if (!member.instance->hmac || !first.instance->hmac) continue;
    if (knows_key_of(*member.instance, *first.instance) && knows_key_of(*first.instance, *member.instance)) continue;
    report_difference(member, first, "key",
                      "does not have the key here that the other file signs with, or signs with "
                      "one that the other has not",
                      report);
  }
}

}  // namespace

void compare_authentication(const Cluster& cluster, Report& report) {
  for (const VirtualRouter& router : cluster.routers) compare(router, report);
}

}  // namespace baton::check
