#include "vrrp/authentication_header.h"

#include <algorithm>
#include <array>

#include "vrrp/advert.h"
#include "vrrp/ipv4_header.h"

namespace baton::vrrp {
namespace {

constexpr std::size_t icv_offset = spec::ah_size - spec::ah_icv_size;
constexpr std::array<std::uint8_t, spec::ah_icv_size> no_icv{};

// The header as the check value sees it: what may change on the way is 0. RFC 2402 §3.3.3.1.1.1 counts the TTL to that;
// keepalived does so for unicast only and keeps the TTL of multicast, so nobody who follows the RFC is understood.
std::array<std::uint8_t, spec::ipv4_header_size> without_mutable_fields(ByteView ip_header) {
  ASSERT(ip_header.size() == spec::ipv4_header_size);
  std::array<std::uint8_t, spec::ipv4_header_size> header;
  std::ranges::copy(ip_header, header.begin());
  header[1] = 0;                                                                // type of service
  header[6] = header[7] = 0;                                                    // flags and fragment offset
  header[10] = header[11] = 0;                                                  // checksum
  if (!IpAddress::from_bytes(ip_header.last(4)).is_multicast()) header[8] = 0;  // TTL
  return header;
}

}  // namespace

AuthenticationHeader::AuthenticationHeader(ByteView bytes) {
  ASSERT(bytes.size() == spec::ah_size);
  ByteReader reader(bytes);
  next_header = reader.u8();
  payload_length = reader.u8();
  reader.skip(2);  // reserved
  security_parameters_index = reader.u32();
  sequence = reader.u32();
  integrity_check_value = reader.rest();
}

void write_authentication_header(ByteWriter& writer, const IpAddress& source, std::uint32_t sequence) {
  writer.u8(spec::protocol_vrrp);
  writer.u8(spec::ah_payload_length);
  writer.u16(0);
  writer.bytes(source.bytes());
  writer.u32(sequence);
  writer.zeros(spec::ah_icv_size);
}

void sign_authentication_header(KeyedHash& hash, Bytes& datagram) {
  ASSERT(datagram.size() >= spec::ipv4_header_size + spec::ah_size);
  const std::span whole(datagram);
  const auto ip_header = without_mutable_fields(whole.first(spec::ipv4_header_size));
  hash.sign({ip_header, whole.subspan(spec::ipv4_header_size)},
            whole.subspan(spec::ipv4_header_size + icv_offset, spec::ah_icv_size));
}

bool verify_authentication_header(KeyedHash& hash, ByteView ip_header, ByteView header, ByteView message) {
  return hash.verify({without_mutable_fields(ip_header), header.first(icv_offset), no_icv, message},
                     header.subspan(icv_offset));
}

}  // namespace baton::vrrp
