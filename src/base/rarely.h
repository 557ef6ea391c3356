// An optional for what is large and few have: empty it costs a pointer. It is copied and compared as the value it is.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace baton {

template <typename T>
class Rarely {
 public:
  Rarely() = default;
  Rarely(std::nullopt_t) {}
  Rarely(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Rarely(const Rarely& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Rarely(Rarely&& other) noexcept = default;
  Rarely& operator=(Rarely other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Rarely() = default;

  bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  void reset() { value_.reset(); }

  bool operator==(const Rarely& other) const {
    return has_value() && other.has_value() ? *value_ == *other.value_ : has_value() == other.has_value();
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace baton
