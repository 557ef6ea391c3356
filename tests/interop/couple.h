// Baton and a peer, keepalived or FRR's vrrpd, share an address on one LAN, and each tells what it thinks of the
// other's adverts.
//
//   client ──┬── baton       10.0.20.14  fd00:20::14
//            ├── the peer    10.0.20.15  fd00:20::15
//            └── stranger    10.0.20.16  fd00:20::16   where asked for; runs no daemon
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "interop/frr.h"
#include "lab/lab.h"
#include "lab/packet_tap.h"

namespace baton::interop {

inline constexpr lab::NodeId baton = 0;
inline constexpr lab::NodeId peer = 1;
inline constexpr lab::NodeId keepalived = peer;
inline constexpr lab::NodeId stranger = 2;
inline constexpr std::uint8_t vrid = 50;

enum class PeerKind : std::uint8_t { stock, frr };  // stock: Debian's keepalived
enum class Casting : std::uint8_t { multicast, unicast };

// The protocol the two are configured to speak.
struct Dialect {
  std::string name;
  int version = 2;
  Family family = Family::ipv4;
  std::string authentication = {};  // auth_type, v2 only; empty: none
  Casting casting = Casting::multicast;
};

// The better node has priority 200, the other 100.
struct CoupleOptions {
  Dialect dialect;
  lab::NodeId better = baton;
  PeerKind peer = PeerKind::stock;
  bool has_stranger = false;
};

// What a daemon counted of the other's adverts since it started.
struct Verdicts {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;  // whatever the reason
};

class Couple {
 public:
  explicit Couple(const CoupleOptions& options);

  explicit operator bool() const { return lab_ != nullptr; }
  lab::Lab* operator->() { return lab_.get(); }

  const lab::Target& target() const { return lab_->topology().targets.front(); }
  std::set<lab::NodeId> owners() const { return ownership().owners(target().address); }
  const lab::Ownership& ownership() const { return frr_ ? with_frr_ : lab_->ownership(); }
  lab::NodeId better() const { return better_; }
  lab::NodeId other() const { return better_ == baton ? peer : baton; }
  int priority(lab::NodeId node) const { return priorities_[node]; }
  // Two while a reload is on its way; of FRR none.
  std::size_t workers(lab::NodeId node) const;
  // It has read its last file; of keepalived and FRR that is not known.
  bool has_its_priority(lab::NodeId node) const;
  Duration skew_time(lab::NodeId node) const;
  Duration master_down_interval(lab::NodeId node) const;

  // Like Lab::wait_until, but time in which this program was not run at all does not count.
  bool wait_until(const std::function<bool()>& condition, Duration bound);

  // Starts one daemon, or sends SIGTERM to it.
  void start(lab::NodeId node);
  void stop(lab::NodeId node);
  // SIGKILL: of everything it leaves the addresses where they are.
  void kill(lab::NodeId node, lab::Role role);
  // Another priority in its configuration; a daemon that runs reads it again.
  void set_priority(lab::NodeId node, int priority);
  bool runs(lab::NodeId node) const;
  // Cuts a node off from everybody, with its link up, or ends that.
  void cut(lab::NodeId node, bool off);
  // Waits until `node` alone has the address and answers the client.
  bool wait_for_only_owner(lab::NodeId node, Duration bound);
  bool has_spoken(lab::NodeId node) const;  // an advert, since the beginning
  bool baton_answers() const;               // on its control socket
  // Whether a daemon that was started has come so far that it knows what a signal means.
  bool is_ready(lab::NodeId node) const;
  // Waits until `node` has advertised so often from now on.
  bool wait_for_adverts(lab::NodeId node, std::size_t count);

  // Asks the daemon itself: Baton over its control socket, keepalived through its file of statistics, FRR through
  // vtysh, which does not say what was rejected.
  Verdicts verdicts(lab::NodeId node);
  // Every frame with a VRRP message that came out of Baton's network card.
  const std::vector<Bytes>& frames_of_baton() const { return frames_; }

  // What was seen and what the daemons said, for the message of a test that failed.
  std::string log() const;

 private:
  void set_up_frr(const Dialect& dialect);
  void look_at_owners();
  Verdicts verdicts_of_baton();
  Verdicts verdicts_of_keepalived();

  Dialect dialect_;
  lab::NodeId better_;
  std::array<int, 3> priorities_{};
  std::vector<Bytes> frames_;
  std::unique_ptr<lab::PacketTap> tap_;
  std::unique_ptr<lab::Lab> lab_;
  std::optional<Frr> frr_;
  lab::Ownership with_frr_;  // FRR's addresses are always there; what counts is whether their interface runs
};

// Empty when both programs are there, otherwise what is missing.
std::string missing_program(PeerKind kind = PeerKind::stock);

}  // namespace baton::interop
