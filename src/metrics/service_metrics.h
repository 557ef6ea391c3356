// Metrics of load balancing, made of what GET /v1/services says (docs/status.md). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "metrics/metrics_text.h"

namespace baton::metrics {

// `services`: all pages in one. Nothing is written where there are no virtual servers.
void write_service_metrics(const nlohmann::json& services, MetricsText& out);

}  // namespace baton::metrics
