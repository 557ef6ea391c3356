// Seeds in formats of our own, which change: what today's encoders write.
//   make_seeds TARGET DIRECTORY      nothing for a target whose seeds are all in tests/fuzz/corpus
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "unit/process/every_message.h"
#include "unit/recorder/tape.h"

using namespace baton;

namespace {

void write(const std::string& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const std::string_view target = words[1];
  const std::string place = std::string(words[2]) + "/made_";
  if (target == "runner_protocol") {
    std::size_t number = 0;
    for (const auto& message : process::every_message_to_runner()) {
      write(place + std::to_string(++number), process::encode(message).value());
    }
    for (const auto& message : process::every_message_from_runner()) {
      write(place + std::to_string(++number), process::encode(message).value());
    }
  }
  if (target == "recording") {
    constexpr std::size_t magic_and_version = 9;
    constexpr std::size_t digest = 8;  // the target adds all three
    const Bytes file = recorder::small_file();
    write(place + "file", ByteView(file).first(file.size() - digest).subspan(magic_and_version));
  }
  return 0;
}
