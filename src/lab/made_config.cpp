#include "lab/made_config.h"

#include "base/result.h"
#include "config/file_reader.h"
#include "config/load.h"

namespace baton::lab {
namespace {

// One file, whatever its path, on a machine we know nothing of.
class OneFile : public config::FileReader {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  std::expected<std::string, config::FileError> read(const std::string&) override { return text_; }
  std::expected<std::vector<std::string>, config::FileError> glob(const std::string&) override {
    return std::vector<std::string>();
  }
  config::ProgramState program(const std::string&) override { return config::ProgramState::unknown; }
  std::optional<bool> has_user(const std::string&) override { return std::nullopt; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  std::string working_directory() override { return "/"; }
  std::string host_name() override { return "lab"; }

 private:
  std::string text_;
};

}  // namespace

std::expected<std::unique_ptr<Lab>, LabError> open_made_lab(const std::vector<MadeNode>& nodes, LabOptions options) {
  std::vector<NodeInput> inputs;
  for (const MadeNode& node : nodes) {
    OneFile reader(node.config);
    config::LoadResult loaded = config::load(node.name + ".conf", reader);
    if (!loaded.ok) return std::unexpected(LabError{config::report(loaded), ""});
    inputs.push_back({.name = node.name, .configuration = std::move(loaded.configuration)});
    options.nodes.push_back({.daemon = node.daemon,
                             .config_path = "",
                             .config_text = node.config,
                             .has_web = node.has_web,
                             .log_to_syslog = node.log_to_syslog});
  }
  auto opened = Lab::open(TRY(plan_topology(inputs)), std::move(options));
  if (!opened) return std::unexpected(LabError{to_string(opened.error()), ""});
  return std::move(*opened);
}

}  // namespace baton::lab
