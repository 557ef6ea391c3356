// A core of Baton with one thing wrong with it, to see that the simulator notices.
#pragma once

#include <memory>
#include <utility>

#include "sim/brain.h"

namespace baton::sim {

class BrokenBrain : public Brain {
 public:
  explicit BrokenBrain(std::unique_ptr<Brain> whole) : whole_(std::move(whole)) {}

  void start(Instant now, vrrp::NodeActions& out) override { whole_->start(now, out); }
  void on_advert(vrrp::RouterId id, const vrrp::Advert& advert, Instant now, vrrp::NodeActions& out) override {
    whole_->on_advert(id, advert, now, out);
  }
  void on_announcement(vrrp::RouterId id, const IpAddress& address, Instant now, vrrp::NodeActions& out) override {
    whole_->on_announcement(id, address, now, out);
  }
  void on_timeout(Instant now, vrrp::NodeActions& out) override { whole_->on_timeout(now, out); }
  void on_tracker(vrrp::TrackerValue value, Instant now, vrrp::NodeActions& out) override {
    whole_->on_tracker(value, now, out);
  }
  void on_link(const std::string& name, bool up, Instant now, vrrp::NodeActions& out) override {
    whole_->on_link(name, up, now, out);
  }
  void on_takeover_proven(vrrp::RouterId id, Instant now, vrrp::NodeActions& out) override {
    whole_->on_takeover_proven(id, now, out);
  }
  void on_witness(vrrp::RouterId id, Instant now, vrrp::NodeActions& out) override { whole_->on_witness(id, now, out); }
  void handover(Instant now, vrrp::NodeActions& out) override { whole_->handover(now, out); }
  void stop(Instant now, vrrp::NodeActions& out) override { whole_->stop(now, out); }
  void maintain(vrrp::MaintenanceTold::Wish wish, Instant now, vrrp::NodeActions& out) override {
    whole_->maintain(wish, now, out);
  }
  vrrp::Maintenance maintenance() const override { return whole_->maintenance(); }
  std::optional<Instant> next_timeout() const override { return whole_->next_timeout(); }
  bool is_stopped() const override { return whole_->is_stopped(); }
  bool holds_addresses(vrrp::RouterId id) const override { return whole_->holds_addresses(id); }
  bool is_serving(vrrp::RouterId id) const override { return whole_->is_serving(id); }
  vrrp::State state(vrrp::RouterId id) const override { return whole_->state(id); }
  std::uint8_t priority(vrrp::RouterId id) const override { return whole_->priority(id); }
  std::vector<std::optional<vrrp::RouterMemory>> memory() const override { return whole_->memory(); }

 protected:
  Brain& whole() { return *whole_; }

 private:
  std::unique_ptr<Brain> whole_;
};

}  // namespace baton::sim
