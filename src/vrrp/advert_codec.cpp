#include "vrrp/advert_codec.h"

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/result.h"
#include "vrrp/authentication_header.h"
#include "vrrp/hmac_trailer.h"
#include "vrrp/ipv4_header.h"
#include "vrrp/message_checksum.h"

namespace baton::vrrp {

IpAddress spec::multicast_group(Family family) {
  return *IpAddress::parse(family == Family::ipv4 ? "224.0.0.18" : "ff02::12");
}

std::expected<AdvertCodec, CodecError> AdvertCodec::make(CodecParameters parameters) {
  if (const auto error = check(parameters)) return std::unexpected(*error);
  return AdvertCodec(std::move(parameters));
}

AdvertCodec::AdvertCodec(CodecParameters parameters) : parameters_(std::move(parameters)) {
  ASSERT(parameters_.addresses.size() <= spec::addresses_max);
  if (parameters_.multicast_group.is_unspecified()) {
    parameters_.multicast_group = spec::multicast_group(parameters_.family);
  }
  sorted_addresses_ = parameters_.addresses;
  std::ranges::sort(sorted_addresses_);
  if (has_ah()) ah_hash_.emplace(KeyedHash::Digest::md5, parameters_.authentication.password);
  if (!parameters_.hmac) return;
  for (const auto& [id, secret] : parameters_.hmac->keys) {
    hmac_keys_.push_back({.id = id, .hash = KeyedHash(KeyedHash::Digest::sha256, secret)});
  }
}

void AdvertCodec::set_source(const IpAddress& source) {
  ASSERT(source.family() == parameters_.family);
  source_ = source;
}

std::vector<OutgoingPacket> AdvertCodec::encode(std::uint8_t priority, Duration interval, WallTime now) {
  std::vector<OutgoingPacket> packets;
  encode_into(priority, interval, now, packets);
  return packets;
}

void AdvertCodec::encode_into(std::uint8_t priority, Duration interval, WallTime now,
                              std::vector<OutgoingPacket>& packets) {
  packets.resize(is_unicast() ? parameters_.peers.size() : 1);
  if (++memory_.ip_identification == 0) ++memory_.ip_identification;  // 0 would let the kernel choose
  if (has_ah() && memory_.ah_sequence < spec::ah_sequence_last) ++memory_.ah_sequence;
  build_message(priority, interval, now);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    packets[i].destination = is_unicast() ? parameters_.peers[i].address : parameters_.multicast_group;
    build_packet(packets[i].destination, packets[i].bytes);
  }
}

namespace {

std::uint8_t interval_in_seconds(Duration interval) {
  const std::int64_t seconds = std::chrono::round<std::chrono::seconds>(interval).count();
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(seconds, 1, 255));
}

std::uint16_t interval_in_centiseconds(Duration interval) {
  const std::int64_t centiseconds =
      std::chrono::round<std::chrono::duration<std::int64_t, std::centi>>(interval).count();
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(centiseconds, 1, 4095));
}

}  // namespace

void AdvertCodec::build_message(std::uint8_t priority, Duration interval, WallTime now) {
  const Authentication& authentication = parameters_.authentication;
  const bool is_v2 = parameters_.version == Version::v2;
  message_.clear();
  ByteWriter writer(message_);
  writer.u8(static_cast<std::uint8_t>(static_cast<int>(parameters_.version) << 4 | spec::type_advertisement));
  writer.u8(parameters_.vrid);
  writer.u8(priority);
  writer.u8(static_cast<std::uint8_t>(parameters_.addresses.size()));
  if (is_v2) {
    writer.u8(static_cast<std::uint8_t>(authentication.type));
    writer.u8(interval_in_seconds(interval));
  } else {
    writer.u16(interval_in_centiseconds(interval));
  }
  writer.u16(0);  // the checksum depends on the destination
  for (const IpAddress& address : parameters_.addresses) writer.bytes(address.bytes());
  if (is_v2 && authentication.type == AuthType::pass) writer.bytes(authentication.password);
  if (is_v2 && authentication.type != AuthType::pass) writer.zeros(authentication.password.size());
  if (!sends_trailer()) return;

  memory_.hmac_time = next_hmac_time(memory_.hmac_time, now, *parameters_.hmac);
  KeyedHash* const hash = hmac_hash(parameters_.hmac->active_key);
  ASSERT(hash != nullptr);  // check() has seen that the active key is one of the keys
  append_hmac_trailer(*hash, {.version = parameters_.version, .vrid = parameters_.vrid, .source = source_},
                      parameters_.hmac->active_key, memory_.hmac_time, message_);
}

