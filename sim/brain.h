// What decides on a simulated server: the core of Baton, or keepalived or FRR as RFC and manual describe them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/reference_router.h"
#include "vrrp/node.h"

namespace baton::sim {

// Makes one that sees what a core of Baton is told, for as long as that core lives.
using Witness = std::function<std::unique_ptr<vrrp::NodeObserver>(vrrp::Node& node, const vrrp::NodeParameters&)>;

class Brain {
 public:
  virtual ~Brain() = default;
  virtual void start(Instant now, vrrp::NodeActions& out) = 0;
  virtual void on_advert(vrrp::RouterId id, const vrrp::Advert& advert, Instant now, vrrp::NodeActions& out) = 0;
  virtual void on_rejected(vrrp::RouterId, Instant) {}  // a packet that is not valid
  virtual void on_announcement(vrrp::RouterId, const IpAddress&, Instant, vrrp::NodeActions&) {}
  virtual void on_timeout(Instant now, vrrp::NodeActions& out) = 0;
  virtual void on_tracker(vrrp::TrackerValue value, Instant now, vrrp::NodeActions& out) = 0;  // there is one
  virtual void on_link(const std::string& name, bool up, Instant now, vrrp::NodeActions& out) = 0;
  virtual void on_takeover_proven(vrrp::RouterId, Instant, vrrp::NodeActions&) {}
  virtual void on_witness(vrrp::RouterId, Instant, vrrp::NodeActions&) {}
  virtual void handover(Instant, vrrp::NodeActions&) {}
  virtual void stop(Instant now, vrrp::NodeActions& out) = 0;
  virtual void maintain(vrrp::MaintenanceTold::Wish, Instant, vrrp::NodeActions&) {}
  virtual vrrp::Maintenance maintenance() const { return vrrp::Maintenance::off; }

  virtual std::optional<Instant> next_timeout() const = 0;
  virtual bool is_stopped() const = 0;
  virtual bool holds_addresses(vrrp::RouterId id) const = 0;
  virtual bool is_serving(vrrp::RouterId id) const { return holds_addresses(id); }
  virtual vrrp::State state(vrrp::RouterId id) const = 0;
  virtual std::uint8_t priority(vrrp::RouterId id) const = 0;
  // What a guardian can give to a successor.
  virtual std::vector<std::optional<vrrp::RouterMemory>> memory() const { return {}; }
};

std::unique_ptr<Brain> make_baton(const vrrp::NodeParameters& parameters, const std::vector<IpAddress>& sources,
                                  const Witness& witness);
// Goes on where another left, with what its trackers say now.
std::unique_ptr<Brain> resume_baton(const vrrp::NodeParameters& parameters, const std::vector<IpAddress>& sources,
                                    const std::vector<std::optional<vrrp::RouterMemory>>& memory, bool in_maintenance,
                                    Instant now, vrrp::NodeActions& out, const Witness& witness);
// Plain routers of the same parameters: no sync groups, no delays.
std::unique_ptr<Brain> make_stock(const vrrp::NodeParameters& parameters, const std::vector<IpAddress>& sources,
                                  Conduct conduct);

}  // namespace baton::sim
