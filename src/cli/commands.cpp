#include "cli/commands.h"

#include "cli/check_command.h"
#include "cli/completion_command.h"
#include "cli/digest_command.h"
#include "cli/doctor_command.h"
#include "cli/drain_command.h"
#include "cli/events_command.h"
#include "cli/handover_command.h"
#include "cli/help_text.h"
#include "cli/keywords_command.h"
#include "cli/lab_command.h"
#include "cli/maintenance_command.h"
#include "cli/plan_command.h"
#include "cli/reload_command.h"
#include "cli/replay_command.h"
#include "cli/status_command.h"
#include "cli/watch_command.h"
#include "cli/why_command.h"
#include "command_line/command_line.h"

namespace baton::cli {

void add_commands(command_line::Program& program, int& exit_code) {
  program.set_help("this help", help_text);
  add_status_command(program, exit_code);
  add_why_command(program, exit_code);
  add_watch_command(program, exit_code);
  add_events_command(program, exit_code);
  add_handover_command(program, exit_code);
  add_maintenance_command(program, exit_code);
  add_drain_commands(program, exit_code);
  add_reload_command(program, exit_code);
  add_keywords_command(program, exit_code);
  add_check_command(program, exit_code);
  add_digest_command(program, exit_code);
  add_doctor_command(program, exit_code);
  add_lab_command(program, exit_code);
  add_plan_command(program, exit_code);
  add_replay_command(program, exit_code);
  add_completion_command(program, exit_code);
}

}  // namespace baton::cli
