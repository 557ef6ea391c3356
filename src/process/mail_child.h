// Sending one mail through libcurl. It blocks, and it parses what a stranger answers: it runs in a child of its own.
#pragma once

#include <string>

#include "process/runner_protocol.h"
#include "process/send_outcome.h"

namespace baton::process {

namespace limits {

inline constexpr Duration mail_time = std::chrono::seconds(60);  // for one attempt, connecting included

}  // namespace limits

// `report` says why it was not sent, with the server's own words.
SendOutcome send_mail(const SendMail& order, std::string& report);

}  // namespace baton::process
