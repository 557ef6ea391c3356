#include "cli/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/words.h"
#include "vrrp/reject_reason.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr int owner_priority = 255;
constexpr int least_priority = 1;
constexpr int most_priority = 254;

// One tracked thing, as the instance counts it.
struct Track {
  std::string name;
  std::string kind;
  std::string text;  // how its last run ended
  int weight = 0;
  bool reverse = false;
  enum class Status { unknown, up, down } status = Status::unknown;

  bool is_failing() const { return status == (reverse ? Status::up : Status::down); }
  // What it adds to the priority when it is up, or down. A file's depends on its number.
  int amount(bool up) const {
    const bool counts = weight > 0 ? up : !up;
    return !counts ? 0 : reverse ? -weight : weight;
  }
};

Track track_of(const json& value) {
  const std::string status = value.value("status", "");
  const std::string kind = value.value("kind", "script");
  return {.name = (kind == "bfd" ? "BFD session " : "") + bare(value.value("name", "")),
          .kind = kind,
          .text = bare(value.value("text", "")),
          .weight = value.value("weight", 0),
          .reverse = value.value("reverse", false),
          .status = status == "up"     ? Track::Status::up
                    : status == "down" ? Track::Status::down
                                       : Track::Status::unknown};
}

class Explainer {
 public:
  Explainer(const json& instance, double now) : it_(instance), now_(now) {
    for (const json& track : it_.value("tracks", json::array())) tracks_.push_back(track_of(track));
    state_ = it_.value("state", "");
    priority_ = it_.value("/priority/effective"_json_pointer, 0);
    if (const json master = it_.value("master", json()); master.is_object()) {
      master_ = bare(master.value("address", ""));
      master_priority_ = master.value("priority", 0);
      if (const json last = master.value("last_advert", json()); last.is_number()) last_advert_ = last.get<double>();
    }
  }

  Explanation explain() {
    result_.instance = bare(it_.value("name", ""));
    result_.state = state_;
    say_state();
    say_priority();
    say_master();
    say_wrong();
    say_next();
    if (state_ == "MASTER") {
      say_what_ends_mastership();
    } else if (state_ == "BACKUP") {
      say_what_makes_master();
    } else if (state_ == "FAULT") {
      say_what_ends_fault();
    } else if (state_ == "MAINTENANCE") {
      result_.changes.emplace_back(
          "takes nothing over, whoever is silent, until the maintenance is over: baton maintenance says when");
      result_.changes.emplace_back("is BACKUP again at: baton maintenance off");
    }
    return std::move(result_);
  }

 private:
  bool is_leaving() const { return it_.value("leaving", false); }
  bool is_owner() const { return priority_ == owner_priority; }
  int changed_by(int amount) const { return std::clamp(sum() + amount, least_priority, most_priority); }
  // Before it is clamped: what two weights do together.
  int sum() const {
    int total = 0;
    for (const json& part : it_.value("/priority/parts"_json_pointer, json::array())) total += part.value("amount", 0);
    return total == 0 ? priority_ : total;
  }

  void say_state() {
    const double since = it_.value("since", 0.0);
    result_.now.push_back(fmt::format("{}{} since {} ({}), because {}", state_, is_leaving() ? " (handing over)" : "",
                                      clock_of(since), span_of(now_ - since), bare(it_.value("reason_text", ""))));
  }

  void say_priority() {
    if (is_owner()) {
      result_.now.emplace_back("priority 255: this node owns the address, and nothing that is tracked changes that");
      return;
    }
    const json parts = it_.value("/priority/parts"_json_pointer, json::array());
    if (parts.size() < 2) {
      result_.now.push_back(fmt::format("priority {}{}", priority_, is_base_set() ? "" : ", as configured"));
    } else {
      result_.now.push_back(sum_text(parts));
    }
    if (is_base_set()) {
      result_.now.push_back(
          fmt::format("its base was set to {} by hand; the configuration says {}, and a reload goes back to it",
                      it_.value("/priority/base"_json_pointer, 0), it_.value("/priority/configured"_json_pointer, 0)));
    }
  }

