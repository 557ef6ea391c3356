#include "daemon/api_role.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "api/access.h"
#include "api/documents.h"
#include "api/path_pattern.h"
#include "api/server.h"
#include "daemon/channel.h"
#include "daemon/drain.h"
#include "daemon/dump_text.h"
#include "daemon/dump_writer.h"
#include "daemon/maintenance.h"
#include "daemon/mib_source.h"
#include "daemon/node_status.h"
#include "daemon/options.h"
#include "daemon/order_book.h"
#include "daemon/reload.h"
#include "daemon/status_page.h"
#include "daemon/worker_desk.h"
#include "http/server_sent_events.h"
#include "kernel/confinement.h"
#include "kernel/memory_file.h"
#include "loop/loop.h"
#include "metrics/node_metrics.h"

namespace baton::daemon {

namespace {

using api::Access;
using api::Ticket;
using http::Request;
using http::Response;
using nlohmann::json;

Response document(const json& value) {
  return {.body = text_of(value) + "\n"};
}

http::ServerSentEvent event_of(const EventLog::Entry& entry, std::string kind) {
  return {.id = std::to_string(entry.number), .kind = std::move(kind), .data = entry.text};
}

double utc_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Empty: none.
std::string problem_of_settings(const json& wanted) {
  if (!wanted.is_object() || wanted.empty()) return "the body is no JSON object with base_priority or preempt";
  for (const auto& [key, value] : wanted.items()) {
    if (key == "base_priority") {
      if (!value.is_number_unsigned() || value < 1 || value > 255) return "base_priority is no number from 1 to 255";
    } else if (key == "preempt") {
      if (!value.is_boolean()) return "preempt is neither true nor false";
    } else {
      return fmt::format("'{}' cannot be set; base_priority and preempt can", key);
    }
  }
  return {};
}

class Api {
 public:
  explicit Api(ApiStart start)
      : start_(std::move(start)),
        log_(start_.log),
        desk_(loop_, {.happened = [this](const json& event) { on_event(event); }}, start_.worker_patience),
        server_(loop_, [this](Ticket ticket, const Request& request, const api::Asker& asker) {
          on_request(ticket, request, asker);
        }) {}

  void run() {
    signal_term_ = loop_.on_signal(SIGTERM, [] {});  // the guardian ends us, not the service manager's signal to all
    guardian_readable_ = loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian(); });
    open_doors();
    if (const auto confined = kernel::confine_server(); !confined) {
      log_.warning(to_string(confined.error()) + "; the control API is served with more power than it needs");
    }
    loop_.run();
    desk_.hear_out(limits::last_words);
    server_.say_last();
  }

 private:
  // What is asked of us, and what for. `names` are what stands in the braces of the path.
  struct Question {
    Ticket ticket;
    const Request& request;
    std::vector<std::string> names;
  };
  struct Endpoint {
    std::string_view method;
    std::string_view path;
    Access access;
    void (Api::*answer)(const Question&);
  };
  static const std::vector<Endpoint>& endpoints() {
    using enum Access;
    static const std::vector<Endpoint> all{
        {"GET", "/", read, &Api::get_page},
        {"GET", "/v1/status", read, &Api::get_status},
        {"GET", "/v1/instances/{name}", read, &Api::get_instance},
        {"POST", "/v1/instances/{name}/handover", write, &Api::post_to_instance},
        {"POST", "/v1/instances/{name}/announce", write, &Api::post_to_instance},
        {"POST", "/v1/instances/{name}/set", write, &Api::post_settings},
        {"GET", "/v1/services", read, &Api::get_services},
        {"GET", "/v1/services/{name}", read, &Api::get_service},
        {"POST", "/v1/services/drain", write, &Api::post_drain},
        {"POST", "/v1/services/undrain", write, &Api::post_drain},
        {"GET", "/v1/maintenance", read, &Api::get_maintenance},
        {"PUT", "/v1/maintenance", write, &Api::put_maintenance},
        {"DELETE", "/v1/maintenance", write, &Api::delete_maintenance},
        {"GET", "/v1/events", read, &Api::get_events},
        {"GET", "/v1/history", read, &Api::get_history},
        {"GET", "/v1/recording", write, &Api::get_recording},
        {"GET", "/metrics", read, &Api::get_metrics},
        {"GET", "/v1/mib", read, &Api::get_mib},
        {"GET", "/v1/openapi.json", read, &Api::get_openapi},
        {"POST", "/v1/reload", write, &Api::post_reload},
        {"POST", "/v1/reload/confirm", write, &Api::post_confirm},
    };
    return all;
  }

