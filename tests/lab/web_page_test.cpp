// The web page in a browser, beside a Baton that runs: what an administrator sees, and what nobody may believe.
#include "browser.h"
#include "served_pair.h"

namespace baton::lab {
namespace {

using nlohmann::json;

constexpr const char* markup = "<img src=x onerror=document.title=1>";
constexpr const char* address = "http://127.0.0.1:9650/";

// The state that the page shows of VI_1.
constexpr const char* shown_state = "document.querySelector('#rows tr .state')?.textContent";
constexpr const char* is_alarmed = "!document.getElementById('alarm').hidden";

class WebPage : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    if (!Browser::is_installed()) return;
    open({.batond_options = {"--http", "9650"},
          .routers = {{}, {.name = fmt::format("\"{}\"", markup), .vrid = 51, .addresses = {"10.0.20.101"}}}});
  }
  static void TearDownTestSuite() {
    browser_.reset();
    ServedPair::TearDownTestSuite();
  }
  void SetUp() override {
    if (!Browser::is_installed()) GTEST_SKIP() << "there is no chromium";
    ServedPair::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    if (!browser_) {
      browser_ = std::make_unique<Browser>(lab().machine(web1).init(), [](const std::function<bool()>& condition) {
        return wait(condition, std::chrono::seconds(90));
      });
    }
    ASSERT_TRUE(browser_->is_ready());
    browser_->resize(1280, 800);
    browser_->open(address);
    ASSERT_TRUE(page().sees("typeof seen !== 'undefined' && isCertain() && source.readyState === EventSource.OPEN"));
    ASSERT_TRUE(page().sees(fmt::format("{} === 'MASTER'", shown_state))) << page().value("document.body.innerText");
  }
  static Browser& page() { return *browser_; }

 private:
  inline static std::unique_ptr<Browser> browser_;
};

TEST_F(WebPage, names_are_text_and_never_markup) {
  EXPECT_EQ(page().value("document.querySelectorAll('#rows .name').length"), 2);
  EXPECT_EQ(page().value("document.querySelectorAll('#rows .name')[1].textContent"), markup);
  EXPECT_EQ(page().value("document.querySelectorAll('img').length"), 0);
  EXPECT_NE(page().value("document.title"), "1");
  EXPECT_EQ(page().value("document.getElementById('worker').textContent"), "worker answers");
  // Nor can a script that comes in by another way make any.
  EXPECT_EQ(page().value("document.body.innerHTML = '<p>'"), json()) << "the policy does not hold";
}

TEST_F(WebPage, follows_the_scheme_and_fits_a_telephone) {
  constexpr const char* ground = "getComputedStyle(document.body).backgroundColor";
  page().prefer("light");
  const json light = page().value(ground);
  page().prefer("dark");
  EXPECT_NE(page().value(ground), light);
  page().resize(360, 780);
  EXPECT_TRUE(page().sees("document.documentElement.scrollWidth <= 360"));
}

TEST_F(WebPage, the_keyboard_opens_why_and_escape_closes_it) {
  (void)page().value("document.querySelector('#rows .name').focus()");
  page().press("Enter", 13);
  EXPECT_TRUE(page().sees("document.getElementById('why').open"));
  EXPECT_TRUE(page().sees("document.getElementById('why-text').textContent.includes('200 is what it announces')"));
  page().press("Escape", 27);
  EXPECT_TRUE(page().sees("!document.getElementById('why').open"));
  page().press("/", 191);
  EXPECT_TRUE(page().sees("document.activeElement.id === 'filter'"));
}

TEST_F(WebPage, a_take_over_is_in_the_timeline_as_it_happens) {
  Pair::expect_done(lab().hand_over(web1, "VI_1"));
  EXPECT_TRUE(page().sees(fmt::format("{} === 'BACKUP'", shown_state)));
  EXPECT_TRUE(
      page().sees("[...document.querySelectorAll('#timeline li')].some("
                  "(item) => item.textContent.includes('VI_1') && item.textContent.includes('handover'))"))
      << page().value("document.getElementById('timeline').innerText");
  Pair::expect_done(lab().hand_over(web2, "VI_1"));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

TEST_F(WebPage, nobody_takes_a_dead_workers_state_for_certain) {
  signal(web1, Role::guardian, SIGSTOP);  // else another worker is there at once
  signal(web1, Role::worker, SIGSTOP);
  EXPECT_TRUE(page().sees(is_alarmed));
  EXPECT_EQ(page().value("document.querySelectorAll('main section .state.master').length"), 0);
  EXPECT_EQ(page().value(shown_state), "was MASTER");
  signal(web1, Role::worker, SIGCONT);
  signal(web1, Role::guardian, SIGCONT);
  EXPECT_TRUE(page().sees(fmt::format("!({})", is_alarmed)));
}

TEST_F(WebPage, a_lost_connection_is_said_and_what_was_missed_comes_after_it) {
  signal(web1, Role::everything, SIGSTOP);
  EXPECT_TRUE(page().sees("document.getElementById('connection').textContent === 'connection lost'"));
  EXPECT_TRUE(page().sees(is_alarmed));
  EXPECT_EQ(page().value("document.querySelectorAll('main section .state.master').length"), 0);
  const json last = page().value("seen.last");
  signal(web1, Role::everything, SIGCONT);
  EXPECT_TRUE(page().sees(fmt::format("!({}) && seen.last > {}", is_alarmed, last.dump())));
  EXPECT_TRUE(page().sees("[...seen.events.keys()].length === seen.last"))
      << page().value("[[...seen.events.keys()], seen.last, [...seen.events.values()]]");
}

}  // namespace
}  // namespace baton::lab
