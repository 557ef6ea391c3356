// The judge of received adverts. Checks stand in keepalived's order, so that a packet that is wrong in several ways has
// the reason a user of keepalived would find in its log, with one difference: the version is looked at first, because
// the layout of everything behind depends on it.
#include <algorithm>
#include <bitset>
#include <chrono>

#include "base/result.h"
#include "vrrp/advert_codec.h"
#include "vrrp/authentication_header.h"
#include "vrrp/hmac_trailer.h"
#include "vrrp/ipv4_header.h"
#include "vrrp/message_checksum.h"

namespace baton::vrrp {

using enum RejectReason;

namespace {

constexpr auto accepted = std::expected<void, RejectReason>();

std::unexpected<RejectReason> reject(RejectReason reason) {
  return std::unexpected(reason);
}

// Ethernet fills a short frame up to 46 bytes behind its header, and some devices count the filling to the datagram; a
// VLAN tag put in or taken out on the way shifts that by 4. Tolerated by keepalived since 2.3.2.
bool is_padded(std::size_t own_size, std::size_t received) {
  constexpr std::size_t ethernet_minimum = 46;
  constexpr std::size_t tag = 4;
  return own_size < ethernet_minimum && received > own_size && received <= ethernet_minimum + 2 * tag &&
         received % tag == ethernet_minimum % tag;
}

}  // namespace

// A received packet taken apart; the views are parts of the packet's bytes.
struct AdvertCodec::Datagram {
  IpAddress source;
  IpAddress destination;
  std::uint8_t hop_limit = 0;
  bool checksum_verified = false;
  bool old_unicast_checksum = false;  // the only reading its checksum was right in
  std::size_t total_length = 0;       // IPv4: what the header says
  std::size_t own_length = 0;         // what headers, message and trailer need
  std::size_t received = 0;
  ByteView ip_header{};  // IPv4
  ByteView ah_header{};  // or empty
  ByteView message{};    // as long as its address count says, at least its 8 fixed bytes
  ByteView trailer{};    // or empty
  ByteView payload{};    // message and all that follows

  std::uint8_t type() const { return message[0] & 0xf; }
  std::uint8_t vrid() const { return message[1]; }
  std::uint8_t priority() const { return message[2]; }
  std::uint8_t address_count() const { return message[3]; }
  std::uint8_t auth_type() const { return message[4]; }
  ByteView password() const { return message.last(sizeof(Authentication::password)); }  // VRRPv2

