// SPDX-License-Identifier: Apache-2.0
// Forwards the packets of known paths; everything else passes on to user space. The object beside the classes of the
// bundle is made of this by compile.sh; a test compares the two.
#include "bpf.h"

/* ---- What is shared with user space: PathKey and PathAction there. Numbers of packets are in network order. ---- */

/* What a packet is recognized by. */
struct key {
    u32 port;                               /* number of the port it came in by */
    u16 tag_type, tag;                      /* its VLAN tag, zero without */
    u32 source[4], destination[4];          /* IPv4: the first of four, the others zero */
    u16 source_port, destination_port;
    u8 protocol, version, zero[2];
};

enum { TRANSLATE = 1, SET_SOURCE = 2, SET_DESTINATION = 4, CHECK_SOURCE = 8, CHECK_DESTINATION = 16 };

/* What is done to it. */
struct action {
    u32 source[4], destination[4];          /* addresses and ports that it leaves with */
    u16 source_port, destination_port;
    u16 ip_delta, l4_delta;                 /* what its checksums change by */
    u8 set_destination[6], set_source[6];   /* Ethernet addresses that it leaves with */
    u8 from_destination[6], from_source[6]; /* those that it has to come with */
    u16 tag_type, tag;                      /* VLAN tag that it leaves with, zero without */
    u32 slot;                               /* where it is counted */
    u16 egress;                             /* number of the port it leaves by */
    u8 ttl, flags;                          /* by how much its TTL goes down, and the flags above */
    u32 zero;
};

struct path {
    struct action action;
    u64 sum;                                /* of key and action, see sum() */
};

struct count {
    u64 packets, bytes, seen, zero;         /* bytes with IP header; seen on the kernel's monotonic clock */
};

/* User space sets how many entries the first two have. */
struct map SECTION("maps") paths = {BPF_MAP_TYPE_HASH, sizeof(struct key), sizeof(struct path), 1, 0};
struct map SECTION("maps") counts = {BPF_MAP_TYPE_ARRAY, 4, sizeof(struct count), 1, BPF_F_MMAPABLE};
/* Longest IP packet of a port. */
struct map SECTION("maps") limits = {BPF_MAP_TYPE_ARRAY, 4, 4, 256, 0};
/* The ports' interfaces. */
struct map SECTION("maps") devices = {BPF_MAP_TYPE_DEVMAP, 4, 4, 256, 0};

/* Stands for the number of the port that the program is attached to; the loader puts it in. */
extern const char port_number[];

/* ---- Packets ---- */

struct ethernet {
    u8 destination[6], source[6];
    u16 type;
};

struct tag {
    u16 tci, type;
};

struct ipv4 {
    u8 version_length, tos;
    u16 length, id, fragment;
    u8 ttl, protocol;
    u16 sum;
    u32 source, destination;
};

struct ipv6 {
    u32 version_class_flow;
    u16 length;
    u8 protocol, ttl;
    u32 source[4], destination[4];
};

struct ports {
    u16 source, destination;
};

struct tcp {
    struct ports ports;
    u32 sequence, acknowledged;
    u8 offset, flags;
    u16 window, sum, urgent;
};

struct udp {
    struct ports ports;
    u16 length, sum;
};

enum { IPV4 = NET16(0x0800), IPV6 = NET16(0x86dd), VLAN = NET16(0x8100), SERVICE_VLAN = NET16(0x88a8) };
enum { TCP = 6, UDP = 17 };
enum { SYN_FIN_RST_ACK_URG = 0x37, ACK = 0x10 };

/* ---- One's complement sums (RFC 1071, RFC 1624) ---- */

INLINE u16 fold(u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16) ((sum & 0xffff) + (sum >> 16));
}

INLINE u16 update(u16 sum, u16 delta)
{
    return ~fold((u64) (u16) ~sum + delta);
}

/* ---- */

/*
 * The kernel may hand the memory of an entry that was just removed to another one while a program still reads it. What
 * belongs together adds up.
 */
INLINE u64 sum(const struct key *key, const struct action *action)
{
    const u64 *words = (const void *) key;
    u64 sum = 0, factor = 0x9e3779b97f4a7c15;
#pragma unroll
    for (u32 i = 0; i < sizeof(*key) / 8; i++, factor *= 0x9e3779b97f4a7c15)
        sum += words[i] * factor;
    words = (const void *) action;
#pragma unroll
    for (u32 i = 0; i < sizeof(*action) / 8; i++, factor *= 0x9e3779b97f4a7c15)
        sum += words[i] * factor;
    return sum;
}

