#include "kernel/nft_rule.h"

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

namespace baton::kernel::nft {
namespace {

constexpr std::uint32_t hash_seed = 0x42a70000;  // the same everywhere: two balancers send a client to the same server

constexpr std::uint32_t at(unsigned place) {
  return NFT_REG32_00 + place;
}

}  // namespace

Rule::Rule(const std::string& table, std::uint16_t family, const std::string& chain)
    : rule_(::nftnl_rule_alloc()), family_(family) {
  ::nftnl_rule_set_u32(rule_.get(), NFTNL_RULE_FAMILY, family);
  ::nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table.c_str());
  ::nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain.c_str());
}

nftnl_expr* Rule::add(const char* name) {
  nftnl_expr* expression = ::nftnl_expr_alloc(name);
  ::nftnl_rule_add_expr(rule_.get(), expression);  // which owns it
  return expression;
}

void Rule::append_to(Batch& batch) {
  batch.add(NFT_MSG_NEWRULE, family_, NLM_F_CREATE | NLM_F_APPEND,
            [&](nlmsghdr* message) { ::nftnl_rule_nlmsg_build_payload(message, rule_.get()); });
}

// ---------------------------------------------------------------- what a packet is

Rule& Rule::load_payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, unsigned to) {
  nftnl_expr* payload = add("payload");
  ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
  ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, at(to));
  ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
  ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, size);
  return *this;
}

Rule& Rule::load_network(std::uint32_t offset, std::uint32_t size, unsigned to) {
  return load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, size, to);
}

Rule& Rule::load_transport(std::uint32_t offset, std::uint32_t size, unsigned to) {
  return load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset, size, to);
}

Rule& Rule::load_meta(std::uint32_t key, unsigned to) {
  nftnl_expr* meta = add("meta");
  ::nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
  ::nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, at(to));
  return *this;
}

Rule& Rule::load_connection(std::uint32_t key, unsigned to) {
  nftnl_expr* ct = add("ct");
  ::nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, key);
  ::nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, at(to));
  return *this;
}

Rule& Rule::load_original(std::uint32_t key, unsigned to) {
  nftnl_expr* ct = add("ct");
  ::nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, key);
  ::nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, at(to));
  ::nftnl_expr_set_u8(ct, NFTNL_EXPR_CT_DIR, 0);  // IP_CT_DIR_ORIGINAL
  return *this;
}

Rule& Rule::load_kind_of_destination(unsigned to) {
  nftnl_expr* fib = add("fib");
  ::nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
  ::nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
  ::nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_DREG, at(to));
  return *this;
}

Rule& Rule::load_value(const Key& value, unsigned to) {
  nftnl_expr* immediate = add("immediate");
  ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, at(to));
  ::nftnl_expr_set(immediate, NFTNL_EXPR_IMM_DATA, value.data(), static_cast<std::uint32_t>(value.size()));
  return *this;
}

Rule& Rule::mask(const Key& mask, unsigned in) {
  const Key zero(mask.size(), 0);
  const auto size = static_cast<std::uint32_t>(mask.size());
  nftnl_expr* bitwise = add("bitwise");
  ::nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, at(in));
  ::nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, at(in));
  ::nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
  ::nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
  ::nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_MASK, mask.data(), size);
  ::nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_XOR, zero.data(), size);
  return *this;
}

// ---------------------------------------------------------------- whether it matches

Rule& Rule::compare(std::uint32_t operation, const Key& value, unsigned in) {
  nftnl_expr* compare = add("cmp");
  ::nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, at(in));
  ::nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, operation);
  ::nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, value.data(), static_cast<std::uint32_t>(value.size()));
  return *this;
}

Rule& Rule::is_equal(std::uint8_t value, unsigned in) {
  return compare(NFT_CMP_EQ, {value}, in);
}
Rule& Rule::is_equal(const Key& value, unsigned in) {
  return compare(NFT_CMP_EQ, value, in);
}
Rule& Rule::is_not_equal(const Key& value, unsigned in) {
  return compare(NFT_CMP_NEQ, value, in);
}

Rule& Rule::look_up(const char* set, std::uint32_t id, unsigned in, std::uint32_t to) {
  nftnl_expr* lookup = add("lookup");
  ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, at(in));
  ::nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, set);
  if (id != 0) ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, id);
  if (to != 0) ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_DREG, to);
  return *this;
}

Rule& Rule::is_in(const char* set, std::uint32_t id, unsigned in) {
  return look_up(set, id, in, 0);
}
Rule& Rule::find(const char* map, std::uint32_t id, unsigned in, unsigned to) {
  return look_up(map, id, in, at(to));
}
Rule& Rule::go_where(const char* map, std::uint32_t id, unsigned in) {
  nftnl_expr* lookup = add("lookup");
  ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, at(in));
  ::nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, map);
  if (id != 0) ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, id);
  ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
  return *this;
}

