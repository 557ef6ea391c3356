// Judges a tree by the keyword table: unknown words, old spellings, what stands in the wrong block, what Baton does not
// carry out yet, braces that were forgotten. What it cannot keep is taken out, so that the blocks' own readers meet
// keywords they know and nothing else.
#pragma once

#include "config/diagnostics.h"
#include "config/tree.h"

namespace baton::config {

void check_keywords(Tree& tree, Diagnostics& diagnostics);

}  // namespace baton::config