INLINE int differs(const u8 *left, const u8 *right)
{
    return *(const u32 *) left != *(const u32 *) right || *(const u16 *) (left + 4) != *(const u16 *) (right + 4);
}

INLINE void copy(u8 *to, const u8 *from)
{
    *(u32 *) to = *(const u32 *) from;
    *(u16 *) (to + 4) = *(const u16 *) (from + 4);
}

/* Finds the checksum of the transport header, which begins at l4; length bytes with what follows. 0 if it is odd. */
INLINE u16 *transport(struct key *key, u8 *l4, u32 length, u8 *end)
{
    u16 *check;
    if (key->protocol == TCP) {
        const struct tcp *tcp = (void *) l4;
        if (l4 + sizeof(*tcp) > end || (tcp->flags & SYN_FIN_RST_ACK_URG) != ACK
            || tcp->offset < 5 << 4 || (u32) (tcp->offset >> 4) * 4 > length)
            return 0;
        check = &((struct tcp *) l4)->sum;
    } else if (key->protocol == UDP) {
        const struct udp *udp = (void *) l4;
        if (l4 + sizeof(*udp) > end || NET16(udp->length) != length || length < sizeof(*udp)
            || (udp->sum == 0 && key->version == 6))
            return 0;
        check = &((struct udp *) l4)->sum;
    } else {
        return 0;
    }
    const struct ports *ports = (void *) l4;
    key->source_port = ports->source;
    key->destination_port = ports->destination;

    /* Sent by this machine and not finished: what stands there is the sum of the pseudo header alone. */
    u64 pseudo = NET16(key->protocol) + (u64) NET16(length);
#pragma unroll
    for (int i = 0; i < 4; i++)
        pseudo += (u64) key->source[i] + key->destination[i];
    return *check == fold(pseudo) ? 0 : check;
}

INLINE int ipv4(struct key *key, struct ipv4 *ip, u8 *end, u32 *length, u8 *ttl)
{
    if ((u8 *) (ip + 1) > end || ip->version_length != 0x45 || ip->fragment & NET16(0xbfff))
        return 0;
    *length = NET16(ip->length);
    const u32 *words = (void *) ip;
    if (fold((u64) words[0] + words[1] + words[2] + words[3] + words[4]) != 0xffff
        || *length < sizeof(*ip) || (u8 *) ip + *length > end)
        return 0;
    *ttl = ip->ttl;
    key->source[0] = ip->source;
    key->destination[0] = ip->destination;
    key->protocol = ip->protocol;
    key->version = 4;
    return transport(key, (u8 *) (ip + 1), *length - sizeof(*ip), end) != 0;
}

INLINE int ipv6(struct key *key, struct ipv6 *ip, u8 *end, u32 *length, u8 *ttl)
{
    if ((u8 *) (ip + 1) > end || (ip->version_class_flow & 0xf0) != 0x60)
        return 0;
    *length = sizeof(*ip) + NET16(ip->length);
    if ((u8 *) ip + *length > end)
        return 0;
    *ttl = ip->ttl;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        key->source[i] = ip->source[i];
        key->destination[i] = ip->destination[i];
    }
    key->protocol = ip->protocol;
    key->version = 6;
    return transport(key, (u8 *) (ip + 1), *length - sizeof(*ip), end) != 0;
}

/* Writes the Ethernet header and tag that the packet leaves with. 0, and nothing has changed, if there is no room. */
INLINE int link_layer(struct frame *frame, const struct ethernet *came, int tagged, const struct action *action)
{
    struct ethernet leaves = *came;
    if (action->flags & SET_DESTINATION)
        copy(leaves.destination, action->set_destination);
    if (action->flags & SET_SOURCE)
        copy(leaves.source, action->set_source);
    int shorter = tagged - !!action->tag_type;
    if (shorter && adjust_head(frame, shorter * (int) sizeof(struct tag)))
        return 0;
    u8 *data = (void *) (long) frame->data, *end = (void *) (long) frame->data_end;
    struct ethernet *ethernet = (void *) data;
    struct tag *tag = (void *) (data + sizeof(*ethernet));
    if ((u8 *) (tag + 1) > end)
        return 0;
    copy(ethernet->destination, leaves.destination);
    copy(ethernet->source, leaves.source);
    if (action->tag_type) {
        ethernet->type = action->tag_type;
        tag->tci = action->tag;
    }
    /* The type of what follows is the two bytes before it, which have not moved. */
    return 1;
}

