// From the wanted services and the actual ones, the steps between them. Pure.
#pragma once

#include "base/service_table.h"

namespace baton::balance {

// One service: `wanted` or `actual` may be missing. Real servers come before others go, so that a service that changes
// its servers is never without one.
void add_difference(const ServiceKey& key, const TableService* wanted, const TableService* actual,
                    TableOperations& operations);

// Whole tables. Of `actual`, services that are not in `wanted` are removed: leave out of it what is somebody else's.
TableOperations difference(const ServiceTable& wanted, const ServiceTable& actual);

// What the table is after an operation that succeeded.
void apply(const TableOperation& operation, ServiceTable& table);

}  // namespace baton::balance
