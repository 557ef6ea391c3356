// What a check says to a server and what it expects to hear: one implementation a kind of check, bytes in and bytes
// out. Whoever has the connection owns the clock and the socket, and hands in what comes; an answer that is not nullopt
// is the end, and nothing is handed in any more. PURE.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/health_check.h"
#include "health/outcome.h"

namespace baton::health {

using Step = std::optional<Outcome>;  // nullopt: it goes on

class Dialogue {
 public:
  virtual ~Dialogue() = default;
  Dialogue() = default;
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  // The connection stands, TLS included; a datagram socket is there. What is to be sent is appended to `out`. Called
  // again where the connection ended before anything had come, and another one stands.
  virtual Step begin(std::string& out) = 0;
  // From a stream any piece, from a datagram socket one whole datagram.
  virtual Step on_bytes(std::string_view bytes, std::string& out) = 0;
  // The peer has closed its side.
  virtual Outcome on_end() { return failed(Failure::closed_early); }
  // Nothing has come for as long as the timeout.
  virtual Outcome on_silence() { return failed(Failure::reply_timeout); }
  // After a success: another dialogue of this kind may begin on the same connection.
  virtual bool leaves_connection() const { return false; }
};

enum class Transport : std::uint8_t { tcp, tls, udp, ping };

// A number that no one can guess, for what a stranger must repeat; from whoever starts the dialogue.
using Nonce = std::uint64_t;

std::unique_ptr<Dialogue> make_tcp_dialogue();
// Of http_page.h; must outlive the dialogue.
struct HttpPage;
std::unique_ptr<Dialogue> make_http_dialogue(const HttpPage& page);
std::unique_ptr<Dialogue> make_grpc_dialogue(const config::GrpcCheck& check, const config::CheckTarget& target);
std::unique_ptr<Dialogue> make_smtp_dialogue(const config::SmtpCheck& check);
std::unique_ptr<Dialogue> make_dns_dialogue(const config::DnsCheck& check, Nonce nonce);
std::unique_ptr<Dialogue> make_udp_dialogue(const config::UdpCheck& check, Nonce nonce);
std::unique_ptr<Dialogue> make_ping_dialogue(Family family, Nonce nonce);

}  // namespace baton::health
