#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the object file, with Debian 12's clang: compile.sh FILE
exec clang-14 -target bpfel -mcpu=v3 -O2 -Wall -Wextra -Werror -ffreestanding -fno-ident -c \
    "$(dirname "$0")/forward.c" -o "$1"
