#include "dbus/bus.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <cstring>

namespace baton::dbus {

namespace {

constexpr const char* vrrp_interface = "org.keepalived.Vrrp1.Vrrp";
constexpr const char* instance_interface = "org.keepalived.Vrrp1.Instance";
constexpr Duration connect_again_after = std::chrono::seconds(5);

}  // namespace

// What the library calls; each gets its Bus or Object as `data`.
struct Handlers {
  template <int Signal>
  static int tell_guardian(sd_bus_message* call, void* data, sd_bus_error*) {
    static_cast<Bus*>(data)->calls_.tell_guardian(Signal);
    return sd_bus_reply_method_return(call, "");
  }
  static int print_stats_clear(sd_bus_message* call, void* data, sd_bus_error*) {
    static_cast<Bus*>(data)->calls_.tell_guardian(SIGRTMAX - 1);
    return sd_bus_reply_method_return(call, "");
  }
  static int send_garp(sd_bus_message* call, void* data, sd_bus_error* error) {
    const auto* object = static_cast<Bus::Object*>(data);
    const std::string why_not = object->bus->calls_.announce(object->instance.name);
    if (!why_not.empty()) return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, why_not.c_str());
    return sd_bus_reply_method_return(call, "");
  }
  static int get_name(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* data,
                      sd_bus_error*) {
    return sd_bus_message_append(reply, "(s)", static_cast<Bus::Object*>(data)->instance.name.c_str());
  }
  static int get_state(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* data,
                       sd_bus_error*) {
    const State& state = static_cast<Bus::Object*>(data)->instance.state;
    return sd_bus_message_append(reply, "(us)", state.number, state.name.c_str());
  }
  static int on_name(sd_bus_message* reply, void* data, sd_bus_error*) {
    auto* bus = static_cast<Bus*>(data);
    if (const sd_bus_error* error = sd_bus_message_get_error(reply); error != nullptr) {
      bus->log_.error(fmt::format("D-Bus: the name {} is refused: {}", bus->service_, error->message));
      return 0;
    }
    bus->has_name_ = true;
    bus->log_.info(fmt::format("D-Bus: has the name {}", bus->service_));
    bus->calls_.named();
    return 0;
  }
};

