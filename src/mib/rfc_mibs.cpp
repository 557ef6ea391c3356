// VRRP-MIB (RFC 2787) of the VRRPv2 routers and VRRPV3-MIB (RFC 6527) of all of them: the latter is a superset, and
// keepalived shows its VRRPv2 routers there too.
#include <algorithm>
#include <chrono>
#include <initializer_list>

#include "mib/view.h"

namespace baton::mib {

namespace {

using config::Instance;
using nlohmann::json;

constexpr int row_is_active = 1;  // RowStatus

bool is_in_vrrp_mib(const Instance& instance) {
  return instance.version == 2 && instance.family == Family::ipv4;
}

// initialize, backup, master; FAULT is the RFCs' Initialize.
int rfc_state(const json& status) {
  const std::string state = status.value("state", "");
  return state == "MASTER" ? 3 : state == "BACKUP" || state == "MAINTENANCE" ? 2 : 1;
}

std::uint64_t rejected(const json& status, std::initializer_list<const char*> reasons) {
  const auto counters = status.find("rejected");
  std::uint64_t sum = 0;
  if (counters == status.end()) return sum;
  for (const char* reason : reasons) sum += counters->value(reason, std::uint64_t{0});
  return sum;
}

// Of all routers together.
std::uint64_t rejected(const View& view, std::initializer_list<const char*> reasons,
                       bool (*concerns)(const Instance&)) {
  std::uint64_t sum = 0;
  for (const Instance& instance : view.configuration.instances) {
    if (concerns(instance)) sum += rejected(view.status.of("instances", instance.name), reasons);
  }
  return sum;
}

std::uint64_t advert_count(const json& status, const char* which) {
  const auto adverts = status.find("adverts");
  return adverts == status.end() ? 0 : adverts->value(which, std::uint64_t{0});
}

std::uint64_t unlike_addresses(const json& status) {
  return advert_count(status, "unlike_addresses") + rejected(status, {"address_list"});
}

double uptime(const View& view, const json& status) {
  return rfc_state(status) == 1 ? 0 : view.now - status.value("since", view.now);
}

IpAddress nowhere(Family family) {
  return family == Family::ipv4 ? IpAddress::v4(0) : *IpAddress::parse("::");
}

IpAddress source_of(const View& view, const Instance& instance) {
  const auto found = view.sources.find(instance.name);
  return found == view.sources.end() ? nowhere(instance.family) : found->second;
}

// Ours, or that of the master we hear.
IpAddress master_of(const View& view, const Instance& instance, const json& status) {
  if (rfc_state(status) == 3) return source_of(view, instance);
  const auto master = status.find("master");
  if (master == status.end() || !master->is_object()) return nowhere(instance.family);
  return IpAddress::parse(master->value("address", "")).value_or(nowhere(instance.family));
}

Bytes mac_of(const View& view, const Instance& instance, const json& status) {
  const std::string interface = status.value("advert_interface", instance.interface);
  const auto found = view.interfaces.find(interface);
  const MacAddress mac = found == view.interfaces.end() ? MacAddress{} : found->second.mac;
  return {mac.bytes.begin(), mac.bytes.end()};
}

Value ip_address(const IpAddress& address) {
  Value value = octets(address.bytes());
  value.type = Value::Type::ip_address;
  return value;
}

Oid bytes_of(const IpAddress& address) {
  const ByteView bytes = address.bytes();
  return {bytes.begin(), bytes.end()};
}

Oid index_of(const View& view, const Instance& instance) {
  return {view.index_of(instance.interface), instance.vrid};
}

}  // namespace

void add_vrrp_mib(const View& view, Rows& rows) {
  static const Oid operations = vrrp_mib + Oid{1, 3, 1};
  static const Oid addresses = vrrp_mib + Oid{1, 4, 1};
  static const Oid statistics = vrrp_mib + Oid{2, 4, 1};
  rows[vrrp_mib + Oid{1, 1, 0}] = integer(2);                                    // version
  rows[vrrp_mib + Oid{1, 2, 0}] = truth(view.configuration.globals.snmp.traps);  // notifications
  rows[vrrp_mib + Oid{2, 1, 0}] = counter(rejected(view, {"checksum"}, is_in_vrrp_mib));
  rows[vrrp_mib + Oid{2, 2, 0}] = counter(rejected(view, {"version"}, is_in_vrrp_mib));
  rows[vrrp_mib + Oid{2, 3, 0}] = counter(rejected(view, {"vrid"}, is_in_vrrp_mib));
  for (const Instance& instance : view.configuration.instances) {
    if (!is_in_vrrp_mib(instance)) continue;
    const json& status = view.status.of("instances", instance.name);
    const Oid index = index_of(view, instance);
    Row(rows, operations, index)
        .set(2, octets(mac_of(view, instance, status)))
        .set(3, integer(rfc_state(status)))
        .set(4, integer(1))  // up
        .set(5, integer(base_priority_of(instance, status)))
        .set(6, integer(static_cast<std::int64_t>(instance.addresses.size())))
        .set(7, ip_address(master_of(view, instance, status)))
        .set(8, ip_address(source_of(view, instance)))
        .set(9, integer(static_cast<int>(instance.authentication.type) + 1))
        .set(11, integer(instance.advert_interval / std::chrono::seconds(1)))
        .set(12, truth(status.value("preempt", instance.preempt)))
        .set(13, ticks(uptime(view, status)))
        .set(14, integer(1))  // ip
        .set(15, integer(row_is_active));
    for (const config::VirtualAddress& address : instance.addresses) {
      if (address.address.address.family() != Family::ipv4) continue;
      Row(rows, addresses, index + bytes_of(address.address.address)).set(2, integer(row_is_active));
    }
    Row(rows, statistics, index)
        .set(1, counter(status.value("became_master", std::uint64_t{0})))
        .set(2, counter(advert_count(status, "accepted")))
        .set(3, counter(rejected(status, {"interval"})))
        .set(4, counter(rejected(status, {"auth_password", "ah_header", "ah_icv", "ah_replay"})))
        .set(5, counter(rejected(status, {"ttl"})))
        .set(6, counter(advert_count(status, "priority_zero_accepted")))
        .set(7, counter(advert_count(status, "priority_zero_sent")))
        .set(8, counter(rejected(status, {"type"})))
        .set(9, counter(unlike_addresses(status)))
        .set(10, counter(rejected(status, {"auth_type_invalid"})))
        .set(11, counter(rejected(status, {"auth_type_mismatch"})))
        .set(12, counter(rejected(status, {"packet_length", "truncated", "total_length"})));
  }
}

namespace {

// vrrpv3StatisticsNewMasterReason.
int new_master_reason(const json& status) {
  if (status.value("state", "") != "MASTER") return 0;  // notMaster
  const std::string reason = status.value("reason", "");
  if (reason == "master_below_us" || reason == "owner") return 2;  // preempted
  if (reason == "master_stopped") return 1;                        // priority
  return 3;                                                        // masterNoResponse
}

}  // namespace

void add_vrrpv3_mib(const View& view, Rows& rows) {
  static const Oid operations = vrrpv3_mib + Oid{1, 1, 1, 1};
  static const Oid addresses = vrrpv3_mib + Oid{1, 1, 2, 1};
  static const Oid statistics = vrrpv3_mib + Oid{1, 2, 5, 1};
  const auto all = [](const Instance&) { return true; };
  rows[vrrpv3_mib + Oid{1, 2, 1, 0}] = counter64(rejected(view, {"checksum"}, all));
  rows[vrrpv3_mib + Oid{1, 2, 2, 0}] = counter64(rejected(view, {"version"}, all));
  rows[vrrpv3_mib + Oid{1, 2, 3, 0}] = counter64(rejected(view, {"vrid"}, all));
  rows[vrrpv3_mib + Oid{1, 2, 4, 0}] = ticks(0);  // no discontinuity
  const auto indices = indices_of(view);
  for (const Instance& instance : view.configuration.instances) {
    const json& status = view.status.of("instances", instance.name);
    const Oid& index = indices.at(instance.name);
    Row(rows, operations, index)
        .set(3, octets(master_of(view, instance, status).bytes()))
        .set(4, octets(source_of(view, instance).bytes()))
        .set(5, octets(mac_of(view, instance, status)))
        .set(6, integer(rfc_state(status)))
        .set(7, gauge(static_cast<std::uint64_t>(base_priority_of(instance, status))))
        .set(8, integer(static_cast<std::int64_t>(instance.addresses.size())))
        .set(9, integer(instance.advert_interval / std::chrono::milliseconds(10)))
        .set(10, truth(status.value("preempt", instance.preempt)))
        .set(11, truth(instance.accept))
        .set(12, ticks(uptime(view, status)))
        .set(13, integer(row_is_active));
    for (const config::VirtualAddress& address : instance.addresses) {
      Row(rows, addresses, index + bytes_of(address.address.address)).set(2, integer(row_is_active));
    }
    Row(rows, statistics, index)
        .set(1, counter(status.value("became_master", std::uint64_t{0})))
        .set(2, integer(new_master_reason(status)))
        .set(3, counter64(advert_count(status, "accepted")))
        .set(4, counter64(rejected(status, {"interval"})))
        .set(5, counter64(rejected(status, {"ttl"})))
        .set(6, integer(0))  // noError
        .set(7, counter64(advert_count(status, "priority_zero_accepted")))
        .set(8, counter64(advert_count(status, "priority_zero_sent")))
        .set(9, counter64(rejected(status, {"type"})))
        .set(10, counter64(unlike_addresses(status)))
        .set(11, counter64(rejected(status, {"packet_length", "truncated", "total_length"})))
        .set(12, ticks(0))
        .set(13, gauge(static_cast<std::uint64_t>(instance.advert_interval / std::chrono::milliseconds(1))));
  }
}

}  // namespace baton::mib
