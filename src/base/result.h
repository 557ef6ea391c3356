// Failures are values. TRY unwraps a std::expected or returns its error to the caller; one TRY per statement.
#pragma once

#include <expected>
#include <utility>

#define TRY(...)                                                              \
  __extension__({                                                             \
    auto&& try_result_ = (__VA_ARGS__);                                       \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
    *std::move(try_result_);                                                  \
  })

// TRY for std::expected<void, E>, which has nothing to unwrap.
#define TRY_VOID(...)                                                         \
  do {                                                                        \
    auto&& try_result_ = (__VA_ARGS__);                                       \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
  } while (false)
