#include "kernel/settings_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class Record : public Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    path = std::filesystem::temp_directory_path() / fmt::format("baton-record-{}", ::getpid());
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    Network::TearDown();
  }
  static std::string value(const std::string& name) { return read_setting(name).value_or("-"); }

  std::filesystem::path path;
  const std::string arp_ignore = "ipv4/conf/ens1/arp_ignore";
  const std::string arp_filter = "ipv4/conf/ens1/arp_filter";
};

TEST_F(Record, what_was_changed_is_restored) {
  SettingsRecord record(path);
  EXPECT_THAT(record.keep({{arp_ignore, "1"}, {arp_filter, "1"}}), IsEmpty());
  EXPECT_EQ(value(arp_ignore), "1");
  EXPECT_EQ(record.original(arp_ignore), "0");
  EXPECT_THAT(record.restore_all(), IsEmpty());
  EXPECT_EQ(value(arp_ignore), "0");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Record, a_later_life_restores_what_an_earlier_one_changed) {
  EXPECT_THAT(SettingsRecord(path).keep({{arp_ignore, "1"}}), IsEmpty());
  SettingsRecord later(path);
  EXPECT_EQ(later.original(arp_ignore), "0");  // and does not take our value for the operator's
  EXPECT_THAT(later.keep({{arp_ignore, "1"}}), IsEmpty());
  EXPECT_THAT(SettingsRecord(path).restore_all(), IsEmpty());
  EXPECT_EQ(value(arp_ignore), "0");
}

TEST_F(Record, what_is_not_wanted_any_more_is_restored_and_the_rest_stays) {
  SettingsRecord record(path);
  EXPECT_THAT(record.keep({{arp_ignore, "1"}, {arp_filter, "1"}}), IsEmpty());
  EXPECT_THAT(record.keep({{arp_filter, "1"}}), IsEmpty());
  EXPECT_EQ(value(arp_ignore), "0");
  EXPECT_EQ(value(arp_filter), "1");
}

TEST_F(Record, what_somebody_else_has_changed_meanwhile_stays) {
  SettingsRecord record(path);
  EXPECT_THAT(record.keep({{arp_ignore, "1"}}), IsEmpty());
  EXPECT_TRUE(write_setting(arp_ignore, "2"));
  EXPECT_THAT(record.restore_all(), IsEmpty());
  EXPECT_EQ(value(arp_ignore), "2");
}

TEST_F(Record, an_interface_that_is_not_there_is_passed_over) {
  SettingsRecord record(path);
  EXPECT_THAT(record.keep({{"ipv4/conf/none/arp_ignore", "1"}}), IsEmpty());
  EXPECT_TRUE(record.is_empty());
}

TEST_F(Record, nonsense_in_the_file_is_passed_over) {
  std::ofstream(path) << "ipv4/conf/../../x 0 1\nonly\n" << arp_ignore << " 0 1\nkernel/panic 0 1\n";
  EXPECT_TRUE(write_setting(arp_ignore, "1"));
  EXPECT_THAT(SettingsRecord(path).restore_all(), IsEmpty());
  EXPECT_EQ(value(arp_ignore), "0");
}

TEST_F(Record, a_record_that_cannot_be_written_is_said) {
  SettingsRecord record("/nowhere/at/all");
  EXPECT_THAT(record.keep({{arp_ignore, "1"}}), SizeIs(1));
}

TEST_F(Record, reverse_path_filter_of_all_moves_to_each_interface) {
  ASSERT_TRUE(write_setting("ipv4/conf/all/rp_filter", "1"));
  ASSERT_TRUE(write_setting("ipv4/conf/ens1/rp_filter", "2"));
  SettingsRecord record(path);
  EXPECT_THAT(record.keep(loosen_reverse_path_filter(record, {"lo"})), IsEmpty());
  EXPECT_EQ(value("ipv4/conf/all/rp_filter"), "0");
  EXPECT_EQ(value("ipv4/conf/default/rp_filter"), "1");
  EXPECT_EQ(value("ipv4/conf/ens1/rp_filter"), "2");
  EXPECT_EQ(value("ipv4/conf/lo/rp_filter"), "0");
  EXPECT_THAT(record.keep(loosen_reverse_path_filter(record, {"lo"})), IsEmpty());  // the same the second time
  EXPECT_EQ(value("ipv4/conf/default/rp_filter"), "1");
  EXPECT_THAT(record.restore_all(), IsEmpty());
  EXPECT_EQ(value("ipv4/conf/all/rp_filter"), "1");
  EXPECT_EQ(value("ipv4/conf/default/rp_filter"), "0");
}

}  // namespace
}  // namespace baton::kernel
