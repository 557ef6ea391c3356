#include "recorder/parameters.h"

#include <algorithm>
#include <type_traits>

namespace baton::recorder {

using namespace vrrp;

namespace {

constexpr std::size_t name_most = 4096;
constexpr int weight_most = 254;

// One list of fields for both ways.
struct Out {
  CompactWriter& out;

  void operator()(bool value) { out.flag(value); }
  void operator()(std::uint8_t value) { out.u8(value); }
  void operator()(unsigned value) { out.number(value); }
  void operator()(std::size_t value) { out.number(value); }
  void operator()(Duration value) { out.duration(value); }
  void operator()(Instant value) { out.instant(value); }
  void operator()(const std::string& value) { out.text(value); }
  void operator()(const IpAddress& value) { out.address(value); }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void operator()(Enum value, Enum, Enum) {
    out.u8(static_cast<std::uint8_t>(value));
  }
  void interval(Duration value) { out.duration(value); }
  void weight(int value) { out.signed_number(value); }
  void index(std::uint32_t value, std::size_t) { out.number(value); }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    out.flag(value.has_value());
    if (value) (*this)(*value);
  }
  template <typename T, typename Each>
  void list(const std::vector<T>& values, Each&& each) {
    out.number(values.size());
    for (const T& value : values) each(value);
  }
};

struct In {
  CompactReader& in;

  void operator()(bool& value) { value = in.flag(); }
  void operator()(std::uint8_t& value) { value = in.u8(); }
  void operator()(unsigned& value) { value = static_cast<unsigned>(in.at_most(UINT32_MAX)); }
  void operator()(std::size_t& value) { value = in.number(); }
  void operator()(Duration& value) { value = in.duration(); }
  void operator()(Instant& value) { value = in.instant(); }
  void operator()(std::string& value) { value = in.text(name_most); }
  void operator()(IpAddress& value) { value = in.address(); }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void operator()(Enum& value, Enum first, Enum last) {
    value = static_cast<Enum>(in.u8());
    if (value < first || value > last) {
      value = first;
      in.fail();
    }
  }
  void interval(Duration& value) { value = in.interval(); }
  void weight(int& value) { value = static_cast<int>(in.between(-weight_most, weight_most)); }
  void index(std::uint32_t& value, std::size_t count) {
    value = static_cast<std::uint32_t>(in.at_most(UINT32_MAX));
    if (value >= count) in.fail();
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    value.reset();
    if (in.flag()) (*this)(value.emplace());
  }
  template <typename T, typename Each>
  void list(std::vector<T>& values, Each&& each) {
    values.clear();
    for (std::uint64_t left = in.at_most(in.remaining()); left > 0 && in.ok(); --left) each(values.emplace_back());
  }
};

template <typename Announcements, typename Archive>
void announcement_fields(Announcements& it, Archive& archive) {
  archive(it.repeat);
  archive(it.delay);
  archive(it.refresh);
  archive(it.refresh_repeat);
  archive(it.lower_priority_repeat);
  archive(it.lower_priority_delay);
}

template <typename Router, typename Archive>
void router_fields(Router& it, Archive& archive) {
  archive(it.version, Version::v2, Version::v3);
  archive(it.base_priority);
  archive.interval(it.advert_interval);
  archive(it.wanted_state, State::init, last_state);
  archive(it.preempt, Preempt::no, Preempt::yes);
  archive(it.preempt_delay);
  archive(it.startup_delay);
  archive(it.earliest_start);
  archive(it.down_timer_adverts);
  archive(it.lower_priority_no_advert);
  archive(it.higher_priority_send_advert);
  archive(it.make_before_break);
  archive(it.makes_room);
  archive(it.rival_priority);
  archive(it.needs_witness);
  archive(it.address_delay);
  announcement_fields(it.announcements, archive);
  archive(it.addresses);
  archive(it.last_address);
  archive(it.in_sync_group);
}

template <typename Archive>
auto tracking_fields(Archive& archive, std::size_t trackers) {
  return [&archive, trackers](auto& it) {
    archive.index(it.tracker, trackers);
    archive.weight(it.weight);
    archive(it.reverse);
  };
}

template <typename Parameters, typename Archive>
void fields(Parameters& it, Archive& archive) {
  archive.list(it.trackers, [&](auto& tracker) {
    archive(tracker.name);
    archive(tracker.kind, TrackerKind::script, TrackerKind::check);
  });
  archive.list(it.routers, [&](auto& router) {
    archive(router.name);
    router_fields(router.router, archive);
    archive.list(router.tracking, tracking_fields(archive, it.trackers.size()));
    archive.list(router.links, archive);
    archive(router.dont_track_primary);
  });
  archive.list(it.groups, [&](auto& group) {
    archive(group.name);
    archive.list(group.members, [&](auto& member) { archive.index(member, it.routers.size()); });
    archive.list(group.tracking, tracking_fields(archive, it.trackers.size()));
    archive(group.tracking_weight);
  });
}

// The core counts the members of a group once.
bool is_in_two_groups(const NodeParameters& parameters) {
  std::vector<bool> seen(parameters.routers.size());
  for (const GroupParameters& group : parameters.groups) {
    for (const RouterId member : group.members) {
      if (seen[member]) return true;
      seen[member] = true;
    }
  }
  return false;
}

}  // namespace

void write(const NodeParameters& parameters, CompactWriter& out) {
  Out archive{out};
  fields(parameters, archive);
}

NodeParameters read_parameters(CompactReader& in) {
  NodeParameters parameters;
  In archive{in};
  fields(parameters, archive);
  if (in.ok() && is_in_two_groups(parameters)) in.fail();
  return in.ok() ? parameters : NodeParameters{};
}

}  // namespace baton::recorder
