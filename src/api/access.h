// Who may do what. Through the Unix socket whoever can connect may read, as its mode and group say, and root may write.
// Through TCP anybody on this machine may read, and whoever has the token may write. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "api/server.h"
#include "http/message.h"

namespace baton::api {

enum class Access : std::uint8_t { read, write };

// The error is the answer to give.
std::expected<void, http::Response> admit(Access wanted, const Asker& asker, const http::Request& request,
                                          std::string_view token);

// {"error": sentence, "kind": word} as docs/openapi.json has it.
http::Response refusal(int status, std::string_view kind, std::string_view sentence);

}  // namespace baton::api
