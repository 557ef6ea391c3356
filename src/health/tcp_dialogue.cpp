// TCP_CHECK: the connection is all there is to say.
#include "health/dialogue.h"

namespace baton::health {

namespace {

class TcpDialogue final : public Dialogue {
 public:
  Step begin(std::string&) override { return success(); }
  Step on_bytes(std::string_view, std::string&) override { return success(); }
};

}  // namespace

std::unique_ptr<Dialogue> make_tcp_dialogue() {
  return std::make_unique<TcpDialogue>();
}

}  // namespace baton::health