  void open_doors() {
    const kernel::UnixListener& socket = start_.doors.control_socket();
    server_.open_door(api::Door::unix_socket, socket.fd(), [&socket]() -> std::optional<api::Server::Visitor> {
      auto client = socket.accept();
      if (!client) return std::nullopt;
      return api::Server::Visitor{.fd = std::move(client->fd),
                                  .is_root = client->uid == 0 || client->uid == ::geteuid()};
    });
    const kernel::TcpListener* tcp = start_.doors.tcp_listener();
    if (tcp == nullptr) return;
    server_.open_door(api::Door::tcp, tcp->fd(), [tcp]() -> std::optional<api::Server::Visitor> {
      UniqueFd fd = tcp->accept();
      if (!fd) return std::nullopt;
      return api::Server::Visitor{.fd = std::move(fd)};
    });
  }

  void on_request(Ticket ticket, const Request& request, const api::Asker& asker) {
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allowed;
    for (const Endpoint& endpoint : endpoints()) {
      auto names = api::match(endpoint.path, request.path);
      if (!names) continue;
      if (endpoint.method != method) {
        allowed += (allowed.empty() ? "" : ", ") + std::string(endpoint.method);
        continue;
      }
      if (auto admitted = api::admit(endpoint.access, asker, request, start_.doors.token()); !admitted) {
        return server_.answer(ticket, std::move(admitted).error());
      }
      return (this->*endpoint.answer)({.ticket = ticket, .request = request, .names = std::move(*names)});
    }
    if (allowed.empty()) {
      return refuse(ticket, http::status::not_found, "not-found",
                    "there is nothing here; /v1/openapi.json says what is");
    }
    Response response = api::refusal(http::status::method_not_allowed, "malformed", "ask for this with " + allowed);
    response.headers.emplace_back("Allow", allowed);
    server_.answer(ticket, std::move(response));
  }

  void refuse(Ticket ticket, int status, std::string_view kind, std::string_view sentence) {
    server_.answer(ticket, api::refusal(status, kind, sentence));
  }
  void refuse_without_worker(Ticket ticket) {
    refuse(ticket, http::status::unavailable, "no-worker",
           "the VRRP worker does not answer; the guardian restarts it, try again");
  }

  // At a reload the worker answers our successor, and a silence towards us says nothing of it.
  static Response for_our_successor() {
    return api::refusal(http::status::unavailable, "reloading", "the configuration was reloaded meanwhile; ask again");
  }
  bool is_for_our_successor(const CollectedStatus& collected, Ticket ticket) {
    if (collected.worker_answers || !is_leaving_) return false;
    server_.answer(ticket, for_our_successor());
    return true;
  }

  // ---- status

  void get_status(const Question& question) {
    const auto view = question.request.query.find("view");
    const bool is_brief = view != question.request.query.end() && view->second == "brief";
    desk_.collect(is_brief ? WorkerDesk::View::brief : WorkerDesk::View::whole, [this, ticket = question.ticket](
                                                                                    const auto& collected) {
      if (!is_for_our_successor(*collected, ticket))
        server_.answer(ticket, {.body = with_lists(status_.head(*collected), status_.lists(*collected)) + "\n"});
    });
  }

  void get_instance(const Question& question) {
    desk_.ask_paced({{"ask", "instance"}, {"instance", question.names[0]}},
                    [this, ticket = question.ticket, name = question.names[0]](const std::optional<json>& reply) {
                      if (reply || is_leaving_) return answer_from_worker(ticket, reply);
                      const auto& routers = start_.setup.routers;
                      const auto found = std::ranges::find(routers, name, &RouterSetup::name);
                      if (found == routers.end()) return refuse_without_worker(ticket);
                      server_.answer(ticket,
                                     document(status_.from_will(static_cast<std::size_t>(found - routers.begin()))));
                    });
  }

