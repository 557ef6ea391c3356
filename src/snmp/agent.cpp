#include "snmp/agent.h"

#include <net-snmp/net-snmp-config.h>
// The library wants its configuration first.
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

namespace baton::snmp {

namespace {

using mib::Oid;
using mib::Rows;
using mib::Value;

constexpr int ping_interval_s = 5;  // also between two attempts to find a master agent
constexpr const char* agent_name = "baton";

AgentOptions& options() {
  static AgentOptions kept;
  return kept;
}

u_char asn_type(Value::Type type) {
  switch (type) {
    using enum Value::Type;
    case integer: return ASN_INTEGER;
    case gauge: return ASN_GAUGE;
    case counter: return ASN_COUNTER;
    case counter64: return ASN_COUNTER64;
    case ticks: return ASN_TIMETICKS;
    case octets: return ASN_OCTET_STR;
    case ip_address: return ASN_IPADDRESS;
    case oid: return ASN_OBJECT_ID;
  }
  return ASN_NULL;
}

std::vector<oid> to_library(const Oid& name) {
  return {name.begin(), name.end()};
}

Oid from_library(const oid* name, std::size_t length) {
  Oid result;
  for (std::size_t i = 0; i < length; ++i) result.push_back(static_cast<std::uint32_t>(name[i]));
  return result;
}

// Calls `use` with the value as the library keeps one: type, bytes and their number.
template <typename Use>
void with_value(const Value& value, Use use) {
  const u_char type = asn_type(value.type);
  switch (value.type) {
    using enum Value::Type;
    case integer:
    case gauge:
    case counter:
    case ticks: {
      const long number = static_cast<long>(value.number);
      return use(type, &number, sizeof(number));
    }
    case counter64: {
      const auto number = static_cast<std::uint64_t>(value.number);
      const struct ::counter64 halves = {.high = number >> 32, .low = number & 0xffffffff};
      return use(type, &halves, sizeof(halves));
    }
    case octets:
    case ip_address: return use(type, value.octets.data(), value.octets.size());
    case oid: {
      const auto name = to_library(value.name);
      return use(type, name.data(), name.size() * sizeof(::oid));
    }
  }
}

void answer(netsnmp_request_info* request, const Value& value) {
  with_value(value, [&](u_char type, const void* bytes, std::size_t size) {
    (void)snmp_set_var_typed_value(request->requestvb, type, bytes, size);
  });
}

bool begins_with(const Oid& name, const Oid& head) {
  return name.size() >= head.size() && std::equal(head.begin(), head.end(), name.begin());
}

// nullopt: of a type that none of ours has.
std::optional<Value> value_of(const netsnmp_variable_list& given) {
  if (given.type != ASN_INTEGER || given.val_len != sizeof(long)) return std::nullopt;
  return mib::integer(*given.val.integer);
}

int error_number(mib::SetError error) {
  switch (error) {
    using enum mib::SetError;
    case not_writable: return SNMP_ERR_NOTWRITABLE;
    case no_access: return SNMP_ERR_NOACCESS;
    case wrong_type: return SNMP_ERR_WRONGTYPE;
    case wrong_value: return SNMP_ERR_WRONGVALUE;
  }
  return SNMP_ERR_GENERR;
}

// One object of a request to write, in the library's phases: all objects are judged before the first is written, and
// when one cannot be, those before it are set back.
void write(int mode, netsnmp_request_info* request, const Oid& name) {
  static std::map<Oid, mib::Setting> undo;  // of the request that is being carried out
  switch (mode) {
    case MODE_SET_RESERVE1: {
      undo.clear();
      const auto setting = mib::setting_of(name, value_of(*request->requestvb), options().rows());
      if (!setting) (void)netsnmp_request_set_error(request, error_number(setting.error()));
      return;
    }
    case MODE_SET_ACTION: {
      const auto back = mib::setting_back(name, options().rows());
      const auto setting = mib::setting_of(name, value_of(*request->requestvb), options().rows());
      if (back) undo.emplace(name, *back);  // before: what is not answered may have been done
      if (!setting || !options().set(*setting)) return (void)netsnmp_request_set_error(request, SNMP_ERR_COMMITFAILED);
      return;
    }
    case MODE_SET_UNDO: {
      const auto back = undo.find(name);
      if (back != undo.end() && !options().set(back->second)) {
        (void)netsnmp_request_set_error(request, SNMP_ERR_UNDOFAILED);
      }
      return;
    }
    default: return;  // nothing is reserved, and nothing left to commit
  }
}

int handle(netsnmp_mib_handler*, netsnmp_handler_registration* registration, netsnmp_agent_request_info* info,
           netsnmp_request_info* requests) {
  const Rows& rows = options().rows();
  const Oid subtree = from_library(registration->rootoid, registration->rootoid_len);
  for (auto* request = requests; request != nullptr; request = request->next) {
    if (request->processed != 0) continue;
    const Oid name = from_library(request->requestvb->name, request->requestvb->name_length);
    if (info->mode == MODE_GET) {
      const auto found = rows.find(name);
      if (found == rows.end()) {
        (void)netsnmp_request_set_error(request, SNMP_NOSUCHINSTANCE);
      } else {
        answer(request, found->second);
      }
    } else if (info->mode == MODE_GETNEXT) {
      const auto next = rows.upper_bound(std::max(name, subtree));
      if (next == rows.end() || !begins_with(next->first, subtree)) continue;  // the library goes on behind us
      const auto next_name = to_library(next->first);
      (void)snmp_set_var_objid(request->requestvb, next_name.data(), next_name.size());
      answer(request, next->second);
    } else {
      write(info->mode, request, name);
    }
  }
  return SNMP_ERR_NOERROR;
}

int on_log(int, int, void* message, void*) {
  const auto* entry = static_cast<const snmp_log_message*>(message);
  std::string text = entry->msg;
  while (text.ends_with('\n')) text.pop_back();
  options().log(text);
  return 0;
}

}  // namespace

void start_agent(AgentOptions given) {
  options() = std::move(given);
  // Nothing of the machine's: no MIB files, no configuration, no state kept.
  (void)::setenv("MIBS", "", 1);
  (void)::setenv("SNMPCONFPATH", "/dev/null", 1);
  (void)::setenv("SNMP_PERSISTENT_DIR", "/dev/null", 1);
  netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
  netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
  netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
  snmp_disable_log();
  snmp_enable_calllog();
  (void)snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, nullptr);
  netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);  // subagent
  if (!options().socket.empty()) {
    netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, options().socket.c_str());
  }
  netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, ping_interval_s);
  (void)init_agent(agent_name);
  for (const Oid& subtree : options().subtrees) {
    const auto root = to_library(subtree);
    (void)netsnmp_register_handler(
        netsnmp_create_handler_registration(agent_name, handle, root.data(), root.size(), HANDLER_CAN_RWRITE));
  }
  init_snmp(agent_name);
}

