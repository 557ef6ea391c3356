// libcurl with one handle, for the child that sends a mail or tells a webhook. It brings forty libraries with it, so it
// is loaded when there is something to send, by the process that sends it: no other holds them in memory or pays for
// them when it starts a child.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "base/time.h"

namespace baton::process {

class Curl {
 public:
  // Without a handle `report` says why.
  explicit Curl(std::string& report);
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl();

  CURL* handle() const { return handle_; }
  // Of a failure, in libcurl's words.
  std::string why(CURLcode code) const;

  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_escape) easy_escape = nullptr;
  decltype(&curl_free) free = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;

 private:
  bool load();

  CURL* handle_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

// What better luck will not change, whatever the protocol.
bool is_final_for_all(CURLcode code);

long milliseconds(Duration span);

}  // namespace baton::process
