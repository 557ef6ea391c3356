// Numbers in as few bytes as they need (LEB128, least significant first), for what we write for ourselves to read: the
// flight recorder's ring and file. The writer fills memory it is lent and never goes past it; the reader believes
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/time.h"

namespace baton {

class CompactWriter {
 public:
  explicit CompactWriter(std::span<std::uint8_t> room) : room_(room) {}

  void u8(std::uint8_t value) {
    if (size_ < room_.size()) {
      room_[size_++] = value;
    } else {
      ok_ = false;
    }
  }
  void flag(bool value) { u8(value ? 1 : 0); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
  }
  // Small ones of both signs are short.
  void signed_number(std::int64_t value) {
    number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void bytes(ByteView value) {
    if (value.size() > room_.size() - size_) {
      ok_ = false;
      return;
    }
    if (!value.empty()) std::memcpy(room_.data() + size_, value.data(), value.size());
    size_ += value.size();
  }
  void text(std::string_view value) {
    number(value.size());
    bytes({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }
  void address(const IpAddress& value) {
    u8(static_cast<std::uint8_t>(value.family()));
    bytes(value.bytes());
  }
  void duration(Duration value) { signed_number(value.count()); }
  void instant(Instant value) { signed_number(value.time_since_epoch().count()); }

  std::size_t size() const { return size_; }
  bool ok() const { return ok_; }  // false: there was not room for all
  ByteView written() const { return room_.first(size_); }
  std::span<std::uint8_t> left() const { return room_.subspan(size_); }
  void skip(std::size_t size) { size_ += size; }  // filled in through left()

 private:
  std::span<std::uint8_t> room_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

// Whatever `write(CompactWriter&)` writes, with as much room as that needs.
template <typename Write>
Bytes compact_bytes(Write&& write, std::size_t guess = 4096) {
  for (Bytes bytes(guess);; bytes.resize(bytes.size() * 4)) {
    CompactWriter out(bytes);
    write(out);
    if (!out.ok()) continue;
    bytes.resize(out.size());
    return bytes;
  }
}

// A read past the end, or of what cannot be, yields zeros and makes ok() false for good.
class CompactReader {
 public:
  explicit CompactReader(ByteView bytes) : bytes_(bytes) {}

  std::uint8_t u8() {
    if (position_ < bytes_.size()) return bytes_[position_++];
    fail();
    return 0;
  }
  bool flag() { return static_cast<bool>(at_most(1)); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  std::uint64_t at_most(std::uint64_t most) {
    const std::uint64_t value = number();
    if (value <= most) return value;
    fail();
    return 0;
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    const std::int64_t value = signed_number();
    if (value >= least && value <= most) return value;
    fail();
    return 0;
  }
  ByteView bytes(std::size_t size) {
    if (size > remaining()) {
      fail();
      return {};
    }
    const ByteView taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }
  std::string text(std::size_t most) {
    const ByteView taken = bytes(static_cast<std::size_t>(at_most(most)));
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  IpAddress address() {
    const std::uint8_t family = u8();
    if (family != static_cast<std::uint8_t>(Family::ipv4) && family != static_cast<std::uint8_t>(Family::ipv6)) fail();
    const ByteView taken = bytes(family == static_cast<std::uint8_t>(Family::ipv6) ? 16 : 4);
    return ok_ ? IpAddress::from_bytes(taken) : IpAddress{};
  }
  // So far from zero that sums of some of them do not overflow, and no farther: 30 years.
  Duration duration() { return Duration(between(-farthest, farthest)); }
  // Between two adverts: no longer than a day.
  Duration interval() { return Duration(between(0, Duration(std::chrono::days(1)).count())); }
  int int32() { return static_cast<int>(between(INT32_MIN, INT32_MAX)); }
  Instant instant() { return Instant(duration()); }

  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t position() const { return position_; }
  bool ok() const { return ok_; }
  void fail() {
    ok_ = false;
    position_ = bytes_.size();
  }

 private:
  static constexpr std::int64_t farthest = 1'000'000'000'000'000'000;

  ByteView bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace baton
