#include "doctor/passage.h"

#include <gtest/gtest.h>

#include "doctor/known_bits.h"

namespace baton::doctor {
namespace {

using namespace kernel;
using Answer = Passage::Answer;
using Expressions = std::vector<RuleExpression>;

constexpr rule::LoadMeta protocol{.key = MetaKey::protocol};
constexpr rule::LoadPayload destination{.base = PayloadBase::network, .offset = 16, .size = 4};
constexpr rule::LoadPayload source{.base = PayloadBase::network, .offset = 12, .size = 4};

rule::Compare is(Bytes bytes) {
  return {.comparison = Comparison::equal, .bytes = std::move(bytes)};
}
rule::Verdict say(VerdictKind kind, std::string chain = "") {
  return {.kind = kind, .chain = std::move(chain)};
}
const rule::Verdict accept = say(VerdictKind::accept);
const rule::Verdict drop = say(VerdictKind::drop);
const Bytes group{224, 0, 0, 18};

FilterChain base(std::vector<Expressions> rules, bool drops_by_policy = false, std::string name = "input") {
  FilterChain chain{.family = FilterFamily::inet,
                    .table = "filter",
                    .name = std::move(name),
                    .type = "filter",
                    .hook = FilterHook::input,
                    .drops_by_policy = drops_by_policy};
  for (Expressions& each : rules) chain.rules.push_back({.handle = chain.rules.size() + 1, .expressions = each});
  return chain;
}
FilterChain inner(const std::string& name, std::vector<Expressions> rules) {
  FilterChain chain = base(std::move(rules), false, name);
  chain.hook.reset();
  return chain;
}

FilteredPacket advert() {
  return {.destination = IpAddress::parse("224.0.0.18"), .interface = "eth0", .interface_index = 7};
}

Passage ask(std::vector<FilterChain> chains, const FilteredPacket& packet = advert(),
            std::vector<FilterSet> sets = {}) {
  return would_pass({.chains = std::move(chains), .sets = std::move(sets)}, packet);
}

TEST(Passage, no_rules_let_everything_pass) {
  EXPECT_EQ(ask({}).answer, Answer::yes);
}

TEST(Passage, a_policy_drops_what_no_rule_accepts) {
  const Passage passage = ask({base({{protocol, is({6}), accept}}, true)});
  EXPECT_EQ(passage.answer, Answer::no);
  EXPECT_EQ(passage.chain, "input");
  EXPECT_EQ(passage.handle, 0U);
  EXPECT_EQ(ask({base({{protocol, is({6}), accept}, {protocol, is({112}), accept}}, true)}).answer, Answer::yes);
}

TEST(Passage, a_rule_drops_by_protocol_or_by_group) {
  EXPECT_EQ(ask({base({{rule::NoMatter{}, protocol, is({112}), drop}})}).handle, 1U);
  EXPECT_EQ(ask({base({{destination, is(group), drop}})}).answer, Answer::no);
  EXPECT_EQ(ask({base({{destination, is({224, 0, 0, 5}), drop}})}).answer, Answer::yes);
  // 224.0.0.0/4, as nft writes it.
  EXPECT_EQ(
      ask({base({{destination, rule::Mask{.mask = {0xf0, 0, 0, 0}, .flip = {0, 0, 0, 0}}, is({0xe0, 0, 0, 0}), drop}})})
          .answer,
      Answer::no);
}

TEST(Passage, ah_is_another_protocol) {
  FilteredPacket packet = advert();
  packet.protocol = 51;
  EXPECT_EQ(ask({base({{protocol, is({112}), accept}}, true)}, packet).answer, Answer::no);
}

TEST(Passage, an_interface_is_told_by_name_or_number) {
  Bytes name(16, 0);
  std::ranges::copy(std::string("eth0"), name.begin());
  const auto by_name = [&](Comparison comparison, const Bytes& wanted) {
    return ask({base({{rule::LoadMeta{.key = MetaKey::in_name},
                       rule::Compare{.comparison = comparison, .bytes = wanted}, drop}})})
        .answer;
  };
  EXPECT_EQ(by_name(Comparison::equal, name), Answer::no);
  EXPECT_EQ(by_name(Comparison::not_equal, name), Answer::yes);
  EXPECT_EQ(by_name(Comparison::equal, {'e', 't', 'h'}), Answer::no) << "iifname \"eth*\"";
  EXPECT_EQ(ask({base({{rule::LoadMeta{.key = MetaKey::in_index}, is({7, 0, 0, 0}), drop}})}).answer, Answer::no);
  EXPECT_EQ(ask({base({{rule::LoadMeta{.key = MetaKey::in_index}, is({8, 0, 0, 0}), drop}})}).answer, Answer::yes);
}

TEST(Passage, what_depends_on_the_sender_cannot_be_told) {
  const Passage passage = ask({base({{source, is({10, 0, 0, 1}), accept}}, true)});
  EXPECT_EQ(passage.answer, Answer::cannot_tell);
  EXPECT_EQ(passage.handle, 1U);
  FilteredPacket packet = advert();
  packet.source = IpAddress::parse("10.0.0.1");
  EXPECT_EQ(ask({base({{source, is({10, 0, 0, 1}), accept}}, true)}, packet).answer, Answer::yes);
  packet.source = IpAddress::parse("10.0.0.2");
  EXPECT_EQ(ask({base({{source, is({10, 0, 0, 1}), accept}}, true)}, packet).answer, Answer::no);
}

TEST(Passage, a_doubt_that_changes_nothing_is_none) {
  EXPECT_EQ(ask({base({{rule::Doubt{"limit"}, accept}})}).answer, Answer::yes);
  EXPECT_EQ(ask({base({{rule::Doubt{"limit"}, drop}}, true)}).answer, Answer::no);
  EXPECT_EQ(ask({base({{rule::Doubt{"limit"}, drop}})}).doubt, "'limit'");
}

TEST(Passage, a_group_is_never_an_established_connection) {
  const auto by_state = [](std::uint8_t states, rule::Verdict verdict) {
    return Expressions{rule::LoadConnectionState{}, rule::Mask{.mask = {states, 0, 0, 0}, .flip = {0, 0, 0, 0}},
                       rule::Compare{.comparison = Comparison::not_equal, .bytes = {0, 0, 0, 0}}, verdict};
  };
  EXPECT_EQ(ask({base({by_state(0x06, accept)}, true)}).answer, Answer::no);
  EXPECT_EQ(ask({base({by_state(0x01, drop)})}).answer, Answer::yes) << "nor invalid";
  EXPECT_EQ(ask({base({by_state(0x08, drop)})}).answer, Answer::no) << "it is new";
  FilteredPacket unicast = advert();
  unicast.destination = IpAddress::parse("10.0.0.2");
  EXPECT_EQ(ask({base({by_state(0x06, accept)}, true)}, unicast).answer, Answer::cannot_tell);
  EXPECT_EQ(ask({base({by_state(0x01, drop)})}, unicast).answer, Answer::yes);
  EXPECT_EQ(ask({base({{rule::ConnectionStateIs{.states = 0x06}, accept}}, true)}).answer, Answer::no) << "iptables";
}

TEST(Passage, chains_jump_return_and_go) {
  const FilterChain helper = inner("helper", {{protocol, is({112}), say(VerdictKind::return_)}, {drop}});
  EXPECT_EQ(ask({base({{say(VerdictKind::jump, "helper")}}), helper}).answer, Answer::yes);
  EXPECT_EQ(ask({base({{say(VerdictKind::jump, "helper")}, {drop}}), helper}).answer, Answer::no);
  EXPECT_EQ(ask({base({{say(VerdictKind::go_to, "helper")}, {drop}}), helper}).answer, Answer::yes)
      << "what is behind a goto is not reached";
  const FilterChain dropping = inner("dropping", {{drop}});
  EXPECT_EQ(ask({base({{say(VerdictKind::jump, "dropping")}}), dropping}).chain, "dropping");
  const FilterChain doubtful = inner("doubtful", {{rule::Doubt{"limit"}, say(VerdictKind::return_)}, {drop}});
  EXPECT_EQ(ask({base({{say(VerdictKind::jump, "doubtful")}}), doubtful}).answer, Answer::cannot_tell);
}

TEST(Passage, a_chain_that_jumps_in_a_circle_ends) {
  const FilterChain circle = inner("circle", {{say(VerdictKind::jump, "circle")}, {say(VerdictKind::jump, "circle")}});
  EXPECT_EQ(ask({base({{say(VerdictKind::jump, "circle")}}), circle}).answer, Answer::cannot_tell);
}

TEST(Passage, accept_ends_one_base_chain_and_drop_all) {
  FilterChain later = base({{drop}}, false, "later");
  later.priority = 10;
  EXPECT_EQ(ask({later, base({{accept}})}).chain, "later");
}

TEST(Passage, only_chains_on_the_way_count) {
  FilterChain other = base({{drop}});
  other.hook = FilterHook::output;
  EXPECT_EQ(ask({other}).answer, Answer::yes);
  FilteredPacket out = advert();
  out.direction = Direction::out;
  EXPECT_EQ(ask({other}, out).answer, Answer::no);
  FilterChain v6 = base({{drop}});
  v6.family = FilterFamily::ipv6;
  EXPECT_EQ(ask({v6}).answer, Answer::yes);
  FilterChain ingress = base({{drop}});
  ingress.family = FilterFamily::netdev;
  ingress.hook = FilterHook::ingress;
  ingress.devices = {"eth1"};
  EXPECT_EQ(ask({ingress}).answer, Answer::yes);
  ingress.devices.emplace_back("eth0");
  EXPECT_EQ(ask({ingress}).answer, Answer::no);
}

FilterSet set_of(std::vector<SetElement> elements, std::size_t key_size) {
  return {.family = FilterFamily::inet,
          .table = "filter",
          .name = "s",
          .key_size = key_size,
          .elements = std::move(elements)};
}

TEST(Passage, sets_hold_values_or_intervals) {
  const auto with = [](FilterSet set, bool is_inverted = false) {
    return ask({base({{protocol, rule::Lookup{.set = "s", .is_inverted = is_inverted}, accept}}, true)}, advert(),
               {set})
        .answer;
  };
  EXPECT_EQ(with(set_of({{.key = {6}}, {.key = {112}}}, 1)), Answer::yes);
  EXPECT_EQ(with(set_of({{.key = {6}}, {.key = {51}}}, 1)), Answer::no);
  EXPECT_EQ(with(set_of({{.key = {6}}}, 1), true), Answer::yes);
  FilterSet interval =
      set_of({{.key = {120}, .ends_interval = true}, {.key = {100}}, {.key = {0}, .ends_interval = true}}, 1);
  interval.has_intervals = true;
  EXPECT_EQ(with(interval), Answer::yes);
  interval.elements[0].key = {112};
  EXPECT_EQ(with(interval), Answer::no) << "the end is not in it";
  FilterSet changing = set_of({}, 1);
  changing.may_change = true;
  EXPECT_EQ(with(changing), Answer::cannot_tell);
}

TEST(Passage, a_map_of_verdicts_decides) {
  const Expressions look_up = {protocol, rule::Lookup{.set = "s", .result = rule::Lookup::Result::verdict}};
  const FilterSet map = set_of({{.key = {6}, .verdict = drop}, {.key = {112}, .verdict = accept}}, 1);
  EXPECT_EQ(ask({base({look_up}, true)}, advert(), {map}).answer, Answer::yes);
  const FilterSet other = set_of({{.key = {112}, .verdict = drop}}, 1);
  EXPECT_EQ(ask({base({look_up})}, advert(), {other}).answer, Answer::no);
  EXPECT_EQ(ask({base({look_up})}, advert(), {set_of({{.key = {6}, .verdict = drop}}, 1)}).answer, Answer::yes);
}

TEST(Passage, a_range_in_each_field_of_a_concatenation) {
  FilterSet set = set_of({{.key = {224, 0, 0, 0, 112, 0, 0, 0}, .key_end = {224, 0, 0, 255, 112, 0, 0, 0}}}, 8);
  set.has_intervals = true;
  set.fields = {4, 1};
  const Expressions look_up = {destination, rule::LoadMeta{.key = MetaKey::protocol, .target = 4},
                               rule::Lookup{.set = "s"}, drop};
  EXPECT_EQ(ask({base({look_up})}, advert(), {set}).answer, Answer::no);
  set.elements[0].key_end[3] = 17;
  EXPECT_EQ(ask({base({look_up})}, advert(), {set}).answer, Answer::yes);
}

TEST(Passage, a_mark_that_a_rule_has_set_is_not_known) {
  const Expressions set_mark = {rule::LoadBytes{.bytes = {1, 0, 0, 0}}, rule::SetMark{}};
  const Expressions by_mark = {rule::LoadMeta{.key = MetaKey::mark}, is({1, 0, 0, 0}), drop};
  EXPECT_EQ(ask({base({by_mark})}).answer, Answer::yes);
  EXPECT_EQ(ask({base({set_mark, by_mark})}).answer, Answer::cannot_tell);
}

TEST(Passage, rules_beyond_what_is_read_are_a_doubt) {
  Ruleset ruleset{.chains = {base({})}, .is_whole = false};
  EXPECT_EQ(would_pass(ruleset, advert()).answer, Answer::cannot_tell);
}

TEST(KnownBits, compares_what_is_known) {
  KnownBits bits = KnownBits::of(Bytes{0x10, 0x00});
  bits.known[1] = 0xf0;  // 0x1000 .. 0x100f
  EXPECT_EQ(is_equal(bits, Bytes{0x10, 0x05}), Truth::maybe);
  EXPECT_EQ(is_equal(bits, Bytes{0x10, 0x15}), Truth::no);
  EXPECT_EQ(is_less(bits, Bytes{0x10, 0x10}), Truth::yes);
  EXPECT_EQ(is_less(bits, Bytes{0x10, 0x05}), Truth::maybe);
  EXPECT_EQ(is_less(bits, Bytes{0x10, 0x00}), Truth::no);
  EXPECT_EQ(is_less_or_equal(bits, Bytes{0x10, 0x0f}), Truth::yes);
}

}  // namespace
}  // namespace baton::doctor