  bool is_base_set() const {
    const int base = it_.value("/priority/base"_json_pointer, 0);
    return it_.value("/priority/configured"_json_pointer, base) != base;
  }

  // "priority 90 = 110 (base) - 20 (chk_nginx)"
  std::string sum_text(const json& parts) const {
    std::string line = fmt::format("priority {} = ", priority_);
    for (bool is_first = true; const json& part : parts) {
      const int amount = part.value("amount", 0);
      line += fmt::format("{}{} ({})",
                          is_first     ? ""
                          : amount < 0 ? " - "
                                       : " + ",
                          std::abs(amount), bare(part.value("name", "")));
      is_first = false;
    }
    if (sum() != priority_)
      line += fmt::format(", and never less than {} or more than {}", least_priority, most_priority);
    return line;
  }

  void say_master() {
    if (state_ == "MASTER" && !is_leaving()) {
      const auto sent = it_.value("/adverts/sent"_json_pointer, 0ULL);
      result_.now.push_back(fmt::format("sends an advert every {} on {}; {} sent",
                                        span_of(it_.value("advert_int", 0.0)),
                                        bare(it_.value("advert_interface", it_.value("interface", ""))), sent));
      if (const std::string by = learned_by(it_.value("takeover", json())); !by.empty()) {
        result_.now.push_back("where its addresses are was learned by " + by);
      }
      return;
    }
    if (master_.empty()) {
      if (state_ == "BACKUP" || state_ == "MAINTENANCE") result_.now.emplace_back("no master is heard");
      return;
    }
    std::string line = fmt::format("the master is {}, priority {}", master_, master_priority_);
    if (last_advert_) line += fmt::format("; its last advert came {} ago", span_of(now_ - *last_advert_));
    result_.now.push_back(line);
  }

  void say_wrong() {
    for (const json& fault : it_.value("faults", json::array()))
      result_.wrong.push_back(bare(fault.get<std::string>()));
    for (const Track& track : tracks_) {
      if (!track.is_failing()) continue;
      const std::string how = track.text.empty() ? "" : ": " + track.text;
      if (track.weight == 0) {
        const bool is_said = track.kind == "bfd";  // the fault has the reason
        if (!how.empty() && !is_said)
          result_.wrong.push_back(fmt::format("{} is {}{}", track.name, word_of(track), how));
      } else if (track.kind != "file") {
        const bool up = track.status == Track::Status::up;
        result_.wrong.push_back(fmt::format("{} is {}{}; that costs {} of priority", track.name, word_of(track), how,
                                            track.amount(!up) - track.amount(up)));
      }
    }
    if (const json witness = it_.value("witness", json()); witness.is_object() && witness.value("awaited", false)) {
      result_.wrong.push_back("witness " + witness_line(witness));
    }
    if (const std::string hook = hook_line(it_.value("hook", json())); !hook.empty()) {
      result_.wrong.push_back("hooks: " + hook);
    }
    say_rejected();
    say_two_owners();
    if (const auto failed = it_.value("/adverts/failed"_json_pointer, 0ULL); failed > 0) {
      result_.wrong.push_back(fmt::format("{} adverts did not leave{}", failed, last_error()));
    }
    if (const auto unlike = it_.value("/adverts/unlike_addresses"_json_pointer, 0ULL); unlike > 0) {
      result_.wrong.push_back(fmt::format(
          "{} adverts were taken that list other addresses than ours; compare virtual_ipaddress on all nodes", unlike));
    }
    if (!it_.value("holds_addresses", false)) return;
    for (const json& address : it_.value("addresses", json::array())) {
      if (address.value("present", true)) continue;
      result_.wrong.push_back(fmt::format("{} should be on {} and is not", bare(address.value("address", "")),
                                          bare(address.value("interface", "its interface"))));
    }
  }

  static const char* word_of(const Track& track) { return track.status == Track::Status::up ? "up" : "down"; }

  std::string last_error() const {
    const json error = it_.value("/adverts/last_error"_json_pointer, json());
    return error.is_string() ? ": " + bare(error.get<std::string>()) : "";
  }

