// SPDX-License-Identifier: Apache-2.0
// Counts every frame and drops it.
#include "bpf.h"

struct map SECTION("maps") counts = {BPF_MAP_TYPE_ARRAY, 4, 32, 1, BPF_F_MMAPABLE};

SECTION("xdp") int sink(struct frame *frame)
{
    (void) frame;
    u32 first = 0;
    u64 *count = lookup(&counts, &first);
    if (count)
        __sync_fetch_and_add(count, 1);
    return XDP_DROP;
}

const char SECTION("license") terms[] = "Apache-2.0";
