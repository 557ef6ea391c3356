// A line of virtual_routes or static_routes on its way to a route: [TYPE] DESTINATION, and options in any order. The
// grammar is in docs/configuration.md.
#pragma once

#include <optional>
#include <string_view>

#include "config/entry_line.h"

namespace baton::config {

class RouteLine : private EntryLine {
 public:
  RouteLine(const Context& context, NameTables& names, const Statement& line)
      : EntryLine(context, names, line, "route", "bad-route") {}

  // Nothing, reported, when the line cannot be used.
  std::optional<ConfiguredRoute> read();

 private:
  using Option = void (RouteLine::*)();
  struct MetricOption {
    std::string_view name;
    RouteMetric metric;
    std::uint32_t most;
    bool may_be_locked;
  };
  struct TimeOption {
    std::string_view name;
    RouteMetric metric;
    std::uint32_t units_a_millisecond;
  };

  void read_word();
  bool read_type();
  bool read_option();
  bool read_metric();

  void destination(std::string_view text);
  void destination_word();
  void force_family(Family family);
  void family4() { force_family(Family::ipv4); }
  void family6() { force_family(Family::ipv6); }
  void old_default6();
  void preferred_source();
  std::optional<IpAddress> gateway_address();
  void gateway();
  void old_gateway();
  void second_gateway();
  void source();
  void unsupported_as();
  void tos();
  void table();
  void protocol();
  void scope();
  void metric();
  void device();
  void on_link() { route_.nexthop.on_link = true; }
  void encap() { route_.nexthop.encapsulation = encapsulation(); }
  void expires();
  void realms();
  void features();
  void congestion_control();
  void preference();
  void ttl_propagate();
  void vrf();
  void add() { route_.placing = Route::Placing::alone; }
  void prepend() { route_.placing = Route::Placing::prepend; }
  void append() { route_.placing = Route::Placing::append; }
  void no_track() { result_.track = false; }
  void track_group();
  void nexthops();
  std::optional<Nexthop> nexthop();

  Encapsulation encapsulation();
  Encapsulation tunnel(Family family);
  void set_metric(RouteMetric metric, std::uint32_t value);
  bool read_lock(RouteMetric metric);
  std::optional<std::uint32_t> time(std::uint32_t units_a_millisecond);

  // An address that is part of the route: all are of one family.
  bool join(Family family);
  void settle();
  void settle_family();
  void settle_nexthops();
  void check_ipv4();
  void check_ipv6();
  void check_kernel_rules();

  ConfiguredRoute result_;
  Route& route_ = result_.route;
  std::optional<Family> family_;
  bool has_destination_ = false;
  std::optional<IpAddress> second_gateway_;
};

}  // namespace baton::config
