// batond's command line: keepalived's options and meaning where both have them (docs/man/batond.8), and our own.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace baton::daemon {

struct TcpAddress {
  IpAddress address;
  std::uint16_t port = 0;

  bool operator==(const TcpAddress&) const = default;
};

struct Options {
  enum class Mode { run, test, clean_up, runner, version, help, signal_number };

  Mode mode = Mode::run;
  bool as_keepalived = false;  // called by that name: its places, its words, its exit codes
  std::string configuration;   // -f; empty: default_configuration()
  std::string run_directory = "/run/baton";
  // What a later life needs to know to undo what this one did.
  std::string settings_record() const { return run_directory + "/settings"; }
  std::string control_socket() const { return run_directory + "/control.sock"; }
  std::string state_directory = "/var/lib/baton";  // what outlives a restart of the machine
  std::string maintenance_file() const { return state_directory + "/maintenance.json"; }
  std::string firewall_marker() const { return run_directory + "/nftables"; }
  std::string pid_file;         // -p; empty until settle_paths(): RUN_DIRECTORY/batond.pid, /run/keepalived.pid
  std::string name() const;     // of this daemon among others here: its namespace and instance, "_blue_2"
  std::string worker_pid_file;  // -r; empty until settle_paths(): none, /run/vrrp.pid
  // What a reload_file without a name means.
  std::string reload_marker() const { return (as_keepalived ? "/run" : run_directory) + "/keepalived.reload"; }
  std::string config_id;               // -i; empty: host name up to its first dot
  std::string test_output;             // -tFILE: diagnostics go there, appended
  std::string signal_name;             // --signum
  bool foreground = false;             // -n
  bool console = false;                // -l, with -n
  bool syslog = true;                  // -G switches it off
  bool detail = false;                 // -D
  int facility = 3;                    // -S
  bool include_check = false;          // -e: every include problem is an error
  bool vrrp = true;                    // -C without -P: no vrrp_instance is carried out
  bool balancing = true;               // -P without -C: no virtual_server is
  bool bfd = true;                     // -B: no bfd_instance is spoken with
  std::optional<unsigned> file_mask;   // -u
  std::string network_namespace;       // -s, else net_namespace
  int first_network_namespace = -1;    // where we were started, once another one was entered; open until the end
  std::string instance;                // `instance`
  bool has_run_directory = false;      // --run-directory was given, and stays as it is
  bool has_state_directory = false;    // --state-directory likewise
  bool strict = false;                 // --strict: a warning refuses the file
  bool keep_addresses = false;         // -V --dont-release-vrrp
  bool keep_services = false;          // -I --dont-release-ipvs
  bool respawn = true;                 // -R --dont-respawn
  bool ignore_sigint = false;          // --ignore-sigint
  bool real_time = true;               // --no-real-time
  bool keepalived_exit_codes = false;  // --keepalived-exit-codes
  bool snmp = false;                   // -x: every part of the MIBs
  std::string agent_socket;            // -A, before snmp_socket
  std::optional<TcpAddress> http;      // --http: where the control API also listens
  std::string http_token_file;         // --http-token-file: what allows to write through it
  std::string runner_service;          // --runner-service: where runners can be had that live outside our sandbox
  // A service knows no network namespace: there scripts are run by a child of ours.
  bool has_runner_service() const { return !runner_service.empty() && network_namespace.empty(); }
  std::string control_group;         // --control-group: may connect to the control socket, and read
  std::vector<std::string> remarks;  // what was given and has no effect, one sentence each
};

struct UsageError {
  std::string message;
};

std::expected<Options, UsageError> parse_options(std::span<char* const> arguments);

// Where this daemon's files are: below /run/baton in a directory of its name, where it has one, so that several can run
// on one machine.
void settle_paths(Options& options);
// The name of a role in the log: "baton-vrrp", as keepalived "Keepalived_vrrp".
std::string log_identifier(const Options& options, std::string_view role);

// /etc/baton/baton.conf, or /etc/keepalived/keepalived.conf where there is none.
std::string default_configuration();

std::string help_text();
std::string version_text(const Options& options);

// Exit codes of batond, documented in its manual page.
namespace exit_code {

inline constexpr int success = 0;
inline constexpr int failure = 1;        // a bad option; a system call that must not fail did
inline constexpr int configuration = 2;  // the file has errors (with --strict also warnings): not started
inline constexpr int missing_file = 6;   // the file does not exist or cannot be read
inline constexpr int permission = 4;     // not root, no raw socket

}  // namespace exit_code

}  // namespace baton::daemon
