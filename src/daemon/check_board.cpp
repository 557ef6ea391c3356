#include "daemon/check_board.h"

namespace baton::daemon {

setup::BalanceMemory memory_of(const CheckBoard& board) {
  setup::BalanceMemory memory;
  for (std::size_t i = 0; i < board.check_count(); ++i) memory.checks.push_back(board.check(i));
  for (std::size_t i = 0; i < board.service_count(); ++i) memory.has_quorum.push_back(board.has_quorum(i));
  for (std::size_t i = 0; i < board.server_count(); ++i) {
    memory.is_drained.push_back(board.is_drained(i));
    memory.is_known.push_back(board.is_known(i));
    memory.rises.push_back(board.rise(i));
  }
  return memory;
}

void note(const setup::BalanceMemory& memory, CheckBoard& board) {
  for (std::size_t i = 0; i < memory.checks.size(); ++i) board.set_check(i, memory.checks[i]);
  for (std::size_t i = 0; i < memory.has_quorum.size(); ++i) {
    if (memory.has_quorum[i]) board.set_quorum(i, *memory.has_quorum[i]);
  }
  for (std::size_t i = 0; i < memory.is_drained.size(); ++i) board.set_drained(i, memory.is_drained[i]);
  for (std::size_t i = 0; i < memory.is_known.size(); ++i) {
    if (memory.is_known[i]) board.set_known(i);
  }
  for (std::size_t i = 0; i < memory.rises.size(); ++i) board.set_rise(i, memory.rises[i]);
}

}  // namespace baton::daemon
