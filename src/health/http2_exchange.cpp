#include "health/http2_exchange.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "health/limits.h"

namespace baton::health {

struct Http2Exchange::State {
  explicit State(const Http2Request& asked) : request(asked) {}
  ~State() { nghttp2_session_del(session); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The first failure is the cause of those that follow.
  int fail(Failure failure, std::string_view detail = {}) {
    if (!failed_with) failed_with = failed(failure, detail);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  const Http2Request& request;
  nghttp2_session* session = nullptr;
  std::int32_t stream = -1;
  std::size_t body_sent = 0;
  bool has_sent_all = false;

  std::size_t bytes = 0;    // of the server
  std::string first_bytes;  // for who speaks something else
  std::string complaint;    // nghttp2's own, of what broke its rules
  std::optional<Outcome> failed_with;
  std::uint32_t frames = 0;
  std::uint32_t data_frames = 0;
  std::size_t field_bytes = 0;
  std::vector<HeaderField> fields;
  int status = 0;
  std::string body;
  bool is_whole = false;
  bool was_reset = false;  // by the server
};

namespace {

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

// What nghttp2 calls; `of` is the State that it was given.
struct Http2Callbacks {
  using Exchange = Http2Exchange::State;
  static Exchange& state(void* of) { return *static_cast<Exchange*>(of); }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* of) {
    Exchange& now = state(of);
    // Our settings have come before our request, so whoever pushes has read them (RFC 9113, 8.4).
    if (head->type == NGHTTP2_PUSH_PROMISE) return now.fail(Failure::http2_malformed, "it pushes");
    const bool brings_page = head->type == NGHTTP2_DATA && head->length > 0;
    std::uint32_t& count = brings_page ? now.data_frames : now.frames;
    const std::uint32_t most = brings_page ? limits::http2_data_frames : limits::http2_frames;
    return ++count > most ? now.fail(Failure::http2_flood) : 0;
  }

  // A field, unpacked: what is small on the wire may be large here.
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* of) {
    Exchange& now = state(of);
    constexpr std::size_t each = 32;  // as RFC 7541, 4.1 counts
    now.field_bytes += name_size + value_size + each;
    if (now.field_bytes > limits::http2_header_bytes) return now.fail(Failure::http_header_too_long);
    if (frame->hd.stream_id != now.stream) return 0;
    now.fields.push_back(
        {.name = std::string(text_of(name, name_size)), .value = std::string(text_of(value, value_size))});
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes, std::size_t size,
                     void* of) {
    Exchange& now = state(of);
    if (stream == now.stream) now.body.append(text_of(bytes, size));
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* of) {
    Exchange& now = state(of);
    if (frame->hd.type == NGHTTP2_GOAWAY) on_goaway(now, frame->goaway);
    if (frame->hd.stream_id != now.stream) return 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) now.was_reset = true;
    if (frame->hd.type == NGHTTP2_HEADERS && now.status == 0) on_header_end(now);
    const bool is_of_answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (is_of_answer && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) now.is_whole = true;
    return 0;
  }

  // One of 1xx is none yet (RFC 9110, 15.2).
  static void on_header_end(Exchange& now) {
    int status = 0;
    const auto found = std::ranges::find(now.fields, ":status", &HeaderField::name);
    if (found != now.fields.end()) {
      std::from_chars(found->value.data(), found->value.data() + found->value.size(), status);
    }
    if (status >= 200) {
      now.status = status;
    } else {
      now.fields.clear();
    }
  }

  // One that lets our request come to its end is but news.
  static void on_goaway(Exchange& now, const nghttp2_goaway& goaway) {
    if (goaway.error_code == NGHTTP2_NO_ERROR && goaway.last_stream_id >= now.stream) return;
    if (now.is_whole) return;
    const std::string_view words = text_of(goaway.opaque_data, goaway.opaque_data_len);
    (void)now.fail(Failure::http2_goaway, fmt::format("{}{}{}", nghttp2_http2_strerror(goaway.error_code),
                                                      words.empty() ? "" : ", ", words.substr(0, limits::detail)));
  }

  static int on_stream_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* of) {
    Exchange& now = state(of);
    if (stream != now.stream || now.is_whole) return 0;
    if (now.was_reset) {
      (void)now.fail(Failure::http2_reset, nghttp2_http2_strerror(code));
    } else {  // by us, because of what it holds
      (void)now.fail(Failure::http2_malformed, now.complaint.empty() ? nghttp2_http2_strerror(code) : now.complaint);
    }
    return 0;
  }

  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame*, int error, void* of) {
    Exchange& now = state(of);
    (void)now.fail(Failure::http2_malformed, now.complaint.empty() ? nghttp2_strerror(error) : now.complaint);
    return 0;
  }

  static int on_complaint(nghttp2_session*, int, const char* words, std::size_t size, void* of) {
    Exchange& now = state(of);
    if (now.complaint.empty()) now.complaint.assign(words, std::min(size, limits::detail));
    return 0;
  }

  // What the server's window lets through (9113, 5.2).
  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size, std::uint32_t* flags,
                           nghttp2_data_source*, void* of) {
    Exchange& now = state(of);
    const std::string_view rest = std::string_view(now.request.body).substr(now.body_sent);
    const std::size_t taken = rest.copy(reinterpret_cast<char*>(to), size);
    now.body_sent += taken;
    if (taken == rest.size()) {
      now.has_sent_all = true;
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(taken);
  }

  static const nghttp2_session_callbacks* all() {
    static const nghttp2_session_callbacks* const callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      (void)nghttp2_session_callbacks_new(&made);  // it fails without memory alone
      nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
      nghttp2_session_callbacks_set_on_header_callback(made, on_header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, on_invalid_frame);
      nghttp2_session_callbacks_set_error_callback2(made, on_complaint);
      return made;
    }();
    return callbacks;
  }

  static const nghttp2_option* options() {
    static const nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      (void)nghttp2_option_new(&made);
      nghttp2_option_set_max_outbound_ack(made, limits::http2_unsent_acks);
      nghttp2_option_set_no_closed_streams(made, 1);
      return made;
    }();
    return options;
  }
};

