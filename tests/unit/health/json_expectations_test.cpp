// `json` of a url: what pointers find (RFC 6901), what is as it should be, and what pages may cost.
#include "health/json_expectations.h"

#include <gtest/gtest.h>

#include "health/limits.h"

namespace baton::health {
namespace {

JsonExpectations expecting(std::vector<config::JsonExpectation> expectations) {
  return JsonExpectations(expectations);
}

std::string judge(std::string_view page, const std::string& pointer, const std::string& value) {
  return sentence(expecting({{.pointer = pointer, .value = value}}).judge(page));
}

// RFC 6901, 5.
constexpr std::string_view example =
    R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8})";

TEST(JsonExpectations, pointers_of_the_rfc) {
  for (const auto& [pointer, value] : {std::pair("/foo/0", "bar"),
                                       {"/foo/1", "baz"},
                                       {"/", "0"},
                                       {"/a~1b", "1"},
                                       {"/c%d", "2"},
                                       {"/e^f", "3"},
                                       {"/g|h", "4"},
                                       {"/i\\j", "5"},
                                       {"/k\"l", "6"},
                                       {"/ ", "7"},
                                       {"/m~0n", "8"}}) {
    EXPECT_EQ(judge(example, pointer, value), "success") << pointer;
  }
  EXPECT_EQ(judge(example, "/foo/2", "x"), "nothing is at /foo/2");
  EXPECT_EQ(judge(example, "/foo/-", "x"), "nothing is at /foo/-");
  EXPECT_EQ(judge(example, "/foo/00", "x"), "nothing is at /foo/00");
  EXPECT_EQ(judge(example, "/foo/0/0", "x"), "nothing is at /foo/0/0");
  EXPECT_EQ(judge(R"({"~1": 1})", "/~01", "1"), "success");
}

TEST(JsonExpectations, a_page_may_be_a_value_alone) {
  EXPECT_EQ(judge("\"ok\"", "", "ok"), "success");
  EXPECT_EQ(judge(" 17 ", "", "17"), "success");
  EXPECT_EQ(judge("{}", "", "ok"), "another value is at : an object or an array");
}

TEST(JsonExpectations, values_are_scalars_or_bare_strings) {
  EXPECT_EQ(judge(R"({"a": "ok"})", "/a", "ok"), "success");
  EXPECT_EQ(judge(R"({"a": "ok"})", "/a", "\"ok\""), "success");
  EXPECT_EQ(judge(R"({"a": "all \u00e4"})", "/a", "all ä"), "success");
  EXPECT_EQ(judge(R"({"a": true})", "/a", "true"), "success");
  EXPECT_EQ(judge(R"({"a": "true"})", "/a", "true"), "success");
  EXPECT_EQ(judge(R"({"a": null})", "/a", "null"), "success");
  EXPECT_EQ(judge(R"({"a": ""})", "/a", ""), "success");
  for (const char* page : {R"({"a": 3})", R"({"a": 3.0})", R"({"a": 30e-1})", R"({"a": "3"})"}) {
    EXPECT_EQ(judge(page, "/a", "3"), "success") << page;
  }
  EXPECT_EQ(judge(R"({"a": 18446744073709551615})", "/a", "18446744073709551615"), "success");
  EXPECT_EQ(judge(R"({"a": -1})", "/a", "-1"), "success");
  EXPECT_EQ(judge(R"({"a": 1})", "/a", "true"), "another value is at /a: 1");
  EXPECT_EQ(judge(R"({"a": false})", "/a", "true"), "another value is at /a: false");
  EXPECT_EQ(judge(R"({"a": null})", "/a", "ok"), "another value is at /a: null");
  EXPECT_EQ(judge(R"({"a": "OK"})", "/a", "ok"), "another value is at /a: \"OK\"");
  EXPECT_EQ(judge(R"({"a": {"b": 1}})", "/a", "1"), "another value is at /a: an object or an array");
  EXPECT_EQ(judge(R"({"a": []})", "/a", "[]"), "another value is at /a: an object or an array");
}

TEST(JsonExpectations, all_of_them_hold) {
  const JsonExpectations both =
      expecting({{.pointer = "/db/state", .value = "ok"}, {.pointer = "/queue/0", .value = "1"}});
  EXPECT_EQ(both.judge(R"({"x": {"state": "no"}, "db": {"state": "ok"}, "queue": [1, 2]})"), success());
  EXPECT_EQ(both.judge(R"({"db": {"state": "ok"}, "queue": [2, 1]})").failure, Failure::json_value);
  EXPECT_EQ(both.judge(R"({"db": {"state": "ok"}})").failure, Failure::json_missing);
}

TEST(JsonExpectations, where_we_are_is_not_mistaken) {
  EXPECT_EQ(judge(R"({"b": {"a": 1}, "a": {"b": 2}})", "/a/b", "2"), "success");
  EXPECT_EQ(judge(R"([[1, 2], [3, [4, 5]], 6])", "/1/1/1", "5"), "success");
  EXPECT_EQ(judge(R"([[1, 2], [3, [4, 5]], 6])", "/2", "6"), "success");
  EXPECT_EQ(judge(R"({"a": {"x": {"b": 1}}})", "/a/b", "1"), "nothing is at /a/b");
  // Of a key that is there twice the last one counts.
  EXPECT_EQ(judge(R"({"a": 1, "a": 2})", "/a", "2"), "success");
  EXPECT_EQ(judge(R"({"a": {"b": 1}, "a": 2})", "/a/b", "1"), "nothing is at /a/b");
}

TEST(JsonExpectations, what_is_no_json) {
  for (const char* page : {"", "hello", "{", R"({"a": 1)", R"({"a": 1} x)", R"({"a": 01})", R"({'a': 1})", "[1,]",
                           R"({"a": "\ud800"})", "{\"a\": \"\xff\"}", R"({"a": 1e999})", "\"\x01\"", "NaN"}) {
    EXPECT_EQ(expecting({{.pointer = "/a", .value = "1"}}).judge(page).failure, Failure::json_malformed) << page;
  }
  EXPECT_EQ(judge("<html>", "/a", "1"), "the page is no JSON (at byte 1)");
}

TEST(JsonExpectations, depth_is_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
  std::string pointer;
  for (std::size_t i = 0; i < limits::json_depth; ++i) pointer += "/0";
  EXPECT_EQ(judge(nested(limits::json_depth), pointer, "1"), "success");
  EXPECT_EQ(judge(nested(limits::json_depth + 1), pointer, "1"), "the JSON is nested too deeply");
  EXPECT_EQ(judge(std::string(limits::json_bytes, '['), "/a", "1"), "the JSON is nested too deeply");
  std::string objects;
  while (objects.size() < limits::json_bytes) objects += "{\"a\":";
  EXPECT_EQ(judge(objects, "/a", "1"), "the JSON is nested too deeply");
}

}  // namespace
}  // namespace baton::health