namespace {

// Methods are for root, whatever the bus's policy is (sd_bus_add_object_vtable(3), SD_BUS_VTABLE_UNPRIVILEGED not
// given).
const sd_bus_vtable vrrp_table[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("PrintData", "", "", Handlers::tell_guardian<SIGUSR1>, 0),
    SD_BUS_METHOD("PrintStats", "", "", Handlers::tell_guardian<SIGUSR2>, 0),
    SD_BUS_METHOD("PrintStatsClear", "", "", Handlers::print_stats_clear, 0),
    SD_BUS_METHOD("ReloadConfig", "", "", Handlers::tell_guardian<SIGHUP>, 0),
    SD_BUS_SIGNAL("VrrpStarted", "", 0),
    SD_BUS_SIGNAL("VrrpReloaded", "", 0),
    SD_BUS_SIGNAL("VrrpStopped", "", 0),
    SD_BUS_VTABLE_END,
};

const sd_bus_vtable instance_table[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("SendGarp", "", "", Handlers::send_garp, 0),
    SD_BUS_SIGNAL_WITH_NAMES("VrrpStatusChange", "u", SD_BUS_PARAM(status), 0),
    SD_BUS_PROPERTY("Name", "(s)", Handlers::get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("State", "(us)", Handlers::get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

}  // namespace

Bus::Bus(loop::Loop& loop, log::Logger& log, std::string service, std::string vrrp_path, Calls calls)
    : loop_(loop),
      log_(log),
      service_(std::move(service)),
      vrrp_path_(std::move(vrrp_path)),
      calls_(std::move(calls)),
      timer_(loop.timer([] {})),  // serve() follows every turn
      again_(loop.timer([this] { connect(); })) {
  loop_.before_sleep([this] { serve(); });
  connect();
}

Bus::~Bus() {
  lose(0);
}

void Bus::connect() {
  int result = sd_bus_open_system(&bus_);
  if (result >= 0)
    result = sd_bus_add_object_vtable(bus_, nullptr, vrrp_path_.c_str(), vrrp_interface, vrrp_table, this);
  if (result >= 0) result = sd_bus_request_name_async(bus_, nullptr, service_.c_str(), 0, &Handlers::on_name, this);
  if (result < 0) return lose(result);
  publish();
  readable_ = loop_.watch(sd_bus_get_fd(bus_), loop::Ready::readable, [] {});
}

// A bus that is not there is looked for again; said once.
void Bus::lose(int error) {
  readable_.reset();
  writable_.reset();
  timer_.cancel();
  has_name_ = false;
  for (auto& [path, object] : objects_) object->slot = sd_bus_slot_unref(object->slot);
  bus_ = sd_bus_close_unref(bus_);
  if (error == 0) return;
  if (!std::exchange(has_complained_, true)) {
    log_.warning(fmt::format("D-Bus: no connection to the system bus ({}); trying again", std::strerror(-error)));
  }
  again_.set(loop::now() + connect_again_after);
}

// Everything that the library can do now; then it says what it waits for.
void Bus::serve() {
  if (bus_ == nullptr) return;
  int result = 0;
  constexpr int messages_a_turn = 64;
  for (int i = 0; i < messages_a_turn && (result = sd_bus_process(bus_, nullptr)) > 0; ++i) has_complained_ = false;
  if (result < 0) return lose(result);
  if (result > 0) loop_.once_more();
  const int events = sd_bus_get_events(bus_);
  const bool waits = events > 0 && (events & POLLOUT) != 0;
  if (waits != static_cast<bool>(writable_)) {
    writable_.reset();
    if (waits) writable_ = loop_.watch(sd_bus_get_fd(bus_), loop::Ready::writable, [] {});
  }
  std::uint64_t until = UINT64_MAX;  // µs of CLOCK_MONOTONIC; a spare turn does no harm
  if (sd_bus_get_timeout(bus_, &until) >= 0 && until != UINT64_MAX) {
    timer_.set(loop::now() + (until == 0 ? Duration::zero() : Duration(std::chrono::seconds(1))));
  } else {
    timer_.cancel();
  }
}

void Bus::show(const std::map<std::string, Instance>& instances) {
  std::erase_if(objects_, [&](const auto& entry) {
    if (instances.contains(entry.first)) return false;
    sd_bus_slot_unref(entry.second->slot);
    return true;
  });
  for (const auto& [path, instance] : instances) {
    auto& object = objects_[path];
    if (!object) object = std::make_unique<Object>(Object{.bus = this, .path = path});
    object->instance = instance;
  }
  publish();
}

void Bus::publish() {
  if (bus_ == nullptr) return;
  for (auto& [path, object] : objects_) publish(*object);
}

void Bus::publish(Object& object) {
  if (object.slot != nullptr) return;
  const int result =
      sd_bus_add_object_vtable(bus_, &object.slot, object.path.c_str(), instance_interface, instance_table, &object);
  if (result < 0) log_.error(fmt::format("D-Bus: object {}: {}", object.path, std::strerror(-result)));
}

void Bus::say_status_change(const std::string& path, State state) {
  const auto found = objects_.find(path);
  if (found == objects_.end()) return;
  found->second->instance.state = state;
  if (bus_ == nullptr) return;
  (void)sd_bus_emit_signal(bus_, path.c_str(), instance_interface, "VrrpStatusChange", "u", state.number);
  (void)sd_bus_emit_properties_changed(bus_, path.c_str(), instance_interface, "State", nullptr);
}

void Bus::say_vrrp(const char* signal) {
  if (bus_ != nullptr) (void)sd_bus_emit_signal(bus_, vrrp_path_.c_str(), vrrp_interface, signal, "");
}

void Bus::leave() {
  if (bus_ == nullptr) return;
  if (has_name_) (void)sd_bus_release_name_async(bus_, nullptr, service_.c_str(), nullptr, nullptr);
  (void)sd_bus_flush(bus_);
}

}  // namespace baton::dbus
