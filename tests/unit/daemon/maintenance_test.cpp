// A maintenance as it is asked for, told and kept.
#include "daemon/maintenance.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

MaintenanceOrder asked(const json& request) {
  auto order = maintenance_order_of_request(request);
  EXPECT_TRUE(order) << request;
  return order.value_or(MaintenanceOrder{});
}
std::string refusal(const json& request) {
  const auto order = maintenance_order_of_request(request);
  return order ? "" : order.error();
}

TEST(MaintenanceOrder, has_what_the_request_has) {
  const MaintenanceOrder order = asked({{"for", 1.5}, {"reason", "new disk"}, {"by", "anna"}, {"force", true}});
  EXPECT_EQ(order.lasts, 1500ms);
  EXPECT_EQ(order.reason, "new disk");
  EXPECT_EQ(order.by, "anna");
  EXPECT_TRUE(order.is_forced);
  EXPECT_EQ(asked(json::object()), MaintenanceOrder{});
  EXPECT_EQ(asked({{"for", nullptr}}), MaintenanceOrder{});
}

TEST(MaintenanceOrder, refuses_what_cannot_be) {
  for (const json& span : {json(0), json(-1), json("2h"), json(1e300), json(366 * 86400)}) {
    EXPECT_EQ(refusal({{"for", span}}), "for is a number of seconds, at most a year") << span;
  }
  EXPECT_EQ(refusal({{"force", 1}}), "force is true or false");
  EXPECT_EQ(refusal({{"reason", "two\nlines"}}), "reason is one line of at most 160 bytes");
  EXPECT_EQ(refusal({{"reason", std::string(161, 'x')}}), "reason is one line of at most 160 bytes");
  EXPECT_EQ(refusal({{"by", 7}}), "by is one line of at most 64 bytes");
}

TEST(MaintenanceOrder, is_the_same_on_the_other_side) {
  for (const MaintenanceOrder& order :
       {MaintenanceOrder{.id = 7, .is_forced = true, .lasts = 2h, .reason = "r", .by = "b"}, MaintenanceOrder{.id = 8},
        MaintenanceOrder{.id = 9, .what = MaintenanceOrder::What::off}}) {
    const std::string text = to_message(order);
    EXPECT_EQ(maintenance_order_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}), order);
  }
  const std::string reload = R"({"id":1,"reload":"carry-out"})";
  EXPECT_FALSE(maintenance_order_of({reinterpret_cast<const std::uint8_t*>(reload.data()), reload.size()}));
}

class MaintenanceFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "maintenance-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ + "/state/maintenance.json";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& text, mode_t mode = 0644) {
    std::filesystem::create_directories(directory_ + "/state");
    std::ofstream(path_, std::ios::trunc) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string complaint() {
    const auto kept = read_maintenance(path_);
    return kept ? "" : kept.error();
  }
  std::string directory_;
  std::string path_;
  const Maintenance some_{.since = WallTime(1'700'000'000s),
                          .until = WallTime(1'700'007'200s),
                          .reason = "new \"disk\"",
                          .by = "anna",
                          .is_forced = true};
};

TEST_F(MaintenanceFile, is_read_as_it_was_written_and_goes) {
  ASSERT_TRUE(keep_maintenance(path_, some_));
  auto kept = read_maintenance(path_);
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ(**kept, some_);
  Maintenance endless = some_;
  endless.until.reset();
  ASSERT_TRUE(keep_maintenance(path_, endless));
  EXPECT_EQ(**read_maintenance(path_), endless);
  ASSERT_TRUE(keep_maintenance(path_, std::nullopt));
  kept = read_maintenance(path_);
  ASSERT_TRUE(kept);
  EXPECT_FALSE(*kept);
  EXPECT_TRUE(keep_maintenance(path_, std::nullopt));  // none is none
}

TEST_F(MaintenanceFile, leaves_nothing_else_behind) {
  ASSERT_TRUE(keep_maintenance(path_, some_));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_ + "/state"), {}), 1);
}

TEST_F(MaintenanceFile, that_is_broken_or_foreign_is_told_of_and_not_obeyed) {
  const std::string good = file_text(some_);
  for (const std::string& text : {std::string(), std::string("{"), good.substr(0, good.size() / 2), std::string("{}"),
                                  std::string(R"({"version":2})"), std::string(9000, ' ')}) {
    write(text);
    EXPECT_TRUE(complaint().starts_with(path_ + " is not as batond writes it; it is not obeyed")) << complaint();
  }
  write(good, 0664);
  EXPECT_TRUE(complaint().contains("can be written by others")) << complaint();
  ::unlink(path_.c_str());
  ASSERT_EQ(::symlink("/etc/hostname", path_.c_str()), 0);
  EXPECT_TRUE(complaint().contains("cannot be read")) << complaint();
  ::unlink(path_.c_str());
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(complaint().contains("is no regular file")) << complaint();
  if (::geteuid() != 0) return;
  ::unlink(path_.c_str());
  write(good);
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
  EXPECT_TRUE(complaint().contains("belongs to another user")) << complaint();
}

TEST_F(MaintenanceFile, that_cannot_be_written_is_an_error) {
  write("");
  EXPECT_FALSE(keep_maintenance(path_ + "/below/a/file", some_));
}

}  // namespace
}  // namespace baton::daemon
