// How an attempt to send something ended: the exit status of the child that made it.
#pragma once

namespace baton::process {

enum class SendOutcome { sent = 0, try_again = 1, refused = 2 };

}  // namespace baton::process
