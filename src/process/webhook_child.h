// One attempt to tell a webhook, through libcurl. It blocks, and it parses what a stranger answers: it runs in a child
// of its own.
#pragma once

#include <cstddef>
#include <string>

#include "notify/webhook.h"
#include "process/send_outcome.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t webhook_answer = 64U << 10;  // bytes that are read, and thrown away

}  // namespace limits

// `report` says why it was not told. Nothing of the answer is in it but its status: a server may repeat what it was
// sent, and that has secrets.
SendOutcome tell_webhook(const notify::Webhook& webhook, const std::string& body, std::string& report);

}  // namespace baton::process
