// Does the LAN know where our addresses live now? Neighbours are asked a question of each address: an ARP request or a
// neighbour solicitation whose sender is that address. Hearing it teaches them where it lives (RFC 826 "merge", RFC
// 4861 §7.2.3), whatever they make of gratuitous ARP, and who answers to our MAC address has learned it. Who does not
// is asked again, each time after a longer wait, and a bounded number of times. Decides whom to ask and when; the
// frames and who is worth asking are the daemon's (docs/decisions/0022).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/time.h"

namespace baton::vrrp {

namespace limits {

// Of one address. With its one announcement these are fewer packets than the ten that keepalived sends.
inline constexpr std::size_t neighbours_asked = 8;
inline constexpr std::size_t addresses_proven = 64;  // of one router; others are announced and not asked about
// Between asking and asking again those that have not answered; after the last it is over.
inline constexpr std::array<Duration, 5> proof_waits{std::chrono::milliseconds(10), std::chrono::milliseconds(50),
                                                     std::chrono::milliseconds(250), std::chrono::seconds(1),
                                                     std::chrono::seconds(4)};

}  // namespace limits

// Somebody on the LAN who may have an address of ours in its cache.
struct Neighbour {
  IpAddress address;
  std::optional<MacAddress> mac;  // nullopt: not known, everybody is asked
  bool operator==(const Neighbour&) const = default;
};

class TakeoverProof {
 public:
  struct Question {
    IpAddress address;                  // of ours: the sender
    std::uint32_t interface_index = 0;  // that has it
    Neighbour to;
    bool is_repeated = false;  // the neighbour may have another MAC address meanwhile: everybody is asked
    bool operator==(const Question&) const = default;
  };
  struct Progress {
    std::size_t asked = 0;             // neighbours
    std::size_t learned = 0;           // of them: who has learned every address it was asked about
    std::vector<IpAddress> missing{};  // those that have not
    bool is_over = false;              // nobody is asked any more
  };

  // Asks from now on; nothing to ask is over at once.
  void begin(std::vector<Question> questions, Instant now);
  void end();  // not MASTER any more: nobody is asked, what was learned is of no use
  // `by` has answered to our MAC address.
  void on_answer(const IpAddress& address, const IpAddress& by);
  // What is to be asked now; early or repeated calls bring nothing.
  std::vector<Question> on_timeout(Instant now);

  std::optional<Instant> next_timeout() const { return next_at_; }
  bool has_begun() const { return has_begun_; }
  bool is_proven() const { return has_begun_ && !questions_.empty() && open_ == 0; }
  std::size_t rounds() const { return round_; }  // in which somebody was asked, so far
  Progress progress() const;

 private:
  struct Asked {
    Question question;
    bool is_answered = false;
  };
  std::vector<Asked> questions_;
  std::size_t open_ = 0;  // not answered
  std::size_t round_ = 0;
  bool has_begun_ = false;
  std::optional<Instant> next_at_;
};

}  // namespace baton::vrrp
