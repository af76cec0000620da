// SPDX-License-Identifier: Apache-2.0
// Sends every frame on, as it is: nothing that forwards can be faster.
#include "bpf.h"

struct map SECTION("maps") devices = {BPF_MAP_TYPE_DEVMAP, 4, 4, 1, 0};

SECTION("xdp") int bare(struct frame *frame)
{
    (void) frame;
    return redirect_map(&devices, 0, XDP_DROP);
}

const char SECTION("license") terms[] = "Apache-2.0";
