// One rule of nf_tables, expression by expression, for this room's own sources. Registers are numbered by their 32
// bits, 0 to 15: what is longer stands in those that follow.
#pragma once

#include <memory>
#include <string>

#include "kernel/nft_batch.h"

struct nftnl_expr;
struct nftnl_rule;
extern "C" void nftnl_rule_free(const nftnl_rule* rule);

namespace baton::kernel::nft {

class Rule {
 public:
  Rule(const std::string& table, std::uint16_t family, const std::string& chain);

  // What a packet is.
  Rule& load_network(std::uint32_t offset, std::uint32_t size, unsigned to = 0);
  Rule& load_transport(std::uint32_t offset, std::uint32_t size, unsigned to = 0);
  Rule& load_meta(std::uint32_t key, unsigned to = 0);      // NFT_META_*
  Rule& load_original(std::uint32_t key, unsigned to = 0);  // NFT_CT_*, of the direction in which the connection began
  Rule& load_connection(std::uint32_t key, unsigned to = 0);
  Rule& load_kind_of_destination(unsigned to = 0);  // RTN_*, by the routing table
  Rule& load_value(const Key& value, unsigned to = 0);
  Rule& mask(const Key& mask, unsigned in = 0);

  // A rule that does not match ends here.
  Rule& is_equal(std::uint8_t value, unsigned in = 0);
  Rule& is_equal(const Key& value, unsigned in = 0);
  Rule& is_not_equal(const Key& value, unsigned in = 0);
  Rule& is_in(const char* set, std::uint32_t id, unsigned in = 0);
  Rule& find(const char* map, std::uint32_t id, unsigned in, unsigned to);
  Rule& go_where(const char* map, std::uint32_t id, unsigned in = 0);  // a map of verdicts
  // ICMPv6 of that type, also behind a hop-by-hop header.
  Rule& is_icmp6(std::uint8_t type);

  Rule& count_up(std::uint32_t modulus, unsigned to = 0);
  Rule& draw(std::uint32_t modulus, unsigned to = 0);  // at random
  Rule& hash(unsigned in, std::uint32_t size, std::uint32_t modulus, unsigned to = 0);
  // Written into a dynamic set, for so long from now on.
  Rule& note(const char* set, std::uint64_t timeout_ms, unsigned key = 0);

  Rule& count();
  Rule& duplicate(unsigned address);  // a copy is routed by way of it
  Rule& duplicate(unsigned address, unsigned device);
  Rule& translate_destination(unsigned address);
  Rule& translate_destination(unsigned address, unsigned port);
  Rule& masquerade();
  Rule& reject();                        // ICMP's "port unreachable"
  Rule& verdict(std::uint32_t verdict);  // NF_ACCEPT, NF_DROP, NFT_RETURN
  Rule& go_to(const std::string& chain);

  void append_to(Batch& batch);

 private:
  nftnl_expr* add(const char* name);
  Rule& load_payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, unsigned to);
  Rule& compare(std::uint32_t operation, const Key& value, unsigned in);
  Rule& look_up(const char* set, std::uint32_t id, unsigned in, std::uint32_t to);
  Rule& number(std::uint32_t type, std::uint32_t modulus, unsigned to);
  nftnl_expr* translate(unsigned address);

  std::unique_ptr<nftnl_rule, Freer<nftnl_rule_free>> rule_;
  std::uint16_t family_;
};

}  // namespace baton::kernel::nft
