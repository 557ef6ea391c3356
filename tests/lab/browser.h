// Chromium without a screen in the network of a machine, driven through its DevTools pipe: JSON messages, each ended by
// a zero byte, on its descriptors 3 and 4.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/unique_fd.h"

namespace baton::lab {

class Browser {
 public:
  static bool is_installed();

  // `wait` goes on with the lab until a condition holds; false: its bound came first.
  using Wait = std::function<bool(const std::function<bool()>&)>;
  Browser(pid_t machine_init, Wait wait);
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  bool is_ready() const { return !session_.empty(); }
  void open(const std::string& url) { (void)ask("Page.navigate", {{"url", url}}); }
  // The value of a JavaScript expression in the page; null when it has none, or throws.
  nlohmann::json value(const std::string& expression);
  // Until the expression is true.
  bool sees(const std::string& expression);
  void prefer(const std::string& color_scheme);
  void resize(int width, int height);
  void press(const std::string& key, int code);

 private:
  nlohmann::json ask(const std::string& method, nlohmann::json params = nlohmann::json::object());
  void receive();

  Wait wait_;
  std::string directory_;
  pid_t pid_ = 0;
  UniqueFd to_;
  UniqueFd from_;
  std::string received_;
  std::map<int, nlohmann::json> replies_;
  std::string session_;
  int last_id_ = 0;
};

}  // namespace baton::lab
