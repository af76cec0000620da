// SPDX-License-Identifier: Apache-2.0
// Makes load out of one UDP frame without a tag: each run gives it another source port, and sends it.
#include "bpf.h"

struct map SECTION("maps") devices = {BPF_MAP_TYPE_DEVMAP, 4, 4, 1, 0};
struct map SECTION("maps") counts = {BPF_MAP_TYPE_ARRAY, 4, 32, 1, BPF_F_MMAPABLE};

extern const char flows[];

SECTION("xdp") int generate(struct frame *frame)
{
    u16 *data = (void *) (long) frame->data, *end = (void *) (long) frame->data_end;
    u32 first = 0;
    u64 *number = lookup(&counts, &first);
    if (data + 21 > end || !number)
        return XDP_DROP;
    /* A step that every number of flows is prime to, so that neighbours in time are none in memory. */
    u64 flow = *number = *number + 7919;
    u32 before = data[17], after = NET16(1024 + flow % (u32) (u64) flows);
    u32 sum = (u16) ~data[20] + (u16) ~before + after;
    sum = (sum & 0xffff) + (sum >> 16);
    data[17] = after;
    data[20] = ~((sum & 0xffff) + (sum >> 16));
    return redirect_map(&devices, 0, XDP_DROP);
}

const char SECTION("license") terms[] = "Apache-2.0";
