// From a command of the configuration to what exec(2) needs: user and groups looked up, the file found, the rules of
// enable_script_security applied. Either that or a sentence that says why it cannot run.
#pragma once

#include <sys/types.h>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notify/command.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t known_users = 256;  // answers of the user database that are remembered

}  // namespace limits

// Whom a child runs as.
struct Credentials {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // supplementary

  bool operator==(const Credentials&) const = default;
};

// Why a command is not started.
struct Refusal {
  int code = 0;      // errno, 0 when a rule of ours says no
  std::string text;  // "no such user: nginx"

  bool operator==(const Refusal&) const = default;
};

struct Program {
  enum class Kind { execute, open_to_read, open_to_write };

  Kind kind = Kind::execute;
  std::string path;               // the file that is executed, or opened
  std::vector<std::string> argv;  // as configured
  Credentials credentials;
  std::string warning;  // not empty: it runs, but enable_script_security would refuse it
  // Its user has still to be looked up: what is above is not known yet, and the child resolves this itself.
  struct Unresolved {
    notify::Command command;
    ScriptRules rules;
    std::string search_path;
  };
  std::optional<Unresolved> unresolved{};
};

// An account as commands name it. Names or numbers; empty user: our own credentials; empty group: the user's own.
struct AccountName {
  std::string user;
  std::string group;
  auto operator<=>(const AccountName&) const = default;
};

// Asks the user database, which may be slow (LDAP) or never answer: a matter for a child.
std::expected<Credentials, Refusal> ask_user_database(const AccountName& account);

// Who is known without waiting: those of the local files, and those that a child has found out, until forget(). Who is
// unknown today may be there tomorrow: that is not remembered.
class Users {
 public:
  enum class Groups : std::uint8_t { own, all };  // all: the supplementary ones too, which only the database knows
  std::optional<Credentials> find(const AccountName& account, Groups groups);
  void remember(const AccountName& account, const Credentials& credentials);
  void forget() { known_.clear(); }

 private:
  std::map<AccountName, Credentials> known_;
};

// Waits for nobody: the program of a user that is not known is unresolved.
std::expected<Program, Refusal> resolve(const notify::Command& command, const ScriptRules& rules,
                                        std::string_view search_path, Users& users);

// Who else than root could change what root is about to run: every component of the absolute path, and of what each
// symbolic link on it points to, must belong to root and be writable by nobody else but root's group (keepalived
// accepts that too); directories with the sticky bit excepted. Empty: nobody.
std::string insecurity(const std::string& path);

}  // namespace baton::process
