// The guardian's part of a maintenance (docs/decisions/0015): takes orders one at a time, has the worker carry them
// out, keeps the file, ends what has a time to end, and tells what has happened. Who waits for the disk is a process of
// a moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/maintenance.h"
#include "daemon/role.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace limits {
// Longer than a node takes to be relieved or to refuse.
inline constexpr Duration maintenance_answer = std::chrono::seconds(15);
}  // namespace limits

class MaintenanceOffice {
 public:
  enum class Wish : std::uint8_t { off, ask, force };
  struct Events {
    std::function<bool()> is_changing;      // another worker takes the place of the one that serves
    std::function<bool(Wish)> tell_worker;  // false: none runs
    std::function<void(bool held)> hold_next_workers;
    std::function<void(const nlohmann::json& report)> answer;  // with the order's id
    std::function<void(nlohmann::json event)> happened;        // after current() has changed
  };
  MaintenanceOffice(loop::Loop& loop, log::Logger& log, std::string path, Events events);

  // What an earlier life has left; before the first worker.
  void begin();
  const std::optional<Maintenance>& current() const { return current_; }

  void on_order(const MaintenanceOrder& order);
  // From the worker: every router is held down and has let go; or nobody is, with instance and why of each in the way.
  void on_held();
  void on_refused(const nlohmann::json& instances);
  // Another worker begins: what was asked of the one before is void.
  void on_other_worker();

 private:
  struct Pending {
    MaintenanceOrder order;
    bool is_held = false;       // the file is being written
    bool is_withdrawn = false;  // and will be removed again
  };
  void begin_maintenance(const MaintenanceOrder& order);
  void change(const MaintenanceOrder& order);
  void take_back(const MaintenanceOrder& order);
  void end(std::uint64_t id, const char* state);
  void end_if_over();
  void give_up(const std::string& why);
  void write(std::optional<Maintenance> wanted, std::move_only_function<void(bool written)> done);
  void write_next();
  void end_writing(bool written);
  void answer(std::uint64_t id, bool changed);
  void refuse(std::uint64_t id, const char* kind, const std::string& sentence);
  void tell(const char* state, const Maintenance& of);
  void set_end_timer();

  loop::Loop& loop_;
  log::Logger& log_;
  std::string path_;
  Events events_;
  std::optional<Maintenance> current_;
  std::optional<Pending> pending_;
  loop::Timer give_up_;
  loop::Timer end_;

  RoleProcess writer_;
  loop::Subscription writer_ended_;
  struct Writing {
    std::optional<Maintenance> wanted;
    std::move_only_function<void(bool)> done;
  };
  std::vector<Writing> writings_;  // the first is on its way; no more than there are orders, and one end
};

}  // namespace baton::daemon
