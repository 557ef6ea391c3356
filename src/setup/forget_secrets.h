// What a process that was forked with a setup need not know of it. A password that is not in its memory is in no dump
// of it, and is no prey of who gets into it.
#pragma once

#include <cstdint>

#include "setup/setup.h"

namespace baton::setup {

enum class Secrets : std::uint8_t {
  none,     // it is told what it needs, or needs nothing
  mail,     // it orders mails: the login at the mail server
  checks,   // it checks servers: the password of its key
  adverts,  // it signs adverts, and orders mails and webhooks: all but the password of the checks' key
};

// Overwrites passwords, keys, and addresses that are as good as keys, but `kept`. Not again to be served with.
void forget_secrets(Setup& setup, Secrets kept);

}  // namespace baton::setup
