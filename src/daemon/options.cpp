#include "daemon/options.h"

#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/version.h"

namespace baton::daemon {

namespace {

// Options without a letter of their own.
enum Long : int {
  strict = 256,
  signum,
  no_real_time,
  keepalived_exit_codes,
  ignore_sigint,
  run_directory,
  state_directory,
  clean_up,
  flush_log_file,
  all,
  config_fd,
  perf,
  debug,
  no_mem_check,
  http,
  http_token_file,
  control_group,
  runner,
  runner_service
};

constexpr std::array long_options{
    option{"use-file", required_argument, nullptr, 'f'},
    option{"vrrp", no_argument, nullptr, 'P'},
    option{"check", no_argument, nullptr, 'C'},
    option{"no_bfd", no_argument, nullptr, 'B'},
    option{"log-console", no_argument, nullptr, 'l'},
    option{"log-detail", no_argument, nullptr, 'D'},
    option{"log-facility", required_argument, nullptr, 'S'},
    option{"flush-log-file", no_argument, nullptr, Long::flush_log_file},
    option{"no-syslog", no_argument, nullptr, 'G'},
    option{"dont-release-vrrp", no_argument, nullptr, 'V'},
    option{"dont-release-ipvs", no_argument, nullptr, 'I'},
    option{"dont-respawn", no_argument, nullptr, 'R'},
    option{"dont-fork", no_argument, nullptr, 'n'},
    option{"dump-conf", no_argument, nullptr, 'd'},
    option{"pid", required_argument, nullptr, 'p'},
    option{"vrrp_pid", required_argument, nullptr, 'r'},
    option{"checkers_pid", required_argument, nullptr, 'c'},
    option{"bfd_pid", required_argument, nullptr, 'b'},
    option{"address-monitoring", no_argument, nullptr, 'a'},
    option{"config-id", required_argument, nullptr, 'i'},
    option{"signum", required_argument, nullptr, Long::signum},
    option{"config-test", optional_argument, nullptr, 't'},
    option{"version", no_argument, nullptr, 'v'},
    option{"help", no_argument, nullptr, 'h'},
    option{"all", no_argument, nullptr, Long::all},
    option{"log-file", optional_argument, nullptr, 'g'},
    option{"umask", required_argument, nullptr, 'u'},
    option{"release-vips", no_argument, nullptr, 'X'},
    option{"genhash", no_argument, nullptr, 'T'},
    option{"namespace", required_argument, nullptr, 's'},
    option{"all-config", no_argument, nullptr, 'e'},
    option{"snmp", no_argument, nullptr, 'x'},
    option{"snmp-agent-socket", required_argument, nullptr, 'A'},
    option{"core-dump", no_argument, nullptr, 'm'},
    option{"core-dump-pattern", optional_argument, nullptr, 'M'},
    option{"config-fd", required_argument, nullptr, Long::config_fd},
    option{"perf", optional_argument, nullptr, Long::perf},
    option{"debug", optional_argument, nullptr, Long::debug},
    option{"no-mem-check", no_argument, nullptr, Long::no_mem_check},
    option{"mem-check-log", no_argument, nullptr, 'L'},
    option{"openssl-mem-check", no_argument, nullptr, 'O'},
    option{"strict", no_argument, nullptr, Long::strict},
    option{"run-directory", required_argument, nullptr, Long::run_directory},
    option{"state-directory", required_argument, nullptr, Long::state_directory},
    option{"clean-up", no_argument, nullptr, Long::clean_up},
    option{"no-real-time", no_argument, nullptr, Long::no_real_time},
    option{"keepalived-exit-codes", no_argument, nullptr, Long::keepalived_exit_codes},
    option{"ignore-sigint", no_argument, nullptr, Long::ignore_sigint},
    option{"http", required_argument, nullptr, Long::http},
    option{"http-token-file", required_argument, nullptr, Long::http_token_file},
    option{"control-group", required_argument, nullptr, Long::control_group},
    option{"runner", no_argument, nullptr, Long::runner},
    option{"runner-service", required_argument, nullptr, Long::runner_service},
    option{nullptr, 0, nullptr, 0},
};
constexpr const char* short_options = ":f:PCBlDS:g::Gu:XVIRndp:r:c:b:Tas:ei:xA:mM::LOt::vh";

// syslog(3) facilities by the names and numbers of -S.
std::optional<int> facility_number(std::string_view text) {
  constexpr int local0 = 16;
  if (text == "user") return 1;
  if (text == "daemon") return 3;
  if (text.starts_with("local")) text.remove_prefix(5);
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '7') return local0 + (text[0] - '0');
  return std::nullopt;
}

// Why an option of keepalived has no effect here; empty where there is nothing to miss.
std::string_view remark_on(int letter) {
  switch (letter) {
    case 'g': return "-g: there is no log file; read the journal: journalctl -u baton";
    case 'm':
    case 'M': return "-m, -M: core dumps are the system's business; set LimitCORE=infinity in the unit";
    case Long::config_fd: return "--config-fd is between keepalived's own processes";
    case Long::perf:
    case Long::debug:
    case Long::no_mem_check:
    case 'L':
    case 'O': return "--perf, --debug and the memory checks are for builds of keepalived";
    default: return {};
  }
}

// Through a link, by whatever path.
bool is_keepalived(std::string_view called) {
  return called.substr(called.rfind('/') + 1) == "keepalived";
}

// As strtoul(3) reads a mask: 0177, 0x7f, 127.
std::optional<unsigned> parse_mask(const char* text) {
  char* end = nullptr;
  const unsigned long mask = std::strtoul(text, &end, 0);
  if (end == text || *end != '\0' || mask > 0777) return std::nullopt;
  return static_cast<unsigned>(mask);
}

// "9650", "127.0.0.1:9650", "[::1]:9650".
std::optional<TcpAddress> parse_tcp_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = colon == text.npos ? "127.0.0.1" : text.substr(0, colon);
  const std::string_view digits = colon == text.npos ? text : text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (!address || error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return TcpAddress{.address = *address, .port = port};
}

}  // namespace

