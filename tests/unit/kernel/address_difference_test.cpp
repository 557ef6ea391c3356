#include "kernel/address_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t ens1 = 7;

InterfaceAddress vip(std::uint32_t number, std::uint32_t interface_index = ens1) {
  return {.interface_index = interface_index, .address = {IpAddress::v4(0x0a000000 + number), 32}};
}
AddressKey key(std::uint32_t number) {
  return {ens1, vip(number).address};
}

// A kernel with one interface that does what it is told.
class Difference : public testing::Test {
 protected:
  Difference() { actual.replace({{.index = ens1, .name = "ens1"}}, {}); }

  void appears(std::uint32_t number) { actual.apply(AddressChange{.address = vip(number)}); }
  void disappears(std::uint32_t number) { actual.apply(AddressChange{.address = vip(number), .removed = true}); }
  // "+1 -2": what is asked of the kernel, which does it.
  std::string take(std::size_t most = 100) {
    std::string text;
    for (const AddressRequest& request : difference.take(actual, most)) {
      const bool add = request.operation == AddressRequest::Operation::add;
      const std::uint32_t number = request.address.address.address.v4_host_order() - 0x0a000000;
      text += (text.empty() ? "" : " ") + std::string(add ? "+" : "-") + std::to_string(number);
      add ? appears(number) : disappears(number);
    }
    return text;
  }

  InterfaceTable actual;
  AddressDifference difference;
};

TEST_F(Difference, wanted_addresses_come_in_the_order_of_asking) {
  for (const std::uint32_t number : {3U, 1U, 2U}) difference.want(vip(number));
  EXPECT_EQ(take(), "+3 +1 +2");
  EXPECT_TRUE(difference.is_settled());
}

TEST_F(Difference, what_is_there_already_is_not_added) {
  appears(1);
  difference.want(vip(1));
  EXPECT_EQ(take(), "");
  EXPECT_TRUE(difference.is_settled());
}

TEST_F(Difference, leftovers_of_an_earlier_life_are_removed) {
  appears(1);
  appears(2);
  appears(3);  // not ours
  difference.manage(vip(1));
  difference.manage(vip(2));
  difference.want(vip(2));
  EXPECT_EQ(take(), "-1");
  EXPECT_TRUE(actual.has(key(3)));
}

TEST_F(Difference, removals_come_before_additions) {
  appears(9);
  difference.want(vip(1));
  difference.manage(vip(9));
  EXPECT_EQ(take(), "-9 +1");
}

TEST_F(Difference, an_address_that_somebody_removed_is_put_back) {
  difference.want(vip(1));
  EXPECT_EQ(take(), "+1");
  disappears(1);
  difference.look_again(key(1));
  EXPECT_EQ(take(), "+1");
}

TEST_F(Difference, an_unwanted_address_that_somebody_added_is_removed) {
  difference.manage(vip(1));
  EXPECT_EQ(take(), "");
  appears(1);
  difference.look_again(key(1));
  EXPECT_EQ(take(), "-1");
}

TEST_F(Difference, looking_again_at_an_address_of_somebody_else_does_nothing) {
  appears(5);
  difference.look_again(key(5));
  EXPECT_TRUE(difference.is_settled());
}

TEST_F(Difference, the_last_wish_counts_however_often_it_changes) {
  difference.want(vip(1));
  difference.do_not_want(key(1));
  difference.want(vip(1));
  difference.want(vip(2));
  difference.do_not_want(key(2));
  EXPECT_EQ(take(), "+1");
  difference.do_not_want(key(1));
  difference.want(vip(1));
  EXPECT_EQ(take(), "");
  difference.do_not_want(key(1));
  EXPECT_EQ(take(), "-1");
  EXPECT_TRUE(difference.is_settled());
}

TEST_F(Difference, a_chunk_is_no_larger_than_asked_and_nothing_is_lost_between) {
  for (std::uint32_t number = 1; number <= 5; ++number) difference.want(vip(number));
  EXPECT_EQ(take(2), "+1 +2");
  EXPECT_EQ(take(2), "+3 +4");
  EXPECT_FALSE(difference.is_settled());
  EXPECT_EQ(take(2), "+5");
  EXPECT_TRUE(difference.is_settled());
}

