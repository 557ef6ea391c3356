// GRPC_CHECK: the question byte by byte, and what each answer of the health service means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "health/dialogue.h"
#include "health/grpc_health.h"
#include "health/limits.h"
#include "unit/health/frames.h"

namespace baton::health {
namespace {

using namespace frames;
using namespace std::string_literals;
using testing::ElementsAre;

class Grpc {
 public:
  explicit Grpc(const config::GrpcCheck& check = {})
      : dialogue_(make_grpc_dialogue(check, {.address = *IpAddress::parse("2001:db8::1"), .port = 50051})) {
    EXPECT_FALSE(dialogue_->begin(opening));
  }
  Step hear(std::string_view bytes) {
    said.clear();
    return dialogue_->on_bytes(bytes, said);
  }
  Outcome silence() { return dialogue_->on_silence(); }
  std::vector<Frame> opening_frames() const { return frames_of(std::string_view(opening).substr(24)); }

  std::string opening;
  std::string said;

 private:
  std::unique_ptr<Dialogue> dialogue_;
};

const std::string plain_header = ok + field("content-type", "application/grpc");

std::string message(std::string_view bytes) {
  return "\0"s + number(bytes.size(), 4) + std::string(bytes);
}
std::string answer(std::string_view body, std::string_view trailer = field("grpc-status", "0")) {
  return hello + frame(headers, end_headers, 1, plain_header) + frame(data, 0, 1, body) +
         frame(headers, end_headers | end_stream, 1, trailer);
}
std::string said_of(const std::string& bytes) {
  const Step step = Grpc().hear(bytes);
  return step ? sentence(*step) : "goes on";
}

TEST(GrpcDialogue, asks_the_health_service) {
  const Grpc grpc({.service = "shop.Cart", .virtualhost = "", .tls = true});
  const auto frames = grpc.opening_frames();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1].type, headers);
  EXPECT_EQ(frames[1].flags, end_headers);
  EXPECT_THAT(fields_of(frames[1].payload),
              ElementsAre(":method: POST", ":scheme: https", ":authority: [2001:db8::1]:50051",
                          ":path: /grpc.health.v1.Health/Check", "content-type: application/grpc", "te: trailers",
                          "user-agent: grpc-baton"));
  EXPECT_EQ(frames[2].type, data);
  EXPECT_EQ(frames[2].flags, end_stream);
  EXPECT_EQ(frames[2].payload, "\0\0\0\0\x0b\x0a\x09shop.Cart"s);
}

TEST(GrpcDialogue, without_a_service_the_server_as_a_whole_is_asked_for) {
  EXPECT_EQ(Grpc().opening_frames().at(2).payload, "\0\0\0\0\0"s);
  const std::string name(200, 'n');
  EXPECT_EQ(Grpc({.service = name}).opening_frames().at(2).payload, "\0\0\0\0\xcb\x0a\xc8\x01"s + name);
}

TEST(GrpcDialogue, serving_is_up_and_every_other_status_has_its_own_name) {
  EXPECT_EQ(Grpc().hear(answer(message("\x08\x01"))), success());
  EXPECT_EQ(Grpc().hear(answer(message("\x08\x02")))->failure, Failure::grpc_not_serving);
  EXPECT_EQ(Grpc().hear(answer(message("\x08\x03")))->failure, Failure::grpc_service_unknown);
  EXPECT_EQ(said_of(answer(message("\x08\0"s))), "the service is in no known state (UNKNOWN)");
  EXPECT_EQ(said_of(answer(message(""))), "the service is in no known state (UNKNOWN)");
  EXPECT_EQ(said_of(answer(message("\x08\x63"))), "the service is in no known state (a status that has no name)");
}

TEST(GrpcDialogue, may_come_byte_by_byte) {
  Grpc grpc;
  const std::string whole = answer(message("\x08\x01"));
  for (const char c : std::string_view(whole).substr(0, whole.size() - 1)) ASSERT_FALSE(grpc.hear({&c, 1}));
  EXPECT_EQ(grpc.hear(whole.substr(whole.size() - 1)), success());
}

