#include "daemon/options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/version.h"

namespace baton::daemon {
namespace {

using Mode = Options::Mode;

std::expected<Options, UsageError> parse(std::vector<std::string> words, const char* called = "batond") {
  words.insert(words.begin(), called);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return parse_options(std::span(arguments).first(words.size()));
}

Options parsed(std::vector<std::string> words) {
  const auto options = parse(std::move(words));
  EXPECT_TRUE(options) << options.error().message;
  return options.value_or(Options{});
}

Options settled(std::vector<std::string> words, const std::string& instance = {}) {
  Options options = parsed(std::move(words));
  options.instance = instance;
  settle_paths(options);
  return options;
}

std::string refusal(std::vector<std::string> words) {
  const auto options = parse(std::move(words));
  return options ? "accepted" : options.error().message;
}

TEST(Options, without_any_it_is_a_daemon_with_default_places) {
  const Options options = parsed({});
  EXPECT_EQ(options.mode, Mode::run);
  EXPECT_EQ(options.configuration, default_configuration());
  EXPECT_EQ(options.run_directory, "/run/baton");
  EXPECT_EQ(settled({}).pid_file, "/run/baton/batond.pid");
  EXPECT_FALSE(options.foreground);
  EXPECT_TRUE(options.syslog && options.respawn && options.real_time);
}

TEST(Options, called_keepalived_it_has_the_places_and_the_words_of_keepalived) {
  for (const char* called : {"keepalived", "/usr/sbin/keepalived", "./keepalived"}) {
    auto options = parse({}, called);
    ASSERT_TRUE(options) << called;
    settle_paths(*options);
    EXPECT_TRUE(options->as_keepalived && options->keepalived_exit_codes);
    EXPECT_EQ(options->configuration, "/etc/keepalived/keepalived.conf");
    EXPECT_EQ(options->pid_file, "/run/keepalived.pid");
    EXPECT_EQ(options->worker_pid_file, "/run/vrrp.pid");
    EXPECT_EQ(options->reload_marker(), "/run/keepalived.reload");
    EXPECT_EQ(log_identifier(*options, "batond"), "Keepalived");
    EXPECT_EQ(log_identifier(*options, "baton-vrrp"), "Keepalived_vrrp");
  }
  auto options = parse({"-p", "/run/x", "-r", "/run/y", "-f", "z.conf"}, "keepalived");
  ASSERT_TRUE(options);
  settle_paths(*options);
  EXPECT_EQ(options->pid_file + options->worker_pid_file + options->configuration, "/run/x/run/yz.conf");
  auto named = parse({}, "keepalived");
  ASSERT_TRUE(named);
  named->instance = "blue";
  settle_paths(*named);
  EXPECT_EQ(named->pid_file, "/run/keepalived/keepalived_blue.pid");
  EXPECT_EQ(named->worker_pid_file, "/run/keepalived/vrrp_blue.pid");
  EXPECT_EQ(log_identifier(*named, "baton-vrrp"), "Keepalived_vrrp_blue");
  for (const char* called : {"batond", "keepalived/batond", "keepalived2"}) {
    auto own = parse({}, called);
    ASSERT_TRUE(own) << called;
    settle_paths(*own);
    EXPECT_FALSE(own->as_keepalived) << called;
    EXPECT_EQ(own->worker_pid_file, "");
    EXPECT_EQ(log_identifier(*own, "baton-vrrp"), "baton-vrrp");
  }
}

// What scripts and exporters do: the second word of the first line, without its v.
TEST(Options, the_version_has_the_shape_of_keepalived_under_its_name) {
  EXPECT_EQ(version_text({}), fmt::format("Baton v{}\n", version));
  const std::string text = version_text({.as_keepalived = true});
  EXPECT_EQ(text.substr(0, text.find('\n')), fmt::format("Keepalived v2.4.3 (Baton/{})", version));
}

TEST(Options, every_option_has_its_effect) {
  EXPECT_EQ(parsed({"-f", "x.conf"}).configuration, "x.conf");
  EXPECT_EQ(parsed({"--use-file=x.conf"}).configuration, "x.conf");
  EXPECT_TRUE(parsed({"-n"}).foreground);
  EXPECT_TRUE(parsed({"-l"}).console);
  EXPECT_TRUE(parsed({"-D"}).detail);
  EXPECT_FALSE(parsed({"-G"}).syslog);
  EXPECT_TRUE(parsed({"-V"}).keep_addresses);
  EXPECT_FALSE(parsed({"-R"}).respawn);
  EXPECT_EQ(parsed({"-p", "/p"}).pid_file, "/p");
  EXPECT_EQ(parsed({"-i", "web1"}).config_id, "web1");
  EXPECT_EQ(parsed({"-S", "3"}).facility, 19);
  EXPECT_EQ(parsed({"-S", "local7"}).facility, 23);
  EXPECT_EQ(parsed({"-S", "daemon"}).facility, 3);
  EXPECT_EQ(parsed({"-S", "user"}).facility, 1);
  EXPECT_TRUE(parsed({"--strict"}).strict);
  EXPECT_TRUE(parsed({"-e"}).include_check);
  EXPECT_EQ(parsed({"-u", "0177"}).file_mask, 0177U);
  EXPECT_EQ(parsed({"-s", "blue"}).network_namespace, "blue");
  EXPECT_FALSE(parsed({"--no-real-time"}).real_time);
  EXPECT_TRUE(parsed({"--keepalived-exit-codes"}).keepalived_exit_codes);
  EXPECT_TRUE(parsed({"--ignore-sigint"}).ignore_sigint);
  EXPECT_EQ(settled({"--run-directory", "/r"}).pid_file, "/r/batond.pid");
  EXPECT_EQ(parsed({"-nlD"}).detail, true);
}

TEST(Options, daemons_of_several_namespaces_and_instances_have_a_directory_each) {
  EXPECT_EQ(settled({"-s", "blue"}).run_directory, "/run/baton/blue");
  EXPECT_EQ(settled({"-s", "/run/netns/blue"}).pid_file, "/run/baton/blue/batond.pid");
  EXPECT_EQ(settled({}, "two").run_directory, "/run/baton/two");
  EXPECT_EQ(settled({"-s", "blue"}, "two").run_directory, "/run/baton/blue_two");
  EXPECT_EQ(settled({"--run-directory", "/r"}, "two").run_directory, "/r");
  EXPECT_EQ(settled({"-p", "/p"}, "two").pid_file, "/p");
  EXPECT_EQ(settled({"-s", "blue"}, "two").name(), "_blue_two");  // of its lines in the log
  EXPECT_EQ(settled({}).name(), "");
}

TEST(Options, modes) {
  EXPECT_EQ(parsed({"-t"}).mode, Mode::test);
  EXPECT_EQ(parsed({"-t/tmp/out"}).test_output, "/tmp/out");
  EXPECT_EQ(parsed({"--config-test=/tmp/out"}).test_output, "/tmp/out");
  EXPECT_EQ(parsed({"--clean-up"}).mode, Mode::clean_up);
  EXPECT_EQ(parsed({"-v"}).mode, Mode::version);
  EXPECT_EQ(parsed({"-h"}).mode, Mode::help);
  EXPECT_EQ(parsed({"--signum=RELOAD"}).signal_name, "RELOAD");
}

TEST(Options, what_keepalived_has_and_baton_need_not_is_accepted) {
  for (const char* word : {"-B", "-d", "-a", "-X", "-P", "--flush-log-file", "--all"}) {
    EXPECT_TRUE(parsed({word}).remarks.empty()) << word;
  }
  for (const char* word : {"-r", "-c", "-b"}) EXPECT_TRUE(parsed({word, "/run/x.pid"}).remarks.empty()) << word;
}

TEST(Options, what_baton_does_without_is_accepted_and_said) {  // an old DAEMON_ARGS must not stop the start
  for (const char* word : {"-g", "-gx.log", "--log-file=x.log", "-m", "--core-dump", "-M", "-Mcore.%p", "-L", "-O",
                           "--perf", "--debug", "--debug=x", "--no-mem-check", "--config-fd=5", "stray"}) {
    const Options options = parsed({word, "-D"});
    EXPECT_EQ(options.remarks.size(), 1U) << word;
    EXPECT_EQ(options.mode, Mode::run) << word;
    EXPECT_TRUE(options.detail) << word;
  }
  EXPECT_EQ(parsed({"-u", "09"}).remarks.size(), 1U);
  EXPECT_FALSE(parsed({"-u", "09"}).file_mask);
}

TEST(Options, snmp_is_asked_for) {
  EXPECT_TRUE(parsed({"-x"}).snmp);
  EXPECT_TRUE(parsed({"--snmp"}).snmp);
  EXPECT_EQ(parsed({"--snmp-agent-socket=unix:/x"}).agent_socket, "unix:/x");
  EXPECT_EQ(parsed({"-A", "tcp:1.2.3.4:705"}).agent_socket, "tcp:1.2.3.4:705");
  EXPECT_FALSE(parsed({}).snmp);
}

TEST(Options, checks_alone_mean_no_vrrp) {
  EXPECT_FALSE(parsed({"-C"}).vrrp);
  EXPECT_TRUE(parsed({"-C"}).balancing);
  EXPECT_FALSE(parsed({"-P"}).balancing);
  EXPECT_TRUE(parsed({}).balancing);
  EXPECT_TRUE(parsed({"-C", "-P"}).vrrp);
  EXPECT_TRUE(parsed({"-P"}).vrrp);
}

TEST(Options, what_cannot_be_meant_is_refused_with_a_hint) {
  EXPECT_EQ(refusal({"-f"}), "option '-f' needs a value");
  EXPECT_EQ(refusal({"--nonsense"}), "unknown option '--nonsense'");
  EXPECT_EQ(refusal({"-S", "local8"}), "log facility 'local8': use 0-7, local0-local7, user or daemon");
  EXPECT_EQ(
      refusal({"-t", "baton.conf"}),
      "unexpected argument 'baton.conf'; a file is named with -f baton.conf, the output of a test with -tFILE (no "
      "blank)");
}

TEST(Options, help_names_every_long_option_of_its_own) {
  for (const char* word : {"--strict", "--run-directory", "--clean-up", "--no-real-time", "--keepalived-exit-codes",
                           "--ignore-sigint", "--signum"}) {
    EXPECT_NE(help_text().find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace baton::daemon
