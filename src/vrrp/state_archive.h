// What a core has become, written down and read back. Each class lists its members once, in `members`, for both ways.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "base/compact.h"

namespace baton::vrrp {

class StateSaver {
 public:
  explicit StateSaver(CompactWriter& out) : out_(out) {}

  void operator()(bool value) { out_.flag(value); }
  void operator()(std::uint8_t value) { out_.u8(value); }
  void operator()(Duration value) { out_.duration(value); }
  void operator()(Instant value) { out_.instant(value); }
  void operator()(const IpAddress& value) { out_.address(value); }
  template <typename Enum>
  void operator()(Enum value, Enum) {  // with the last of its values
    out_.u8(static_cast<std::uint8_t>(value));
  }
  template <typename T, typename... Rest>
  void operator()(const std::optional<T>& value, Rest... rest) {
    out_.flag(value.has_value());
    if (value) (*this)(*value, rest...);
  }
  template <typename T>
    requires requires(T& value, StateSaver& archive) { T::members(value, archive); }
  void operator()(const T& value) {
    T::members(value, *this);
  }

 private:
  CompactWriter& out_;
};

class StateLoader {
 public:
  explicit StateLoader(CompactReader& in) : in_(in) {}

  void operator()(bool& value) { value = in_.flag(); }
  void operator()(std::uint8_t& value) { value = in_.u8(); }
  void operator()(Duration& value) { value = in_.interval(); }  // there is no other kind
  void operator()(Instant& value) { value = in_.instant(); }
  void operator()(IpAddress& value) { value = in_.address(); }
  template <typename Enum>
  void operator()(Enum& value, Enum last) {
    value = static_cast<Enum>(in_.u8());
    if (value > last) {
      value = Enum{};
      in_.fail();
    }
  }
  template <typename T, typename... Rest>
  void operator()(std::optional<T>& value, Rest... rest) {
    value.reset();
    if (in_.flag()) (*this)(value.emplace(), rest...);
  }
  template <typename T>
    requires requires(T& value, StateLoader& archive) { T::members(value, archive); }
  void operator()(T& value) {
    T::members(value, *this);
  }

 private:
  CompactReader& in_;
};

}  // namespace baton::vrrp