std::expected<Options, UsageError> parse_options(std::span<char* const> arguments) {
  Options options;
  if (!arguments.empty()) options.as_keepalived = is_keepalived(arguments.front());
  if (options.as_keepalived) {
    options.keepalived_exit_codes = true;
    options.configuration = "/etc/keepalived/keepalived.conf";
  }
  opterr = 0;
  optind = 0;  // a fresh scan, whatever was scanned before (getopt(3), GNU)
  const int count = static_cast<int>(arguments.size());
  char* const* vector = arguments.data();
  bool wants_vrrp = false;
  bool wants_checks = false;
  for (;;) {
    const int letter = ::getopt_long(count, vector, short_options, long_options.data(), nullptr);
    if (letter == -1) break;
    switch (letter) {
      case 'f': options.configuration = optarg; break;
      case 'l': options.console = true; break;
      case 'D': options.detail = true; break;
      case 'G': options.syslog = false; break;
      case 'V': options.keep_addresses = true; break;
      case 'R': options.respawn = false; break;
      case 'n': options.foreground = true; break;
      case 'p': options.pid_file = optarg; break;
      case 'r': options.worker_pid_file = optarg; break;
      case 'i': options.config_id = optarg; break;
      case 'v': options.mode = Options::Mode::version; break;
      case 'h': options.mode = Options::Mode::help; break;
      case 't':
        options.mode = Options::Mode::test;
        if (optarg != nullptr) options.test_output = optarg;
        break;
      case 'S': {
        const auto facility = facility_number(optarg);
        if (!facility) {
          return std::unexpected(
              UsageError{fmt::format("log facility '{}': use 0-7, local0-local7, user or daemon", optarg)});
        }
        options.facility = *facility;
        break;
      }
      case Long::strict: options.strict = true; break;
      case Long::run_directory:
        options.run_directory = optarg;
        options.has_run_directory = true;
        break;
      case Long::state_directory:
        options.state_directory = optarg;
        options.has_state_directory = true;
        break;
      case Long::clean_up: options.mode = Options::Mode::clean_up; break;
      case Long::no_real_time: options.real_time = false; break;
      case Long::keepalived_exit_codes: options.keepalived_exit_codes = true; break;
      case Long::ignore_sigint: options.ignore_sigint = true; break;
      case Long::http: {
        options.http = parse_tcp_address(optarg);
        if (!options.http) {
          return std::unexpected(UsageError{fmt::format(
              "--http '{}': a port, or a loopback address and a port: 9650, 127.0.0.1:9650, [::1]:9650", optarg)});
        }
        break;
      }
      case Long::http_token_file: options.http_token_file = optarg; break;
      case Long::control_group: options.control_group = optarg; break;
      case Long::runner: options.mode = Options::Mode::runner; break;
      case Long::runner_service: options.runner_service = optarg; break;
      case Long::signum:
        options.mode = Options::Mode::signal_number;
        options.signal_name = optarg;
        break;
      case 'e': options.include_check = true; break;
      case 's': options.network_namespace = optarg; break;
      case 'u':
        options.file_mask = parse_mask(optarg);
        if (!options.file_mask) {
          options.remarks.push_back(fmt::format("-u '{}' is no mask (0 to 0777); the configuration's is used", optarg));
        }
        break;
      case 'P': wants_vrrp = true; break;
      case 'C': wants_checks = true; break;
      case 'T':
        return std::unexpected(UsageError{"genhash is not part of Baton; for a page's digest: curl -s URL | md5sum"});
      case 'I': options.keep_services = true; break;
      case 'B': options.bfd = false; break;
      // keepalived's habits that need no switch here: -X is always so, -c and -b are pid files of none that have one.
      case 'X':
      case 'd':
      case 'c':
      case 'b':
      case 'a':
      case Long::all:
      case Long::flush_log_file: break;
      case 'x': options.snmp = true; break;
      case 'A': options.agent_socket = optarg; break;
      case 'g':
      case 'm':
      case 'M':
      case 'L':
      case 'O':
      case Long::config_fd:
      case Long::perf:
      case Long::debug:
      case Long::no_mem_check: options.remarks.emplace_back(remark_on(letter)); break;
      case ':': return std::unexpected(UsageError{fmt::format("option '{}' needs a value", vector[optind - 1])});
      default: return std::unexpected(UsageError{fmt::format("unknown option '{}'", vector[optind - 1])});
    }
  }
  options.vrrp = wants_vrrp || !wants_checks;
  options.balancing = wants_checks || !wants_vrrp;
  if (optind < count) {
    const std::string text = fmt::format(
        "unexpected argument '{0}'; a file is named with -f {0}, the output of a test with -tFILE (no blank)",
        vector[optind]);
    // keepalived starts all the same, and so must a unit that was written for it.
    if (options.mode != Options::Mode::run) return std::unexpected(UsageError{text});
    options.remarks.push_back(text);
  }
  if (options.configuration.empty()) options.configuration = default_configuration();
  return options;
}

