// Structs to bytes and back. A struct lists its fields once, as `fields(value)` giving a tuple of references (found by
// argument-dependent lookup), an enum names its last enumerator as `last(Enum)`; writing and reading both follow from
// that. Numbers in network byte order; texts and lists begin with their length in two bytes.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace baton::process {

// `T` or `const T`: lets one fields() serve both directions.
template <typename Value, typename T>
concept Either = std::same_as<std::remove_const_t<Value>, T>;

class MessageWriter {
 public:
  explicit MessageWriter(Bytes& out) : writer_(out) {}

  void put(bool value) { writer_.u8(value ? 1 : 0); }
  void put(std::uint8_t value) { writer_.u8(value); }
  void put(std::uint16_t value) { writer_.u16(value); }
  void put(std::uint32_t value) { writer_.u32(value); }
  void put(std::int32_t value) { writer_.u32(static_cast<std::uint32_t>(value)); }
  void put(std::uint64_t value) { writer_.u64(value); }
  void put(Duration value) { writer_.u64(static_cast<std::uint64_t>(value.count())); }
  void put(const std::string& text) {
    put_length(text.size());
    writer_.bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void put(Enum value) {
    writer_.u8(static_cast<std::uint8_t>(value));
  }
  template <typename Element>
  void put(const std::vector<Element>& list) {
    put_length(list.size());
    for (const Element& element : list) put(element);
  }
  template <typename Struct>
    requires requires(const Struct& value) { fields(value); }
  void put(const Struct& value) {
    std::apply([this](const auto&... field) { (this->put(field), ...); }, fields(value));
  }

  // False: something was too long for its length field; the bytes are of no use.
  bool ok() const { return ok_; }

 private:
  void put_length(std::size_t length) {
    if (length > std::numeric_limits<std::uint16_t>::max()) ok_ = false;
    writer_.u16(static_cast<std::uint16_t>(length));
  }

  ByteWriter writer_;
  bool ok_ = true;
};

class MessageReader {
 public:
  explicit MessageReader(ByteView bytes) : reader_(bytes) {}

  void get(bool& value) {
    const std::uint8_t byte = reader_.u8();
    value = byte == 1;
    if (byte > 1) valid_ = false;
  }
  void get(std::uint8_t& value) { value = reader_.u8(); }
  void get(std::uint16_t& value) { value = reader_.u16(); }
  void get(std::uint32_t& value) { value = reader_.u32(); }
  void get(std::int32_t& value) { value = static_cast<std::int32_t>(reader_.u32()); }
  void get(std::uint64_t& value) { value = reader_.u64(); }
  // No span of time that is told is negative or longer than a year.
  void get(Duration& value) {
    value = Duration(static_cast<std::int64_t>(reader_.u64()));
    if (value < Duration::zero() || value > std::chrono::hours(24 * 366)) valid_ = false;
  }
  // A text with a NUL byte would mean two things, here and in the system call it is for.
  void get(std::string& text) {
    const ByteView bytes = reader_.take(reader_.u16());
    text.assign(bytes.begin(), bytes.end());
    if (text.find('\0') != std::string::npos) valid_ = false;
  }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void get(Enum& value) {
    const std::uint8_t byte = reader_.u8();
    value = static_cast<Enum>(byte);
    if (byte > static_cast<std::uint8_t>(last(Enum{}))) valid_ = false;
  }
  template <typename Element>
  void get(std::vector<Element>& list) {
    const std::uint16_t length = reader_.u16();
    for (std::uint16_t i = 0; i < length && reader_.ok() && valid_; ++i) get(list.emplace_back());
  }
  template <typename Struct>
    requires requires(Struct& value) { fields(value); }
  void get(Struct& value) {
    std::apply([this](auto&... field) { (this->get(field), ...); }, fields(value));
  }

  bool is_complete() const { return reader_.ok(); }  // no read went past the end
  bool is_valid() const { return valid_; }           // every field was in its range
  bool is_at_end() const { return reader_.remaining() == 0; }

 private:
  ByteReader reader_;
  bool valid_ = true;
};

}  // namespace baton::process