  // Of the memory that the balancer and the checker write: nobody is waited for.
  void get_services(const Question& question) {
    const auto from = question.request.query.find("from");
    server_.answer(question.ticket,
                   {.body = services_
                                .page(from == question.request.query.end() ? 0 : number_of(from->second),
                                      {.now = loop::now(), .wall = loop::wall_now()})
                                .dump(-1, ' ', false, json::error_handler_t::replace) +
                            "\n"});
  }

  void get_service(const Question& question) {
    const auto service = services_.one(question.names[0], {.now = loop::now(), .wall = loop::wall_now()});
    if (!service) return refuse(question.ticket, http::status::not_found, "not-found", "there is no such service");
    server_.answer(question.ticket, document(*service));
  }

  void post_drain(const Question& question) {
    const json request = json::parse(question.request.body, nullptr, false);
    if (!request.is_object()) {
      return refuse(question.ticket, http::status::bad_request, "malformed", "the body is no JSON object");
    }
    auto wanted = drain_order_of_request(request, question.request.path.back() == "drain");
    if (!wanted) return refuse(question.ticket, http::status::bad_request, "malformed", wanted.error());
    orders_.place(question.ticket, std::move(*wanted));
  }

  // names=keepalived: as the exporters for keepalived call them.
  void get_metrics(const Question& question) {
    const auto names = question.request.query.find("names");
    const bool is_keepalived = names != question.request.query.end() && names->second == "keepalived";
    const bool is_open = question.request.header("accept").contains("application/openmetrics-text");
    const auto format = is_open && !is_keepalived ? metrics::Format::openmetrics : metrics::Format::prometheus;
    desk_.collect(WorkerDesk::View::whole, [this, ticket = question.ticket, format, is_keepalived](const auto& it) {
      if (is_for_our_successor(*it, ticket)) return;
      json status = status_.whole(*it);
      status["services"] = services_.all({.now = loop::now(), .wall = loop::wall_now()});
      std::string text = is_keepalived ? keepalived_metrics_of(status)
                                       : metrics::node_metrics(status, utc_seconds(loop::wall_now()), format);
      server_.answer(ticket, {.content_type = std::string(content_type(format)), .body = std::move(text)});
    });
  }

  std::string keepalived_metrics_of(const json& status) const {
    const bool is_known = status["worker"]["answers"] == true;
    json dump = is_known ? json::parse(json_text(start_.setup, status), nullptr, false) : json();
    if (dump.is_object()) dump = dump["vrrp"];  // json_version 2
    return metrics::keepalived_metrics(dump, status["scripts"]);
  }

  void get_mib(const Question& question) {
    desk_.collect(WorkerDesk::View::whole, [this, ticket = question.ticket](const auto& collected) {
      if (is_for_our_successor(*collected, ticket)) return;
      server_.answer(ticket, document(shown_by_snmp(start_.setup, status_.whole(*collected), loop::wall_now())));
    });
  }

  // From memory that we share with the worker, which does not notice. For root: it is large, and made anew for each.
  void get_recording(const Question& question) {
    const Bytes file = start_.recording();
    server_.answer(question.ticket,
                   {.content_type = "application/octet-stream", .body = std::string(file.begin(), file.end())});
  }

  void get_openapi(const Question& question) {
    server_.answer(question.ticket, {.body = std::string(api::documents::openapi)});
  }

  void get_page(const Question& question) {
    server_.answer(question.ticket, {.content_type = "text/html; charset=utf-8",
                                     .body = std::string(api::documents::page),
                                     .headers = {{"Content-Security-Policy", std::string(api::documents::page_policy)},
                                                 {"X-Content-Type-Options", "nosniff"},
                                                 {"Cache-Control", "no-store"},
                                                 {"Referrer-Policy", "no-referrer"}}});
  }

