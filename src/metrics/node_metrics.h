// What a monitoring system scrapes (docs/metrics.md), made of what `baton status --json` says. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "metrics/metrics_text.h"

namespace baton::metrics {

// `status` may have `services`, as GET /v1/services has them. Of a status whose worker does not answer: that it does
// not, and nothing that a dead worker once said.
std::string node_metrics(const nlohmann::json& status, double now_utc_seconds, Format format);

// The names that the two Prometheus exporters for keepalived have (mehdy/keepalived-exporter,
// gen2brain/keepalived_exporter), for dashboards and alerts that were made for them. `dump` is what keepalived.json
// has, `scripts` the list of the status. In Format::prometheus: some of their counters have names that OpenMetrics
// forbids.
std::string keepalived_metrics(const nlohmann::json& dump, const nlohmann::json& scripts);

}  // namespace baton::metrics
