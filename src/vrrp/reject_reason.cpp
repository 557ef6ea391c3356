#include "vrrp/reject_reason.h"

namespace baton::vrrp {

std::string_view name(RejectReason reason) {
  switch (reason) {
    using enum RejectReason;
    case truncated: return "truncated";
    case ip_options: return "ip_options";
    case total_length: return "total_length";
    case packet_length: return "packet_length";
    case ttl: return "ttl";
    case version: return "version";
    case vrid: return "vrid";
    case type: return "type";
    case checksum: return "checksum";
    case destination: return "destination";
    case not_a_peer: return "not_a_peer";
    case own_address: return "own_address";
    case auth_type_invalid: return "auth_type_invalid";
    case auth_type_mismatch: return "auth_type_mismatch";
    case auth_password: return "auth_password";
    case ah_header: return "ah_header";
    case ah_icv: return "ah_icv";
    case ah_replay: return "ah_replay";
    case hmac_missing: return "hmac_missing";
    case hmac_malformed: return "hmac_malformed";
    case hmac_unknown_key: return "hmac_unknown_key";
    case hmac_invalid: return "hmac_invalid";
    case hmac_stale: return "hmac_stale";
    case hmac_replay: return "hmac_replay";
    case interval: return "interval";
    case address_list: return "address_list";
    case owner_ignores: return "owner_ignores";
  }
  return "";
}

std::string_view explain(RejectReason reason) {
  switch (reason) {
    using enum RejectReason;
    case truncated: return "shorter than its own headers: cut off on the way, or no VRRP";
    case ip_options: return "its IPv4 header has options, which VRRP never uses";
    case total_length: return "the length in its IP header is not the length that arrived";
    case packet_length:
      return "its length does not fit the number of addresses it announces; does the sender use another "
             "authentication?";
    case ttl: return "its TTL is not 255 (or outside the peer's min_ttl..max_ttl): it crossed a router, or is forged";
    case version: return "it speaks another VRRP version; compare vrrp_version and version on all nodes";
    case vrid: return "it is for another virtual_router_id";
    case type: return "it is no advertisement, the only type VRRP has";
    case checksum: return "its checksum is wrong: damaged on the way, or computed in a way we do not know";
    case destination:
      return "it was sent to a group or address that does not fit this instance: multicast against unicast";
    case not_a_peer: return "its source is none of the addresses in unicast_peer";
    case own_address: return "its source is our own address: our adverts loop back, or another node has our address";
    case auth_type_invalid: return "its authentication type is neither none, PASS nor AH";
    case auth_type_mismatch: return "it is authenticated another way; compare auth_type on all nodes";
    case auth_password: return "its password is another; compare auth_pass on all nodes";
    case ah_header: return "its authentication header is not one VRRP would send";
    case ah_icv: return "its integrity check fails: another auth_pass, address translation on the way, or forged";
    case ah_replay:
      return "its AH sequence number was used before: a captured packet, or a sender that restarted and has heard "
             "nobody yet";
    case hmac_missing:
      return "it has no auth_hmac trailer; is auth_hmac set on all nodes, in keepalived 2.4.2 or later?";
    case hmac_malformed:
      return "its auth_hmac trailer has an unknown scheme; keepalived before 2.4.2 used another format";
    case hmac_unknown_key: return "its auth_hmac key id is not configured here";
    case hmac_invalid: return "its HMAC fails: another secret under this key id, or forged";
    case hmac_stale: return "its auth_hmac time is outside the window: compare the clocks of the nodes";
    case hmac_replay:
      return "its auth_hmac time was used before: a captured packet, or a sender whose clock was set back";
    case interval: return "its advertisement interval is not ours; compare advert_int on all nodes";
    case address_list: return "it announces other addresses; compare virtual_ipaddress on all nodes";
    case owner_ignores: return "we own the addresses (priority 255) and owner_ignore_adverts is set";
  }
  return "";
}

}  // namespace baton::vrrp
