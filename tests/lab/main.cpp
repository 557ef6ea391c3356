// All tests of this program run in one sandbox, so that nothing they make outlives it, however it ends.
#include <gtest/gtest.h>

#include <cstdio>

#include "lab/sandbox.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto code = baton::lab::run_in_sandbox([] { return RUN_ALL_TESTS(); });
  if (code) return *code;
  std::fprintf(stderr, "lab tests need root or user namespaces: %s\n", to_string(code.error()).c_str());
  return 1;
}