std::string Options::name() const {
  std::string name;
  for (const std::string& part : {network_namespace, instance}) {
    if (!part.empty()) name += "_" + part.substr(part.rfind('/') + 1);
  }
  return name;
}

void settle_paths(Options& options) {
  const std::string name = options.name();
  if (!options.has_run_directory && !name.empty()) options.run_directory += "/" + name.substr(1);
  if (!options.has_state_directory && !name.empty()) options.state_directory += "/" + name.substr(1);
  if (options.as_keepalived) {
    const std::string folder = name.empty() ? "/run/" : "/run/keepalived/";
    if (options.pid_file.empty()) options.pid_file = fmt::format("{}keepalived{}.pid", folder, name);
    if (options.worker_pid_file.empty()) options.worker_pid_file = fmt::format("{}vrrp{}.pid", folder, name);
  }
  if (options.pid_file.empty()) options.pid_file = options.run_directory + "/batond.pid";
}

std::string default_configuration() {
  constexpr const char* own = "/etc/baton/baton.conf";
  constexpr const char* inherited = "/etc/keepalived/keepalived.conf";
  return ::access(own, F_OK) != 0 && ::access(inherited, F_OK) == 0 ? inherited : own;
}

std::string help_text() {
  return
      R"(Usage: batond [OPTION...]
Passes a virtual IP between servers (VRRP); reads keepalived.conf.

  -f, --use-file FILE        configuration (/etc/baton/baton.conf, else /etc/keepalived/keepalived.conf)
  -t, --config-test[=FILE]   read the configuration, say what is wrong with it (to FILE), exit
      --strict               refuse a configuration that has warnings
  -n, --dont-fork            stay in the foreground
  -l, --log-console          log to stderr too (with -n)
  -D, --log-detail           more messages
  -G, --no-syslog            no journal, no syslog
  -S, --log-facility NAME    0-7, local0-local7, user, daemon
  -i, --config-id ID         for lines that begin with @ID (host name up to its first dot)
  -p, --pid FILE             pid file
  -r, --vrrp_pid FILE        pid file of the VRRP worker
      --run-directory DIR    control socket and pid file (/run/baton)
      --state-directory DIR  what outlives a restart: a maintenance (/var/lib/baton)
  -V, --dont-release-vrrp    keep the addresses when stopping
  -I, --dont-release-ipvs    keep the services of virtual servers when stopping
  -P, --vrrp                 VRRP alone, no virtual servers
  -C, --check                virtual servers alone, no VRRP
  -B, --no_bfd               no BFD: sessions are down
  -R, --dont-respawn         end when a worker dies
      --clean-up             take the addresses of the configuration off this machine, exit (ExecStopPost)
  -e, --all-config           every problem of an include is an error
  -u, --umask MASK           for files and scripts, before the configuration's umask
  -s, --namespace NAME       work in this network namespace (ip netns)
  -x, --snmp                 all that is asked for by enable_snmp_vrrp and enable_snmp_rfc
  -A, --snmp-agent-socket ADDRESS  of the SNMP master agent, before the configuration's snmp_socket
      --control-group GROUP  may read through the control socket (root alone may write)
      --http [ADDRESS:]PORT  serve the API, the metrics and the web page on this loopback address too, to be read
      --http-token-file FILE whoever has this token may write through it
      --runner-service SOCKET  scripts run there, outside our sandbox (baton-runner.socket)
      --no-real-time         no real-time scheduling for the VRRP worker
      --keepalived-exit-codes  exit codes of -t as keepalived has them
      --ignore-sigint        SIGINT does not stop
      --signum NAME          print the number of signal STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON
  -v, --version   -h, --help

Exit codes: 0 stopped in order, or the file is sound; 1 usage or system error; 2 the configuration has errors;
4 permission; 6 the configuration cannot be read.
Ask a running daemon: baton status
)";
}

// The version of keepalived whose keywords, counters and signals Baton has; scripts look for what a version can do.
std::string version_text(const Options& options) {
  if (!options.as_keepalived) return fmt::format("Baton v{}\n", version);
  // Roles of configuration management take what stands before the last blank of the line for the version.
  return fmt::format("Keepalived v2.4.3 (Baton/{0})\n\nThis is Baton v{0} in the place of keepalived: man 8 batond\n",
                     version);
}

std::string log_identifier(const Options& options, std::string_view role) {
  if (!options.as_keepalived) return std::string(role) + options.name();
  if (role == "batond") return "Keepalived" + options.name();
  return fmt::format("Keepalived_{}{}", role.substr(role.find('-') + 1),
                     options.name());  // keepalived has no other of these than vrrp
}

}  // namespace baton::daemon
