// What is written into the logs of the machines.
#include <fmt/format.h>

#include <algorithm>

#include "sim/world.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr Duration slow_read = 300ms;
constexpr std::size_t crowded = 4;  // places that are left at most when the reader stalls

}  // namespace

void World::set_log_reader(std::size_t id, Journal::Reader reader) {
  Machine& machine = machines_[id];
  if (machine.journal.reader() == reader) return;
  note(fmt::format("m{} the reader of its log {}", id,
                   reader == Journal::Reader::stalls  ? "stalls"
                   : reader == Journal::Reader::reads ? "reads"
                                                      : "reads slowly"));
  machine.journal.set_reader(reader);
  machine.waits_for_log = false;
  if (reader != Journal::Reader::reads) machine.journal.crowd(random_.below(crowded));
  read_log_slowly(id);
}

void World::read_log_slowly(std::size_t id) {
  Machine& machine = machines_[id];
  const bool has_work = machine.journal.reader() == Journal::Reader::slow && machine.journal.waiting() > 0;
  if (!has_work || machine.reads_soon) return;
  machine.reads_soon = true;
  schedule(slow_read, [this, id] {
    Machine& later = machines_[id];
    later.reads_soon = false;
    if (later.journal.reader() == Journal::Reader::slow) {
      const std::size_t places = later.journal.bound() - std::min(later.journal.waiting(), later.journal.bound());
      later.journal.read_one();
      if (random_.chance(50)) later.journal.crowd(places);
    }
    read_log_slowly(id);
  });
}

void World::begin_log(std::size_t id) {
  Machine& machine = machines_[id];
  ++machine.log_writer;
  machine.log_lines = 0;
  machine.lost_lines = {};
}

// Never waits: the log's reader has nothing to say to the protocol.
void World::write_line(std::size_t id) {
  Machine& machine = machines_[id];
  if (machine.parameters.stock) return;
  Journal& journal = machine.journal;
  const std::uint64_t line = ++machine.log_lines;
  const std::uint64_t lost = machine.lost_lines.count();
  machine.lost_lines.write([&] { return journal.put({.writer = machine.log_writer, .line = line}); },
                           [&](std::uint64_t lines) {
                             if (hooks_.sabotage.log_forgets) return true;
                             return journal.put({.writer = machine.log_writer, .lost = lines});
                           });
  const bool was_taken = machine.lost_lines.count() == lost;
  if (was_taken && machine.lost_lines.untold() > 0 && journal.waiting() < journal.bound()) {
    violate(fmt::format("m{} has lost lines of its log, and does not say so", id));
  }
  if (journal.waiting() > journal.bound()) violate(fmt::format("m{} its log grows without bound", id));
  if (!journal.problem().empty()) violate(fmt::format("m{}: {}", id, journal.problem()));
  if (!was_taken && hooks_.sabotage.log_waits) machine.waits_for_log = true;
  read_log_slowly(id);
}

// Written and read, or counted: whatever the worker of now has written.
std::string World::check_logs() const {
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    const Machine& machine = machines_[id];
    if (!machine.journal.problem().empty()) return fmt::format("m{}: {}", id, machine.journal.problem());
    if (!machine.brain || machine.parameters.stock || machine.journal.waiting() > 0) continue;
    const std::uint64_t accounted = machine.journal.accounted(machine.log_writer) + machine.lost_lines.untold();
    if (accounted == machine.log_lines) continue;
    return fmt::format("m{} wrote {} lines into its log, {} are accounted for", id, machine.log_lines, accounted);
  }
  return {};
}

}  // namespace baton::sim
