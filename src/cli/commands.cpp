#include "cli/commands.h"

#include <memory>

#include "cli/check_command.h"
#include "cli/completion_command.h"
#include "cli/digest_command.h"
#include "cli/doctor_command.h"
#include "cli/drain_command.h"
#include "cli/events_command.h"
#include "cli/handover_command.h"
#include "cli/help_formatter.h"
#include "cli/keywords_command.h"
#include "cli/lab_command.h"
#include "cli/maintenance_command.h"
#include "cli/plan_command.h"
#include "cli/reload_command.h"
#include "cli/replay_command.h"
#include "cli/status_command.h"
#include "cli/watch_command.h"
#include "cli/why_command.h"

namespace baton::cli {

void add_commands(CLI::App& app, int& exit_code) {
  app.formatter(std::make_shared<HelpFormatter>());  // those that are added take it on
  app.set_help_flag("-h,--help", "this help");
  add_status_command(app, exit_code);
  add_why_command(app, exit_code);
  add_watch_command(app, exit_code);
  add_events_command(app, exit_code);
  add_handover_command(app, exit_code);
  add_maintenance_command(app, exit_code);
  add_drain_commands(app, exit_code);
  add_reload_command(app, exit_code);
  add_keywords_command(app, exit_code);
  add_check_command(app, exit_code);
  add_digest_command(app, exit_code);
  add_doctor_command(app, exit_code);
  add_lab_command(app, exit_code);
  add_plan_command(app, exit_code);
  add_replay_command(app, exit_code);
  add_completion_command(app, exit_code);
}

}  // namespace baton::cli