void AdvertCodec::build_packet(const IpAddress& destination, Bytes& bytes) {
  bytes.clear();
  ByteWriter writer(bytes);
  if (parameters_.family == Family::ipv4) {
    Ipv4Header{.total_length = static_cast<std::uint16_t>(headers_size() + message_.size()),
               .identification = memory_.ip_identification,
               .ttl = parameters_.ttl,
               .protocol = has_ah() ? spec::protocol_ah : spec::protocol_vrrp,
               .source = source_,
               .destination = destination}
        .write(writer);
    if (has_ah()) write_authentication_header(writer, source_, memory_.ah_sequence);
  }
  const std::size_t begin = writer.size();
  writer.bytes(message_);
  writer.put_u16(begin + spec::checksum_offset, checksum_for(destination, ByteView(bytes).subspan(begin)));
  if (ah_hash_) sign_authentication_header(*ah_hash_, bytes);
}

std::uint16_t AdvertCodec::checksum_for(const IpAddress& destination, ByteView message) const {
  // The trailer is summed over IPv6 alone, where the kernel sums whatever the datagram holds.
  if (parameters_.family == Family::ipv6) return pseudo_header_checksum(message, source_, destination);
  message = message.first(message_size(parameters_.addresses.size()));
  if (parameters_.version == Version::v2) return message_checksum(message);
  const HeardSender* const peer = is_unicast() ? memory_.heard.find(destination) : nullptr;
  if (peer != nullptr && peer->old_unicast_checksum) {
    return pseudo_header_checksum(message, source_, spec::multicast_group(Family::ipv4));
  }
  if (parameters_.checksum_v3 == ChecksumV3::message_only) return message_checksum(message);
  return pseudo_header_checksum(message, source_, destination);
}

bool AdvertCodec::sends_trailer() const {
  return parameters_.hmac && parameters_.hmac->mode != HmacAuthentication::Mode::receive_only;
}

std::size_t AdvertCodec::headers_size() const {
  if (parameters_.family == Family::ipv6) return 0;
  return spec::ipv4_header_size + (has_ah() ? spec::ah_size : 0);
}

std::size_t AdvertCodec::message_size(std::size_t address_count) const {
  return spec::message_header_size + address_count * (parameters_.family == Family::ipv4 ? 4 : 16) +
         (parameters_.version == Version::v2 ? sizeof(Authentication::password) : 0);
}

KeyedHash* AdvertCodec::hmac_hash(std::uint8_t id) {
  const auto key = std::ranges::find(hmac_keys_, id, &HmacKey::id);
  return key != hmac_keys_.end() ? &key->hash : nullptr;
}

std::optional<std::uint8_t> peek_vrid(Family family, ByteView bytes) {
  ByteReader reader(bytes);
  if (family == Family::ipv4) {
    const Ipv4Header header = Ipv4Header::read(reader);
    if (header.words < 5) return std::nullopt;
    reader.skip(4 * (header.words - std::size_t{5}));
    if (header.protocol == spec::protocol_ah) {
      reader.skip(1);  // next header
      reader.skip(4 * (reader.u8() + std::size_t{2}) - 2);
    }
  }
  reader.skip(1);  // version and type
  const std::uint8_t vrid = reader.u8();
  return reader.ok() ? std::optional(vrid) : std::nullopt;
}

}  // namespace baton::vrrp
