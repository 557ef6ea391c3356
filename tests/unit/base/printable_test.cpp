#include "base/printable.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

TEST(Printable, ordinary_text_stays) {
  EXPECT_EQ(printable("web1 hört\n10.0.0.1 → 日本 🙂"), "web1 hört\n10.0.0.1 → 日本 🙂");
}

TEST(Printable, nothing_moves_the_cursor) {
  EXPECT_EQ(printable("VI\x1b[31mred\x07\r\t\x7f"), "VI?[31mred????");
  EXPECT_EQ(printable("a\u009b2Jb\u202Ec\u2028d\u2066e"), "a?2Jb?c?d?e");
}

TEST(Printable, what_is_no_utf_8_is_replaced_byte_by_byte) {
  EXPECT_EQ(printable("V\xff\xfe"), "V\uFFFD\uFFFD");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(printable("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(printable("\xe2\x82"), "\uFFFD\uFFFD");            // cut off
}

}  // namespace
}  // namespace baton
