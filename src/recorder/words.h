// Inputs and actions as bytes. An input that repeats the one before of its kind says so in a bit: most adverts do.
//
//   kind, 4 bits | same, 1 bit   1 byte
//   time since the input before  ns, signed
//   what the kind says
//
//   id << 4 | kind               each action
//   what the kind says
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/compact.h"
#include "vrrp/input.h"
#include "vrrp/node.h"

namespace baton::recorder {

// What both sides remember of a segment so far.
struct Context {
  Instant now{};
  std::optional<std::size_t> most;                   // of TimePassed
  std::vector<std::optional<vrrp::Advert>> adverts;  // the last one of each router

  void begin(Instant at, std::size_t routers) {
    now = at;
    most.reset();
    adverts.assign(routers, std::nullopt);
  }
};

// Never more than this, in bytes.
std::size_t most_bytes(const vrrp::Input& input);
void write(const vrrp::Input& input, Instant now, Context& context, CompactWriter& out);
void write(std::span<const vrrp::NodeAction> actions, CompactWriter& out);

// What is not of a node with these parameters makes in.ok() false. The time is left in the context.
vrrp::Input read_input(CompactReader& in, const vrrp::NodeParameters& parameters, Context& context);
vrrp::NodeActions read_actions(CompactReader& in, const vrrp::NodeParameters& parameters);

}  // namespace baton::recorder
