#include "dbus/service.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "control/event_stream.h"
#include "control/known_states.h"
#include "dbus/bus.h"
#include "loop/loop.h"

namespace baton::dbus {

namespace {

using control::StateChange;
using nlohmann::json;

constexpr Duration ask_again_after = std::chrono::seconds(1);
constexpr Duration last_words_bound = std::chrono::milliseconds(500);
constexpr std::chrono::milliseconds patience{1000};

class Service {
 public:
  explicit Service(Start start)
      : start_(std::move(start)),
        log_(start_.log),
        bus_(loop_, log_, start_.service, vrrp_path(start_.naming),
             {.tell_guardian = start_.tell_guardian,
              .announce = [this](const std::string& instance) { return announce(instance); },
              .named = [this] { listen(); }}) {}

  int run() {
    signal_term_ = loop_.on_signal(SIGTERM, [this] { leave(); });
    guardian_ = loop_.watch(start_.guardian.get(), loop::Ready::readable, [this] {
      char ignored = 0;
      if (::recv(start_.guardian.get(), &ignored, 1, MSG_DONTWAIT) == 0) leave();
    });
    listen_timer_ = loop_.timer([this] { listen(); });
    give_up_ = loop_.timer([this] { finish(); });
    loop_.run();
    return 0;
  }

 private:
  // Once there is somebody to tell. Events first, then the status: what happens between the two comes as both.
  void listen() {
    if (!bus_.has_name() || stream_ || is_leaving_) return;
    auto stream = control::EventStream::open(start_.control_socket);
    const auto status = stream ? control::ask(start_.control_socket, {.path = "/v1/status"}, patience)
                               : std::unexpected(stream.error());
    if (!status) return listen_timer_.set(loop::now() + ask_again_after);
    stream_.emplace(std::move(*stream));
    stream_readable_ = loop_.watch(stream_->fd(), loop::Ready::readable, [this] { on_news(); });
    on_status(*status);
  }

  void on_status(const json& status) {
    const double read = status.value("configuration_read", 0.0);
    if (read_ != read) bus_.say_vrrp(read_ ? "VrrpReloaded" : "VrrpStarted");
    read_ = read;
    const auto shown = instances(status, start_.naming);
    const auto news = known_.on_status(status);
    for (const StateChange& change : news) {  // while it is still there to be told of
      if (change.state == "DELETED") tell(change);
    }
    paths_.clear();
    for (const auto& [path, instance] : shown) paths_[instance.name] = path;
    bus_.show(shown);
    for (const StateChange& change : news) {
      if (change.state != "DELETED") tell(change);
    }
  }

  void on_news() {
    const auto news = stream_->read();
    for (const json& line : news.events) {
      if (const auto change = known_.on_event(line)) tell(*change);
    }
    if (!news.is_over) return;
    stream_readable_.reset();
    stream_.reset();
    if (is_leaving_) return finish();
    listen();
  }

  void tell(const StateChange& change) {
    const auto path = paths_.find(change.name);
    const auto state = to_state(change.state);
    if (change.subject != StateChange::Subject::instance || path == paths_.end() || !state) return;
    bus_.say_status_change(path->second, *state);
  }

  std::string announce(const std::string& instance) {
    const auto reply = control::ask(
        start_.control_socket, {.method = "POST", .path = control::instance_path(instance, "/announce")}, patience);
    return reply ? std::string() : reply.error().message;
  }

  // What the worker said last is on its way; not for longer than a moment.
  void leave() {
    if (is_leaving_) return;
    is_leaving_ = true;
    guardian_.reset();
    if (!stream_) return finish();
    give_up_.set(loop::now() + last_words_bound);
  }

  void finish() {
    bus_.say_vrrp("VrrpStopped");
    bus_.leave();
    loop_.stop();
  }

  Start start_;
  log::Logger log_;
  loop::Loop loop_;
  control::KnownStates known_{start_.since};
  std::map<std::string, std::string> paths_;  // of instances, by name
  std::optional<double> read_;                // when the configuration that we know was read
  std::optional<control::EventStream> stream_;
  loop::Subscription stream_readable_;
  loop::Subscription guardian_;
  loop::Subscription signal_term_;
  loop::Timer listen_timer_;
  loop::Timer give_up_;
  bool is_leaving_ = false;
  Bus bus_;  // last: its callbacks use all of the above
};

}  // namespace

int run(Start start) {
  Service service(std::move(start));
  return service.run();
}

}  // namespace baton::dbus
