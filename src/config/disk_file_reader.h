// The real file system behind a FileReader: regular files only, and never more than limits::file_bytes of one.
// Remembers the accounts it has asked for: make one for each configuration.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "config/file_reader.h"

namespace baton::config {

// Where accounts are looked up. A directory service may keep its asker waiting for as long as it likes.
enum class Accounts { local, all };

class DiskFileReader : public FileReader {
 public:
  // local: whom /etc/passwd does not name is not known; all: the system is asked, until it fails to
  // answer or limits::accounts names were asked for.
  explicit DiskFileReader(Accounts accounts = Accounts::all) : accounts_(accounts) {}

  // For a reload: /etc/passwd is read anew, and of all others what is known by now is known; nobody is asked.
  void keep_to_known_accounts() {
    accounts_ = Accounts::local;
    has_read_local_users_ = false;
  }

  std::expected<std::string, FileError> read(const std::string& path) override;
  std::optional<bool> is_private(const std::string& path) override;
  std::expected<std::vector<std::string>, FileError> glob(const std::string& pattern) override;
  ProgramState program(const std::string& name) override;
  std::optional<bool> has_user(const std::string& name) override;
  std::optional<std::string> environment(const std::string& name) override;
  std::string working_directory() override;
  std::string host_name() override;

 private:
  void read_local_users();
  std::optional<bool> ask_for_user(const std::string& name);

  Accounts accounts_;
  bool has_read_local_users_ = false;
  std::map<std::string, std::optional<bool>> users_;  // a name is asked for once
  std::size_t asked_ = 0;
};

}  // namespace baton::config