INLINE void translate_ports(struct ports *ports, u16 *check, const struct action *action)
{
    ports->source = action->source_port;
    ports->destination = action->destination_port;
    *check = update(*check, action->l4_delta);
}

INLINE void translate(u8 *l4, u8 *end, const struct key *key, const struct action *action)
{
    if (key->protocol == TCP) {
        struct tcp *tcp = (void *) l4;
        if (l4 + sizeof(*tcp) <= end)
            translate_ports(&tcp->ports, &tcp->sum, action);
        return;
    }
    struct udp *udp = (void *) l4;
    if (l4 + sizeof(*udp) > end)
        return;
    u16 before = udp->sum;
    translate_ports(&udp->ports, &udp->sum, action);
    if (before == 0)
        udp->sum = 0;           /* Sent without a checksum. */
    else if (udp->sum == 0)
        udp->sum = 0xffff;
}

/* Writes addresses, ports, TTL and checksums. */
INLINE void network_layer(u8 *l3, u8 *end, const struct key *key, const struct action *action)
{
    if (key->version == 4) {
        struct ipv4 *ip = (void *) l3;
        if ((u8 *) (ip + 1) > end)
            return;
        ip->ttl -= action->ttl;
        ip->sum = update(ip->sum, action->ip_delta);
        if (action->flags & TRANSLATE) {
            ip->source = action->source[0];
            ip->destination = action->destination[0];
            translate((u8 *) (ip + 1), end, key, action);
        }
    } else {
        struct ipv6 *ip = (void *) l3;
        if ((u8 *) (ip + 1) > end)
            return;
        ip->ttl -= action->ttl;
        if (action->flags & TRANSLATE) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                ip->source[i] = action->source[i];
                ip->destination[i] = action->destination[i];
            }
            translate((u8 *) (ip + 1), end, key, action);
        }
    }
}

SECTION("xdp") int forward(struct frame *frame)
{
    u8 *data = (void *) (long) frame->data, *end = (void *) (long) frame->data_end;
    struct ethernet *ethernet = (void *) data;
    struct tag *tag = (void *) (ethernet + 1);
    if ((u8 *) (tag + 1) > end)
        return XDP_PASS;

    /* Which path? */
    struct key key = {.port = (u32) (u64) port_number};
    struct ethernet came = *ethernet;
    u16 type = came.type;
    u8 *l3 = (u8 *) (ethernet + 1);
    if (type == VLAN || type == SERVICE_VLAN) {
        key.tag_type = type;
        key.tag = tag->tci;
        type = tag->type;
        l3 += sizeof(*tag);
    }
    u32 length;
    u8 ttl;
    if (!(type == IPV4 ? ipv4(&key, (void *) l3, end, &length, &ttl)
        : type == IPV6 ? ipv6(&key, (void *) l3, end, &length, &ttl) : 0))
        return XDP_PASS;
    const struct path *path = lookup(&paths, &key);
    if (!path)
        return XDP_PASS;
    struct action action = path->action;
    u64 expected = path->sum;
    __asm__ volatile("" ::: "memory");      /* From here on the copy alone is read. */
    if (sum(&key, &action) != expected)
        return XDP_PASS;

    /* May this packet take it? */
    u32 egress = action.egress, slot = action.slot;
    const u32 *limit = lookup(&limits, &egress);
    struct count *count = lookup(&counts, &slot);
    if (!limit || length > *limit || !count || (action.ttl && ttl <= action.ttl)
        || ((action.flags & CHECK_SOURCE) && differs(came.source, action.from_source))
        || ((action.flags & CHECK_DESTINATION) && differs(came.destination, action.from_destination))
        || redirect_map(&devices, egress, XDP_PASS) != XDP_REDIRECT
        || !link_layer(frame, &came, key.tag_type != 0, &action))
        return XDP_PASS;

    data = (void *) (long) frame->data;
    end = (void *) (long) frame->data_end;
    l3 = data + sizeof(*ethernet) + (action.tag_type ? sizeof(*tag) : 0);
    network_layer(l3, end, &key, &action);
    __sync_fetch_and_add(&count->packets, 1);
    __sync_fetch_and_add(&count->bytes, length);
    count->seen = ktime_get_coarse_ns();
    return XDP_REDIRECT;
}

const char SECTION("license") terms[] = "Apache-2.0";
