// batond: reads its command line and its configuration, then becomes the guardian.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>

#include "base/result.h"
#include "base/sys_error.h"
#include "base/version.h"
#include "config/disk_file_reader.h"
#include "config/load.h"
#include "daemon/firewall.h"
#include "daemon/forgetful_memory.h"
#include "daemon/guardian.h"
#include "daemon/last_words.h"
#include "daemon/leftovers.h"
#include "daemon/options.h"
#include "daemon/pid_file.h"
#include "daemon/reload.h"
#include "daemon/runner_service.h"
#include "daemon/setup.h"
#include "daemon/test_verdict.h"
#include "kernel/nft_balance.h"
#include "kernel/process_settings.h"

namespace baton::daemon {
namespace {

config::LoadResult load(const Options& options, config::DiskFileReader& reader) {
  config::LoadResult result =
      config::load(options.configuration, reader,
                   {.strict = options.strict, .config_id = options.config_id, .include_check = options.include_check});
  config::Configuration& configuration = result.configuration;
  if (options.file_mask) configuration.globals.file_mask = *options.file_mask;
  if (!options.network_namespace.empty()) configuration.globals.net_namespace = options.network_namespace;
  config::Snmp& snmp = configuration.globals.snmp;
  if (options.snmp) snmp.vrrp = snmp.rfc_v2 = snmp.rfc_v3 = true;
  if (!options.agent_socket.empty()) snmp.socket = options.agent_socket;
  if (!options.vrrp) {
    configuration.instances.clear();
    configuration.groups.clear();
  }
  if (!options.balancing) configuration.virtual_servers.clear();
  for (config::BfdSession& session : configuration.bfd_sessions) {
    if (!options.bfd) session.neighbor = {};  // as keepalived has it: who tracks it finds it down
  }
  return result;
}

// Something stands in another block than it was meant for.
bool is_astray(const std::vector<config::Diagnostic>& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const config::Diagnostic& each) {
    return each.id == "run-on-block" || each.id == "outside-block";
  });
}

int exit_code_of(const config::LoadResult& result) {
  if (result.ok) return exit_code::success;
  return result.missing_file ? exit_code::missing_file : exit_code::configuration;
}

log::Options log_options(const Options& options) {
  return {.console = options.console && options.foreground,
          .syslog = options.syslog,
          .facility = options.facility,
          .threshold = options.detail ? log::Level::debug : log::Level::info,
          .identifier = log_identifier(options, "batond")};
}

