#include "daemon/tls_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "checker/tls.h"
#include "checker/tls_wishes.h"

namespace baton::daemon {

namespace {

FileIdentity identity_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) < 0) return {.path = path};
  return {.path = path,
          .exists = true,
          .device = found.st_dev,
          .inode = found.st_ino,
          .size = found.st_size,
          .changed_s = found.st_mtim.tv_sec,
          .changed_ns = found.st_mtim.tv_nsec};
}

}  // namespace

std::vector<FileIdentity> tls_files(const std::vector<ListedCheck>& checks,
                                    const std::optional<config::CheckTls>& tls) {
  bool speaks_tls = false;
  bool verifies = false;
  for (const ListedCheck& listed : checks) {
    const auto wishes = checker::tls_wishes_of(listed.check, 0);
    speaks_tls |= wishes.has_value();
    verifies |= wishes && wishes->verify;
  }
  if (!speaks_tls) return {};
  std::vector<std::string> paths;
  if (tls) paths = {tls->ca_file, tls->certificate_file, tls->key_file};
  std::erase(paths, std::string());
  if (verifies && (!tls || tls->ca_file.empty()))
    std::ranges::copy(checker::authority_files(), std::back_inserter(paths));
  std::vector<FileIdentity> files;
  for (const std::string& path : paths) files.push_back(identity_of(path));
  return files;
}

}  // namespace baton::daemon
