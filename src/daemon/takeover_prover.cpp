#include "daemon/takeover_prover.h"

#include <algorithm>

#include "vrrp/address_probe.h"

namespace baton::daemon {

TakeoverProver::TakeoverProver(const Setup& setup, const kernel::InterfaceTable& interfaces, Transport& transport,
                               Announcer& announcer, loop::Loop& loop)
    : setup_(setup), interfaces_(interfaces), transport_(transport), announcer_(announcer), loop_(loop) {
  for (const RouterSetup& router : setup.routers) {
    for (const config::VirtualAddress& address : router.addresses) virtual_addresses_.insert(address.address.address);
  }
}

void TakeoverProver::on_master(vrrp::RouterId router) {
  if (!setup_.routers[router].proves_takeover) return;
  waiting_.insert(router);
  if (setup_.routers[router].spares_bursts) announcer_.shorten(router, 1);
}

void TakeoverProver::on_left(vrrp::RouterId router) {
  waiting_.erase(router);
  asking_.erase(router);
  proofs_.erase(router);
  timers_.set(router, std::nullopt);
}

void TakeoverProver::on_answer(std::span<const vrrp::RouterId> routers, std::uint32_t interface_index,
                               const vrrp::HeardAnswer& answer) {
  const kernel::Link* link = interfaces_.find(interface_index);
  if (link == nullptr || link->mac != answer.mac) return;
  for (const vrrp::RouterId router : routers) {
    const auto found = proofs_.find(router);
    if (found == proofs_.end() || found->second.is_proven()) continue;
    found->second.on_answer(answer.ours, answer.by);
    if (!found->second.is_proven()) continue;
    timers_.set(router, std::nullopt);
    if (setup_.routers[router].spares_bursts) proven_.push_back(router);
  }
}

bool TakeoverProver::settle(const vrrp::Node& node, Instant now, AddressState addresses) {
  std::erase_if(waiting_, [&](vrrp::RouterId router) { return !node.router(router).is_serving(); });
  const bool is_kernel_asked = query_ && query_->is_open();
  if (!waiting_.empty() && addresses == AddressState::settled && !is_kernel_asked) ask_kernel();
  std::size_t sent = 0;
  bool has_announced = false;
  while (sent < limits::frames_a_turn) {
    const auto router = timers_.pop_due(now);
    if (!router) return has_announced;
    vrrp::TakeoverProof& proof = proofs_[*router];
    const auto due = proof.on_timeout(now);
    timers_.set(*router, proof.next_timeout());
    if (!node.router(*router).is_serving()) continue;
    sent += send(due);
    if (proof.rounds() != 2 || due.empty()) continue;
    send_rest_of_burst(*router);
    has_announced = true;
  }
  return true;
}

std::optional<vrrp::TakeoverProof::Progress> TakeoverProver::progress(vrrp::RouterId router) const {
  const auto found = proofs_.find(router);
  return found == proofs_.end() ? std::nullopt : std::optional(found->second.progress());
}

// ---------------------------------------------------------------- whom to ask

// Without an answer nobody is asked, and all is announced as without proofs.
void TakeoverProver::ask_kernel() {
  asking_ = std::exchange(waiting_, {});
  neighbours_.clear();
  gateways_.clear();
  for (const vrrp::RouterId router : asking_) {
    for (const config::VirtualAddress& address : setup_.routers[router].addresses) {
      if (const kernel::Link* link = interfaces_.find(address.device)) {
        neighbours_[{link->index, address.address.address.family()}];
        if (link->base != 0) neighbours_[{link->base, address.address.address.family()}];
      }
    }
  }
  if (!query_) {
    auto opened = kernel::NeighbourQuery::open();
    if (!opened) return begin_proofs();
    query_ = std::move(*opened);
    readable_ = loop_.watch(query_->fd(), loop::Ready::readable, [this] { on_neighbours(); });
  }
  std::size_t lookups_left = limits::gateways_looked_up;
  for (const auto& [place, list] : neighbours_) {
    if (lookups_left-- == 0) break;
    const auto gateway = query_->gateway(place.first, place.second);
    if (gateway && *gateway) gateways_[place] = **gateway;
  }
  if (!query_->ask()) begin_proofs();
}

void TakeoverProver::on_neighbours() {
  (void)query_->read([this](const kernel::KnownNeighbour& neighbour) { keep(neighbour); });
  if (!query_->is_open()) begin_proofs();
}

void TakeoverProver::keep(const kernel::KnownNeighbour& neighbour) {
  constexpr std::size_t kept = 4 * vrrp::limits::neighbours_asked;  // some are no clients
  const auto found = neighbours_.find({neighbour.interface_index, neighbour.address.family()});
  if (found == neighbours_.end() || virtual_addresses_.contains(neighbour.address)) return;
  auto& list = found->second;
  const auto place =
      std::ranges::upper_bound(list, neighbour.confirmed_ago, {}, &kernel::KnownNeighbour::confirmed_ago);
  if (place == list.end() && list.size() >= kept) return;
  list.insert(place, neighbour);
  if (list.size() > kept) list.pop_back();
}

void TakeoverProver::begin_proofs() {
  for (const vrrp::RouterId router : std::exchange(asking_, {})) {
    std::vector<vrrp::TakeoverProof::Question> questions = questions_of(router);
    if (questions.empty()) send_rest_of_burst(router);
    vrrp::TakeoverProof& proof = proofs_[router];
    proof.begin(std::move(questions), loop::now());
    timers_.set(router, proof.next_timeout());
  }
}

std::vector<vrrp::TakeoverProof::Question> TakeoverProver::questions_of(vrrp::RouterId router) const {
  std::vector<vrrp::TakeoverProof::Question> questions;
  const auto& addresses = setup_.routers[router].addresses;
  for (const config::VirtualAddress& address :
       std::span(addresses).first(std::min(addresses.size(), vrrp::limits::addresses_proven))) {
    const IpAddress& ours = address.address.address;
    const kernel::Link* link = interfaces_.find(address.device);
    if (link == nullptr || !link->has_arp || !link->is_ethernet) continue;
    std::vector<vrrp::Neighbour> neighbours;
    add_neighbours({link->index, ours.family()}, neighbours);
    if (link->base != 0) add_neighbours({link->base, ours.family()}, neighbours);
    std::erase_if(neighbours, [&](const vrrp::Neighbour& one) { return !is_client(router, one.address); });
    if (neighbours.size() > vrrp::limits::neighbours_asked) neighbours.resize(vrrp::limits::neighbours_asked);
    for (const vrrp::Neighbour& one : neighbours) {
      questions.push_back({.address = ours, .interface_index = link->index, .to = one});
    }
  }
  return questions;
}

// The gateway first: all that is not on this LAN comes through it.
void TakeoverProver::add_neighbours(const Place& place, std::vector<vrrp::Neighbour>& to) const {
  const auto known = neighbours_.find(place);
  const auto gateway = gateways_.find(place);
  if (gateway != gateways_.end()) to.push_back({.address = gateway->second, .mac = {}});
  if (known == neighbours_.end()) return;
  for (const kernel::KnownNeighbour& one : known->second) {
    const auto same = std::ranges::find(to, one.address, &vrrp::Neighbour::address);
    if (same == to.end()) {
      to.push_back({.address = one.address, .mac = one.mac});
    } else if (!same->mac) {
      same->mac = one.mac;
    }
  }
}

// The other nodes of the router hear its adverts, and may have just died.
bool TakeoverProver::is_client(vrrp::RouterId router, const IpAddress& address) const {
  const auto& peers = setup_.routers[router].codec.peers;
  return !virtual_addresses_.contains(address) &&
         std::ranges::none_of(peers, [&](const auto& peer) { return peer.address == address; });
}

// ---------------------------------------------------------------- what is sent

std::size_t TakeoverProver::send(const std::vector<vrrp::TakeoverProof::Question>& questions) {
  std::vector<Bytes> frames;
  std::uint32_t interface_index = 0;
  const auto flush = [&] {
    if (!frames.empty()) (void)transport_.announce(interface_index, frames);
    frames.clear();
  };
  for (const vrrp::TakeoverProof::Question& question : questions) {
    const kernel::Link* link = interfaces_.find(question.interface_index);
    if (link == nullptr) continue;
    if (link->index != interface_index) flush();
    interface_index = link->index;
    const auto to = question.is_repeated ? std::nullopt : question.to.mac;
    frames.push_back(vrrp::teaching_question(question.address, link->mac, question.to.address, to));
  }
  flush();
  return questions.size();
}

void TakeoverProver::send_rest_of_burst(vrrp::RouterId router) {
  const unsigned repeat = setup_.node.routers[router].router.announcements.repeat;
  if (setup_.routers[router].spares_bursts && repeat > 1) announcer_.add(router, repeat - 1);
}

}  // namespace baton::daemon
