// TLS of checks without a server: what is refused before a byte goes out, and what stays in memory.
#include "checker/tls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/sanitizers.h"
#include "base/unique_fd.h"
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

// A password as nothing but a Secret may have it: here it is written otherwise.
constexpr std::string_view word = "pbeerpg-ubefr-onggrel-fgncyr-va-n-xrl-";
constexpr std::size_t words = 16;

char rot13(char c) {
  return c < 'a' || c > 'z' ? c : static_cast<char>('a' + (c - 'a' + 13) % 26);
}

// How often a word of it stands in the memory of this process. What OpenSSL leaves on the stack is soon written over.
std::size_t copies_in_memory() {
  const auto is_same = [](char here, char wanted) { return rot13(wanted) == here; };
  std::size_t found = 0;
  std::ifstream maps("/proc/self/maps");
  const UniqueFd memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  std::vector<char> copy;
  for (std::string line; std::getline(maps, line);) {
    const std::size_t first = std::stoull(line, nullptr, 16);
    const std::size_t last = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
    if (!line.contains(" rw-p ") || line.contains("[stack]")) continue;
    copy.resize(last - first);
    if (::pread(memory.get(), copy.data(), copy.size(), static_cast<off_t>(first)) < 0) continue;
    for (auto at = copy.begin(); at != copy.end(); ++at) {
      at = std::search(at, copy.end(), word.begin(), word.end(), is_same);
      if (at == copy.end()) break;
      ++found;
    }
    ::explicit_bzero(copy.data(), copy.size());
  }
  return found;
}

TEST(TlsContext, keeps_no_password_of_a_key_that_it_has_read) {
  if (has_address_sanitizer) GTEST_SKIP() << "with the address sanitizer there is too much memory to look through";
  const Servers& servers = Servers::get();
  const std::string key = servers.file("locked.pem");
  std::string written;
  for (std::size_t i = 0; i < words; ++i) written += word;
  const std::string lock = fmt::format("echo {} | tr a-z n-za-m | openssl pkey -in {} -aes256 -passout stdin -out {}",
                                       written, servers.file("key.pem"), key);
  ASSERT_EQ(std::system(lock.c_str()), 0);
  EXPECT_FALSE(TlsContext::create(config::CheckTls{.key_file = key}));
  {
    std::string password;
    password.reserve(written.size());
    std::ranges::transform(written, std::back_inserter(password), rot13);
    const config::CheckTls tls{.ca_file = {},
                               .certificate_file = servers.file("cert.pem"),
                               .key_file = key,
                               .password = config::Secret(std::move(password))};
    EXPECT_TRUE(TlsContext::create(tls));
    EXPECT_GT(copies_in_memory(), 0U);
  }
  EXPECT_EQ(copies_in_memory(), 0U);
}

}  // namespace
}  // namespace baton::checker
