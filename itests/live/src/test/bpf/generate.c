// SPDX-License-Identifier: Apache-2.0
// Makes load out of one UDP frame of 64 bytes without a tag: each run gives it another source port, and sends it.
#include "bpf.h"

struct load {
    u64 number;
    u64 frame[8];       /* User space puts it there: what comes back from a run is what others have made of it. */
};

struct map SECTION("maps") devices = {BPF_MAP_TYPE_DEVMAP, 4, 4, 1, 0};
struct map SECTION("maps") counts = {BPF_MAP_TYPE_ARRAY, 4, sizeof(struct load), 1, BPF_F_MMAPABLE};

extern const char flows[];

SECTION("xdp") int generate(struct frame *frame)
{
    u16 *data = (void *) (long) frame->data, *end = (void *) (long) frame->data_end;
    u32 first = 0;
    struct load *load = lookup(&counts, &first);
    if (data + 32 > end || !load)
        return XDP_DROP;
#pragma unroll
    for (u32 i = 0; i < 8; i++)
        ((u64 *) data)[i] = load->frame[i];
    /* A step that every number of flows is prime to, so that neighbours in time are none in memory. */
    load->number += 7919;
    u32 before = data[17], after = NET16(1024 + load->number % (u32) (u64) flows);
    u32 sum = (u16) ~data[20] + (u16) ~before + after;
    sum = (sum & 0xffff) + (sum >> 16);
    data[17] = after;
    data[20] = ~((sum & 0xffff) + (sum >> 16));
    return redirect_map(&devices, 0, XDP_DROP);
}

const char SECTION("license") terms[] = "Apache-2.0";
