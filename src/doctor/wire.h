// What was heard on the wire: who speaks for which virtual router, and who answers for which address. Frames in,
// speakers out; bounded, whatever comes.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/mac_address.h"
#include "base/time.h"
#include "doctor/heard_advert.h"

namespace baton::doctor {

namespace limits {

inline constexpr std::size_t speakers = 1'024;
inline constexpr std::size_t answers = 4'096;

}  // namespace limits

// Who sent a frame: another machine, or this one.
enum class Origin : std::uint8_t { there, here };

// One sender of one virtual router, as its last advert shows it.
struct Speaker {
  std::string interface;
  Origin origin = Origin::there;
  HeardAdvert advert;
  unsigned count = 0;
  unsigned turns = 0;  // times it spoke after somebody else had spoken for this virtual router
  WallTime heard_at;   // the last
};

struct AddressAnswers {
  std::string interface;
  IpAddress address;
  std::set<MacAddress> macs;  // of other machines
};

struct WireFacts {
  Duration listened{};  // 0: not at all
  std::vector<Speaker> speakers;
  std::vector<AddressAnswers> answers;
  std::set<std::pair<std::string, IpAddress>> probed;  // interface, address
  std::size_t not_shown = 0;                           // speakers beyond the limit
};

class WireLog {
 public:
  // Any frame; what is neither an advert nor an answer is passed over.
  void on_frame(const std::string& interface, Origin origin, ByteView frame, WallTime now);
  // Into `facts`, beside what is there.
  void take(WireFacts& facts) &&;

 private:
  using Router = std::tuple<std::string, Family, std::uint8_t>;                 // interface, family, VRID
  using Key = std::tuple<Router, Origin, IpAddress, MacAddress, std::uint8_t>;  // source, MAC, version
  void on_advert(const std::string& interface, Origin origin, HeardAdvert advert, WallTime now);

  std::map<Key, Speaker> speakers_;
  std::map<Router, Key> last_;  // who spoke last
  std::map<std::pair<std::string, IpAddress>, std::set<MacAddress>> answers_;
  std::size_t not_shown_ = 0;
};

}  // namespace baton::doctor