// -t: what is wrong goes to stderr or to the file, the verdict into the exit code.
int test_configuration(const Options& options) {
  config::DiskFileReader reader;
  const config::LoadResult result = load(options, reader);
  const std::string text = config::report(result);
  std::FILE* out = stderr;
  if (!options.test_output.empty()) {
    const int fd = ::open(options.test_output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
    out = fd < 0 ? nullptr : ::fdopen(fd, "a");
    if (out == nullptr) {
      fmt::print(stderr, "batond: {}: {}\n", options.test_output, std::strerror(errno));
      return exit_code::failure;
    }
  }
  fmt::print(out, "{}", text);
  // What only the parts together show, and would stop the start as surely.
  const std::vector<std::string> problems =
      result.ok ? make_setup(result.configuration).problems : std::vector<std::string>();
  for (const std::string& problem : problems) fmt::print(out, "{}: error: {}\n", options.configuration, problem);
  if (options.keepalived_exit_codes && has_open_scripts(result)) {
    fmt::print(out, "{}: scripts run, and enable_script_security is not set: keepalived's -t ends with 6 for that\n",
               options.configuration);
  }
  if (out != stderr) (void)std::fclose(out);
  if (!options.keepalived_exit_codes) return problems.empty() ? exit_code_of(result) : exit_code::configuration;
  return keepalived_test_code(result, !problems.empty(), options.include_check);
}

// A daemon that left its terminal works in /, and reads its configuration again at a reload.
void make_absolute(std::string& path) {
  if (path.empty()) return;
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (!error) path = absolute.string();
}

SysResult<void> enter(Options& options) {
  options.first_network_namespace = TRY(kernel::network_namespace())
  .release();
  return kernel::enter_network_namespace(options.network_namespace);
}

// net_namespace and `instance`, which are fixed at the start.
SysResult<void> settle_place(Options& options, const config::Globals& globals) {
  if (options.network_namespace.empty() && !globals.net_namespace.empty()) {
    options.network_namespace = globals.net_namespace;
    TRY_VOID(enter(options));
  }
  options.instance = globals.instance;
  settle_paths(options);
  for (std::string* path :
       {&options.configuration, &options.pid_file, &options.worker_pid_file, &options.run_directory}) {
    make_absolute(*path);
  }
  return {};
}

// What the configuration of the start decides for those that are read again.
struct FirstReading {
  std::string instance;
  std::string net_namespace;
  std::optional<std::string> net_namespace_ipvs;
  bool is_astray = false;
};

// Why a configuration that was read again cannot follow the first one, beyond what its diagnostics say.
std::vector<std::string> reload_problems(const FirstReading& first, const config::LoadResult& next) {
  std::vector<std::string> problems;
  const config::Globals& globals = next.configuration.globals;
  if (globals.instance != first.instance || globals.net_namespace != first.net_namespace ||
      globals.ipvs.net_namespace != first.net_namespace_ipvs) {
    problems.emplace_back(
        "net_namespace, net_namespace_ipvs and instance cannot change at a reload; start batond anew");
  }
  // It must not take away what a file that is broken while it is edited has lost.
  if (is_astray(next.diagnostics) && !first.is_astray) {
    problems.emplace_back("braces have gone wrong since the start (see above)");
  }
  return problems;
}

NextConfiguration read_again(const Options& options, config::DiskFileReader& reader, const FirstReading& first) {
  reader.keep_to_known_accounts();  // the guardian waits for no directory service
  config::LoadResult read = load(options, reader);
  NextConfiguration next{.setup = nullptr, .diagnostics = read.diagnostics, .dropped = read.dropped, .problems = {}};
  if (!read.ok) return next;
  next.problems = reload_problems(first, read);
  if (!next.problems.empty()) return next;
  auto setup = std::make_unique<Setup>(make_setup(std::move(read.configuration)));
  next.problems = setup->problems;
  if (next.problems.empty()) next.setup = std::move(setup);
  return next;
}

int clean_up_after(Options options) {
  config::DiskFileReader reader;
  const config::LoadResult result = load(options, reader);
  const auto settled = settle_place(options, result.configuration.globals);
  log::Logger log(log_options(options));
  if (!settled) {  // elsewhere the addresses may be somebody's
    log.error(to_string(settled.error()));
    return exit_code::failure;
  }
  const auto managed = read_managed(options.run_directory);
  if (result.missing_file && managed.empty()) {
    log.error(options.configuration + " cannot be read: nothing is known to clean up");
    return exit_code::missing_file;
  }
  // Taken for the time of the work: addresses are not taken off beside a daemon that lives.
  make_directories(options.run_directory);
  const auto pid_file = PidFile::create(options.pid_file);
  if (!pid_file) {
    log.error(pid_file.error().sentence);
    return exit_code::failure;
  }
  // also of a file with errors: what was read may be in place
  clean_up(make_setup(result.configuration), managed, options.settings_record(), log);
  if (!result.configuration.virtual_servers.empty() && !options.keep_services) {
    (void)kernel::NftBalance::remove_table();  // a kernel without nftables has none
  }
  return remove_firewall(options.firewall_marker(), log) == 0 ? exit_code::success : exit_code::failure;
}

int print_signal_number(const std::string& name) {
  const std::map<std::string, int> numbers{
      {"STOP", SIGTERM},     {"RELOAD", SIGHUP}, {"DATA", SIGUSR1}, {"STATS", SIGUSR2}, {"STATS_CLEAR", SIGRTMAX - 1},
      {"JSON", SIGRTMIN + 2}};
  const auto found = numbers.find(name);
  if (found == numbers.end()) {
    fmt::print(stderr, "batond: no signal is called '{}'; there are STOP, RELOAD, DATA, STATS, STATS_CLEAR and JSON\n",
               name);
    return exit_code::failure;
  }
  fmt::print("{}\n", found->second);
  return exit_code::success;
}

// Leaves the terminal; the parent's exit is the caller's sign that the start has begun. True in the daemon.
SysResult<bool> leave_terminal() {
  const pid_t pid = ::fork();
  if (pid < 0) return last_error("fork");
  if (pid != 0) return false;
  (void)::setsid();
  (void)::chdir("/");
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) (void)::dup2(null, fd);
  return true;
}

