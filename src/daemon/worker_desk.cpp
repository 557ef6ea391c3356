#include "daemon/worker_desk.h"

#include <poll.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "daemon/channel.h"

namespace baton::daemon {

using nlohmann::json;

namespace {

template <typename Answer>
auto head_for(Answer answer) {
  return [answer = std::move(answer)](std::optional<StatusPage> reply) {
    answer(reply ? std::optional(std::move(reply->head)) : std::nullopt);
  };
}

}  // namespace

WorkerDesk::WorkerDesk(loop::Loop& loop, Events events, Duration patience)
    : loop_(loop), events_(std::move(events)), patience_(patience) {
  silence_ = loop_.timer([this] { on_silence(); });
  pace_ = loop_.timer([this] { ask_next(); });
  loop_.before_sleep([this] { ask_next(); });
}

void WorkerDesk::take(kernel::Channel worker) {
  hear_out(Duration::zero());
  if (is_asked_ && questions_.front().is_command) answer_first(std::nullopt);
  ++workers_seen_;
  readable_.reset();
  worker_ = std::move(worker);
  readable_ = loop_.watch(worker_.fd(), loop::Ready::readable, [this] { on_worker(); });
  forget_fresh();
  is_asked_ = false;  // the first is asked again, of the new one
}

void WorkerDesk::ask(json question, Answer answer) {
  push({.text = std::move(question), .answers = {head_for(std::move(answer))}});
}

void WorkerDesk::ask_paced(json question, Answer answer) {
  push({.text = std::move(question), .answers = {head_for(std::move(answer))}, .is_paced = true});
}

void WorkerDesk::command(json question, Answer answer) {
  push({.text = std::move(question), .answers = {head_for(std::move(answer))}, .is_command = true});
}

void WorkerDesk::push(Question question) {
  questions_.push_back(std::move(question));
  loop_.once_more();  // who asks may be served before the loop sleeps, behind ask_next()
}

// The first that may be asked now comes to the front, and with it those who wait for the same answer.
bool WorkerDesk::choose_next() {
  const bool is_pause = loop::now() < paced_until_;
  const auto next = std::ranges::find_if(questions_, [&](const Question& each) { return !each.is_paced || !is_pause; });
  if (next == questions_.end()) {
    if (!questions_.empty()) pace_.set(paced_until_);
    return false;
  }
  Question question = std::move(*next);
  questions_.erase(next);
  if (question.is_paced) {
    std::erase_if(questions_, [&](Question& other) {
      if (!other.is_paced || other.text != question.text) return false;
      std::ranges::move(other.answers, std::back_inserter(question.answers));
      return true;
    });
  }
  questions_.push_front(std::move(question));
  return true;
}

void WorkerDesk::ask_next() {
  while (!is_asked_ && choose_next()) {
    json& question = questions_.front().text;
    question["id"] = ++last_id_;
    const std::string text = question.dump(-1, ' ', false, json::error_handler_t::replace);
    const bool is_sent =
        worker_ && worker_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).has_value();
    if (!is_sent) {
      answer_first(std::nullopt);
      continue;
    }
    is_asked_ = true;
    asked_at_ = loop::now();
    silence_.set(asked_at_ + patience_);
  }
}

// Nor would it answer the others; a crowd shall not wait for its silence one by one.
void WorkerDesk::on_silence() {
  if (is_asked_) answer_none();
}

void WorkerDesk::answer_none() {
  is_asked_ = false;
  silence_.cancel();
  for (const Question& question : std::exchange(questions_, {})) {
    for (const Paged& answer : question.answers) answer(std::nullopt);
  }
}

void WorkerDesk::on_worker() {
  const auto message = worker_.receive();
  if (!message) {
    if (message.error() != kernel::Channel::Nothing::any_more) return;
    readable_.reset();
    worker_.close();
    if (is_asked_) answer_first(std::nullopt);
    return;
  }
  std::optional<StatusPage> reply = StatusPage::from_message(message->bytes);
  if (!reply) reply = StatusPage{.head = json::parse(message->bytes, nullptr, false), .lists = {}};
  if (reply->head.is_object() && reply->head.contains("event")) return on_unasked(reply->head);
  if (!is_asked_) return;  // too late an answer
  if (!reply->head.is_object()) return answer_first(std::nullopt);
  if (reply->head.value("id", json()) != last_id_) return;  // to a question before
  reply->head.erase("id");
  if (questions_.front().is_paced) {
    const Instant now = loop::now();
    paced_until_ = now + (now - asked_at_) * limits::status_serves_times;
  }
  answer_first(std::move(reply));
}

