// What the kernels share. They are compiled by nvcc for the card and, in the tests, by the host's compiler with
// emulation/cuda_on_cpu.h in front: the same sources, so their arithmetic is checked where there is no card.
#pragma once

constexpr unsigned ALL_LANES = 0xffffffffu;
