// The node's status (docs/status.md): what the worker tells, and what the api role knows beside it from the ledgers of
// the guardian and of the other roles. Where the worker does not answer, what its last will says is what there is.
#pragma once

#include <nlohmann/json.hpp>

#include "api/server.h"
#include "daemon/api_role.h"
#include "daemon/services_status.h"
#include "daemon/status_page.h"
#include "daemon/worker_desk.h"

namespace baton::daemon {

class NodeStatus {
 public:
  // All of them outlive it.
  NodeStatus(const ApiStart& start, const ServicesStatus& services, const WorkerDesk& desk, const api::Server& server)
      : start_(start), services_(services), desk_(desk), server_(server) {}

  nlohmann::json whole(const CollectedStatus& collected) const;
  // Of the node itself: the status but for its lists.
  nlohmann::json head(const CollectedStatus& collected) const;
  ListTexts lists(const CollectedStatus& collected) const;
  nlohmann::json from_will(std::size_t router) const;

 private:
  void add_script_runs(ListTexts& lists) const;

  const ApiStart& start_;
  const ServicesStatus& services_;
  const WorkerDesk& desk_;
  const api::Server& server_;
};

}  // namespace baton::daemon
