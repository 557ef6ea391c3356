#include "daemon/runner_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace baton::daemon {

namespace {

// What is told once, however many workers follow each other; nobody waits for it. Not what every worker says at first.
struct IsNews {
  bool operator()(const process::Notify&) const { return true; }
  bool operator()(const process::WriteFifos&) const { return true; }
  bool operator()(const process::SendMail&) const { return true; }
  bool operator()(const process::TellWebhooks&) const { return true; }
  bool operator()(const auto&) const { return false; }
};

}  // namespace

template <typename Message>
std::optional<Bytes> RunnerDesk::encoded(const Message& message) const {
  auto bytes = process::encode(process::ToRunner(message));
  if (bytes) return std::move(*bytes);
  log_.error(fmt::format("a message to the runner cannot be sent: {}", name(bytes.error())));
  return std::nullopt;
}

template <typename Message>
void RunnerDesk::send(const Message& message, Outbox::For whom) {
  if (auto bytes = encoded(message)) put(std::move(*bytes), whom);
}

// Until it is done.
template <typename Message>
void RunnerDesk::send_news(Message message) {
  message.number = unfinished_.next_number();
  auto bytes = encoded(message);
  if (!bytes) return;
  unfinished_.keep(message.number, *bytes);
  put(std::move(*bytes), Outbox::For::this_reader);
}

void RunnerDesk::put(Bytes message, Outbox::For whom) {
  outbox_.put(std::move(message), whom);
  if (outbox_.lost() == told_lost_) return;
  if (const auto silent = limit_.allow("runner", loop::now())) {
    told_lost_ = outbox_.lost();
    log_.error(fmt::format("news for scripts and mail are lost ({} so far): there is no runner that takes them{}",
                           told_lost_, log::more_like_it(*silent)));
  }
}

void RunnerDesk::meet(kernel::Channel runner, bool at_start) {
  std::vector<Bytes> greeting;
  const auto add = [&](const auto& message) {
    if (auto bytes = encoded(message)) greeting.push_back(std::move(*bytes));
  };
  add(process::SetFileMask{.mask = setup_.file_mask});
  take(greeting, process::encode_scripts(setup_.script_rules, setup_.scripts), "track scripts");
  add(process::SetFifos{.rules = setup_.script_rules, .fifos = setup_.fifos});
  take(greeting, process::encode_files(at_start, setup_.files), "tracked files");
  take(greeting, process::encode_processes(setup_.processes), "tracked processes");
  take(greeting, process::encode_webhooks(setup_.webhooks), "webhooks");
  for (const process::Notify& notify : unfinished_.tell_again()) add(notify);
  std::ranges::move(unfinished_.news_again(), std::back_inserter(greeting));
  is_there_ = static_cast<bool>(runner);
  outbox_.connect(std::move(runner), std::move(greeting));
}

void RunnerDesk::take(std::vector<Bytes>& greeting, process::Messages messages, std::string_view what) const {
  if (!messages) {
    return log_.error(fmt::format("the {} cannot be told to the runner: {}", what, name(messages.error())));
  }
  std::ranges::move(*messages, std::back_inserter(greeting));
}

void RunnerDesk::run_for_state(process::Notify scripts) {
  scripts.number = unfinished_.next_number();
  unfinished_.on_told(scripts);
  send(scripts, Outbox::For::this_reader);
}

void RunnerDesk::run_once(const process::Notify& scripts) {
  send(scripts, Outbox::For::whoever_comes);
}

void RunnerDesk::run_hook(const process::Notify& scripts) {
  send(scripts, scripts.number == 0 ? Outbox::For::this_reader : Outbox::For::who_waits);
}

void RunnerDesk::tell(process::WriteFifos news) {
  send_news(std::move(news));
}

void RunnerDesk::tell(process::SendMail news) {
  send_news(std::move(news));
}

void RunnerDesk::tell(process::TellWebhooks news) {
  send_news(std::move(news));
}

void RunnerDesk::stop(Duration bound) {
  send(process::Stop{}, Outbox::For::this_reader);
  outbox_.finish(bound);
}

std::vector<Unsaid> RunnerDesk::leave() {
  std::vector<Unsaid> left;
  if (!is_there_) {
    for (const process::Notify& scripts : unfinished_.tell_again()) {
      if (auto bytes = encoded(scripts))
        left.push_back({.whom = Outbox::For::this_reader, .message = std::move(*bytes)});
    }
    for (Bytes& news : unfinished_.news_again()) {
      left.push_back({.whom = Outbox::For::this_reader, .message = std::move(news)});
    }
  }
  for (auto& [whom, message] : outbox_.take_waiting()) {
    if (whom == Outbox::For::who_waits) continue;
    if (!is_there_ && whom == Outbox::For::this_reader) continue;  // above
    const auto decoded = process::decode_to_runner(message);
    if (decoded && std::visit(IsNews(), *decoded)) left.push_back({.whom = whom, .message = std::move(message)});
  }
  return left;
}

void RunnerDesk::take_up(std::span<const Unsaid> messages) {
  for (const auto& [whom, message] : messages) {
    const auto decoded = process::decode_to_runner(message);
    if (!decoded) continue;
    std::visit(
        [&](const auto& it) {
          if constexpr (requires { it.key; }) {
            if (whom == Outbox::For::this_reader) unfinished_.on_told(it);
          } else if constexpr (requires { it.number; }) {
            unfinished_.keep(it.number, message);
          }
        },
        *decoded);
    put(message, whom);
  }
}

}  // namespace baton::daemon
