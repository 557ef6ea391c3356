#include "daemon/status_page.h"

#include <gtest/gtest.h>

namespace baton::daemon {
namespace {

using nlohmann::json;

ByteView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(StatusPage, comes_as_it_was_sent) {
  StatusPage page{.head = {{"id", 7}, {"next", nullptr}}, .lists = {}};
  page.lists.append(0, R"({"name":"A"})");
  page.lists.append(0, R"({"name":"B"})");
  page.lists.append(2, R"({"name":"chk"})");
  const auto received = StatusPage::from_message(bytes_of(page.message()));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->head, page.head);
  EXPECT_EQ(received->lists.items, page.lists.items);
}

TEST(StatusPage, what_is_none_is_refused) {
  for (const char* text : {"", "{}", "{}\n", "[]\n", "x\n", "{\"sizes\":[1,0,0]}\nx", "{\"sizes\":[2,0,0,0,0]}\nx",
                           "{\"sizes\":[0,0,0,0,0]}\nx", "{\"sizes\":[-1,0,0,0,0]}\n", "{\"sizes\":[1,0,0,0,1]}\nx"}) {
    EXPECT_FALSE(StatusPage::from_message(bytes_of(text))) << text;
  }
  EXPECT_TRUE(StatusPage::from_message(bytes_of("{\"sizes\":[1,0,0,0,0]}\nx")));
}

TEST(ListTexts, pages_join_to_one_document) {
  ListTexts lists;
  lists.append(0, R"({"name":"A"},{"name":"B"})");
  lists.append(0, "");
  lists.append(0, R"({"name":"C"})");
  const json whole = json::parse(with_lists({{"node", "web1"}}, lists));
  EXPECT_EQ(whole["node"], "web1");
  EXPECT_EQ(whole["instances"], (json{{{"name", "A"}}, {{"name", "B"}}, {{"name", "C"}}}));
  EXPECT_EQ(whole["groups"], json::array());
  EXPECT_EQ(lists.parsed()["instances"], whole["instances"]);
  EXPECT_EQ(lists.parsed().size(), status_lists.size());
}

TEST(ListTexts, what_is_not_utf8_is_replaced) {
  EXPECT_EQ(text_of(json{{"name", "\xff"}}), "{\"name\":\"\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace baton::daemon
