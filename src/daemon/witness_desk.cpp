#include "daemon/witness_desk.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::daemon {

void WitnessDesk::settle(const vrrp::Node& node, Instant now) {
  if (asking_.empty() && lines_.empty()) return;
  for (auto& [place, line] : lines_) {
    std::erase_if(line.routers, [&](vrrp::RouterId router) { return !node.router(router).asks_witness(); });
  }
  std::erase_if(lines_, [](const auto& line) { return line.second.routers.empty(); });
  for (const vrrp::RouterId router : std::exchange(asking_, {})) {
    if (!node.router(router).asks_witness()) continue;
    for (const IpAddress& witness : setup_.routers[router].witnesses) {
      Line& line = lines_[{witness, setup_.routers[router].interface}];
      line.routers.insert(router);
      line.is_due = true;
    }
  }
  for (auto& [place, line] : lines_) {
    if (std::exchange(line.is_due, false)) ask(place, line, now);
  }
}

// Who cannot be asked does not answer.
void WitnessDesk::ask(const Place& place, Line& line, Instant now) {
  if (!line.socket) open(place, line, now);
  if (!line.socket || line.socket->ask()) return;
  line.readable.reset();  // the interface may be another one now: a new socket the next time
  line.socket.reset();
}

void WitnessDesk::open(const Place& place, Line& line, Instant now) {
  auto opened = kernel::EchoSocket::open(place.first, place.second);
  if (!opened) {
    const std::string text =
        fmt::format("witness {} cannot be asked: {}", to_string(place.first), to_string(opened.error()));
    if (const auto silent = told_.allow(to_string(place.first), now)) log_.warning(text + log::more_like_it(*silent));
    return;
  }
  line.socket = std::move(*opened);
  line.readable = loop_.watch(line.socket->fd(), loop::Ready::readable, [this, place] { on_readable(place); });
}

void WitnessDesk::on_readable(const Place& place) {
  const auto found = lines_.find(place);
  if (found == lines_.end() || !found->second.socket || !found->second.socket->hears_answer()) return;
  on_answer_({found->second.routers.begin(), found->second.routers.end()});
}

}  // namespace baton::daemon
