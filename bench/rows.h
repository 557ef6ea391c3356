// The rows of the table: one event each, and how it is measured.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "trial.h"

namespace baton::bench {

struct RowContext {
  Pairing pairing;
  std::string batond;
  double moment = 0.3;  // where between two adverts the event comes, 0..1
};

struct Row {
  std::string name;  // --row
  std::string title;
  std::string wanted;  // of Baton
  std::function<std::expected<Measurement, std::string>(const RowContext&)> run;
};

std::span<const Row> rows();

}  // namespace baton::bench
