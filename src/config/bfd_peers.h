// Which BFD session a check follows, and when two sessions are one and the same for those who follow them.
#pragma once

#include "config/model.h"

namespace baton::config {

// nullptr: there is none of that name.
const BfdSession* session_of(const BfdCheck& check, const Configuration& configuration);

// Packets of one are those of the other, whatever the two are called: one neighbour, from one source, in one way.
bool have_same_peer(const BfdSession& left, const BfdSession& right);

}  // namespace baton::config
