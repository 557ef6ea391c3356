// SMTP_CHECK (RFC 5321): 220 greets, 250 answers HELO, 221 or whatever it likes answers QUIT.
#include <fmt/format.h>

#include "health/dialogue.h"
#include "health/limits.h"

namespace baton::health {

namespace {

class SmtpDialogue final : public Dialogue {
 public:
  explicit SmtpDialogue(std::string helo_name) : helo_name_(std::move(helo_name)) {}

  Step begin(std::string&) override { return std::nullopt; }  // the server speaks first
  Step on_bytes(std::string_view bytes, std::string& out) override;

 private:
  enum class Awaited : std::uint8_t { greeting, helo };

  // A reply is lines "250-text", and a last one "250 text" (4.2.1).
  Step on_line(std::string_view line, std::string& out);
  Step on_reply(unsigned code, std::string_view line, std::string& out);

  std::string helo_name_;
  Awaited awaited_ = Awaited::greeting;
  std::string line_;             // that has not ended yet
  std::size_t reply_bytes_ = 0;  // of the lines before it
};

Step SmtpDialogue::on_bytes(std::string_view bytes, std::string& out) {
  line_.append(bytes);
  std::size_t begin = 0;
  for (std::size_t end; (end = line_.find('\n', begin)) != line_.npos; begin = end + 1) {
    std::string_view line(line_.data() + begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    reply_bytes_ += line.size();
    if (line.size() > limits::smtp_line || reply_bytes_ > limits::smtp_reply) return failed(Failure::reply_too_long);
    if (Step step = on_line(line, out)) return step;
  }
  line_.erase(0, begin);
  if (line_.size() > limits::smtp_line) return failed(Failure::reply_too_long);
  return std::nullopt;
}

Step SmtpDialogue::on_line(std::string_view line, std::string& out) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool has_code = line.size() >= 3 && is_digit(line[0]) && is_digit(line[1]) && is_digit(line[2]) &&
                        (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!has_code) return failed(Failure::smtp_malformed, line);
  if (line.size() > 3 && line[3] == '-') return std::nullopt;
  reply_bytes_ = 0;
  const unsigned code = static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  return on_reply(code, line, out);
}

Step SmtpDialogue::on_reply(unsigned code, std::string_view line, std::string& out) {
  switch (awaited_) {
    case Awaited::greeting:
      if (code != 220) return failed(Failure::smtp_greeting, line);
      out += fmt::format("HELO {}\r\n", helo_name_);
      awaited_ = Awaited::helo;
      return std::nullopt;
    case Awaited::helo:
      if (code != 250) return failed(Failure::smtp_helo, line);
      out += "QUIT\r\n";
      return success();  // it serves; QUIT is for its own log
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Dialogue> make_smtp_dialogue(const config::SmtpCheck& check) {
  return std::make_unique<SmtpDialogue>(check.helo_name);
}

}  // namespace baton::health
