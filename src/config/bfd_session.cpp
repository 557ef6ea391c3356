// bfd_instance, and the lists that name one.
#include <cstdint>

#include <fmt/format.h>

#include "config/blocks.h"

namespace baton::config {
namespace {

constexpr std::size_t longest_name = 31;
constexpr std::int64_t checks_no_hops = 255;

struct BfdDraft {
  BfdSession session;
  std::optional<IpAddress> neighbor;
  std::optional<std::uint8_t> ttl;
  std::optional<std::int64_t> max_hops;
  bool vrrp = false;
  bool checker = false;
};
using B = BfdDraft;

// Milliseconds with up to three decimals.
template <auto Member, std::int64_t lowest>
void set_interval(B& draft, const Arguments& arguments) {
  constexpr Duration longest = std::chrono::milliseconds(4'294'967);
  constexpr Duration usual = std::chrono::seconds(10);
  if (arguments.count() == 0) return arguments.missing("a number of milliseconds");
  const std::optional<Duration> thousandfold = parse_seconds(arguments.word());
  const Duration interval = thousandfold ? *thousandfold / 1'000 : Duration();
  if (!thousandfold || interval < std::chrono::milliseconds(lowest) || interval > longest) {
    return arguments.invalid(0, fmt::format("milliseconds from {} to 4294967", lowest));
  }
  draft.session.*Member = interval;
  if (lowest > 1 || interval <= usual) return;
  arguments.diagnostics().warn("bfd-slow", arguments.at(),
                               fmt::format("'{}' is in milliseconds: a failure is noticed after some times {} s",
                                           arguments.name(), interval / std::chrono::seconds(1)),
                               "give 10000 or less");
}

void set_weight(B& draft, const Arguments& arguments) {
  read_session_weight(draft.session, arguments);
}

constexpr Setting<B> bfd_settings[] = {
    {"neighbor_ip", set<&B::neighbor>},
    {"neighbour_ip", set<&B::neighbor>},
    {"source_ip", set<&B::session, &BfdSession::source>},
    {"min_rx", set_interval<&BfdSession::min_rx, 1>},
    {"min_tx", set_interval<&BfdSession::min_tx, 1>},
    {"idle_tx", set_interval<&BfdSession::idle_tx, 1'000>},
    {"multiplier", set<&B::session, &BfdSession::multiplier>},
    {"passive", set<&B::session, &BfdSession::passive>},
    {"ttl", set<&B::ttl>},
    {"hoplimit", set<&B::ttl>},
    {"max_hops", set<&B::max_hops>},
    {"multihop", set<&B::session, &BfdSession::multihop>},
    {"weight", set_weight},
    {"vrrp", set<&B::vrrp>},
    {"checker", set<&B::checker>},
};

void settle(B& draft) {
  BfdSession& session = draft.session;
  session.neighbor = draft.neighbor.value_or(IpAddress());
  session.ttl = draft.ttl.value_or(session.ttl);
  const std::int64_t hops = draft.max_hops.value_or(session.multihop ? checks_no_hops : 0);
  const bool checks = hops >= 0 && hops < checks_no_hops;
  session.max_hops = checks ? std::optional(static_cast<std::uint8_t>(hops)) : std::nullopt;
  session.for_vrrp = draft.vrrp || !draft.checker;
  session.for_checkers = draft.checker || !draft.vrrp;
}

// Without one keepalived has no session, and who tracks it finds it down.
bool has_usable_neighbor(const Context& context, const Statement& block, const B& draft) {
  if (!draft.neighbor) {
    context.diagnostics.warn(
        "incomplete-block", block.position(),
        fmt::format("bfd_instance {} has no 'neighbor_ip' and is never up", quoted(draft.session.name)),
        "add 'neighbor_ip', as in: neighbor_ip 192.0.2.1");
    return true;
  }
  const bool is_host = !draft.neighbor->is_unspecified() && !draft.neighbor->is_multicast() &&
                       !(draft.neighbor->is_v6() && draft.neighbor->is_link_local());
  if (is_host) return true;
  context.diagnostics.warn("bad-value", block.position(),
                           fmt::format("bfd_instance {} has {} for a neighbour and is ignored",
                                       quoted(draft.session.name), to_string(*draft.neighbor)),
                           "give the address of one host; a link-local IPv6 address does not say on which link");
  return false;
}

}  // namespace

// Without a source it takes packets for any of ours.
std::string_view BfdNeighbors::alike(const BfdSession& session) const {
  const auto sessions = sessions_.find({session.neighbor, session.multihop});
  if (sessions == sessions_.end()) return {};
  const auto& [first, by_source] = sessions->second;
  if (!session.source || by_source.contains(std::nullopt)) return first;
  const auto same = by_source.find(session.source);
  return same == by_source.end() ? std::string_view() : same->second;
}

void BfdNeighbors::add(const BfdSession& session) {
  auto& [first, by_source] = sessions_[{session.neighbor, session.multihop}];
  if (by_source.empty()) first = session.name;
  by_source.emplace(session.source, session.name);
}

std::optional<BfdSession> read_bfd_session(const Context& context, const Statement& block, BfdNeighbors& others) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  if (name->size() > longest_name) {
    context.diagnostics.warn(
        "bad-value", block.at(1),
        fmt::format("the name of a bfd_instance has at most {} bytes; {} is ignored", longest_name, quoted(*name)),
        "shorten it");
    return std::nullopt;
  }
  BfdDraft draft;
  draft.session.name = *name;
  draft.session.place = make_place(block.position());
  apply_settings(context, block, bfd_settings, draft);
  if (!has_usable_neighbor(context, block, draft)) return std::nullopt;
  settle(draft);
  BfdSession& session = draft.session;
  if (!session.has_neighbor()) return std::move(draft.session);
  if (session.source && session.source->family() != session.neighbor.family()) {
    context.diagnostics.warn("other-family", block.position(),
                             fmt::format("source_ip {} is of another family than {}, and is ignored",
                                         to_string(*session.source), to_string(session.neighbor)),
                             "give a source address of the family of neighbor_ip");
    session.source.reset();
  }
  const std::string_view alike = others.alike(session);
  if (alike.empty()) {
    others.add(session);
    return std::move(draft.session);
  }
  context.diagnostics.warn("given-twice", block.position(),
                           fmt::format("bfd_instance {} has the neighbour of {}, {}, and is ignored",
                                       quoted(session.name), quoted(alike), to_string(session.neighbor)),
                           "track one of them, or give each a 'source_ip' of its own");
  return std::nullopt;
}

}  // namespace baton::config
