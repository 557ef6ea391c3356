#include "daemon/data_plane.h"

#include "daemon/ipvs_plane.h"
#include "daemon/nftables_plane.h"

namespace baton::daemon {
namespace {

std::string reason(const SysError& error) {
  return to_string(error) + (error.code == ENOENT ? " (is the module ip_vs there?)" : "");
}

bool serves_already(DataPlane& plane) {
  const auto table = plane.dump();
  return table && !table->empty();
}

}  // namespace

SysResult<std::unique_ptr<DataPlane>> open_data_plane(config::PlaneChoice choice, bool goes_on,
                                                      const DataPlane::Say& say) {
  switch (choice) {
    case config::PlaneChoice::ipvs: return IpvsPlane::open();
    case config::PlaneChoice::nftables: return NftablesPlane::open();
    case config::PlaneChoice::automatic: break;
  }
  auto ipvs = IpvsPlane::open();
  if (ipvs && !goes_on) return ipvs;
  auto nftables = NftablesPlane::open();
  if (ipvs && (!nftables || !serves_already(**nftables))) return ipvs;
  if (!nftables) {
    return std::unexpected(SysError{
        reason(ipvs ? nftables.error() : ipvs.error()) + ", and " + nftables.error().operation, nftables.error().code});
  }
  say(ipvs ? "nftables serves virtual servers, as before" : reason(ipvs.error()) + "; nftables serves virtual servers");
  return nftables;
}

}  // namespace baton::daemon
