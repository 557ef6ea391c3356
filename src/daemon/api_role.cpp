#include "daemon/api_role.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <list>
#include <nlohmann/json.hpp>

#include "daemon/channel.h"
#include "daemon/dump_file.h"
#include "daemon/dump_text.h"
#include "daemon/event_listeners.h"
#include "daemon/mib_source.h"
#include "daemon/options.h"
#include "daemon/reload.h"
#include "daemon/status.h"
#include "daemon/watch_policy.h"
#include "kernel/memory_file.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace {

using nlohmann::json;

constexpr Duration client_deadline = std::chrono::seconds(5);   // to ask and to take the answer
constexpr Duration reload_patience = std::chrono::seconds(30);  // of a client that has asked for a reload
constexpr std::size_t report_size = 64 << 20;                   // bytes of a reload's report
constexpr Duration worker_patience = std::chrono::milliseconds(500);

json to_json(std::string_view text) {
  return json::parse(text, nullptr, false);
}

// One connection: a request line in, a reply line out, the end.
struct Client {
  UniqueFd fd;
  bool is_root = false;
  Instant deadline;
  std::string request;
  std::string reply;
  loop::Subscription readiness;
  std::uint64_t reload = 0;  // waits for what becomes of this order
  bool done = false;
};

class Api {
 public:
  explicit Api(ApiStart start) : start_(std::move(start)), log_(start_.log) {}

