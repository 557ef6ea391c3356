#include "lab/chaos_judge.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "lab/protocol_limits.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

// A script stamps its line with a clock of 10 ms, and may do so before the address is seen.
constexpr Duration early_news = 1s;
// Who dies so soon after a change may take the news along.
constexpr Duration last_words = 500ms;

struct Stretch {
  Instant from;
  Instant to;
  std::size_t owners = 0;
};

std::vector<Stretch> stretches(const Observations& seen) {
  std::vector<Stretch> found;
  std::set<NodeId> owners;
  Instant since = seen.from;
  const auto until = [&](Instant at) {
    at = std::clamp(at, seen.from, seen.to);
    if (at > since && (found.empty() || found.back().owners != owners.size())) {
      found.push_back({.from = since, .to = at, .owners = owners.size()});
    } else if (at > since) {
      found.back().to = at;
    }
    since = at;
  };
  for (const Ownership::Change& change : seen.changes) {
    until(change.at);
    if (change.has) {
      owners.insert(change.node);
    } else {
      owners.erase(change.node);
    }
  }
  until(seen.to);
  return found;
}

class Judge {
 public:
  Judge(const Observations& seen, const JudgeLimits& limits) : seen_(seen), limits_(limits) {}

  Judgement judge() {
    for (const Stretch& stretch : stretches(seen_)) {
      if (stretch.owners == 0) judge_nobody(stretch);
      if (stretch.owners > 1) judge_two(stretch);
    }
    for (NodeId node = 0; node < seen_.nodes; ++node) judge_news(node);
    for (const Instant at : seen_.checkpoints) judge_checkpoint(at);
    return std::move(judgement_);
  }

 private:
  void complain(Complaint complaint, Instant at, Duration lasts = {}, NodeId node = 0) {
    judgement_.findings.push_back({.complaint = complaint, .at = at, .lasts = lasts, .node = node});
  }

  // Each fault, and each end of one, begins the wait anew: it may hit who was about to take over.
  void judge_nobody(const Stretch& stretch) {
    const Duration lasts = stretch.to - stretch.from;
    judgement_.nobody += lasts;
    judgement_.longest_nobody = std::max(judgement_.longest_nobody, lasts);
    std::vector<Instant> beginnings{stretch.from, stretch.to};
    for (const FaultSpan& fault : seen_.faults) {
      for (const Instant at : {fault.begin, fault.end}) {
        if (at > stretch.from && at < stretch.to) beginnings.push_back(at);
      }
    }
    std::ranges::sort(beginnings);
    Duration beyond{};
    for (std::size_t i = 1; i < beginnings.size(); ++i) {
      beyond += std::max(beginnings[i] - beginnings[i - 1] - limits_.takeover, Duration::zero());
    }
    if (beyond > Duration::zero()) complain(Complaint::nobody, stretch.from, beyond);
  }

  // What no fault that parts nodes covers, with the time it takes to heal.
  void judge_two(const Stretch& stretch) {
    judgement_.two_owners += stretch.to - stretch.from;
    std::vector<std::pair<Instant, Instant>> covers;
    for (const FaultSpan& fault : seen_.faults) {
      if (may_part(fault.kind)) covers.emplace_back(fault.begin, fault.end + limits_.heal);
    }
    std::ranges::sort(covers);
    Duration beyond{};
    Instant since = stretch.from;
    for (const auto& [begin, end] : covers) {
      if (begin > since) beyond += std::min(begin, stretch.to) - since;
      since = std::clamp(end, since, stretch.to);
      if (since == stretch.to) break;
    }
    beyond += stretch.to - since;
    if (beyond > limits_.overlap) complain(Complaint::two_owners, stretch.from, beyond);
  }

  void judge_news(NodeId node) {
    std::vector<const NewsLine*> lines;
    for (const NewsLine& line : seen_.news) {
      if (line.node == node) lines.push_back(&line);
    }
    for (const Ownership::Change& change : seen_.changes) {
      if (change.node != node || change.at < seen_.from || change.at + limits_.news > seen_.to) continue;
      ++judgement_.changes;
      const Instant latest = latest_news(change);
      const auto line = std::ranges::find_if(lines, [&](const NewsLine* one) {
        return one->is_master == change.has && one->at >= change.at - early_news && one->at <= latest;
      });
      if (line != lines.end()) {
        lines.erase(line);
      } else if (!takes_news_along(change)) {
        complain(Complaint::not_told, change.at, {}, node);
      }
    }
  }

  // Who stands still tells it when it goes on.
  Instant latest_news(const Ownership::Change& change) const {
    Instant latest = change.at + limits_.news;
    for (const FaultSpan& fault : seen_.faults) {
      const bool stands = fault.kind == FaultKind::stop_all || fault.kind == FaultKind::stop_worker;
      if (stands && fault.node == change.node && fault.begin <= latest && fault.end >= change.at - early_news) {
        latest = std::max(latest, fault.end + limits_.news);
      }
    }
    return latest;
  }

  bool takes_news_along(const Ownership::Change& change) const {
    return std::ranges::any_of(seen_.faults, [&](const FaultSpan& fault) {
      return fault.node == change.node && kills(fault.kind) && change.at >= fault.begin - last_words &&
             change.at <= fault.end + limits_.takeover;
    });
  }

  void judge_checkpoint(Instant at) {
    std::set<NodeId> owners;
    for (const Ownership::Change& change : seen_.changes) {
      if (change.at > at) break;
      if (change.has) {
        owners.insert(change.node);
      } else {
        owners.erase(change.node);
      }
    }
    if (owners.size() != 1) complain(Complaint::unsettled, at);
    for (NodeId node = 0; node < seen_.nodes; ++node) {
      const NewsLine* last = nullptr;
      for (const NewsLine& line : seen_.news) {
        if (line.node == node && line.at <= at) last = &line;
      }
      const bool says_master = last != nullptr && last->is_master;
      if (says_master != owners.contains(node)) complain(Complaint::wrong_news, at, {}, node);
    }
  }

  const Observations& seen_;
  const JudgeLimits& limits_;
  Judgement judgement_;
};

}  // namespace

JudgeLimits judge_limits(const Target& target) {
  constexpr Duration program_start = 500ms;
  const int worst = target.contenders.back().priority;
  return {.takeover = master_down_interval(target, worst) + program_start,
          .heal = target.advert_interval + program_start,
          .overlap = 250ms,
          .news = 3s};
}

std::string_view name(Complaint complaint) {
  switch (complaint) {
    case Complaint::two_owners: return "two_owners";
    case Complaint::nobody: return "nobody";
    case Complaint::not_told: return "not_told";
    case Complaint::unsettled: return "unsettled";
    case Complaint::wrong_news: return "wrong_news";
  }
  return {};
}

std::size_t Judgement::count(Complaint complaint) const {
  return static_cast<std::size_t>(std::ranges::count(findings, complaint, &Finding::complaint));
}

Duration Judgement::time(Complaint complaint) const {
  Duration sum{};
  for (const Finding& finding : findings) {
    if (finding.complaint == complaint) sum += finding.lasts;
  }
  return sum;
}

Judgement judge(const Observations& seen, const JudgeLimits& limits) {
  return Judge(seen, limits).judge();
}

}  // namespace baton::lab
