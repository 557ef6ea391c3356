// A stable sort. libstdc++ 12's std::stable_sort and std::stable_partition call what C++17 deprecates, which clang 19
// does not compile without a warning; a list sorts stably by itself.
#pragma once

#include <algorithm>
#include <iterator>
#include <list>
#include <vector>

namespace baton {

template <typename Value, typename Less>
void stable_sort(std::vector<Value>& values, Less less) {
  std::list<Value> list(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  list.sort(less);
  std::ranges::move(list, values.begin());
}

}  // namespace baton
