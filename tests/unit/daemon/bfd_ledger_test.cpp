// What one BFD role leaves to the next.
#include "daemon/bfd_ledger.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

BfdLedger::Known known(std::uint32_t discriminator) {
  return {.memory = {.state = bfd::State::up,
                     .diagnostic = bfd::Diagnostic::none,
                     .counts_as_up = true,
                     .was_up = true,
                     .identity = {.discriminator = discriminator, .seed = 0x0123456789abcdef},
                     .remote_state = bfd::State::init,
                     .remote_diagnostic = static_cast<bfd::Diagnostic>(31),
                     .remote_demand = true,
                     .remote_multiplier = 255,
                     .remote_discriminator = 0xfffffffe,
                     .remote_min_rx = 0xffffffffus,
                     .remote_desired_tx = 0xfffffffeus,
                     .timers = {.desired_min_tx = 4'294'967'000us,
                                .required_min_rx = 1ms,
                                .idle_tx = 4'294'967'000us,
                                .multiplier = 254},
                     .since = Instant(1h),
                     .last_sent = Instant(2h),
                     .last_received = Instant(3h)},
          .source_port = 65'535,
          .accepted = 1,
          .sent = 2,
          .failures = 3};
}

class BfdLedgerTest : public testing::Test {
 protected:
  BfdLedger ledger() { return BfdLedger(memory_.data()); }

 private:
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(BfdLedger::size() / sizeof(std::uint64_t) + 1);
};

TEST_F(BfdLedgerTest, the_next_role_finds_what_the_one_before_put) {
  BfdLedger guardian = ledger();
  guardian.turn();
  BfdLedger first = guardian;  // as by a fork
  EXPECT_TRUE(first.take_over().value().empty());
  first.put(0, 100, known(7));
  first.put(1, 101, known(8));
  EXPECT_EQ(guardian.read().sessions.size(), 2U);

  guardian.turn();
  BfdLedger second = guardian;
  const BfdLedger::Sessions found = second.take_over().value();
  ASSERT_EQ(found.size(), 2U);
  const BfdLedger::Known& one = found.at(101);
  EXPECT_EQ(one.memory, known(8).memory);
  EXPECT_EQ(one.source_port, 65'535);
  EXPECT_EQ(one.accepted, 1U);
  EXPECT_EQ(one.sent, 2U);
  EXPECT_EQ(one.failures, 3U);
  first.put(0, 100, known(9));  // it has not ended yet, and is in nobody's way
  second.put(0, 101, known(8));
  EXPECT_EQ(guardian.read().sessions.size(), 1U);
}

TEST_F(BfdLedgerTest, a_role_that_ends_at_once_loses_nothing) {
  BfdLedger guardian = ledger();
  guardian.turn();
  BfdLedger first = guardian;
  (void)first.take_over();
  first.put(0, 100, known(7));
  guardian.turn();  // of one that finds its port taken,
  EXPECT_EQ(guardian.read().sessions.size(), 1U) << "it is asked about meanwhile";
  guardian.turn();  // and of the next one
  BfdLedger third = guardian;
  EXPECT_EQ(third.take_over().value().size(), 1U);
}

TEST_F(BfdLedgerTest, a_role_that_the_next_one_overtook_has_nothing_to_do) {
  BfdLedger guardian = ledger();
  guardian.turn();
  BfdLedger first = guardian;
  (void)first.take_over();
  first.put(0, 100, known(7));
  guardian.turn();
  BfdLedger slow = guardian;
  guardian.turn();
  BfdLedger third = guardian;
  EXPECT_EQ(third.take_over().value().size(), 1U);
  EXPECT_FALSE(slow.take_over());
}

TEST_F(BfdLedgerTest, a_role_knows_when_the_next_one_speaks) {
  BfdLedger guardian = ledger();
  guardian.turn();
  BfdLedger first = guardian;
  (void)first.take_over();
  first.speak();
  EXPECT_FALSE(first.has_successor());
  guardian.turn();
  BfdLedger second = guardian;
  (void)second.take_over();
  EXPECT_FALSE(first.has_successor());
  second.speak();
  EXPECT_TRUE(first.has_successor());
  EXPECT_FALSE(second.has_successor());
}

TEST_F(BfdLedgerTest, heirs_are_those_of_the_next_configuration) {
  BfdLedger guardian = ledger();
  const std::vector<BfdKey> keys{100, 102};
  guardian.set_heirs(keys);
  EXPECT_TRUE(ledger().has_heir(100));
  EXPECT_FALSE(ledger().has_heir(101));
  EXPECT_TRUE(ledger().has_heir(102));
}

TEST_F(BfdLedgerTest, a_key_is_the_same_while_the_wire_sees_the_same) {
  config::BfdSession session{.name = "a", .neighbor = *IpAddress::parse("192.0.2.1")};
  const BfdKey wire = wire_key_of(session);
  const CheckKey verdict = verdict_key_of(session);
  session.min_tx = 1s;
  session.weight = 7;
  EXPECT_EQ(wire_key_of(session), wire);
  EXPECT_EQ(verdict_key_of(session), verdict);
  session.name = "b";
  EXPECT_EQ(wire_key_of(session), wire);
  EXPECT_NE(verdict_key_of(session), verdict);
  session.source = IpAddress::parse("192.0.2.9");
  EXPECT_NE(wire_key_of(session), wire);
}

TEST_F(BfdLedgerTest, without_memory_nothing_is_kept) {
  BfdLedger ledger;
  ledger.turn();
  EXPECT_TRUE(ledger.take_over().value().empty());
  ledger.put(0, 1, known(1));
  EXPECT_FALSE(ledger.beats());
}

}  // namespace
}  // namespace baton::daemon
