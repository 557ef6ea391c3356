// Net-SNMP's agent library as an AgentX subagent: serves rows, sends notifications. The library is one to a process,
// and so is this.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "mib/notification.h"
#include "mib/settable.h"

namespace baton::snmp {

struct AgentOptions {
  std::string socket;              // of the master agent; empty: the library's default
  std::vector<mib::Oid> subtrees;  // that are ours
  // The rows as they are now; called for every request of the master agent.
  std::function<const mib::Rows&()> rows;
  // Carries out what a manager writes; false: it could not be.
  std::function<bool(const mib::Setting&)> set;
  std::function<void(const std::string& text)> log;
};

// Connects; when there is no master agent, the library tries again by itself.
void start_agent(AgentOptions options);
void send(const mib::Notification& notification);
// Serves until one of `wake` is readable or `most` has passed.
void serve(const std::vector<int>& wake, std::chrono::milliseconds most);
void stop_agent();

}  // namespace baton::snmp