int run(Options options) {
  make_absolute(options.configuration);
  config::DiskFileReader reader;
  config::LoadResult result = load(options, reader);
  const auto settled = settle_place(options, result.configuration.globals);
  log::Logger log(log_options(options));
  for (const std::string& remark : options.remarks) log.notice(remark);
  if (!settled) {
    log.error(to_string(settled.error()));
    fmt::print(stderr, "batond: {}\n", to_string(settled.error()));
    return exit_code::failure;
  }
  if (!result.ok) {
    fmt::print(stderr, "{}", config::report(result));
    log_diagnostics(result.diagnostics, result.dropped, log);
    log.error(options.configuration + ": not started");
    return exit_code_of(result);
  }
  const config::Globals& globals = result.configuration.globals;
  const FirstReading first{globals.instance, globals.net_namespace, globals.ipvs.net_namespace,
                           is_astray(result.diagnostics)};
  auto setup = std::make_unique<Setup>(make_setup(std::move(result.configuration)));
  for (const std::string& problem : setup->problems) log.error(problem);
  if (!setup->problems.empty()) return exit_code::configuration;
  if (!options.foreground) {
    const auto is_daemon = leave_terminal();
    if (!is_daemon) {
      log.error(to_string(is_daemon.error()));
      return exit_code::failure;
    }
    if (!*is_daemon) return exit_code::success;
  }
  log_diagnostics(result.diagnostics, result.dropped, log);
  result = {};
  forget_stack();
  log.notice(fmt::format("Baton v{} starting with {}", version, options.configuration));
  const int status =
      run_guardian(options, std::move(setup), log_options(options), [&] { return read_again(options, reader, first); });
  log.notice("stopped");
  return status;
}

// -s, before anything asks for an interface.
SysResult<void> enter_namespace(Options& options) {
  using enum Options::Mode;
  if (options.network_namespace.empty() || (options.mode != run && options.mode != clean_up)) return {};
  return enter(options);
}

int main_of(std::span<char* const> arguments) {
  auto options = parse_options(arguments);
  if (!options) {
    fmt::print(stderr, "batond: {}\nTry: batond --help\n", options.error().message);
    return exit_code::failure;
  }
  if (const auto entered = enter_namespace(*options); !entered) {
    fmt::print(stderr, "batond: {}\n", to_string(entered.error()));
    return exit_code::failure;
  }
  switch (options->mode) {
    case Options::Mode::version: fmt::print(stderr, "{}", version_text(*options)); return exit_code::success;
    case Options::Mode::help: fmt::print("{}", help_text()); return exit_code::success;
    case Options::Mode::signal_number: return print_signal_number(options->signal_name);
    case Options::Mode::test: return test_configuration(*options);
    case Options::Mode::clean_up: return clean_up_after(*options);
    case Options::Mode::runner: return serve_as_runner();
    case Options::Mode::run: return run(*options);
  }
  return exit_code::failure;
}

}  // namespace
}  // namespace baton::daemon

int main(int argc, char** argv) {
  return baton::daemon::main_of({argv, static_cast<std::size_t>(argc)});
}
