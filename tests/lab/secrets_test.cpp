// What each role has in its memory of the secrets that stand in the configuration (docs/decisions/0039).
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/unique_fd.h"
#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::Optional;

// Made at run time out of two halves, so that the search finds no word of its own.
const std::string password = std::string("pAsS") + "wOrD";
const std::string key = std::string("kEyOfHmAc-") + "0123456789-0123456789-0123456789";
const std::string login = std::string("LoGiN-") + "at-the-mail-server";
const std::string tls = std::string("PhRaSe-") + "of-the-private-key";
const std::string hook = std::string("ToKeN-") + "of-the-webhook";

std::string config() {
  return "global_defs {\n  lb_plane nftables\n  smtp_server 127.0.0.1 2525\n  notification_email {\n    a@example.org\n"
         "  }\n  notification_email_from b@example.org\n  smtp_user me\n  smtp_password " +
         login + "\n}\nSSL {\n  password " + tls +
         "\n  certificate /run/lab/client.pem\n  key /run/lab/client.key\n}\nwebhook ops {\n  url "
         "\"http://127.0.0.1:1/" +
         hook +
         "\"\n}\nvrrp_instance VI_K {\n  interface ens33\n  version 3\n  virtual_router_id 60\n@web1  priority 200\n  "
         "auth_hmac {\n    key 1 " +
         key +
         "\n    active_key 1\n  }\n  virtual_ipaddress {\n    10.0.20.160\n  }\n}\n"
         "virtual_server 10.0.20.170 80 {\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n"
         "  real_server 127.0.0.1 81 {\n    SSL_GET {\n      url {\n        path /\n        status_code 200\n      }\n"
         "    }\n  }\n}\n";
}

// A key that this passphrase opens.
void make_key(Lab& lab) {
  const std::string directory = lab.machine(web1).outside_path("/run/lab");
  const std::string command = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=web1 -days 2 -passout pass:{0} "
      "-keyout {1}/client.key -out {1}/client.pem 2>/dev/null",
      tls, directory);
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

// What the process may write to, less the pages that cannot be read; "": there is no such process.
std::string memory_of(pid_t process) {
  constexpr std::uintptr_t page = 4096;
  const std::string directory = fmt::format("/proc/{}/", process);
  const UniqueFd memory(::open((directory + "mem").c_str(), O_RDONLY | O_CLOEXEC));
  std::ifstream maps(directory + "maps");
  std::string all;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t at = 0;
    std::uintptr_t end = 0;
    std::array<char, 5> access{};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &at, &end, access.data()) != 3 || access[1] != 'w') continue;
    std::string bytes(end - at, '\0');
    while (at < end) {
      const ssize_t count = ::pread(memory.get(), bytes.data(), end - at, static_cast<off_t>(at));
      all.append(bytes, 0, count < 0 ? 0 : static_cast<std::size_t>(count));
      at += count > 0 ? static_cast<std::uintptr_t>(count) : page;
    }
  }
  return all;
}

class SecretsInMemory : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.head = config(),
          .extra = "  authentication {\n    auth_type PASS\n    auth_pass " + password + "\n  }\n",
          .prepare = make_key});
  }
  static pid_t role(std::string_view name) {
    for (const ProcessInfo& process : batond_processes(web1)) {
      if (process.name == name) return process.pid;
    }
    return 0;
  }
  static bool runs(std::string_view name) {
    return wait([&] { return role(name) != 0; });
  }
  // nullopt: its memory does not even show what each fork of the guardian knows, or it has ended meanwhile.
  static std::optional<std::vector<std::string>> known_to(std::string_view name) {
    const pid_t process = role(name);
    const std::string memory = memory_of(process);
    if (!memory.contains("VI_K") || role(name) != process) return std::nullopt;
    std::vector<std::string> known;
    for (const std::string& secret : {password, key, login, tls, hook}) {
      if (memory.contains(secret)) known.push_back(secret);
    }
    return known;
  }
  static void expect_what_is_needed() {
    for (const char* name : {"baton-api", "baton-check", "baton-balance", "baton-vrrp", "baton-run"}) {
      ASSERT_TRUE(runs(name)) << pair().log();
    }
    // The one before it may be about to end.
    const auto comes_to_know = [](std::string_view name, const testing::Matcher<std::vector<std::string>>& what) {
      std::optional<std::vector<std::string>> known;
      const auto is_so = [&] {
        known = known_to(name);
        return known && testing::Matches(what)(*known);
      };
      EXPECT_TRUE(wait(is_so)) << name << ' ' << testing::PrintToString(known) << pair().log();
    };
    comes_to_know("baton-balance", testing::ElementsAre(login));
    comes_to_know("baton-api", testing::IsEmpty());
    comes_to_know("baton-check", testing::IsEmpty());
    comes_to_know("baton-vrrp", testing::ElementsAre(password, key, login, hook));
    comes_to_know("baton-run", testing::Not(testing::Contains(testing::AnyOf(password, key))));
  }
};

TEST_F(SecretsInMemory, a_role_knows_those_that_it_needs) {
  expect_what_is_needed();
}

TEST_F(SecretsInMemory, also_after_a_reload_and_of_the_configuration_before) {
  const Instant asked = now();
  std::string edited = pair_config(web1, options());
  edited.replace(edited.find("real_server 127.0.0.1 81"), 24,
                 "real_server 127.0.0.1 82");  // other checks, another table
  reload(web1, edited);
  ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
  expect_what_is_needed();
}

}  // namespace
}  // namespace baton::lab
