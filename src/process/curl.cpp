#include "process/curl.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace baton::process {

namespace {

template <typename Function>
bool find(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Curl::Curl(std::string& report) {
  if (!load()) {
    const char* why = dlerror();
    report = fmt::format("libcurl4 cannot be loaded: {}", why != nullptr ? why : "it lacks a function");
    return;
  }
  handle_ = easy_init();
  if (handle_ == nullptr) {
    report = "libcurl does not start";
    return;
  }
  easy_setopt(handle_, CURLOPT_ERRORBUFFER, error_.data());
}

Curl::~Curl() {
  if (handle_ != nullptr) easy_cleanup(handle_);
}

std::string Curl::why(CURLcode code) const {
  return error_[0] != '\0' ? error_.data() : easy_strerror(code);
}

bool Curl::load() {
  void* const library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  return library != nullptr && find(library, easy_init, "curl_easy_init") &&
         find(library, easy_cleanup, "curl_easy_cleanup") && find(library, easy_escape, "curl_easy_escape") &&
         find(library, free, "curl_free") && find(library, easy_setopt, "curl_easy_setopt") &&
         find(library, easy_getinfo, "curl_easy_getinfo") && find(library, easy_perform, "curl_easy_perform") &&
         find(library, easy_strerror, "curl_easy_strerror") && find(library, slist_append, "curl_slist_append") &&
         find(library, slist_free_all, "curl_slist_free_all");
}

bool is_final_for_all(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_URL_MALFORMAT;
}

long milliseconds(Duration span) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

}  // namespace baton::process
