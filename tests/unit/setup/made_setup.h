// A Setup from configuration text, as batond makes it from a file.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "config/load.h"
#include "setup/setup.h"
#include "unit/config/memory_file_reader.h"

namespace baton::setup {

inline Setup setup_of(const std::string& text) {
  config::MemoryFileReader reader(config::MemoryFileReader::Files{{"/baton.conf", text}});
  const config::LoadResult result = config::load("/baton.conf", reader);
  EXPECT_TRUE(result.ok) << config::report(result);
  return make_setup(result.configuration);
}

}  // namespace baton::setup
