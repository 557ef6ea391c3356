// The api role's desk for questions to the worker: one is on its way at a time, and each is answered within
// its patience, by the worker or by nobody. The status of a whole node is collected page by page; those who want
// it while one is being collected get the next one together, and a fresh one serves for a while; one instance after the
// other is asked for with a pause. So no crowd of askers costs the worker more than a fraction of its time.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/time.h"
#include "daemon/status_page.h"
#include "kernel/channel.h"
#include "loop/loop.h"

namespace baton::daemon {

// A page after the other, put together. Without an answer the lists are empty.
struct CollectedStatus {
  bool worker_answers = false;
  Instant at{};
  ListTexts lists;
  nlohmann::json worker;  // what it counts of itself; null in a brief view
};

class WorkerDesk {
 public:
  struct Events {
    std::function<void(const nlohmann::json&)> happened;  // what the worker says unasked
  };
  WorkerDesk(loop::Loop& loop, Events events, Duration patience);

  // What is asked from now on is asked of this one; what was asked of the one before goes unanswered.
  void take(kernel::Channel worker);
  int workers_seen() const { return workers_seen_; }

  // nullopt: the worker is dead or hangs.
  using Answer = std::function<void(std::optional<nlohmann::json>)>;
  // Paced: those who wait with the same question get one answer, and the next one is asked after a pause.
  void ask_paced(nlohmann::json question, Answer answer);
  void command(nlohmann::json question, Answer answer);

  enum class View : std::uint8_t { whole, brief };
  enum class Counters : std::uint8_t { stay, begin_anew };
  using Collected = std::function<void(const std::shared_ptr<const CollectedStatus>&)>;
  void collect(View view, Collected collected, Counters counters = Counters::stay);

  // Events that the worker has sent, and those that it sends until it lets go of us, as long as the bound lasts.
  void hear_out(Duration bound);

 private:
  using Paged = std::function<void(std::optional<StatusPage>)>;
  struct Question {
    nlohmann::json text;
    std::vector<Paged> answers;  // of all who ask this; what is no page has a head alone
    // One that only asks is asked again of the next worker; a command may have been carried out.
    bool is_command = false;
    bool is_paced = false;
  };
  struct Collection {
    View view = View::whole;
    Counters counters = Counters::stay;
    std::vector<Collected> waiting;
    std::shared_ptr<CollectedStatus> status;  // once it has begun
    Instant begun{};
    bool is_outdated = false;  // something happened since
  };

  void ask(nlohmann::json question, Answer answer);
  void push(Question question);
  bool choose_next();
  void ask_next();
  void on_worker();
  void on_silence();
  void answer_first(std::optional<StatusPage> reply);
  void answer_none();
  void on_unasked(const nlohmann::json& event);
  void forget_fresh();
  void begin_collection();
  void ask_for_page(std::size_t from);
  void on_page(std::optional<StatusPage> page);
  void end_collection(bool worker_answers);

  loop::Loop& loop_;
  Events events_;
  kernel::Channel worker_;
  loop::Subscription readable_;
  Duration patience_;
  loop::Timer silence_;
  std::deque<Question> questions_;
  bool is_asked_ = false;  // the first of them is on its way
  Instant asked_at_{};
  Instant paced_until_{};
  loop::Timer pace_;
  std::uint64_t last_id_ = 0;
  int workers_seen_ = 0;

  std::deque<Collection> collections_;  // the first one has begun
  struct Fresh {
    std::shared_ptr<const CollectedStatus> status;
    Instant until{};
  };
  Fresh fresh_[2];  // a View each
};

namespace limits {
inline constexpr Duration worker_patience = std::chrono::milliseconds(500);
inline constexpr Duration last_words = std::chrono::seconds(1);
// A status that took so long to collect serves for so many times as long: the worker's share of it is a fifth. After
// the answer about one instance nobody asks for another one so many times as long.
inline constexpr int status_serves_times = 4;
}  // namespace limits

}  // namespace baton::daemon
