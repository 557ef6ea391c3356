#include "daemon/nftables_plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "balance/server_selection.h"
#include "balance/table_difference.h"
#include "base/result.h"

namespace baton::daemon {

SysResult<std::unique_ptr<DataPlane>> NftablesPlane::open() {
  auto balance = kernel::NftBalance::open();
  if (!balance) return std::unexpected(balance.error());
  std::unique_ptr<NftablesPlane> plane(new NftablesPlane(std::move(*balance)));
  auto monitor = kernel::NftMonitor::open(kernel::balance_table, plane->balance_.port());
  if (!monitor) return std::unexpected(monitor.error());
  plane->monitor_.emplace(std::move(*monitor));
  return plane;
}

// ---------------------------------------------------------------- what it can do

namespace {

// That of those who serve: a sorry server that waits, or one that is inhibited, takes nobody's place.
ForwardMethod usual_method(const TableService& service) {
  for (const bool serves : {true, false}) {
    for (const auto& [key, settings] : service.destinations) {
      if (settings.method != ForwardMethod::tunnel && (settings.weight > 0) == serves) return settings.method;
    }
  }
  return ForwardMethod::masquerade;
}

void leave_out_servers(const ServiceKey& key, TableService& service, const DataPlane::Say& say) {
  const ForwardMethod usual = usual_method(service);
  std::erase_if(service.destinations, [&](const auto& entry) {
    const auto& [server, settings] = entry;
    if (settings.method == ForwardMethod::tunnel) {
      say(fmt::format("{}: {} is left out, nftables has no tunnels", to_string(key), to_string(server)));
    } else if (server.address.family() != key.family) {
      say(fmt::format("{}: {} is left out, nftables does not translate between IPv4 and IPv6", to_string(key),
                      to_string(server)));
    } else if (settings.method != usual) {
      say(fmt::format("{}: {} is left out, with nftables the servers of a service are reached in one way",
                      to_string(key), to_string(server)));
    } else {
      return false;
    }
    return true;
  });
}

}  // namespace

TableService possible_with_nftables(const ServiceKey& key, TableService service, const DataPlane::Say& say) {
  leave_out_servers(key, service, say);
  const ServiceOptions& options = service.options;
  if (const std::string_view other = balance::stand_in(options.scheduler); !other.empty()) {
    say(fmt::format("nftables does not count the connections of a server: instead of {}, {} serves", options.scheduler,
                    other));
  }
  if (!options.persistence_engine.empty()) {
    say(fmt::format("{}: nftables has no persistence engine, clients are known by their address", to_string(key)));
  }
  const bool is_masqueraded = usual_method(service) == ForwardMethod::masquerade;
  if ((options.flags & service_flag::one_packet) != 0 && is_masqueraded) {
    say(fmt::format("{}: with nftables and NAT packets of one flow go to one server, ops or not", to_string(key)));
  }
  const bool has_threshold =
      std::ranges::any_of(service.destinations, [](const auto& entry) { return entry.second.upper_threshold != 0; });
  if (has_threshold) say(fmt::format("{}: uthreshold has no effect with nftables", to_string(key)));
  return service;
}

// ---------------------------------------------------------------- the table

SysResult<ServiceTable> NftablesPlane::dump() {
  table_ = TRY(balance_.dump());
  return table_;
}

SysResult<void> NftablesPlane::change(std::span<const ServiceKey> keys, ServiceTable& after) {
  std::vector<kernel::NftBalance::Change> changes;
  for (const ServiceKey& key : keys) {
    const auto before = table_.find(key);
    const auto now = after.find(key);
    kernel::NftBalance::Change& one = changes.emplace_back();
    one.key = key;
    if (before != table_.end()) one.before = &before->second;
    if (now == after.end()) continue;
    one.after = &now->second;
    one.selection = balance::select_servers(now->second);
  }
  TRY_VOID(balance_.change(changes));
  for (const ServiceKey& key : keys) {
    table_.erase(key);
    if (auto now = after.extract(key)) table_.insert(std::move(now));
  }
  return {};
}

namespace {

constexpr int most_stale_reads = 3;  // in a row

std::size_t size_of(const ServiceTable& table, const ServiceKey& key) {
  const auto found = table.find(key);
  return found == table.end() ? 0 : 1 + found->second.destinations.size();
}

// How many of them, at least one, one transaction may change.
std::size_t services_of_a_transaction(std::span<const ServiceKey> keys, const ServiceTable& before,
                                      const ServiceTable& after) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    size += size_of(before, keys[i]) + size_of(after, keys[i]);
    if (size > limits::transaction_size && i > 0) return i;
  }
  return keys.size();
}

}  // namespace

SysResult<std::vector<DataPlane::Refused>> NftablesPlane::carry_out(std::span<const TableOperation> operations) {
  ServiceTable after;
  Keys keys;
  std::map<ServiceKey, std::vector<std::size_t>> steps;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const ServiceKey& key = operations[i].service;
    std::vector<std::size_t>& of_service = steps[key];
    if (of_service.empty()) {
      keys.push_back(key);
      if (const auto present = table_.find(key); present != table_.end()) after.insert(*present);
    }
    of_service.push_back(i);
    balance::apply(operations[i], after);
  }
  std::vector<Refused> refused;
  for (std::span<const ServiceKey> left = keys; !left.empty();) {
    const std::span part = left.first(services_of_a_transaction(left, table_, after));
    left = left.subspan(part.size());
    const auto changed = change(part, after);
    if (changed) {
      stale_reads_ = 0;
      continue;
    }
    // Somebody wrote since the table was read, a balancer before this one perhaps: service by service would all fail.
    const int code = changed.error().code;
    if ((code == EEXIST || code == ENOENT) && part.size() > 1 && stale_reads_++ < most_stale_reads) {
      std::set<ServiceKey> rest(part.begin(), part.end());
      rest.insert(left.begin(), left.end());
      for (std::size_t i = 0; i < operations.size(); ++i) {
        if (rest.contains(operations[i].service)) refused.push_back({.index = i, .code = EAGAIN});
      }
      break;
    }
    for (const ServiceKey& key : part) {
      const auto alone = change(std::span(&key, 1), after);
      if (alone) continue;
      for (const std::size_t index : steps[key]) refused.push_back({.index = index, .code = alone.error().code});
    }
  }
  std::ranges::sort(refused, {}, &Refused::index);
  return refused;
}

SysResult<void> NftablesPlane::flush() {
  table_.clear();
  return balance_.flush();
}

SysResult<void> NftablesPlane::close() {
  return table_.empty() ? balance_.flush() : SysResult<void>{};
}

SysResult<void> NftablesPlane::set_timeouts(const config::IpvsTimeouts& timeouts) {
  const kernel::DirectTimeouts usual;
  balance_.set_timeouts({.tcp = timeouts.tcp.value_or(usual.tcp),
                         .tcp_fin = timeouts.tcp_fin.value_or(usual.tcp_fin),
                         .udp = timeouts.udp.value_or(usual.udp)});
  return {};
}

}  // namespace baton::daemon
