#include "vrrp/codec_parameters.h"

#include <algorithm>
#include <chrono>

namespace baton::vrrp {

std::string_view explain(CodecError error) {
  switch (error) {
    using enum CodecError;
    case vrid: return "the virtual router id must be 1 to 255";
    case advert_interval:
      return "the advert interval must be 1 to 255 whole seconds (VRRPv2) or 0.01 to 40.95 seconds (VRRPv3)";
    case too_many_addresses: return "an advert has room for 255 addresses";
    case address_family: return "addresses, peers and group must be of the virtual router's family";
    case ipv6_needs_version_3: return "VRRPv2 knows IPv4 only; IPv6 needs version 3";
    case authentication_needs_version_2: return "auth_type PASS and AH exist in VRRPv2 only";
    case authentication_and_hmac: return "auth_type and auth_hmac exclude each other";
    case hmac_key: return "an auth_hmac key needs an id of 1 to 255, once, and 32 to 64 bytes";
    case hmac_active_key: return "the active key of auth_hmac is none of its keys";
    case hmac_time_window: return "the time window of auth_hmac must be 1 to 300 seconds";
  }
  return "";
}

namespace {

bool is_interval(Version version, Duration interval) {
  using std::chrono::milliseconds, std::chrono::seconds;
  if (version == Version::v3) return interval >= milliseconds(10) && interval <= milliseconds(40950);
  return interval >= seconds(1) && interval <= seconds(255) && interval % seconds(1) == Duration::zero();
}

bool is_one_family(const CodecParameters& parameters) {
  const auto fits = [&](const IpAddress& address) { return address.family() == parameters.family; };
  return std::ranges::all_of(parameters.addresses, fits) &&
         std::ranges::all_of(parameters.peers, fits, &UnicastPeer::address) &&
         (parameters.multicast_group.is_unspecified() || fits(parameters.multicast_group));
}

std::optional<CodecError> check(const HmacAuthentication& hmac) {
  std::array<bool, 256> is_known{};
  for (const auto& [id, secret] : hmac.keys) {
    if (id == 0 || is_known[id] || secret.size() < 32 || secret.size() > 64) return CodecError::hmac_key;
    is_known[id] = true;
  }
  if (!is_known[hmac.active_key]) return CodecError::hmac_active_key;
  if (hmac.time_window_seconds < 1 || hmac.time_window_seconds > 300) return CodecError::hmac_time_window;
  return std::nullopt;
}

}  // namespace

std::optional<CodecError> check(const CodecParameters& parameters) {
  using enum CodecError;
  const bool is_authenticated = parameters.authentication.type != AuthType::none;
  if (parameters.vrid == 0) return vrid;
  if (!is_interval(parameters.version, parameters.advert_interval)) return advert_interval;
  if (parameters.addresses.size() > spec::addresses_max) return too_many_addresses;
  if (!is_one_family(parameters)) return address_family;
  if (parameters.version == Version::v2 && parameters.family == Family::ipv6) return ipv6_needs_version_3;
  if (parameters.version == Version::v3 && is_authenticated) return authentication_needs_version_2;
  if (parameters.hmac && is_authenticated) return authentication_and_hmac;
  return parameters.hmac ? check(*parameters.hmac) : std::nullopt;
}

}  // namespace baton::vrrp