Rule& Rule::is_icmp6(std::uint8_t type) {
  return load_meta(NFT_META_L4PROTO).is_equal(IPPROTO_ICMPV6).load_transport(0, 1).is_equal(type);
}

// ---------------------------------------------------------------- whom it is for

Rule& Rule::number(std::uint32_t type, std::uint32_t modulus, unsigned to) {
  nftnl_expr* generator = add("numgen");
  ::nftnl_expr_set_u32(generator, NFTNL_EXPR_NG_TYPE, type);
  ::nftnl_expr_set_u32(generator, NFTNL_EXPR_NG_MODULUS, modulus);
  ::nftnl_expr_set_u32(generator, NFTNL_EXPR_NG_DREG, at(to));
  return *this;
}

Rule& Rule::count_up(std::uint32_t modulus, unsigned to) {
  return number(NFT_NG_INCREMENTAL, modulus, to);
}
Rule& Rule::draw(std::uint32_t modulus, unsigned to) {
  return number(NFT_NG_RANDOM, modulus, to);
}

Rule& Rule::hash(unsigned in, std::uint32_t size, std::uint32_t modulus, unsigned to) {
  nftnl_expr* hash = add("hash");
  ::nftnl_expr_set_u32(hash, NFTNL_EXPR_HASH_TYPE, NFT_HASH_JENKINS);
  ::nftnl_expr_set_u32(hash, NFTNL_EXPR_HASH_SREG, at(in));
  ::nftnl_expr_set_u32(hash, NFTNL_EXPR_HASH_DREG, at(to));
  ::nftnl_expr_set_u32(hash, NFTNL_EXPR_HASH_LEN, size);
  ::nftnl_expr_set_u32(hash, NFTNL_EXPR_HASH_MODULUS, modulus);
  ::nftnl_expr_set_u32(hash, NFTNL_EXPR_HASH_SEED, hash_seed);
  return *this;
}

Rule& Rule::note(const char* set, std::uint64_t timeout_ms, unsigned key) {
  nftnl_expr* note = add("dynset");
  ::nftnl_expr_set_u32(note, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
  ::nftnl_expr_set_u32(note, NFTNL_EXPR_DYNSET_SREG_KEY, at(key));
  ::nftnl_expr_set_u64(note, NFTNL_EXPR_DYNSET_TIMEOUT, timeout_ms);
  ::nftnl_expr_set_str(note, NFTNL_EXPR_DYNSET_SET_NAME, set);
  return *this;
}

// ---------------------------------------------------------------- what becomes of it

Rule& Rule::count() {
  (void)add("counter");
  return *this;
}

Rule& Rule::duplicate(unsigned address) {
  ::nftnl_expr_set_u32(add("dup"), NFTNL_EXPR_DUP_SREG_ADDR, at(address));
  return *this;
}

Rule& Rule::duplicate(unsigned address, unsigned device) {
  nftnl_expr* dup = add("dup");
  ::nftnl_expr_set_u32(dup, NFTNL_EXPR_DUP_SREG_ADDR, at(address));
  ::nftnl_expr_set_u32(dup, NFTNL_EXPR_DUP_SREG_DEV, at(device));
  return *this;
}

nftnl_expr* Rule::translate(unsigned address) {
  nftnl_expr* nat = add("nat");
  ::nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
  ::nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_FAMILY, family_);
  ::nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, at(address));
  return nat;
}

Rule& Rule::translate_destination(unsigned address) {
  (void)translate(address);
  return *this;
}

Rule& Rule::translate_destination(unsigned address, unsigned port) {
  ::nftnl_expr_set_u32(translate(address), NFTNL_EXPR_NAT_REG_PROTO_MIN, at(port));
  return *this;
}

Rule& Rule::masquerade() {
  (void)add("masq");
  return *this;
}

Rule& Rule::reject() {
  nftnl_expr* reject = add("reject");
  ::nftnl_expr_set_u32(reject, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMP_UNREACH);
  ::nftnl_expr_set_u8(reject, NFTNL_EXPR_REJECT_CODE,
                      family_ == NFPROTO_IPV4 ? ICMP_PORT_UNREACH : ICMP6_DST_UNREACH_NOPORT);
  return *this;
}

Rule& Rule::verdict(std::uint32_t verdict) {
  nftnl_expr* immediate = add("immediate");
  ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, verdict);
  return *this;
}

Rule& Rule::go_to(const std::string& chain) {
  nftnl_expr* immediate = add("immediate");
  ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, static_cast<std::uint32_t>(NFT_GOTO));
  ::nftnl_expr_set_str(immediate, NFTNL_EXPR_IMM_CHAIN, chain.c_str());
  return *this;
}

}  // namespace baton::kernel::nft
