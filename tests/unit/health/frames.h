// HTTP/2 as a server says it, byte by byte (RFC 9113, RFC 7541), good or bad.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::health::frames {

enum Type : std::uint8_t {
  data = 0,
  headers = 1,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
};
inline constexpr std::uint8_t end_stream = 0x1;
inline constexpr std::uint8_t ack = 0x1;
inline constexpr std::uint8_t end_headers = 0x4;

inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

inline std::string frame(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string text = number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags);
  return text + number(stream, 4) + std::string(payload);
}

// A field as it is written without any packing; names and values are shorter than 127 bytes.
inline std::string field(std::string_view name, std::string_view value) {
  std::string text(1, '\0');
  for (const std::string_view part : {name, value}) text += static_cast<char>(part.size()) + std::string(part);
  return text;
}

inline std::string setting(std::uint16_t which, std::uint32_t value) {
  return number(which, 2) + number(value, 4);
}

inline const std::string hello = frame(settings, 0, 0, "");
inline const std::string ok = "\x88";  // :status 200

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

// What was said, in frames.
inline std::vector<Frame> frames_of(std::string_view bytes) {
  std::vector<Frame> found;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  while (bytes.size() >= 9) {
    const std::size_t size = static_cast<std::size_t>(byte(0)) << 16 | static_cast<std::size_t>(byte(1)) << 8 | byte(2);
    found.push_back({.type = byte(3), .flags = byte(4), .stream = byte(8), .payload = {}});
    bytes.remove_prefix(9);
    found.back().payload = bytes.substr(0, size);
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return found;
}

// The fields of a header block, "name: value" each.
inline std::vector<std::string> fields_of(const std::string& block) {
  nghttp2_hd_inflater* inflater = nullptr;
  (void)nghttp2_hd_inflate_new(&inflater);
  std::vector<std::string> fields;
  auto* in = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv pair{};
    int flags = 0;
    const ssize_t taken = nghttp2_hd_inflate_hd2(inflater, &pair, &flags, in, left, 1);
    if (taken < 0) break;
    in += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.push_back(std::string(reinterpret_cast<const char*>(pair.name), pair.namelen) + ": " +
                       std::string(reinterpret_cast<const char*>(pair.value), pair.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0 || (taken == 0 && left == 0)) break;
  }
  nghttp2_hd_inflate_del(inflater);
  return fields;
}

}  // namespace baton::health::frames
