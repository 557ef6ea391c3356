#include "vrrp/takeover_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const IpAddress served = IpAddress::v4(0x0a001464);
const IpAddress served_too = IpAddress::v4(0x0a001465);
const Neighbour gateway{.address = IpAddress::v4(0x0a001401), .mac = MacAddress{{2, 0, 0, 0, 0, 1}}};
const Neighbour client{.address = IpAddress::v4(0x0a001409), .mac = MacAddress{{2, 0, 0, 0, 0, 9}}};
constexpr Instant start{1000s};

TakeoverProof::Question question(const IpAddress& address, const Neighbour& to, bool is_repeated = false) {
  return {.address = address, .interface_index = 2, .to = to, .is_repeated = is_repeated};
}

TakeoverProof asking(std::vector<TakeoverProof::Question> questions) {
  TakeoverProof proof;
  proof.begin(std::move(questions), start);
  return proof;
}

// When questions leave, in ms after the start, if nobody ever answers.
std::vector<std::chrono::milliseconds> times_of(TakeoverProof& proof) {
  std::vector<std::chrono::milliseconds> times;
  while (const auto next = proof.next_timeout()) {
    if (!proof.on_timeout(*next).empty())
      times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(*next - start));
  }
  return times;
}

TEST(TakeoverProof, asks_everybody_at_once_and_is_proven_when_all_have_answered) {
  TakeoverProof proof = asking({question(served, gateway), question(served, client)});
  EXPECT_THAT(proof.on_timeout(start), ElementsAre(question(served, gateway), question(served, client)));
  proof.on_answer(served, gateway.address);
  EXPECT_FALSE(proof.is_proven());
  proof.on_answer(served, client.address);
  EXPECT_TRUE(proof.is_proven());
  EXPECT_FALSE(proof.next_timeout());
  EXPECT_EQ(proof.progress().learned, 2U);
  EXPECT_TRUE(proof.progress().is_over);
}

TEST(TakeoverProof, asks_again_only_whom_it_has_not_heard) {
  TakeoverProof proof = asking({question(served, gateway), question(served, client)});
  (void)proof.on_timeout(start);
  proof.on_answer(served, gateway.address);
  EXPECT_THAT(proof.on_timeout(start + 10ms - 1ns), IsEmpty());
  EXPECT_THAT(proof.on_timeout(start + 10ms), ElementsAre(question(served, client, true)));
  EXPECT_THAT(proof.progress().missing, ElementsAre(client.address));
}

TEST(TakeoverProof, waits_longer_each_time_and_comes_to_an_end) {
  TakeoverProof proof = asking({question(served, gateway)});
  EXPECT_THAT(times_of(proof), ElementsAre(0ms, 10ms, 60ms, 310ms, 1310ms, 5310ms));
  const TakeoverProof::Progress progress = proof.progress();
  EXPECT_TRUE(progress.is_over);
  EXPECT_FALSE(proof.is_proven());
  EXPECT_EQ(progress.asked, 1U);
  EXPECT_EQ(progress.learned, 0U);
}

TEST(TakeoverProof, a_neighbour_has_learned_when_it_knows_every_address) {
  TakeoverProof proof = asking({question(served, gateway), question(served_too, gateway)});
  (void)proof.on_timeout(start);
  proof.on_answer(served, gateway.address);
  EXPECT_EQ(proof.progress().learned, 0U);
  proof.on_answer(served_too, gateway.address);
  EXPECT_EQ(proof.progress().learned, 1U);
}

TEST(TakeoverProof, with_nobody_to_ask_is_over_and_proves_nothing) {
  TakeoverProof proof = asking({});
  EXPECT_FALSE(proof.next_timeout());
  EXPECT_TRUE(proof.progress().is_over);
  EXPECT_FALSE(proof.is_proven());
}

TEST(TakeoverProof, answers_of_strangers_and_second_answers_count_for_nothing) {
  TakeoverProof proof = asking({question(served, gateway), question(served, client)});
  (void)proof.on_timeout(start);
  for (int i = 0; i < 3; ++i) proof.on_answer(served, gateway.address);
  proof.on_answer(served, served_too);
  proof.on_answer(served_too, client.address);
  EXPECT_FALSE(proof.is_proven());
}

TEST(TakeoverProof, an_answer_after_the_end_is_still_taken) {
  TakeoverProof proof = asking({question(served, gateway)});
  (void)times_of(proof);
  proof.on_answer(served, gateway.address);
  EXPECT_TRUE(proof.is_proven());
}

TEST(TakeoverProof, ends_with_the_mastership) {
  TakeoverProof proof = asking({question(served, gateway)});
  proof.end();
  EXPECT_FALSE(proof.next_timeout());
  EXPECT_THAT(proof.on_timeout(start), IsEmpty());
  EXPECT_EQ(proof.progress().asked, 0U);
}

}  // namespace
}  // namespace baton::vrrp
