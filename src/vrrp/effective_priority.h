// From what a router tracks to its effective priority, and to whether it may be master at all (keepalived.conf(5),
// track_script, track_interface, track_file ...).
#pragma once

#include <cstdint>
#include <string>

#include "vrrp/advert.h"

namespace baton::vrrp {

using TrackerId = std::uint32_t;

// Something that is up, down or not known yet, named once and tracked by many routers: a script, an interface, a
// process, a file, a BFD session, a health check. Files carry a number.
enum class TrackerKind : std::uint8_t { script, interface, process, file, bfd, check };
struct TrackerParameters {
  std::string name;
  TrackerKind kind = TrackerKind::script;
};

// One tracked object as one router (or sync group) sees it.
struct Tracking {
  TrackerId tracker = 0;
  int weight = 0;  // 0: down means FAULT; else -254..254 added to the priority
  bool reverse = false;
};

enum class TrackerStatus : std::uint8_t { unknown, up, down };
struct TrackerValue {
  TrackerStatus status = TrackerStatus::unknown;
  int number = 0;  // files only
  bool operator==(const TrackerValue&) const = default;
};

// What one tracked object means for one router.
struct Contribution {
  int amount = 0;        // -253..253, added to the priority
  bool fault = false;    // no master to be had from here
  bool awaited = false;  // weight 0 and no result yet: the router's start waits for it
  bool operator==(const Contribution&) const = default;
};

// Weight 0: a fault while down. Weight w > 0: +w while up; w < 0: w while down. `reverse` turns the sign of the
// amount, or the meaning of a fault. A file contributes number times weight, and is a fault when that is -254 or less;
// with weight 0 when the number is not 0. Without a result yet: nothing.
Contribution contribution(TrackerKind kind, const Tracking& tracking, TrackerValue value);

// The owner (255) stays the owner; everybody else stays within 1..254.
std::uint8_t effective_priority(std::uint8_t base, int sum);

}  // namespace baton::vrrp
