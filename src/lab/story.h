// Tells what happens in a lab: a line an event, a table at the end, or one JSON document. On a terminal in colour and
// with a line at the bottom that shows who has the address now.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/director.h"
#include "lab/lab.h"

namespace baton::lab {

enum class LogDetail : std::uint8_t { states, all };  // which of the daemons' own lines are shown

struct StoryOptions {
  bool colour = false;
  bool live = false;   // a terminal: the bottom line is redrawn
  bool quiet = false;  // nothing until the end (--json)
  LogDetail log = LogDetail::states;
};

class Story {
 public:
  Story(const Topology& topology, std::vector<Daemon> daemons, StoryOptions options);

  void introduce();
  void on_scene(const std::string& title);
  void on_event(const Event& event);
  void on_row(const Row& row);
  void show_live(const Lab& lab);
  void print_table(const std::vector<Row>& rows);
  void note(const std::string& text);

 private:
  std::string paint(std::string_view code, const std::string& text) const;
  std::string node_name(NodeId node) const;
  std::string verdict(const Row& row) const;
  void print(const std::string& line);
  void clear_live();

  const Topology& topology_;
  std::vector<Daemon> daemons_;
  StoryOptions options_;
  Instant scene_start_;
  std::size_t live_width_ = 0;
};

// The table for people; no colour. PURE.
std::string render_table(const std::vector<Row>& rows, const Topology& topology);
nlohmann::json to_json(const std::vector<Row>& rows, const std::vector<Event>& events, const Topology& topology,
                       const std::vector<Daemon>& daemons);

}  // namespace baton::lab
