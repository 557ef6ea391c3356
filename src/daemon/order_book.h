// Orders that the guardian carries out for whoever asks the control API: a reload, of which it reads and judges the
// files; a maintenance; a drain. Who gave which is kept until the guardian's report of it comes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "api/server.h"
#include "base/unique_fd.h"
#include "http/message.h"
#include "kernel/channel.h"

namespace baton::daemon {

class OrderBook {
 public:
  // Both outlive it.
  OrderBook(api::Server& server, kernel::Channel& guardian) : server_(server), guardian_(guardian) {}

  // Of the types ReloadOrder, MaintenanceOrder and DrainOrder. Refused when too many are on their way.
  template <typename Order>
  void place(api::Ticket ticket, Order order) {
    order.id = ++last_;
    send(ticket, order.id, to_message(order));
  }

  // What became of one, as the guardian's file says; whoever gave it is answered. The word for it ("confirmed"); empty
  // where the file names none.
  std::string report(const UniqueFd& file);

  // Nothing more is heard of those that are on their way.
  void refuse_all(const http::Response& refusal);

 private:
  void send(api::Ticket ticket, std::uint64_t id, const std::string& text);

  api::Server& server_;
  kernel::Channel& guardian_;
  std::map<std::uint64_t, api::Ticket> waiting_;  // by the id of the order
  std::uint64_t last_ = first_id();
  // An order of the api role before us is none of ours.
  static std::uint64_t first_id();
};

}  // namespace baton::daemon