  Duration interval(Version version) const {
    if (version == Version::v2) return std::chrono::seconds(message[5]);
    return std::chrono::milliseconds(10) * ((message[4] & 0xf) << 8 | message[5]);
  }
};

std::expected<Advert, RejectReason> AdvertCodec::decode(const ReceivedPacket& packet, WallTime now,
                                                        bool* unlike_addresses) {
  Datagram datagram = TRY(dissect(packet));
  TRY_VOID(check_multicast_hop_limit(datagram));
  TRY_VOID(check_trailer(datagram, now));
  if (parameters_.version == Version::v2) TRY_VOID(check_v2(datagram));
  TRY_VOID(check_interval(datagram));
  if (datagram.type() != spec::type_advertisement) return reject(type);
  TRY_VOID(check_total_length(datagram));
  TRY_VOID(check_checksum(datagram));
  TRY_VOID(check_destination(datagram));
  if (parameters_.ignore_adverts) return reject(owner_ignores);
  const bool is_unlike = !has_our_addresses(datagram);
  if (is_unlike && !parameters_.accept_other_address_lists) return reject(address_list);
  TRY_VOID(check_source(datagram));

  remember(datagram);
  if (unlike_addresses != nullptr) *unlike_addresses = is_unlike;
  return Advert{
      .source = datagram.source, .priority = datagram.priority(), .interval = datagram.interval(parameters_.version)};
}

std::expected<AdvertCodec::Datagram, RejectReason> AdvertCodec::dissect(const ReceivedPacket& packet) const {
  Datagram datagram{.source = packet.source,
                    .destination = packet.destination,
                    .hop_limit = packet.hop_limit,
                    .checksum_verified = packet.checksum_verified,
                    .received = packet.bytes.size(),
                    .payload = packet.bytes};
  if (parameters_.family == Family::ipv4) TRY_VOID(dissect_ipv4(packet.bytes, datagram));
  const ByteView rest = datagram.payload;
  if (rest.size() < spec::message_header_size) return reject(truncated);
  datagram.message = rest.first(spec::message_header_size);
  if (datagram.vrid() != parameters_.vrid) return reject(vrid);
  if (rest[0] >> 4 != static_cast<int>(parameters_.version)) return reject(version);
  if (has_ah() == datagram.ah_header.empty()) return reject(auth_type_mismatch);
  TRY_VOID(measure(datagram));
  return datagram;
}

AdvertCodec::Verdict AdvertCodec::dissect_ipv4(ByteView bytes, Datagram& datagram) {
  ByteReader reader(bytes);
  const Ipv4Header header = Ipv4Header::read(reader);
  if (!reader.ok() || header.version != 4 || header.words < 5) return reject(truncated);
  if (header.words > 5) return reject(ip_options);
  datagram.ip_header = bytes.first(spec::ipv4_header_size);
  if (header.protocol == spec::protocol_ah) datagram.ah_header = reader.take(spec::ah_size);
  datagram.source = header.source;
  datagram.destination = header.destination;
  datagram.hop_limit = header.ttl;
  datagram.total_length = header.total_length;
  datagram.payload = reader.rest();
  return reader.ok() ? accepted : reject(truncated);
}

// How long the message is follows from the address count it announces. What is left must be a trailer or padding.
AdvertCodec::Verdict AdvertCodec::measure(Datagram& datagram) const {
  const ByteView rest = datagram.payload;
  const std::size_t size = message_size(datagram.address_count());
  datagram.own_length = headers_size() + size;
  if (rest.size() < size) return reject(packet_length);
  datagram.message = rest.first(size);
  if (parameters_.hmac && rest.size() == size + spec::hmac_trailer_size) {
    datagram.trailer = rest.subspan(size);
    datagram.own_length += spec::hmac_trailer_size;
    return accepted;
  }
  const bool may_be_padded = parameters_.family == Family::ipv4 && is_padded(datagram.own_length, datagram.received);
  return rest.size() == size || may_be_padded ? accepted : reject(packet_length);
}

AdvertCodec::Verdict AdvertCodec::check_multicast_hop_limit(const Datagram& datagram) const {
  return is_unicast() || datagram.hop_limit == spec::ttl ? accepted : reject(ttl);  // RFC 9568 §7.1
}

AdvertCodec::Verdict AdvertCodec::check_trailer(const Datagram& datagram, WallTime now) {
  if (!parameters_.hmac) return accepted;
  const HmacAuthentication& hmac = *parameters_.hmac;
  if (datagram.trailer.empty()) {
    return hmac.mode == HmacAuthentication::Mode::enforce ? reject(hmac_missing) : accepted;
  }
  const HmacTrailer trailer(datagram.trailer);
  const bool is_timed = hmac.anti_replay == HmacAuthentication::AntiReplay::time;
  if (trailer.scheme != spec::hmac_scheme_sha256 || trailer.reserved != 0) return reject(hmac_malformed);
  if (is_timed && !is_in_window(trailer.time, now, hmac.time_window_seconds)) return reject(hmac_stale);
  KeyedHash* const hash = hmac_hash(trailer.key_id);
  if (hash == nullptr) return reject(hmac_unknown_key);
  const HmacScope scope{.version = parameters_.version, .vrid = parameters_.vrid, .source = datagram.source};
  if (!verify_hmac_trailer(*hash, scope, datagram.message, datagram.trailer)) return reject(hmac_invalid);

  const HeardSender* const sender = memory_.heard.find(datagram.source);
  if (sender == nullptr || sender->hmac_time == 0) return accepted;
  // A mark outside the window guards nothing that the window does not; a sender whose clock was put right may go on.
  if (is_timed && !is_in_window(sender->hmac_time, now, hmac.time_window_seconds)) return accepted;
  return is_later(trailer.time, sender->hmac_time) ? accepted : reject(hmac_replay);
}

AdvertCodec::Verdict AdvertCodec::check_v2(const Datagram& datagram) {
  const Authentication& authentication = parameters_.authentication;
  if (datagram.auth_type() > static_cast<std::uint8_t>(AuthType::ah)) return reject(auth_type_invalid);
  if (datagram.auth_type() != static_cast<std::uint8_t>(authentication.type)) return reject(auth_type_mismatch);
  switch (authentication.type) {
    case AuthType::none: return accepted;
    case AuthType::pass:
      return is_same_secret(datagram.password(), authentication.password) ? accepted : reject(auth_password);
    case AuthType::ah: return check_ah(datagram);
  }
  return accepted;
}

AdvertCodec::Verdict AdvertCodec::check_ah(const Datagram& datagram) {
  const AuthenticationHeader header(datagram.ah_header);
  if (header.next_header != spec::protocol_vrrp || header.payload_length != spec::ah_payload_length ||
      header.security_parameters_index != datagram.source.v4_host_order()) {
    return reject(ah_header);
  }
  if (!verify_authentication_header(*ah_hash_, datagram.ip_header, datagram.ah_header, datagram.message)) {
    return reject(ah_icv);
  }
  const HeardSender* const sender = memory_.heard.find(datagram.source);
  const std::uint32_t mark = sender != nullptr && sender->ah_sequence > 0 ? sender->ah_sequence : memory_.ah_floor;
  return header.sequence > mark ? accepted : reject(ah_replay);
}

AdvertCodec::Verdict AdvertCodec::check_interval(const Datagram& datagram) const {
  const Duration announced = datagram.interval(parameters_.version);
  if (parameters_.version == Version::v2) return announced == parameters_.advert_interval ? accepted : reject(interval);
  // VRRPv3 learns the sender's interval. One of 0 would make the master-down time 0.
  return announced > Duration::zero() ? accepted : reject(interval);
}

AdvertCodec::Verdict AdvertCodec::check_total_length(const Datagram& datagram) const {
  if (parameters_.family == Family::ipv6) return accepted;
  return datagram.total_length == datagram.received || datagram.total_length == datagram.own_length
             ? accepted
             : reject(total_length);
}

AdvertCodec::Verdict AdvertCodec::check_checksum(Datagram& datagram) const {
  const auto with_pseudo_header = [&](ByteView bytes, const IpAddress& to) {
    return pseudo_header_checksum(bytes, datagram.source, to) == 0;
  };
  if (parameters_.family == Family::ipv6) {
    if (datagram.checksum_verified || with_pseudo_header(datagram.payload, datagram.destination)) return accepted;
    return reject(checksum);
  }
  if (message_checksum(datagram.message) == 0) return accepted;
  if (parameters_.version == Version::v2) return reject(checksum);
  if (with_pseudo_header(datagram.message, datagram.destination)) return accepted;
  datagram.old_unicast_checksum =
      is_unicast() && with_pseudo_header(datagram.message, spec::multicast_group(Family::ipv4));
  return datagram.old_unicast_checksum ? accepted : reject(checksum);
}

AdvertCodec::Verdict AdvertCodec::check_destination(const Datagram& datagram) const {
  const bool fits =
      is_unicast() ? !datagram.destination.is_multicast() : datagram.destination == parameters_.multicast_group;
  return fits ? accepted : reject(destination);
}

// The same set, in any order (RFC 9568 §7.1). The usual case is the same order; else each announced address must be
// found once, by bisection, so that a stranger cannot make us compare 255 times 255.
bool AdvertCodec::has_our_addresses(const Datagram& datagram) const {
  const std::vector<IpAddress>& ours = parameters_.addresses;
  if (datagram.address_count() != ours.size()) return false;
  const std::size_t size = parameters_.family == Family::ipv4 ? 4 : 16;
  ByteReader reader(datagram.message.subspan(spec::message_header_size));
  const auto next = [&] { return IpAddress::from_bytes(reader.take(size)); };
  if (std::ranges::all_of(ours, [&](const IpAddress& address) { return address == next(); })) return true;

  reader = ByteReader(datagram.message.subspan(spec::message_header_size));
  std::bitset<spec::addresses_max> found;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const IpAddress address = next();
    const auto place = std::ranges::lower_bound(sorted_addresses_, address);
    if (place == sorted_addresses_.end() || *place != address) return false;
    found.set(static_cast<std::size_t>(place - sorted_addresses_.begin()));
  }
  return found.count() == ours.size();
}