  void say_rejected() {
    const json rejected = it_.value("rejected", json::object());
    for (std::size_t i = 0; i < vrrp::reject_reason_count; ++i) {
      const auto reason = static_cast<vrrp::RejectReason>(i);
      const auto count = rejected.value(std::string(name(reason)), 0ULL);
      if (count == 0) continue;
      result_.wrong.push_back(fmt::format("{} {} thrown away ({}); of such a packet: {}", count,
                                          count == 1 ? "packet was" : "packets were", name(reason),
                                          vrrp::explain(reason)));
    }
  }

  void say_two_owners() {
    const json two = it_.value("two_owners", json::object());
    const json last = two.value("last", json());
    if (!last.is_object()) return;
    const auto adverts = two.value("adverts", 0ULL);
    const auto announcements = two.value("announcements", 0ULL);
    const std::string ago = span_of(now_ - last.value("at", 0.0));
    if (last.contains("mac")) {
      result_.wrong.push_back(fmt::format("{} was announced from {} {} ago, while it was ours: find out who that is",
                                          bare(last.value("address", "")), bare(last.value("mac", "")), ago));
    } else {
      result_.wrong.push_back(fmt::format("{} was MASTER as well {} ago; {}", bare(last.value("peer", "")), ago,
                                          last.value("kept", true) ? "this node went on, and announced its addresses"
                                                                   : "this node has left the addresses to it"));
    }
    result_.wrong.push_back(fmt::format(
        "signs of two owners: {} adverts of another MASTER, {} announcements by strangers", adverts, announcements));
  }

  void say_next() {
    const json timeout = it_.value("next_timeout_in", json());
    if (is_leaving()) {
      result_.next.emplace_back(
          "lets go as soon as a successor announces the address; goes on as MASTER when none does");
    } else if (state_ == "INIT") {
      say_what_is_awaited();
    } else if (timeout.is_number()) {
      const std::string in = span_of(timeout.get<double>());
      result_.next.push_back(state_ == "MASTER" ? fmt::format("the next advert leaves in {}", in)
                                                : fmt::format("takes over in {} unless an advert comes before", in));
    }
  }

  void say_what_is_awaited() {
    for (const Track& track : tracks_) {
      if (track.weight != 0 || track.status != Track::Status::unknown) continue;
      result_.next.push_back(fmt::format("starts when {} has its first result", track.name));
    }
    if (result_.next.empty()) result_.next.emplace_back("has not started yet");
  }

  // As the one that holds the address: who its peers are it does not hear, so that only their priority can be named.
  void say_what_ends_mastership() {
    if (!is_owner()) {
      result_.changes.push_back(
          fmt::format("gives it up when another master is heard with more than {}, or with {} and a higher address",
                      priority_, priority_));
    }
    for (const Track& track : tracks_) {
      if (track.is_failing() || track.status == Track::Status::unknown || track.kind == "file") continue;
      const bool up = track.status == Track::Status::up;
      const char* fails = up ? "fails" : "is up";
      if (track.weight == 0) {
        result_.changes.push_back(
            fmt::format("gives it up when {} {}: weight 0, so that is a fault", track.name, fails));
      } else if (!is_owner()) {
        const int then = changed_by(track.amount(!up) - track.amount(up));
        result_.changes.push_back(then < priority_
                                      ? fmt::format("gives it up to a backup above {} when {} {}: {} - {} = {}", then,
                                                    track.name, fails, priority_, priority_ - then, then)
                                      : fmt::format("keeps it when {} {}: {} stays", track.name, fails, then));
      }
    }
    say_returns();
    result_.changes.push_back(fmt::format("gives it up when {} goes down", bare(it_.value("interface", ""))));
    result_.changes.push_back(fmt::format("gives it to a backup at: baton handover {}", result_.instance));
  }

  // What fails now and would work again.
  void say_returns() {
    for (const Track& track : tracks_) {
      if (!track.is_failing() || track.weight == 0 || track.kind == "file" || is_owner()) continue;
      const bool up = track.status == Track::Status::up;
      const int then = changed_by(track.amount(!up) - track.amount(up));
      const std::string when = fmt::format("when {} {}", track.name, up ? "is down again" : "works again");
      if (state_ == "BACKUP" && !master_.empty()) {
        result_.changes.push_back(takes_over_at(then)
                                      ? fmt::format("takes over {}: {} > {}", when, then, master_priority_)
                                      : fmt::format("stays BACKUP {}: {}", when, why_not_at(then)));
      } else {
        result_.changes.push_back(fmt::format("announces {} {}", then, when));
      }
    }
  }

