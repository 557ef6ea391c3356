// What each BFD session has come to, in memory that the BFD role writes and others read: the next role goes on from it,
// whether the one before died or a reload replaced it, so that the neighbour notices nothing; and status and metrics
// ask nobody. A role writes the half that the one before did not (LedgerHalves).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "bfd/session.h"
#include "daemon/bfd_list.h"

namespace baton::daemon {

class BfdLedger {
 public:
  static constexpr std::size_t most = baton::limits::bfd_sessions;
  static std::size_t size();

  struct Known {
    bfd::SessionMemory memory;
    std::uint16_t source_port = 0;
    std::uint64_t accepted = 0;  // packets
    std::uint64_t sent = 0;
    std::uint64_t failures = 0;  // how often it went down, and not by anybody's wish
  };
  using Sessions = std::unordered_map<BfdKey, Known>;

  // A view of that many bytes, zeroes at first, which outlive us. Nullptr: nothing is kept.
  explicit BfdLedger(void* memory = nullptr) : memory_(memory) {}

  // --- the guardian ---
  // Before each start of a role.
  void turn();
  // Before it tells the role that another one follows: who of the sessions goes on there.
  void set_heirs(std::span<const BfdKey> keys);
  // The role that was started last has come as far as speak().
  bool is_spoken_for() const;

  // --- the role: one at a time ---
  // What the half before has; from now on rows have the indexes that put() is given. nullopt: a role that was started
  // after us was faster, and there is nothing left for us to do.
  std::optional<Sessions> take_over();
  bool has_heir(BfdKey key) const;
  void speak();                // it serves from now on,
  bool has_successor() const;  // and another one after it does
  void put(std::size_t index, BfdKey key, const Known& known);
  void put(const bfd::RejectCounters& rejected);
  void beat(Instant now);

  // --- others ---
  struct Reading {
    Sessions sessions;
    bfd::RejectCounters rejected{};
    Instant beat{};  // the last one
  };
  Reading read() const;
  // How often it turned its loop, so that one that hangs is noticed; nullopt: nothing is kept.
  std::optional<std::uint64_t> beats() const;

 private:
  void* memory_;
  std::size_t half_ = 0;
  std::uint64_t turn_ = 0;  // of the role that was started last; in a role, its own
};

}  // namespace baton::daemon
