// A vrrp_instance between reading and settling: what was given and what was not is still apart.
#pragma once

#include <optional>
#include <set>

#include "config/blocks.h"

namespace baton::config {

struct InstanceDraft {
  const Statement& block;
  const Definitions& definitions;
  NameTables& names;
  Instance instance{};
  Listed tracked{};
  std::set<IpAddress> peers{};
  std::optional<WantedState> state{};
  std::optional<unsigned> priority{};
  std::optional<unsigned> version{};
  std::optional<Duration> advert_interval{};
  std::optional<IpAddress> multicast_group{};
  std::optional<Authentication> authentication{};
  Position authentication_at{};
  const Statement* hmac_block = nullptr;
  Position source_at{};
  std::optional<Position> wants_unicast{};  // the last unicast keyword
  AnnouncementSettings announcements{};
  std::optional<bool> check_unicast_source{};
  std::optional<bool> smtp_alert{};
  std::optional<bool> priority_changes{};
  std::optional<bool> accept{};
  std::optional<bool> strict{};
  std::optional<bool> skip_check_adv_addr{};
  std::optional<bool> lower_prio_no_advert{};
  std::optional<bool> higher_prio_send_advert{};
  std::optional<bool> owner_ignore_adverts{};
  std::optional<bool> v3_checksum_as_v2{};
  std::optional<bool> make_before_break{};
  std::optional<bool> verified_takeover{};
  std::optional<unsigned> down_timer_adverts{};
  std::optional<ExtraAnnouncements> extra_announcements{};
  bool may_lack_addresses = false;

  // Whether a keyword stands in the block, with a value of use or not.
  bool has(std::string_view keyword) const;
  // Where a keyword was last given in the block; the block's own place when it was not.
  Position at(std::string_view keyword) const;
};

// Defaults, derived values, contradictions: the draft's instance is complete afterwards.
void settle_instance(const Context& context, const Defaults& defaults, InstanceDraft& draft);

}  // namespace baton::config
