/** Netlink protocols. Source: linux/netlink.h. */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** Flags of a message header. Source: linux/netlink.h. */
export const NLM_F_REQUEST = 0x001;
export const NLM_F_ACK = 0x004;
export const NLM_F_DUMP_INTR = 0x010;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** In an acknowledgement: the header of the request is not followed by its body; attributes follow. */
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

/** Message types that every protocol shares. Source: linux/netlink.h. */
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

/** Attribute of an extended acknowledgement that holds the kernel's own words. Source: linux/netlink.h. */
export const NLMSGERR_ATTR_MSG = 1;

/** Types of rtnetlink messages. Source: linux/rtnetlink.h. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWRULE: 32,
  DELRULE: 33,
  GETRULE: 34,
} as const;

/** Multicast groups of rtnetlink. Source: linux/rtnetlink.h. */
export const RTNLGRP = {
  link: 1,
  neighbour: 3,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv6Address: 9,
  ipv6Route: 11,
} as const;

export const AF_UNSPEC = 0;
export const AF_BRIDGE = 7;

/** Attributes of a link. Source: linux/if_link.h. */
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  TXQLEN: 13,
  LINKINFO: 18,
  NET_NS_PID: 19,
  IFALIAS: 20,
  STATS64: 23,
  NET_NS_FD: 28,
  LINK_NETNSID: 37,
  INFO_KIND: 1,
  INFO_DATA: 2,
  INFO_SLAVE_KIND: 4,
  INFO_SLAVE_DATA: 5,
  VETH_PEER: 1,
  MACVLAN_MODE: 1,
  IPVLAN_MODE: 1,
  IPVLAN_FLAGS: 2,
  VLAN_ID: 1,
} as const;

/** Attributes of a bridge. Times are in hundredths of a second. Source: linux/if_link.h. */
export const IFLA_BR = {
  FORWARD_DELAY: 1,
  AGEING_TIME: 4,
  STP_STATE: 5,
  VLAN_FILTERING: 7,
  MCAST_SNOOPING: 23,
  NF_CALL_IPTABLES: 36,
  NF_CALL_IP6TABLES: 37,
} as const;

/** Attributes of a bridge port. Source: linux/if_link.h. */
export const IFLA_BRPORT = {
  MODE: 4,
  LEARNING: 8,
  UNICAST_FLOOD: 9,
  NEIGH_SUPPRESS: 32,
  ISOLATED: 33,
} as const;

/** Attributes of a vxlan link. Source: linux/if_link.h. */
export const IFLA_VXLAN = {
  ID: 1,
  GROUP: 2,
  LINK: 3,
  LOCAL: 4,
  LEARNING: 7,
  PROXY: 11,
  L2MISS: 13,
  L3MISS: 14,
  PORT: 15,
  GROUP6: 16,
  LOCAL6: 17,
} as const;

/** Flags of a link. Source: linux/if.h. */
export const IFF = {
  UP: 0x1,
  LOOPBACK: 0x8,
  NOARP: 0x80,
  PROMISC: 0x100,
  MULTICAST: 0x1000,
  LOWER_UP: 0x10000,
} as const;

/** Attributes and flags of an address. Source: linux/if_addr.h. */
export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  FLAGS: 8,
  F_NODAD: 0x02,
  F_DADFAILED: 0x08,
  F_TENTATIVE: 0x40,
  F_NOPREFIXROUTE: 0x200,
} as const;

/** Attributes of a route. Source: linux/rtnetlink.h. */
export const RTA = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  TABLE: 15,
  VIA: 18,
} as const;

/** Attributes of a neighbour entry. Source: linux/neighbour.h. */
export const NDA = { DST: 1, LLADDR: 2, VLAN: 5, IFINDEX: 8 } as const;

/** Attributes of a policy rule. Source: linux/fib_rules.h. */
export const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  PRIORITY: 6,
  FWMARK: 10,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
} as const;
