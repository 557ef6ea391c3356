// TLS of checks without a server: what is refused before a byte goes out, and what stays in memory.
#include "checker/tls.h"

#include <gtest/gtest.h>

#include "unit/checker/servers.h"

namespace baton::checker {
namespace {

using health::Failure;

TEST(TlsSession, a_name_that_cannot_be_verified_is_not_believed) {
  const auto context = TlsContext::create(config::CheckTls{.ca_file = Servers::get().file("cert.pem")});
  ASSERT_TRUE(context);
  using namespace std::string_literals;
  for (const std::string& name : {""s, "www.example.org\0.elsewhere.net"s, "127.0.0.1\0"s}) {
    TlsSession session(*context, {.verify = true, .verified_name = name});
    std::string wire;
    std::string clear;
    EXPECT_EQ(session.feed({}, wire, clear), health::failed(Failure::tls_name, name));
    EXPECT_EQ(wire, "");
  }
}

}  // namespace
}  // namespace baton::checker
