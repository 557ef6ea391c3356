#include "trial.h"

#include <algorithm>

#include <fmt/format.h>

#include "lab/clock.h"
#include "lab/protocol_limits.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;

constexpr Duration content_window = 300ms;

std::string instance_text(const PairText& text, int server, int number) {
  const int net = 19 + number;
  return fmt::format(
      "vrrp_instance VI_{} {{\n  interface ens{}\n  mcast_src_ip 10.0.{}.{}\n  virtual_router_id {}\n  priority {}\n{}"
      "  virtual_ipaddress {{\n    10.0.{}.100\n  }}\n{}}}\n",
      number, 32 + number, net, 13 + server, 49 + number, server == 1 ? text.first_priority : text.second_priority,
      text.instance, net,
      text.excluded.empty() ? "" : fmt::format("  virtual_ipaddress_excluded {{\n{}  }}\n", text.excluded));
}

std::string server_text(const PairText& text, int server) {
  std::string config = text.before + instance_text(text, server, 1);
  if (!text.two_interfaces) return config;
  return config + instance_text(text, server, 2) + "vrrp_sync_group G1 {\n  group {\n    VI_1\n    VI_2\n  }\n}\n";
}

}  // namespace

std::expected<std::unique_ptr<Trial>, std::string> Trial::start(const Pairing& pairing, const PairText& text,
                                                                const std::string& batond) {
  const auto node = [&](int server, Daemon daemon) {
    return lab::MadeNode{.name = fmt::format("web{}", server),
                         .config = server_text(text, server),
                         .daemon = daemon,
                         .has_web = text.has_web,
                         .log_to_syslog = text.log_to_syslog};
  };
  lab::LabOptions options;
  options.batond = batond;
  auto opened = lab::open_made_lab({node(1, pairing.first), node(2, pairing.second)}, std::move(options));
  if (!opened) return std::unexpected(to_string(opened.error()));
  auto trial = std::make_unique<Trial>();
  trial->lab_ = std::move(*opened);
  lab::Lab& lab = *trial->lab_;
  for (const NodeId id : {web1, web2}) {
    if (text.has_web) {
      if (auto started = lab.start_web(id); !started) return std::unexpected(to_string(started.error()));
    }
    if (auto started = lab.start_daemon(id); !started) return std::unexpected(to_string(started.error()));
  }
  const bool healthy = lab.wait_until([&] { return trial->alone(web1) && trial->client_is_content(); }, 20s);
  if (!healthy) return std::unexpected("web1 did not become the only owner within 20 s");
  return trial;
}

void Trial::wait_for_moment(double part_of_interval) {
  const std::size_t seen = lab_->adverts().size();
  const Duration interval = lab_->topology().targets.front().advert_interval;
  (void)lab_->wait_until([&] { return lab_->adverts().size() > seen; }, 2 * interval + 100ms);
  lab_->run_for(std::chrono::round<Duration>(interval * part_of_interval));
}

bool Trial::client_is_content() const {
  const Instant time = lab::now();
  for (lab::TargetId target = 0; target < lab_->topology().targets.size(); ++target) {
    const lab::Outage pings = lab_->pings(target).outage(time - content_window, time);
    if (pings.asked == 0 || pings.longest > Duration::zero()) return false;
  }
  if (lab_->pages() == nullptr) return true;
  const lab::Outage pages = lab_->pages()->outage(time - content_window, time);
  return pages.asked > 0 && pages.longest == Duration::zero();
}

Measurement Trial::measure(const std::function<SysResult<void>()>& event, const std::function<bool()>& over,
                           Duration bound) {
  const Instant from = lab::now();
  if (auto done = event(); !done) return {.note = to_string(done.error()), .complete = false};
  const bool ended = lab_->wait_until(over, bound);
  lab_->run_for(content_window);  // content with what came after, not before
  const bool content = lab_->wait_until([this] { return client_is_content(); }, 12s);
  Measurement measurement = since(from);
  measurement.complete = ended && content;
  return measurement;
}

Measurement Trial::since(Instant from) const {
  Measurement measurement;
  const Instant to = lab::now();
  for (lab::TargetId target = 0; target < lab_->topology().targets.size(); ++target) {
    const lab::Outage pings = lab_->pings(target).outage(from, to);
    measurement.outage = std::max(measurement.outage, pings.longest);
    measurement.lost += pings.lost;
    const IpAddress& which = lab_->topology().targets[target].address;
    measurement.two_owners = std::max(measurement.two_owners, lab_->ownership().times(which, from, to).two_or_more);
  }
  if (lab_->pages() != nullptr) {
    measurement.outage = std::max(measurement.outage, lab_->pages()->outage(from, to).longest);
  }
  return measurement;
}

std::optional<Duration> Trial::above_limit(NodeId from_node, NodeId to, Instant fault) const {
  const lab::Target& target = lab_->topology().targets.front();
  std::optional<Instant> last_advert;
  for (const lab::AdvertRecord& record : lab_->adverts()) {
    if (record.node == from_node && record.advert.vrid == target.vrid && record.at < fault) last_advert = record.at;
  }
  const auto answer = lab_->pings(0).first_answer_by(to, fault);
  const auto contender = std::ranges::find(target.contenders, to, &lab::Contender::node);
  if (!last_advert || !answer || contender == target.contenders.end()) return std::nullopt;
  return *answer - (*last_advert + lab::master_down_interval(target, contender->priority));
}

}  // namespace baton::bench