TEST(GrpcDialogue, what_the_call_ended_with) {
  const auto only = [](const std::string& fields) {
    return hello + frame(headers, end_headers | end_stream, 1, plain_header + fields);
  };
  EXPECT_EQ(said_of(only(field("grpc-status", "12") + field("grpc-message", "no such method"))),
            "the gRPC call ended with UNIMPLEMENTED: no such method");
  EXPECT_EQ(said_of(only(field("grpc-status", "14"))), "the gRPC call ended with UNAVAILABLE");
  EXPECT_EQ(said_of(only(field("grpc-status", "99"))), "the gRPC call ended with code 99");
  EXPECT_EQ(said_of(only(field("grpc-status", "5"))), "the server does not know the service");
  EXPECT_EQ(said_of(only(field("grpc-status", "0"))), "the answer is no gRPC (it has no message)");
  for (const char* bad : {"", "x", "0x0", "-1", "99999999999999"}) {
    EXPECT_EQ(said_of(only(field("grpc-status", bad))), "the answer is no gRPC (it has no grpc-status)") << bad;
  }
  EXPECT_EQ(said_of(answer(message("\x08\x01"), field("x", "y"))), "the answer is no gRPC (it has no grpc-status)");
}

TEST(GrpcDialogue, what_is_no_grpc_is_told_by_its_header) {
  EXPECT_EQ(said_of(hello + frame(headers, end_headers, 1, field(":status", "502"))), "status 502");
  EXPECT_EQ(said_of(hello + frame(headers, end_headers, 1, ok + field("content-type", "text/html"))),
            "the answer is no gRPC (text/html)");
  EXPECT_EQ(said_of(hello + frame(headers, end_headers, 1, ok)), "the answer is no gRPC (it has no content-type)");
}

TEST(GrpcDialogue, an_answer_that_does_not_end_is_a_failure) {
  Grpc grpc;
  EXPECT_FALSE(grpc.hear(hello + frame(headers, end_headers, 1, plain_header)));
  Step step;
  for (int i = 0; i < 100 && !step; ++i) step = grpc.hear(frame(data, 0, 1, std::string(100, 'x')));
  EXPECT_EQ(sentence(step.value_or(success())), "the answer is no gRPC (its message is too long)");
}

TEST(GrpcDialogue, a_window_that_stays_shut_is_told) {
  Grpc grpc;
  // It shuts the window after the message has left.
  EXPECT_EQ(grpc.silence(), failed(Failure::reply_timeout));
  const std::string name(100'000, 'n');  // longer than the window that servers begin with
  Grpc long_one({.service = name});
  EXPECT_FALSE(long_one.hear(frame(settings, 0, 0, setting(4, 0))));
  EXPECT_EQ(sentence(long_one.silence()), "no reply within the timeout (the server does not let the request through)");
}

TEST(GrpcHealth, a_message_within_its_bounds) {
  const auto read = [](std::string_view bytes) { return read_health_response(bytes); };
  EXPECT_EQ(read(message("\x08\x01")), ServingStatus::serving);
  EXPECT_EQ(read(message("\x08\x02\x08\x01")), ServingStatus::serving);  // the last one counts
  // Fields of later versions, of every wire type.
  EXPECT_EQ(read(message("\x10\xff\x01\x19"
                         "12345678"
                         "\x22\x02hi\x2d"
                         "1234"
                         "\x08\x01"s)),
            ServingStatus::serving);
  EXPECT_EQ(read(message("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), ServingStatus::another);
}

TEST(GrpcHealth, what_is_no_message) {
  const auto why = [](std::string_view bytes) {
    const auto status = read_health_response(bytes);
    return status ? "a message" : std::string(status.error());
  };
  EXPECT_EQ(why(""), "it has no message");
  EXPECT_EQ(why("\0\0\0"s), "its message ends early");
  EXPECT_EQ(why("\1\0\0\0\0"s), "its message is packed");
  EXPECT_EQ(why("\0\xff\xff\xff\xff"s), "its message ends early");
  EXPECT_EQ(why(message("\x08\x01") + message("\x08\x01")), "more than one message");
  EXPECT_EQ(why(message("\x08")), "its message ends early");
  EXPECT_EQ(why(message("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), "its message ends early");
  EXPECT_EQ(why(message("\x12\x7f")), "its message ends early");
  EXPECT_EQ(why(message("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), "its message ends early");
  EXPECT_EQ(why(message("\x19")), "its message ends early");
  EXPECT_EQ(why(message("\x0b")), "its message ends early");    // a group
  EXPECT_EQ(why(message("\0\0"s)), "its message has no form");  // field 0
}

}  // namespace
}  // namespace baton::health