  // ---- commands

  void post_to_instance(const Question& question) {
    desk_.command(
        {{"ask", question.request.path.back()}, {"instance", question.names[0]}},
        [this, ticket = question.ticket](const std::optional<json>& reply) { answer_from_worker(ticket, reply); });
  }

  void post_settings(const Question& question) {
    const json wanted = json::parse(question.request.body, nullptr, false);
    if (const std::string why = problem_of_settings(wanted); !why.empty()) {
      return refuse(question.ticket, http::status::bad_request, "malformed", why);
    }
    json command{{"ask", "set"}, {"instance", question.names[0]}};
    command.update(wanted);
    desk_.command(std::move(command), [this, ticket = question.ticket](const std::optional<json>& reply) {
      answer_from_worker(ticket, reply);
    });
  }

  void answer_from_worker(Ticket ticket, const std::optional<json>& reply) {
    if (!reply && is_leaving_) return server_.answer(ticket, for_our_successor());
    if (!reply) return refuse_without_worker(ticket);
    if (!reply->contains("error")) return server_.answer(ticket, document(*reply));
    const std::string kind = reply->value("kind", "refused");
    refuse(ticket, kind == "not-found" ? http::status::not_found : http::status::conflict, kind,
           reply->at("error").get<std::string>());
  }

  void post_reload(const Question& question) {
    const std::string& body = question.request.body;
    const json request = body.empty() ? json::object() : json::parse(body, nullptr, false);
    if (!request.is_object()) {
      return refuse(question.ticket, http::status::bad_request, "malformed", "the body is no JSON object");
    }
    auto order = reload_order_of_request(request);
    if (!order) return refuse(question.ticket, http::status::bad_request, "malformed", order.error());
    orders_.place(question.ticket, std::move(*order));
  }

  void post_confirm(const Question& question) {
    orders_.place(question.ticket, ReloadOrder{.what = ReloadOrder::What::confirm});
  }

  void get_maintenance(const Question& question) {
    server_.answer(question.ticket, document({{"maintenance", start_.maintenance}}));
  }

  void put_maintenance(const Question& question) {
    const std::string& body = question.request.body;
    const json request = body.empty() ? json::object() : json::parse(body, nullptr, false);
    if (!request.is_object()) {
      return refuse(question.ticket, http::status::bad_request, "malformed", "the body is no JSON object");
    }
    auto wanted = maintenance_order_of_request(request);
    if (!wanted) return refuse(question.ticket, http::status::bad_request, "malformed", wanted.error());
    orders_.place(question.ticket, std::move(*wanted));
  }

  void delete_maintenance(const Question& question) {
    orders_.place(question.ticket, MaintenanceOrder{.what = MaintenanceOrder::What::off});
  }

  // The guardian has added an event to the log as well.
  void on_maintenance(const UniqueFd& file) {
    const auto text = kernel::read_memory_file(file, limits::maintenance_file_bytes);
    if (!text) return log_.error(to_string(text.error()));
    start_.maintenance = json::parse(*text, nullptr, false);
    tell_until(start_.events.last());
  }

  // ---- events

  void on_event(const json& event) {
    const std::string text = event.dump(-1, ' ', false, json::error_handler_t::replace);
    // For those who listen now. Strangers' packets shall not push what happened here out of the history.
    if (event.value("event", "") == "rejected") {
      return server_.say_event(http::to_text({.id = {}, .kind = "rejected", .data = text}));
    }
    const std::uint64_t number = start_.events.add(text);
    tell_until(number - 1);
    server_.say_event(to_text(event_of({.number = number, .text = text}, event.value("event", ""))));
    told_ = std::max(told_, number);
  }

  // What the api role before us heard last, of the worker before ours.
  void tell_until(std::uint64_t number) {
    for (const auto& [entry, kind] : kept_after(told_)) {
      if (entry.number <= number) server_.say_event(to_text(event_of(entry, kind)));
    }
    told_ = std::max(told_, number);
  }

