// The lab of two web servers (examples/), played many times with every fault at another moment of the advert interval:
// how long its client is without service.
#pragma once

namespace baton::sim {

void print_takeover_table();

}  // namespace baton::sim
