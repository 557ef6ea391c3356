#include "http/parser.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <string>

namespace baton::http {

namespace {

namespace beast = boost::beast::http;
using Error = boost::beast::error_code;

// A body as it comes. Beast's own makes room for all that Content-Length promises, which may be terabytes.
struct Body {
  using value_type = std::string;
  class reader {
   public:
    template <bool is_request, typename Fields>
    explicit reader(beast::header<is_request, Fields>&, std::string& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, Error& error) { error = {}; }
    template <typename Buffers>
    std::size_t put(const Buffers& buffers, Error& error) {
      error = {};
      std::size_t size = 0;
      for (auto each = boost::asio::buffer_sequence_begin(buffers); each != boost::asio::buffer_sequence_end(buffers);
           ++each) {
        const boost::asio::const_buffer buffer(*each);
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }
    void finish(Error& error) { error = {}; }

   private:
    std::string& body_;
  };
};

std::string small_letters(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return small;
}

std::vector<std::string> pieces_of(std::string_view path) {
  std::vector<std::string> pieces;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) pieces.push_back(percent_decoded(path.substr(0, end)));
    path.remove_prefix(end);
  }
  return pieces;
}

std::map<std::string, std::string> query_of(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      query[percent_decoded(pair.substr(0, equals))] = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return query;
}

// Beast counts on having seen five bytes of a last chunk once it has seen the end of its first line (an assertion in
// parse_chunk_header), so it is not asked about fewer.
bool may_be_part_of_a_last_chunk(std::string_view bytes) {
  constexpr std::size_t whole = 5;  // "0" and two ends of a line
  return bytes.size() < whole && bytes.starts_with('0') && bytes.find("\r\n") != std::string_view::npos;
}

// What a parser takes of the bytes; the rest stays for the next call.
template <typename Parser>
Error put_all(Parser& parser, std::string& pending) {
  while (!pending.empty() && !parser.is_done()) {
    if (parser.is_header_done() && parser.chunked() && may_be_part_of_a_last_chunk(pending)) break;
    Error error;
    const std::size_t used = parser.put(boost::asio::const_buffer(pending.data(), pending.size()), error);
    pending.erase(0, used);
    if (error == beast::error::need_more) break;
    if (error) return error;
    if (used == 0) break;
  }
  return {};
}

int status_for(const Error& error) {
  if (error == beast::error::body_limit) return status::content_too_large;
  if (error == beast::error::header_limit) return status::header_too_large;
  return status::bad_request;
}

}  // namespace

// ---------------------------------------------------------------- requests

struct RequestParser::State {
  State() {
    parser.eager(true);
    parser.header_limit(limits::header_bytes);
    parser.body_limit(limits::request_body);
  }
  beast::request_parser<Body> parser;
};

RequestParser::RequestParser() : state_(std::make_unique<State>()) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

RequestParser::Progress RequestParser::feed(std::string_view bytes) {
  pending_.append(bytes);
  if (const Error error = put_all(state_->parser, pending_)) {
    failure_ = status_for(error);
    return Progress::failed;
  }
  // A parser that waits for the end of a header looks at no more than its limit; nor do we keep more.
  if (!state_->parser.is_done() && pending_.size() > limits::header_bytes) {
    failure_ = status::header_too_large;
    return Progress::failed;
  }
  return state_->parser.is_done() ? Progress::whole : Progress::needs_more;
}

bool RequestParser::is_between_requests() const {
  return pending_.empty() && !state_->parser.got_some();
}

Request RequestParser::take() {
  auto& message = state_->parser.get();
  const std::string_view target(message.target().data(), message.target().size());
  const std::size_t question = std::min(target.find('?'), target.size());
  Request request;
  request.method = std::string(message.method_string());
  request.path = pieces_of(target.substr(0, question));
  request.query = query_of(target.substr(std::min(question + 1, target.size())));
  for (const auto& field : message) {
    request.headers[small_letters({field.name_string().data(), field.name_string().size()})] =
        std::string(field.value());
  }
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  state_ = std::make_unique<State>();
  return request;
}

// ---------------------------------------------------------------- responses

struct ResponseParser::State {
  State() {
    parser.eager(true);
    parser.header_limit(limits::header_bytes);
    parser.body_limit(boost::none);
  }
  beast::response_parser<Body> parser;
  std::string pending;
  std::size_t interim = 0;  // responses that were passed over
  Fault fault = Fault::none;
};

ResponseParser::ResponseParser() : state_(std::make_unique<State>()) {}
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
ResponseParser::~ResponseParser() = default;

bool ResponseParser::feed(std::string_view bytes) {
  state_->pending.append(bytes);
  while (true) {
    if (const Error error = put_all(state_->parser, state_->pending)) {
      state_->fault = error == beast::error::header_limit ? Fault::header_too_long : Fault::malformed;
      return false;
    }
    if (!is_interim()) break;
    auto next = std::make_unique<State>();
    next->pending = std::move(state_->pending);
    next->interim = state_->interim + 1;
    state_ = std::move(next);
    if (state_->interim > limits::interim_responses) {
      state_->fault = Fault::malformed;
      return false;
    }
  }
  auto& [parser, pending, interim, fault] = *state_;
  if (!parser.is_header_done() && pending.size() > limits::header_bytes) fault = Fault::header_too_long;
  if (parser.get().body().size() > limits::response_body || pending.size() > limits::response_body) {
    fault = Fault::body_too_long;
  }
  return fault == Fault::none;
}

bool ResponseParser::is_interim() const {
  constexpr int switching_protocols = 101;
  return is_whole() && status() >= 100 && status() < 200 && status() != switching_protocols;
}

bool ResponseParser::feed_end() {
  if (!state_->parser.got_some()) return false;
  Error error;
  state_->parser.put_eof(error);
  return !error && state_->parser.is_done();
}

ResponseParser::Fault ResponseParser::fault() const {
  return state_->fault;
}

bool ResponseParser::keeps_alive() const {
  return state_->parser.keep_alive();
}

bool ResponseParser::has_header() const {
  return state_->parser.is_header_done();
}

bool ResponseParser::is_whole() const {
  return state_->parser.is_done();
}

int ResponseParser::status() const {
  return static_cast<int>(state_->parser.get().result_int());
}

std::string ResponseParser::take_body() {
  return std::exchange(state_->parser.get().body(), {});
}

}  // namespace baton::http