  // Whoever names the last event heard is told what came since, as far as it is kept.
  void get_events(const Question& question) {
    tell_until(start_.events.last());  // those who listen already; this one is told below
    const std::string_view heard = question.request.header("last-event-id");
    std::string text =
        http::to_text({.id = heard.empty() ? std::to_string(start_.events.last()) : "",
                       .kind = "hello",
                       .data = json{{"listening", true}, {"configuration_read", start_.configuration_read}}.dump()});
    if (!heard.empty()) {
      for (const auto& [entry, kind] : kept_after(number_of(heard))) text += to_text(event_of(entry, kind));
    }
    if (!server_.listen(question.ticket, text)) {
      refuse(question.ticket, http::status::unavailable, "busy", "too many listen already");
    }
  }

  void get_history(const Question& question) {
    const auto after = question.request.query.find("after");
    json events = json::array();
    for (const auto& [entry, kind] : kept_after(after == question.request.query.end() ? 0 : number_of(after->second))) {
      json event = json::parse(entry.text, nullptr, false);
      event["number"] = entry.number;
      events.push_back(std::move(event));
    }
    server_.answer(question.ticket, document({{"events", std::move(events)}, {"last", start_.events.last()}}));
  }

  std::vector<std::pair<EventLog::Entry, std::string>> kept_after(std::uint64_t number) const {
    std::vector<std::pair<EventLog::Entry, std::string>> kept;
    for (EventLog::Entry& entry : start_.events.after(number)) {
      const json event = json::parse(entry.text, nullptr, false);
      if (event.is_object()) kept.emplace_back(std::move(entry), event.value("event", ""));
    }
    return kept;
  }

  // ---- the guardian

  void on_guardian() {
    auto message = start_.guardian.receive();
    if (!message) {
      if (message.error() == kernel::Channel::Nothing::any_more) leave();
      return;
    }
    if (!message->passed_fd) {
      if (const auto dump = dump_of(message->bytes)) on_dump_wanted(*dump);
      return;
    }
    if (message->bytes == Bytes{report_file}) {
      if (orders_.report(message->passed_fd) == "confirmed") start_.confirm_until = 0;
      return;
    }
    if (message->bytes == Bytes{maintenance_file}) return on_maintenance(message->passed_fd);
    desk_.take(kernel::Channel(std::move(message->passed_fd)));
  }

  void on_dump_wanted(Dump dump) {
    desk_.collect(
        WorkerDesk::View::whole,
        [this, dump](const auto& collected) {
          if (collected->worker_answers) return hand_over(dump, text_of(dump, start_.setup, status_.whole(*collected)));
          if (!is_leaving_) hand_over(dump, std::nullopt);  // else there is one, but it is our successor's
        },
        dump == Dump::stats_clear ? WorkerDesk::Counters::begin_anew : WorkerDesk::Counters::stay);
  }

  // To the guardian; nothing: the worker does not answer.
  void hand_over(Dump dump, const std::optional<std::string>& text) {
    const auto file = text ? kernel::memory_file(*text) : SysResult<UniqueFd>();
    const auto kind = static_cast<std::uint8_t>(dump);
    const auto told = file ? start_.guardian.send({&kind, 1}, file->get()) : std::unexpected(file.error());
    if (!told) log_.error(to_string(told.error()));
  }

  void leave() {
    guardian_readable_.reset();
    is_leaving_ = true;
    orders_.refuse_all(for_our_successor());
    server_.close_doors([this] { loop_.stop(); });
  }

  ApiStart start_;
  log::Logger log_;
  loop::Loop loop_;
  WorkerDesk desk_;
  api::Server server_;
  ServicesStatus services_{start_.setup.configuration, start_.services};
  NodeStatus status_{start_, services_, desk_, server_};
  OrderBook orders_{server_, start_.guardian};
  std::uint64_t told_ = start_.events.last();  // the last event that listeners were told of
  bool is_leaving_ = false;
  loop::Subscription signal_term_;
  loop::Subscription guardian_readable_;
};

}  // namespace

int run_api(ApiStart start) {
  Api(std::move(start)).run();
  return exit_code::success;
}

}  // namespace baton::daemon
