// How long a takeover takes, and what it takes to cause one by mistake.
#include <fmt/format.h>

#include "check/file_rules.h"

namespace baton::check {
namespace {

using namespace std::chrono_literals;
using config::Instance;

constexpr Duration patient = 10s;  // clients give up about then
constexpr Duration hasty = 50ms;   // a busy virtual machine stands still for longer now and then

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void check_instance(const CheckedFile& file, const Instance& instance, Report& report) {
  const Duration patience = instance.advert_interval * static_cast<int>(instance.down_timer_adverts);
  if (instance.down_timer_adverts == 1) {
    report.add("one-lost-advert", file, file.keyword(instance.place, "down_timer_adverts"),
               fmt::format("{} takes over as soon as a single advert is late or lost", instance.name),
               "write down_timer_adverts 3, or 2 at least");
  }
  if (patience > patient) {
    report.add("slow-takeover", file, file.keyword(instance.place, "advert_int"),
               fmt::format("when the master dies, {} takes over after {:g} s", instance.name, seconds(patience)),
               "shorten advert_int, on all nodes alike");
  } else if (patience <= 3 * hasty) {
    report.add("fast-adverts", file, file.keyword(instance.place, "advert_int"),
               fmt::format("a pause of {:g} s moves the addresses of {}: a busy or a virtual machine makes such pauses",
                           seconds(patience), instance.name),
               "keep real-time scheduling on (vrrp_rt_priority), or lengthen advert_int on all nodes alike");
  }
}

}  // namespace

void check_timers(const CheckedFile& file, Report& report) {
  for (const Instance& instance : file.configuration().instances) check_instance(file, instance, report);
}

// Announcements that are held back (vrrp_garp_interval) come late to the last address.
void check_announcements(const CheckedFile& file, Report& report) {
  constexpr Duration late = 3s;  // as long as a takeover itself
  const config::Globals& globals = file.configuration().globals;
  const auto check = [&](Duration interval, std::string_view keyword, Family family) {
    if (interval == Duration{}) return;
    for (const Instance& instance : file.configuration().instances) {
      int count = 0;
      for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
        for (const config::VirtualAddress& address : *list) count += address.address.address.family() == family ? 1 : 0;
      }
      if (interval * count <= late) continue;
      report.add("slow-announcements", file, file.loaded.keyword_places.of_global(keyword),
                 fmt::format("{} addresses of {}, {:g} s apart: the last is announced {:g} s after the takeover", count,
                             instance.name, seconds(interval), seconds(interval * count)),
                 fmt::format("lower {}", keyword));
    }
  };
  check(globals.garp_interval, "vrrp_garp_interval", Family::ipv4);
  check(globals.gna_interval, "vrrp_gna_interval", Family::ipv6);
}

}  // namespace baton::check
