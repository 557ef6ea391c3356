// What the roles say to each other beyond the runner's protocol: JSON texts between worker and api, one a message on a
// SOCK_SEQPACKET pair.
//
//   api → worker   {"ask":"status","from":16}          worker → api   {"instances":[...],"next":32 | null, ...}
//   api → worker   {"ask":"handover","instance":"V"}   worker → api   {"message":"..."} | {"error":"..."}
#pragma once

#include <cstddef>

namespace baton::daemon::limits {

inline constexpr std::size_t instances_a_page = 16;   // of a status reply: under a millisecond of the worker's time
inline constexpr std::size_t control_clients = 64;    // at once; more wait in the kernel's queue
inline constexpr std::size_t control_request = 4096;  // bytes of a request line

}  // namespace baton::daemon::limits
