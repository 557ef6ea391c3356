// The rules that look at one file: what loads without a word, here and in keepalived, and does not do what was meant.
#pragma once

#include <span>

#include "check/firewall.h"
#include "check/report.h"

namespace baton::check {

void check_addresses(const CheckedFile& file, Report& report);
void check_announcements(const CheckedFile& file, Report& report);
// Of all files: they are behind these firewalls.
void check_firewalls(std::span<const FirewallText> firewalls, std::span<const CheckedFile> files, Report& report);
void check_mail(const CheckedFile& file, Report& report);
void check_notifications(const CheckedFile& file, Report& report);
void check_priorities(const CheckedFile& file, Report& report);
void check_repeats(const CheckedFile& file, Report& report);
void check_scripts(const CheckedFile& file, Report& report);
void check_sync_groups(const CheckedFile& file, Report& report);
void check_timers(const CheckedFile& file, Report& report);
void check_transport(const CheckedFile& file, Report& report);

}  // namespace baton::check
