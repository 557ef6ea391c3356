// sd-bus on our loop: a connection to the system bus that comes again when it is lost, and its objects.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "dbus/objects.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::dbus {

struct Calls {
  std::function<void(int number)> tell_guardian;
  // Empty: done. Else why not.
  std::function<std::string(const std::string& instance)> announce;
  std::function<void()> named;  // the bus has given us our name
};

class Bus {
 public:
  Bus(loop::Loop& loop, log::Logger& log, std::string service, std::string vrrp_path, Calls calls);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  bool has_name() const { return has_name_; }
  // The objects are these from now on.
  void show(const std::map<std::string, Instance>& instances);
  void say_status_change(const std::string& path, State state);
  void say_vrrp(const char* signal);  // "VrrpStarted"
  // Gives the name back; what has been said leaves first. Bounded by the library (flush).
  void leave();

 private:
  struct Object {
    Bus* bus = nullptr;
    std::string path;
    Instance instance;
    sd_bus_slot* slot = nullptr;
  };
  friend struct Handlers;

  void connect();
  void lose(int error);
  void serve();
  void publish();
  void publish(Object& object);

  loop::Loop& loop_;
  log::Logger& log_;
  std::string service_;
  std::string vrrp_path_;
  Calls calls_;
  sd_bus* bus_ = nullptr;
  bool has_name_ = false;
  bool has_complained_ = false;
  std::map<std::string, std::unique_ptr<Object>> objects_;
  loop::Subscription readable_;
  loop::Subscription writable_;
  loop::Timer timer_;  // of the library
  loop::Timer again_;
};

}  // namespace baton::dbus
