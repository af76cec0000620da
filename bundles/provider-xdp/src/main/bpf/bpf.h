// SPDX-License-Identifier: Apache-2.0
// What a program needs of the kernel, as its include/uapi/linux/bpf.h numbers it: no header of the system is included,
// so that the compiler alone decides what the object looks like.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

enum { XDP_DROP = 1, XDP_PASS = 2, XDP_REDIRECT = 4 };

enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_DEVMAP = 14 };

enum { BPF_F_MMAPABLE = 1 << 10 };

/* A map, for whoever loads the program to make. */
struct map {
    u32 type, key_size, value_size, entries, flags;
};

/* What the kernel shows a program of a frame (struct xdp_md). */
struct frame {
    u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

static void *(*const lookup)(const void *map, const void *key) = (void *) 1;
static long (*const adjust_head)(struct frame *frame, int by) = (void *) 44;
static long (*const redirect_map)(const void *map, u64 key, u64 otherwise) = (void *) 51;
static u64 (*const ktime_get_coarse_ns)(void) = (void *) 160;

/* Network byte order, on little endian machines, which are all that the object is made for. */
#define NET16(x) ((u16) (((x) & 0xff) << 8 | ((x) >> 8 & 0xff)))
