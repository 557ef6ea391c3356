// Every advert that reaches a network namespace, by interface and VRID, with the kernel's time stamps: one packet
// socket with a ring in shared memory, so that forty thousand a second cost the observer a few wake-ups.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace baton::bench {

struct CapturedAdvert {
  Instant at;
  std::uint8_t priority = 0;
};

// How far the gaps between adverts are from what they shall be, over all virtual routers.
struct GapDeviation {
  std::size_t count = 0;   // gaps
  std::size_t missed = 0;  // adverts: gaps of more than one and a half intervals
  Duration median{};
  Duration p99{};
  Duration longest{};  // the most an advert was late
};

class AdvertCapture {
 public:
  using Key = std::pair<std::uint32_t, std::uint8_t>;  // interface index, VRID

  // In the network namespace we stand in; only what comes in.
  static SysResult<AdvertCapture> open();
  AdvertCapture(AdvertCapture&& other) noexcept;
  AdvertCapture& operator=(AdvertCapture&&) = delete;
  ~AdvertCapture();

  int fd() const { return fd_.get(); }
  void read();  // takes what the ring holds

  const std::map<Key, std::vector<CapturedAdvert>>& adverts() const { return adverts_; }
  std::uint64_t lost() const;  // frames the ring had no room for
  GapDeviation gaps(Duration interval, Instant from, Instant to) const;

 private:
  AdvertCapture() = default;
  void read_block(ByteView block, std::uint32_t first, std::uint32_t frames);

  UniqueFd fd_;
  void* ring_ = nullptr;
  std::size_t next_block_ = 0;
  Duration wall_to_boot_{};
  std::map<Key, std::vector<CapturedAdvert>> adverts_;
  mutable std::uint64_t lost_ = 0;
};

}  // namespace baton::bench
