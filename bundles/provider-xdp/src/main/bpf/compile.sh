#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes an object file, with Debian 12's clang: compile.sh SOURCE OBJECT
exec clang-14 -target bpfel -mcpu=v3 -O2 -Wall -Wextra -Werror -ffreestanding -fno-ident \
    -I "$(dirname "$0")" -c "$1" -o "$2"