  void run() {
    signal_term_ = loop_.on_signal(SIGTERM, [] {});  // the guardian ends us, not the service manager's signal to all
    guardian_readable_ = loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian(); });
    timer_ = loop_.timer([this] { on_timer(); });
    timer_.set(loop::now());
    loop_.before_sleep([this] {
      forget_done_clients();
      await_clients();
      ask_next();
    });
    loop_.run();
    say_last();
  }

 private:
  struct Waiting {
    Client* client;
    json question;
    json reply;
    bool wants_mib = false;      // the status as the SNMP agent shows it
    std::optional<Dump> dump{};  // whoever asked waits for a file
  };

  // A question that is on its way stays in its place, so that the worker's answer finds it, but is nobody's any more.
  void forget_done_clients() {
    for (Waiting& waiting : waiting_) {
      if (waiting.client != nullptr && waiting.client->done) waiting.client = nullptr;
    }
    clients_.remove_if([](const Client& client) { return client.done; });
  }

  void on_guardian() {
    auto message = start_.guardian.receive();
    if (!message) {
      if (message.error() == kernel::Channel::Nothing::any_more) leave();
      return;
    }
    if (!message->passed_fd) return on_dump_wanted(message->bytes);
    if (message->bytes == Bytes{reload_report_file}) return on_reload_report(message->passed_fd);
    ++workers_seen_;
    worker_readable_.reset();
    worker_ = kernel::Channel(std::move(message->passed_fd));
    worker_readable_ = loop_.watch(worker_.fd(), loop::Ready::readable, [this] { on_worker(); });
    asked_at_.reset();  // what was asked of the one before will not be answered
  }

  void leave() {
    guardian_readable_.reset();
    is_leaving_ = true;
    for (Client& client : clients_) {
      if (client.reload != 0) answer(&client, {{"error", "the configuration was reloaded meanwhile; ask again"}});
    }
  }

  // The guardian reads the files, judges them and carries it out.
  void ask_for_reload(Client& client, ReloadOrder order) {
    if (!client.is_root) return answer(&client, {{"error", "only root may ask for that"}});
    order.id = ++last_reload_;
    const std::string text = to_message(order);
    const auto told = start_.guardian.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!told) return answer(&client, {{"error", to_string(told.error())}});
    client.reload = order.id;
    client.deadline = loop::now() + reload_patience;
  }

  void on_reload_report(const UniqueFd& file) {
    const auto text = kernel::read_memory_file(file, report_size);
    json report = text ? to_json(*text) : json();
    if (!text) {
      for (Client& client : clients_) {
        if (client.reload != 0) answer(&client, {{"error", "the report cannot be read: " + to_string(text.error())}});
      }
    }
    if (!report.is_object() || !report["id"].is_number_unsigned()) return;
    const auto id = report["id"].get<std::uint64_t>();
    report.erase("id");
    if (report["result"] == "confirmed") start_.confirm_until = 0;
    for (Client& client : clients_) {
      if (client.reload == id && !client.done) answer(&client, report);
    }
  }

  // Asked for again before it was begun it is written once.
  void on_dump_wanted(const Bytes& message) {
    for (const Dump dump : {Dump::data, Dump::stats, Dump::stats_clear, Dump::json}) {
      if (message.size() != 1 || message[0] != static_cast<std::uint8_t>(dump)) continue;
      const auto first = waiting_.begin() + (asked_at_ ? 1 : 0);  // the one before is on its way
      if (std::any_of(first, waiting_.end(), [&](const Waiting& it) { return it.dump == dump; })) return;
      json question{{"ask", "status"}, {"from", 0}, {"clear", dump == Dump::stats_clear}};
      waiting_.push_back(
          {.client = nullptr, .question = std::move(question), .reply = frame_of_status(), .dump = dump});
    }
  }

  // While all places are taken nobody is accepted, and those who wait do not wake us.
  void await_clients() {
    if (is_leaving_) {
      accepting_.reset();
      if (clients_.empty()) loop_.stop();
      return;
    }
    const bool has_room = clients_.size() < limits::control_clients;
    if (has_room == static_cast<bool>(accepting_)) return;
    accepting_.reset();
    if (has_room) accepting_ = loop_.watch(start_.listener.fd(), loop::Ready::readable, [this] { accept(); });
  }

  void accept() {
    while (clients_.size() < limits::control_clients) {
      auto accepted = start_.listener.accept();
      if (!accepted) return;
      Client& client = clients_.emplace_back();
      client.fd = std::move(accepted->fd);
      client.is_root = accepted->uid == 0 || accepted->uid == ::geteuid();
      client.deadline = loop::now() + client_deadline;
      client.readiness = loop_.watch(client.fd.get(), loop::Ready::readable, [this, &client] { read(client); });
    }
  }

  void read(Client& client) {
    char buffer[limits::control_request];
    const ssize_t count = ::read(client.fd.get(), buffer, sizeof(buffer));
    if (count <= 0) {
      client.done = true;
      return;
    }
    client.request.append(buffer, static_cast<std::size_t>(count));
    const std::size_t end = client.request.find('\n');
    if (end == client.request.npos) {
      if (client.request.size() > limits::control_request) answer(&client, {{"error", "the request is too long"}});
      return;
    }
    client.request.resize(end);
    client.readiness.reset();
    const json request = to_json(client.request);
    if (!request.is_object()) return answer(&client, {{"error", "the request is not a JSON object in one line"}});
    const std::string command = text_of(request, "command");
    if (command == "status") {
      waiting_.push_back({&client, json{{"ask", "status"}, {"from", 0}}, frame_of_status()});
    } else if (command == "mib") {
      waiting_.push_back({&client, json{{"ask", "status"}, {"from", 0}}, frame_of_status()});
      waiting_.back().wants_mib = true;
    } else if (command == "handover" || command == "announce") {
      if (!client.is_root) return answer(&client, {{"error", "only root may ask for that"}});
      waiting_.push_back({&client, json{{"ask", command}, {"instance", text_of(request, "instance")}}, json::object()});
    } else if (command == "reload") {
      const auto order = reload_order_of_request(request);
      if (!order) return answer(&client, {{"error", order.error()}});
      ask_for_reload(client, *order);
    } else if (command == "confirm") {
      ask_for_reload(client, {.what = ReloadOrder::What::confirm});
    } else if (command == "events") {
      listen(client);
    } else {
      answer(
          &client,
          {{"error",
            fmt::format("unknown command '{}'; there are status, events, mib, handover, announce, reload and confirm",
                        command)}});
    }
  }

  void listen(Client& client) {
    if (listeners_.is_full()) return answer(&client, {{"error", "too many listen already"}});
    listeners_.add(std::move(client.fd),
                   json{{"listening", true}, {"configuration_read", start_.configuration_read}}.dump());
    client.done = true;
  }

  // The worker is gone, and the guardian; what it said before is told.
  void say_last() {
    constexpr int messages_that_wait = 1000;
    for (int i = 0; i < messages_that_wait && worker_; ++i) {
      const auto message = worker_.receive();
      if (!message) break;
      const json text = json::parse(message->bytes, nullptr, false);
      if (text.is_object() && text.contains("event")) listeners_.tell(text.dump());
    }
    listeners_.say_last();
  }

  json frame_of_status() const {
    json frame = {{"node", start_.node},
                  {"version", "0.1.0"},
                  {"pid", start_.guardian_pid},
                  {"configuration", start_.configuration},
                  {"configuration_read", start_.configuration_read},
                  {"worker", {{"answers", true}, {"restarts", std::max(0, workers_seen_ - 1)}}},
                  {"instances", json::array()},
                  {"groups", json::array()},
                  {"scripts", json::array()},
                  {"processes", json::array()}};
    frame["confirm_until"] = start_.confirm_until > 0 ? json(start_.confirm_until) : json();
    return frame;
  }

  // One question at a time is on its way to the worker.
  void ask_next() {
    while (!asked_at_ && !waiting_.empty()) {
      if (waiting_.front().client == nullptr && !waiting_.front().dump) {
        waiting_.pop_front();
        continue;
      }
      waiting_.front().question["id"] = ++last_id_;
      const std::string text = waiting_.front().question.dump();
      const bool sent =
          worker_ && worker_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).has_value();
      if (!sent) {
        answer_without_worker();
        continue;
      }
      asked_at_ = loop::now();
      timer_.set(*asked_at_ + worker_patience);
    }
  }

  void on_worker() {
    const auto message = worker_.receive();
    if (!message) {
      if (message.error() == kernel::Channel::Nothing::any_more) {
        worker_readable_.reset();
        worker_.close();
        if (asked_at_) answer_without_worker();
      }
      return;
    }
    json reply = json::parse(message->bytes, nullptr, false);
    if (reply.is_object() && reply.contains("event")) return listeners_.tell(reply.dump());
    if (!asked_at_ || waiting_.empty()) return;  // too late an answer
    if (!reply.is_object()) return answer_without_worker();
    if (reply["id"] != last_id_) return;  // too late an answer to a question before
    reply.erase("id");
    asked_at_.reset();
    Waiting& front = waiting_.front();
    if (front.question["ask"] != "status" || reply.contains("error")) {
      answer(front.client, reply);
      waiting_.pop_front();
      return;
    }
    for (const char* list : {"instances", "groups", "scripts", "processes"}) {
      for (const json& one : reply[list]) front.reply[list].push_back(one);
    }
    if (!reply["next"].is_null()) {
      front.question["from"] = reply["next"];
      return;
    }
    if (front.dump) write_dump(*front.dump, front.reply);
    answer_status(front);
    waiting_.pop_front();
  }

  void answer_status(const Waiting& waiting) {
    answer(waiting.client,
           waiting.wants_mib ? shown_by_snmp(start_.setup, waiting.reply, loop::wall_now()) : waiting.reply);
  }

  void write_dump(Dump dump, const json& status) {
    const std::string path = dump_path(dump, start_.setup.dumps, temporary_directory());
    std::string text;
    switch (dump) {
      case Dump::data: text = data_text(start_.setup, status); break;
      case Dump::stats:
      case Dump::stats_clear: text = stats_text(status); break;
      case Dump::json: text = json_text(start_.setup, status); break;
    }
    if (text.empty()) return;
    if (const auto written = replace_file(path, text, 0666 & ~start_.setup.file_mask); !written) {
      return log_.error(to_string(written.error()));
    }
    log_.debug("written: " + path);
  }

  // The worker is dead or hangs: what its last will says is what there is.
  void answer_without_worker() {
    asked_at_.reset();
    Waiting front = std::move(waiting_.front());
    waiting_.pop_front();
    if (front.dump) return refuse_dump(*front.dump);
    if (front.question["ask"] != "status") {
      return answer(front.client, {{"error", "the VRRP worker does not answer; the guardian restarts it, try again"}});
    }
    front.reply["worker"]["answers"] = false;
    json instances = json::array();
    const ClockReading clock{.now = loop::now(), .wall = loop::wall_now()};
    for (std::size_t i = 0; i < start_.will.router_count(); ++i) instances.push_back(instance_from_will(i, clock));
    front.reply["instances"] = std::move(instances);
    answer_status(front);
  }

  // Old numbers would pass for new ones.
  void refuse_dump(Dump dump) {
    if (is_leaving_) return;  // there is a worker, but it is our successor's
    const std::string path = dump_path(dump, start_.setup.dumps, temporary_directory());
    (void)::unlink(path.c_str());  // it may never have been there
    log_.warning("the VRRP worker does not answer; " + path + " is not written");
  }

  json instance_from_will(std::size_t router, const ClockReading& clock) const {
    const RouterSetup& setup = start_.setup.routers[router];
    const auto will = start_.will.read(router);
    const vrrp::RouterMemory memory = will ? will->router : vrrp::RouterMemory{};
    return {{"name", setup.name},
            {"interface", setup.interface},
            {"vrid", setup.codec.vrid},
            {"version", static_cast<int>(setup.codec.version)},
            {"advert_int", std::chrono::duration<double>(setup.codec.advert_interval).count()},
            {"state", name(memory.state)},
            {"leaving", false},
            {"since", clock.utc_seconds(memory.since)},
            {"reason", name(memory.reason)},
            {"reason_text", sentence(memory.reason)},
            {"priority",
             {{"effective", memory.priority},
              {"base", start_.setup.node.routers[router].router.base_priority},
              {"parts", json::array()}}},
            {"addresses", json::array()},
            {"master", nullptr},
            {"faults", json::array()},
            {"adverts", {{"sent", 0}, {"accepted", 0}}},
            {"rejected", json::object()}};
  }

  void answer(Client* client, const json& reply) {
    if (client == nullptr) return;
    client->reload = 0;
    client->reply = reply.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    client->readiness = loop_.watch(client->fd.get(), loop::Ready::writable, [this, client] { write(*client); });
  }

  void write(Client& client) {
    const ssize_t count = ::write(client.fd.get(), client.reply.data(), client.reply.size());
    if (count > 0) client.reply.erase(0, static_cast<std::size_t>(count));
    if (count <= 0 || client.reply.empty()) client.done = true;
  }

  void on_timer() {
    const Instant now = loop::now();
    if (asked_at_ && now - *asked_at_ >= worker_patience) answer_without_worker();
    for (Client& client : clients_) {
      if (now >= client.deadline) client.done = true;
    }
    timer_.set(now + (asked_at_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(1000)));
  }

  ApiStart start_;
  log::Logger log_;
  loop::Loop loop_;
  kernel::Channel worker_;
  std::list<Client> clients_;
  EventListeners listeners_{loop_};
  std::deque<Waiting> waiting_;
  std::optional<Instant> asked_at_;
  std::uint64_t last_id_ = 0;  // of a question to the worker
  // An order of the api role before us is none of ours.
  std::uint64_t last_reload_ = static_cast<std::uint64_t>(loop::now().time_since_epoch().count());
  int workers_seen_ = 0;
  bool is_leaving_ = false;
  loop::Timer timer_;
  loop::Subscription signal_term_;
  loop::Subscription guardian_readable_;
  loop::Subscription accepting_;
  loop::Subscription worker_readable_;
};

}  // namespace

int run_api(ApiStart start) {
  Api(std::move(start)).run();
  return exit_code::success;
}

}  // namespace baton::daemon