void WorkerDesk::answer_first(std::optional<StatusPage> reply) {
  is_asked_ = false;
  silence_.cancel();
  const Question question = std::move(questions_.front());
  questions_.pop_front();
  if (question.is_command) forget_fresh();  // it may have changed what the status says
  for (std::size_t i = 0; i + 1 < question.answers.size(); ++i) question.answers[i](reply);
  question.answers.back()(std::move(reply));
}

void WorkerDesk::on_unasked(const json& event) {
  if (text_of(event, "event") != "rejected") forget_fresh();  // strangers bring that about, and no state changes
  events_.happened(event);
}

void WorkerDesk::forget_fresh() {
  for (Fresh& fresh : fresh_) fresh = {};
  if (!collections_.empty()) collections_.front().is_outdated = true;
}

void WorkerDesk::hear_out(Duration bound) {
  constexpr int messages_most = 4096;
  const Instant until = loop::now() + bound;
  for (int i = 0; i < messages_most && worker_; ++i) {
    const auto message = worker_.receive();
    if (message) {
      const json text = json::parse(message->bytes, nullptr, false);
      if (text.is_object() && text.contains("event")) on_unasked(text);  // an answer comes too late
      continue;
    }
    if (message.error() == kernel::Channel::Nothing::any_more) return;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - loop::now());
    pollfd ready{.fd = worker_.fd(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return;
  }
}

// ---------------------------------------------------------------- the whole status

void WorkerDesk::collect(View view, Collected collected, Counters counters) {
  const Fresh& fresh = fresh_[static_cast<std::size_t>(view)];
  if (counters == Counters::stay && fresh.status && loop::now() < fresh.until) return collected(fresh.status);
  for (Collection& collection : collections_) {
    if (collection.view != view || collection.counters != counters || collection.status) continue;
    return collection.waiting.push_back(std::move(collected));
  }
  collections_.push_back({.view = view, .counters = counters, .waiting = {std::move(collected)}, .status = {}});
  if (collections_.size() == 1) begin_collection();
}

void WorkerDesk::begin_collection() {
  Collection& collection = collections_.front();
  collection.status = std::make_shared<CollectedStatus>();
  collection.is_outdated = false;
  collection.begun = loop::now();
  collection.status->at = collection.begun;
  ask_for_page(0);
}

void WorkerDesk::ask_for_page(std::size_t from) {
  const Collection& collection = collections_.front();
  json question{{"ask", "status"}, {"from", from}};
  if (collection.counters == Counters::begin_anew) question["clear"] = true;
  if (collection.view == View::brief) question["brief"] = true;
  push({.text = std::move(question), .answers = {[this, from, worker = workers_seen_](std::optional<StatusPage> page) {
                                       if (page && from > 0 && worker != workers_seen_)
                                         return begin_collection();  // what there is of it is another worker's
                                       on_page(std::move(page));
                                     }}});
}

void WorkerDesk::on_page(std::optional<StatusPage> page) {
  if (!page || page->head.contains("error")) return end_collection(false);
  CollectedStatus& status = *collections_.front().status;
  if (page->head.contains("worker")) status.worker = std::move(page->head["worker"]);
  for (std::size_t i = 0; i < status_lists.size(); ++i) status.lists.append(i, page->lists.items[i]);
  const json& next = page->head["next"];
  if (next.is_number_unsigned()) return ask_for_page(next.get<std::size_t>());
  end_collection(true);
}

void WorkerDesk::end_collection(bool worker_answers) {
  const Collection collection = std::move(collections_.front());
  collections_.pop_front();
  collection.status->worker_answers = worker_answers;
  if (!worker_answers) collection.status->lists = {};
  if (worker_answers && !collection.is_outdated && collection.counters == Counters::stay) {
    const Instant now = loop::now();
    fresh_[static_cast<std::size_t>(collection.view)] = {collection.status,
                                                         now + (now - collection.begun) * limits::status_serves_times};
  }
  for (const Collected& collected : collection.waiting) collected(collection.status);
  if (!collections_.empty() && !collections_.front().status) begin_collection();
}

}  // namespace baton::daemon