TEST_F(Difference, one_call_looks_at_a_bounded_number_of_addresses) {
  constexpr std::uint32_t many = 5'000;
  for (std::uint32_t number = 1; number <= many; ++number) {
    appears(number);
    difference.want(vip(number));
  }
  EXPECT_EQ(take(), "");
  EXPECT_FALSE(difference.is_settled());
  int calls = 1;
  for (; !difference.is_settled() && calls < 100; ++calls) EXPECT_EQ(take(), "");
  EXPECT_EQ(calls, 5);
}

TEST_F(Difference, nothing_is_asked_of_an_interface_that_is_not_there) {
  difference.want(vip(1, 99));
  EXPECT_EQ(take(), "");
  EXPECT_TRUE(difference.is_settled());
}

TEST_F(Difference, a_forgotten_interface_takes_its_addresses_along) {
  difference.want(vip(1));
  difference.want(vip(2, 8));
  difference.forget_interface(ens1);
  EXPECT_EQ(take(), "");
  EXPECT_FALSE(difference.is_managed(key(1)));
  EXPECT_TRUE(difference.is_managed({8, vip(2).address}));
}

TEST_F(Difference, looking_again_at_all_finds_every_change) {
  difference.want(vip(1));
  difference.manage(vip(2));
  EXPECT_EQ(take(), "+1");
  disappears(1);
  appears(2);
  difference.look_again_at_all();
  EXPECT_EQ(take(), "-2 +1");
}

TEST(InterfaceTable, addresses_stand_in_the_order_of_their_arrival) {
  InterfaceTable table;
  table.replace({{.index = ens1, .name = "ens1"}}, {vip(5), vip(1)});
  table.apply(AddressChange{.address = vip(3)});
  table.apply(AddressChange{.address = vip(5)});  // told again: nothing new
  EXPECT_THAT(table.addresses_on(ens1), ElementsAre(vip(5).address, vip(1).address, vip(3).address));
}

TEST(InterfaceTable, an_address_is_usable_when_the_search_for_a_duplicate_has_ended_well) {
  namespace flag = address_flag;
  InterfaceTable table;
  table.replace({{.index = ens1, .name = "ens1"}}, {});
  const AddressKey key{ens1, vip(1).address};
  const auto told = [&](std::uint32_t flags) {
    InterfaceAddress address = vip(1);
    address.flags = flags;
    table.apply(AddressChange{.address = address});
    return table.is_usable(key);
  };
  EXPECT_FALSE(table.is_usable(key));
  EXPECT_FALSE(told(flag::tentative));
  EXPECT_TRUE(table.is_in_duplicate_search(key));
  EXPECT_TRUE(told(flag::tentative | flag::optimistic));
  EXPECT_FALSE(told(flag::tentative | flag::duplicate));
  EXPECT_FALSE(table.is_in_duplicate_search(key));
  EXPECT_TRUE(told(0));
}

TEST(InterfaceTable, a_removed_link_takes_its_addresses_along) {
  InterfaceTable table;
  table.replace({{.index = ens1, .name = "ens1"}, {.index = 8, .name = "ens2"}}, {vip(1), vip(2, 8)});
  table.apply(LinkChange{.link = {.index = ens1}, .removed = true});
  EXPECT_EQ(table.find("ens1"), nullptr);
  EXPECT_THAT(table.addresses_on(ens1), IsEmpty());
  EXPECT_THAT(table.addresses_on(8), ElementsAre(vip(2).address));
}

TEST(InterfaceTable, a_renamed_link_is_found_by_its_new_name) {
  InterfaceTable table;
  table.replace({{.index = ens1, .name = "eth0"}}, {});
  table.apply(LinkChange{.link = {.index = ens1, .name = "ens1"}});
  EXPECT_EQ(table.find("eth0"), nullptr);
  ASSERT_NE(table.find("ens1"), nullptr);
  EXPECT_EQ(table.find("ens1")->index, ens1);
}

}  // namespace
}  // namespace baton::kernel
