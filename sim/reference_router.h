// VRRP as slowly and plainly as the RFC tells it: the variables of RFC 9568 §6.1, the two timers, one paragraph after
// the other. It serves twice: to disagree with the core when one of both is wrong, and as the stock peers of the
// simulated LAN: keepalived and FRR's vrrpd behave like this, each with its own ways.
#pragma once

#include <optional>

#include "vrrp/action.h"
#include "vrrp/advert.h"

namespace baton::sim {

// What each does that the RFCs do not ask for, or not all of them.
enum class Conduct : std::uint8_t {
  keepalived,  // a lower master is answered at once (RFC 9568); two goodbyes before FAULT; any packet for its VRID,
               // also one that it rejects, puts a master's next advert off
  frr,         // a lower master is not answered (RFC 5798); addresses are announced once
  baton,       // a lower master is replaced after Skew_Time; a second goodbye does not begin Skew_Time again; a MASTER
               // says at once that its priority has changed
};

struct ReferenceParameters {
  vrrp::Version version = vrrp::Version::v2;
  std::uint8_t priority = 100;
  Duration advertisement_interval = std::chrono::seconds(1);
  bool preempt_mode = true;
  unsigned down_timer_adverts = 3;
  Conduct conduct = Conduct::keepalived;
};

class ReferenceRouter {
 public:
  explicit ReferenceRouter(const ReferenceParameters& parameters)
      : parameters_(parameters), active_adver_interval_(parameters.advertisement_interval) {}

  void startup(Instant now, vrrp::Actions& out);
  void shutdown(vrrp::Actions& out);
  void receive(const vrrp::Advert& advert, Instant now, vrrp::Actions& out);
  void reject(Instant now);  // heard a packet that is not valid
  void tick(Instant now, vrrp::Actions& out);
  void fail(vrrp::Actions& out);
  void recover(Instant now, vrrp::Actions& out);
  void set_priority(std::uint8_t priority, Instant now, vrrp::Actions& out);
  void set_address(const IpAddress& address) { address_ = address; }

  vrrp::State state() const { return state_; }
  std::uint8_t priority() const { return parameters_.priority; }
  bool is_replacing() const { return is_replacing_; }  // Conduct::baton: BACKUP that has heard a lower master
  std::optional<Instant> next_timeout() const { return adver_timer_ ? adver_timer_ : active_down_timer_; }

 private:
  Duration skew_time() const;
  Duration active_down_interval() const;
  void announce(vrrp::Actions& out);
  void advertise(Instant now, vrrp::Actions& out);  // and again an interval later
  void answer(Instant now, vrrp::Actions& out);
  void send_advertisement(std::uint8_t priority, vrrp::Actions& out);
  void become(vrrp::State state, vrrp::Reason reason, vrrp::Actions& out);
  void learn(const vrrp::Advert& advert);

  ReferenceParameters parameters_;
  IpAddress address_;
  vrrp::State state_ = vrrp::State::init;
  Duration active_adver_interval_;
  std::optional<Instant> active_down_timer_;
  std::optional<Instant> adver_timer_;
  Instant accounted_until_{};
  bool is_replacing_ = false;
};

}  // namespace baton::sim
