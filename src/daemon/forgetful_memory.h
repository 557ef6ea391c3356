// Memory that is given back is overwritten: whoever reads a configuration leaves copies of its secrets in lines, words
// and strings that are long gone, and every role would inherit them. For the whole process, the operators new and
// delete of which this room replaces.
#pragma once

namespace baton::daemon {

// On from the start. A role that has been forked and knows no secrets it should not know turns it off: it costs a
// little with each piece of memory.
void be_forgetful(bool is_forgetful);

// What functions that have returned left on the stack, as deep as any of them goes, and in vector registers: a signal
// would write those to the stack.
void forget_stack();

}  // namespace baton::daemon