  bool preempts() const { return it_.value("preempt", true); }
  bool takes_over_at(int priority) const { return preempts() && priority > master_priority_; }
  std::string why_not_at(int priority) const {
    if (priority <= master_priority_) return fmt::format("{} is not more than {}", priority, master_priority_);
    return fmt::format("{} > {}, but it does not preempt", priority, master_priority_);
  }

  void say_what_makes_master() {
    const double silence = it_.value("master_down_interval", 0.0);
    if (master_.empty()) {
      result_.changes.push_back(fmt::format("takes over when no advert is heard for {}", span_of(silence)));
    } else {
      result_.changes.push_back(fmt::format("takes over when {} is silent for {}", master_, span_of(silence)));
      result_.changes.push_back(fmt::format("takes over within {} when {} says goodbye (priority 0)",
                                            span_of(it_.value("skew_time", 0.0)), master_));
      if (!preempts()) {
        result_.changes.push_back(
            fmt::format("does not take over from a master that lives (nopreempt), whatever {} announces", master_));
      } else if (priority_ > master_priority_) {
        const std::string better = fmt::format("is better than {} ({} > {})", master_, priority_, master_priority_);
        result_.changes.push_back(
            it_.value("handed_over", false)
                ? fmt::format("{}, but the address was handed over to it: comes back when {} gives it up", better,
                              master_)
                : better + " and takes over as soon as its skew time, or its preempt_delay, has passed");
      } else {
        result_.changes.push_back(fmt::format("takes over when {} announces less than {}", master_, priority_));
      }
    }
    if (const std::string witness = witness_line(it_.value("witness", json())); !witness.empty()) {
      result_.changes.push_back("takes over after silence only if a witness answers: " + witness);
    }
    say_returns();
    for (const Track& track : tracks_) {
      if (track.weight != 0 || track.is_failing() || track.status == Track::Status::unknown) continue;
      result_.changes.push_back(fmt::format("takes over no more when {} {}: weight 0, so that is a fault", track.name,
                                            track.status == Track::Status::up ? "fails" : "is up"));
    }
  }

  void say_what_ends_fault() {
    const auto faults = it_.value("faults", json::array()).size();
    result_.changes.push_back(faults == 1 ? "becomes BACKUP when the fault above is mended"
                                          : fmt::format("becomes BACKUP when all {} faults above are mended", faults));
    result_.changes.push_back(preempts() ? fmt::format("is MASTER again then if nobody announces {} or more", priority_)
                                         : "is MASTER again then only if no master is heard (nopreempt)");
  }

  const json& it_;
  double now_;
  std::vector<Track> tracks_;
  std::string state_;
  std::string master_;
  int priority_ = 0;
  int master_priority_ = 0;
  std::optional<double> last_advert_;
  Explanation result_;
};

}  // namespace

Explanation explain_instance(const json& instance, double now) {
  return Explainer(instance, now).explain();
}

std::string render_explanation(const Explanation& explanation, bool colour) {
  const Painter paint(colour);
  std::string text = fmt::format("{}  {}\n", paint.bold(explanation.instance), paint.state(explanation.state));
  const auto section = [&](std::string_view title, const std::vector<std::string>& sentences, bool alarms = false) {
    if (sentences.empty()) return;
    text += fmt::format("{}\n", title);
    for (const std::string& sentence : sentences)
      text += fmt::format("  - {}\n", alarms ? paint.alarm(sentence) : sentence);
  };
  section("now", explanation.now);
  section("what is wrong", explanation.wrong, true);
  section("next", explanation.next);
  section("what would change it", explanation.changes);
  return text;
}

json explanation_as_json(const Explanation& explanation) {
  return {{"instance", explanation.instance}, {"state", explanation.state}, {"now", explanation.now},
          {"wrong", explanation.wrong},       {"next", explanation.next},   {"changes", explanation.changes}};
}

}  // namespace baton::cli
