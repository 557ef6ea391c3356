#include "balance/table_difference.h"

namespace baton::balance {

void add_difference(const ServiceKey& key, const TableService* wanted, const TableService* actual,
                    TableOperations& operations) {
  using enum TableOperation::Kind;
  if (wanted == nullptr) {
    if (actual != nullptr) operations.push_back({.kind = remove_service, .service = key});
    return;
  }
  if (actual == nullptr) {
    operations.push_back({.kind = add_service, .service = key, .options = wanted->options});
  } else if (actual->options != wanted->options) {
    operations.push_back({.kind = change_service, .service = key, .options = wanted->options});
  }
  for (const auto& [address, settings] : wanted->destinations) {
    const Destination* present = nullptr;
    if (actual != nullptr) {
      const auto found = actual->destinations.find(address);
      if (found != actual->destinations.end()) present = &found->second;
    }
    if (present != nullptr && *present == settings) continue;
    operations.push_back({.kind = present == nullptr ? add_destination : change_destination,
                          .service = key,
                          .destination = address,
                          .settings = settings});
  }
  if (actual == nullptr) return;
  for (const auto& [address, settings] : actual->destinations) {
    if (wanted->destinations.contains(address)) continue;
    operations.push_back({.kind = remove_destination, .service = key, .destination = address});
  }
}

TableOperations difference(const ServiceTable& wanted, const ServiceTable& actual) {
  TableOperations operations;
  for (const auto& [key, service] : actual) {
    if (!wanted.contains(key)) add_difference(key, nullptr, &service, operations);
  }
  for (const auto& [key, service] : wanted) {
    const auto present = actual.find(key);
    add_difference(key, &service, present == actual.end() ? nullptr : &present->second, operations);
  }
  return operations;
}

void apply(const TableOperation& operation, ServiceTable& table) {
  using enum TableOperation::Kind;
  switch (operation.kind) {
    case add_service:
    case change_service: table[operation.service].options = operation.options; return;
    case remove_service: table.erase(operation.service); return;
    case add_destination:
    case change_destination: table[operation.service].destinations[operation.destination] = operation.settings; return;
    case remove_destination: table[operation.service].destinations.erase(operation.destination); return;
  }
}

}  // namespace baton::balance
