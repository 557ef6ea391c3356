#include "vrrp/action.h"

namespace baton::vrrp {

std::string_view name(State state) {
  switch (state) {
    case State::init: return "INIT";
    case State::backup: return "BACKUP";
    case State::master: return "MASTER";
    case State::fault: return "FAULT";
    case State::maintenance: return "MAINTENANCE";
  }
  return "?";
}

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::start: return "start";
    case Reason::master_down: return "master_down";
    case Reason::master_stopped: return "master_stopped";
    case Reason::master_below_us: return "master_below_us";
    case Reason::owner: return "owner";
    case Reason::better_master: return "better_master";
    case Reason::equal_master_higher_address: return "equal_master_higher_address";
    case Reason::handover: return "handover";
    case Reason::stop: return "stop";
    case Reason::tracked_down: return "tracked_down";
    case Reason::tracked_up: return "tracked_up";
    case Reason::link_down: return "link_down";
    case Reason::link_up: return "link_up";
    case Reason::no_source_address: return "no_source_address";
    case Reason::source_address_back: return "source_address_back";
    case Reason::sync_group: return "sync_group";
    case Reason::overslept: return "overslept";
    case Reason::resumed: return "resumed";
    case Reason::configuration: return "configuration";
    case Reason::maintenance: return "maintenance";
    case Reason::maintenance_over: return "maintenance_over";
  }
  return "?";
}

}  // namespace baton::vrrp
