// DNS_CHECK: one question over UDP (RFC 1035, section 4), and an answer without error that holds a record.
#include <fmt/format.h>

#include <algorithm>
#include <expected>

#include "base/bytes.h"
#include "health/dialogue.h"
#include "health/limits.h"

namespace baton::health {

namespace {

namespace spec {
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t is_response = 0x8000;
constexpr std::uint16_t recursion_desired = 0x0100;
constexpr std::uint16_t code_mask = 0x000f;
constexpr std::size_t label_most = 63;
}  // namespace spec

std::string code_name(unsigned code) {
  constexpr std::string_view names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  return code < std::size(names) ? std::string(names[code]) : fmt::format("code {}", code);
}

// "www.example.org" as labels; the reader of the configuration has seen to their lengths.
void write_name(ByteWriter& writer, std::string_view name) {
  while (!name.empty() && name != ".") {
    const std::string_view label = name.substr(0, name.find('.'));
    const std::size_t length = std::min(label.size(), spec::label_most);
    writer.u8(static_cast<std::uint8_t>(length));
    for (const char c : label.substr(0, length)) writer.u8(static_cast<std::uint8_t>(c));
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  writer.u8(0);
}

// Past a name, which may end in a pointer to a place before it (4.1.4); where the pointer leads is nobody's business.
bool skip_name(ByteReader& reader) {
  for (unsigned labels = 0; labels < 128 && reader.ok(); ++labels) {
    const std::uint8_t length = reader.u8();
    if (length == 0) return reader.ok();
    if ((length & 0xc0) == 0xc0) {
      reader.skip(1);
      return reader.ok();
    }
    if ((length & 0xc0) != 0) return false;
    reader.skip(length);
  }
  return false;
}

bool is_letter(std::uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Letters alike in both cases (4343).
bool is_same_question(ByteView left, ByteView right) {
  return std::ranges::equal(left, right,
                            [](std::uint8_t a, std::uint8_t b) { return a == b || ((a ^ b) == 0x20 && is_letter(a)); });
}

class DnsDialogue final : public Dialogue {
 public:
  DnsDialogue(const config::DnsCheck& check, Nonce nonce) : id_(static_cast<std::uint16_t>(nonce)) {
    ByteWriter writer(question_);
    write_name(writer, check.name);
    writer.u16(static_cast<std::uint16_t>(check.type));
    writer.u16(spec::class_in);
  }

  Step begin(std::string& out) override;
  Step on_bytes(std::string_view bytes, std::string& out) override;

 private:
  Step judge(ByteReader& reader, std::uint16_t flags, std::uint16_t answers) const;

  std::uint16_t id_;
  Bytes question_;
  unsigned foreign_ = 0;
};

Step DnsDialogue::begin(std::string& out) {
  Bytes message;
  ByteWriter writer(message);
  writer.u16(id_);
  writer.u16(spec::recursion_desired);
  writer.u16(1);  // questions
  writer.zeros(6);
  writer.bytes(question_);
  out.append(message.begin(), message.end());
  return std::nullopt;
}

Step DnsDialogue::on_bytes(std::string_view bytes, std::string&) {
  ByteReader reader(ByteView(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  const std::uint16_t id = reader.u16();
  const std::uint16_t flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  const std::uint16_t answers = reader.u16();
  reader.skip(4);
  if (!reader.ok()) return failed(Failure::dns_malformed, "it is shorter than a header");
  // A late answer to an earlier question, or somebody who guesses: wait for ours.
  if (id != id_ || (flags & spec::is_response) == 0) {
    return ++foreign_ > limits::foreign_datagrams ? Step(failed(Failure::reply_timeout, "only other packets came"))
                                                  : std::nullopt;
  }
  // A server that refuses may leave the question out.
  if (questions == 0 && (flags & spec::code_mask) != 0) return judge(reader, flags, answers);
  if (questions != 1 || !is_same_question(reader.take(question_.size()), question_)) {
    return failed(Failure::dns_malformed, "it answers another question");
  }
  return judge(reader, flags, answers);
}

Step DnsDialogue::judge(ByteReader& reader, std::uint16_t flags, std::uint16_t answers) const {
  if (const unsigned code = flags & spec::code_mask; code != 0) return failed(Failure::dns_code, code_name(code));
  if (answers == 0) return failed(Failure::dns_no_answer);
  // The first record must be one; what follows may have been cut off (TC).
  const bool has_name = skip_name(reader);
  reader.skip(8);  // type, class, time to live
  const std::uint16_t length = reader.u16();
  reader.skip(length);
  if (!has_name || !reader.ok()) return failed(Failure::dns_malformed, "its first record is cut off");
  return success();
}

}  // namespace

std::unique_ptr<Dialogue> make_dns_dialogue(const config::DnsCheck& check, Nonce nonce) {
  return std::make_unique<DnsDialogue>(check, nonce);
}

}  // namespace baton::health