namespace {

// What is to be sent, as far as it can be. False: nghttp2 has no memory.
bool drain(nghttp2_session* session, std::string& out) {
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session, &bytes);
    if (size <= 0) return size == 0;
    out.append(text_of(bytes, static_cast<std::size_t>(size)));
  }
}

nghttp2_nv pair_of(const HeaderField& field) {
  const auto bytes = [](const std::string& text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // it is copied
  };
  return {.name = bytes(field.name),
          .value = bytes(field.value),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Http2Exchange::Http2Exchange(const Http2Request& request) : state_(std::make_unique<State>(request)) {}

Http2Exchange::~Http2Exchange() = default;

void Http2Exchange::begin(std::string& out) {
  state_ = std::make_unique<State>(state_->request);
  State& now = *state_;
  if (nghttp2_session_client_new2(&now.session, Http2Callbacks::all(), &now, Http2Callbacks::options()) != 0) return;
  // Nothing may be pushed to us.
  const nghttp2_settings_entry settings[] = {
      {.settings_id = NGHTTP2_SETTINGS_ENABLE_PUSH, .value = 0},
      {.settings_id = NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, .value = 0},
      {.settings_id = NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, .value = limits::http2_header_bytes},
  };
  (void)nghttp2_submit_settings(now.session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  std::vector<nghttp2_nv> fields;
  for (const HeaderField& field : now.request.fields) fields.push_back(pair_of(field));
  const nghttp2_data_provider body{.source = {}, .read_callback = Http2Callbacks::read_body};
  now.has_sent_all = now.request.body.empty();
  now.stream = nghttp2_submit_request(now.session, nullptr, fields.data(), fields.size(),
                                      now.has_sent_all ? nullptr : &body, nullptr);
  (void)drain(now.session, out);
}

std::optional<Outcome> Http2Exchange::feed(std::string_view bytes, std::string& out) {
  State& now = *state_;
  if (now.session == nullptr) return failed(Failure::no_resources, "no memory for HTTP/2");
  now.bytes += bytes.size();
  if (now.bytes > limits::http2_bytes) return failed(Failure::http2_flood);
  now.first_bytes.append(bytes.substr(0, limits::detail - std::min(limits::detail, now.first_bytes.size())));
  const ssize_t taken =
      nghttp2_session_mem_recv(now.session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken == NGHTTP2_ERR_FLOODED) (void)now.fail(Failure::http2_flood);
  if (taken < 0) (void)now.fail(Failure::http2_malformed, nghttp2_strerror(static_cast<int>(taken)));
  // What we have to say to it may end the stream as well.
  if (!now.failed_with && !drain(now.session, out)) return failed(Failure::no_resources, "no memory for HTTP/2");
  const bool is_over = nghttp2_session_want_read(now.session) == 0 && nghttp2_session_want_write(now.session) == 0;
  if (is_over && !now.is_whole) (void)now.fail(Failure::http2_malformed, now.complaint);
  // Who speaks HTTP/1 says so best himself.
  const bool is_malformed = now.failed_with && now.failed_with->failure == Failure::http2_malformed;
  if (is_malformed && now.first_bytes.starts_with("HTTP/")) return failed(Failure::http2_malformed, now.first_bytes);
  return now.failed_with;
}

void Http2Exchange::say_goodbye(std::string& out) {
  if (state_->session == nullptr) return;
  (void)nghttp2_session_terminate_session(state_->session, NGHTTP2_NO_ERROR);
  (void)drain(state_->session, out);
}

bool Http2Exchange::has_status() const {
  return state_->status != 0;
}
int Http2Exchange::status() const {
  return state_->status;
}
bool Http2Exchange::is_whole() const {
  return state_->is_whole;
}

std::optional<std::string_view> Http2Exchange::field(std::string_view name) const {
  for (auto field = state_->fields.rbegin(); field != state_->fields.rend(); ++field) {
    if (field->name == name) return field->value;
  }
  return std::nullopt;
}

std::string Http2Exchange::take_body() {
  return std::exchange(state_->body, {});
}

Outcome Http2Exchange::on_end() const {
  return failed(Failure::closed_early, state_->first_bytes.empty() ? "nothing had come" : "");
}

Outcome Http2Exchange::on_silence() const {
  return failed(Failure::reply_timeout, state_->has_sent_all ? "" : "the server does not let the request through");
}

}  // namespace baton::health