void send(const mib::Notification& notification) {
  netsnmp_variable_list* variables = nullptr;
  const auto append = [&](const Oid& name, const Value& value) {
    const auto object = to_library(name);
    with_value(value, [&](u_char type, const void* bytes, std::size_t size) {
      (void)snmp_varlist_add_variable(&variables, object.data(), object.size(), type, bytes, size);
    });
  };
  append({1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}, {.type = Value::Type::oid, .name = notification.oid});  // snmpTrapOID.0
  for (const auto& [name, value] : notification.objects) append(name, value);
  send_v2trap(variables);
  snmp_free_varbind(variables);
}

void serve(const std::vector<int>& wake, std::chrono::milliseconds most) {
  netsnmp_large_fd_set ready;
  netsnmp_large_fd_set_init(&ready, FD_SETSIZE);
  int count = 0;
  int blocks = 1;  // the library has no timer of its own
  timeval timeout{};
  (void)snmp_select_info2(&count, &ready, &timeout, &blocks);
  const timeval longest{.tv_sec = most.count() / 1000, .tv_usec = most.count() % 1000 * 1000};
  if (blocks != 0 || timercmp(&timeout, &longest, >)) timeout = longest;
  for (const int fd : wake) {
    NETSNMP_LARGE_FD_SET(fd, &ready);
    count = std::max(count, fd + 1);
  }
  const int result = netsnmp_large_fd_set_select(count, &ready, nullptr, nullptr, &timeout);
  if (result > 0) snmp_read2(&ready);
  if (result == 0) snmp_timeout();
  run_alarms();
  netsnmp_check_outstanding_agent_requests();
  netsnmp_large_fd_set_cleanup(&ready);
}

void stop_agent() {
  snmp_shutdown(agent_name);
  shutdown_agent();
}

}  // namespace baton::snmp