AdvertCodec::Verdict AdvertCodec::check_source(const Datagram& datagram) const {
  if (datagram.source.is_unspecified() || datagram.source.is_multicast()) return reject(not_a_peer);
  if (datagram.source == source_) return reject(own_address);
  if (!is_unicast()) return accepted;
  const auto limits_ttl = [](const UnicastPeer& peer) { return peer.min_ttl > 0 || peer.max_ttl < 255; };
  const bool must_be_peer =
      parameters_.check_unicast_source || parameters_.hmac || std::ranges::any_of(parameters_.peers, limits_ttl);
  const auto peer = std::ranges::find(parameters_.peers, datagram.source, &UnicastPeer::address);
  if (peer == parameters_.peers.end()) return must_be_peer ? reject(not_a_peer) : accepted;
  return datagram.hop_limit >= peer->min_ttl && datagram.hop_limit <= peer->max_ttl ? accepted : reject(ttl);
}

void AdvertCodec::remember(const Datagram& datagram) {
  const HeardSender* const known = memory_.heard.find(datagram.source);
  HeardSender sender = known != nullptr ? *known : HeardSender{.address = datagram.source};
  sender.old_unicast_checksum = datagram.old_unicast_checksum;
  if (!datagram.trailer.empty()) sender.hmac_time = HmacTrailer(datagram.trailer).time;
  if (has_ah()) {
    sender.ah_sequence = AuthenticationHeader(datagram.ah_header).sequence;
    if (memory_.ah_sequence == 0) memory_.ah_floor = sender.ah_sequence;  // a living LAN, heard before we spoke
    memory_.ah_sequence = std::max(memory_.ah_sequence, sender.ah_sequence);
  }
  const auto forgotten = memory_.heard.put(sender);
  if (forgotten) memory_.ah_floor = std::max(memory_.ah_floor, forgotten->ah_sequence);
}

}  // namespace baton::vrrp
