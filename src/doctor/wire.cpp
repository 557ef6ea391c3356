#include "doctor/wire.h"

#include "vrrp/announcement.h"

namespace baton::doctor {

void WireLog::on_frame(const std::string& interface, Origin origin, ByteView frame, WallTime now) {
  if (auto advert = dissect(frame)) return on_advert(interface, origin, std::move(*advert), now);
  if (origin == Origin::here) return;
  const auto answer = vrrp::decode_announcement(frame);
  if (!answer || answers_.size() >= limits::answers) return;
  std::set<MacAddress>& macs = answers_[{interface, answer->address}];
  if (macs.size() < limits::answers) macs.insert(answer->mac);
}

void WireLog::on_advert(const std::string& interface, Origin origin, HeardAdvert advert, WallTime now) {
  const Router router{interface, advert.family, advert.vrid};
  const Key key{router, origin, advert.source, advert.mac, advert.version};
  if (!speakers_.contains(key) && speakers_.size() >= limits::speakers) {
    ++not_shown_;
    return;
  }
  Speaker& speaker = speakers_[key];
  // A goodbye is no claim: who says it hands over, and the next one speaks in its turn.
  if (advert.priority != 0) {
    const auto last = last_.find(router);
    if (last != last_.end() && last->second != key) ++speaker.turns;
    last_[router] = key;
  }
  speaker.interface = interface;
  speaker.origin = origin;
  speaker.advert = std::move(advert);
  speaker.heard_at = now;
  ++speaker.count;
}

void WireLog::take(WireFacts& facts) && {
  for (auto& [key, speaker] : speakers_) facts.speakers.push_back(std::move(speaker));
  for (auto& [key, macs] : answers_) {
    facts.answers.push_back({.interface = key.first, .address = key.second, .macs = std::move(macs)});
  }
  facts.not_shown += not_shown_;
}

}  // namespace baton::doctor
