// The columns of SECDED(72,64) after M. Y. Hsiao (IBM J. Res. Dev. 14, 1970), as native/reference/ecc/hsiao.ts has them:
// all 56 bytes of weight 3, then the 8 rotations of 0b00011111. Data bit r is in the check bits that column r names.
#pragma once

struct HsiaoColumns {
    unsigned char of[64];
};

constexpr HsiaoColumns makeHsiaoColumns()
{
    HsiaoColumns columns{};
    int filled = 0;
    for (int byte = 0; byte < 256; byte++) {
        int weight = 0;
        for (int bit = 0; bit < 8; bit++) weight += byte >> bit & 1;
        if (weight == 3) columns.of[filled++] = static_cast<unsigned char>(byte);
    }
    for (int turn = 0; turn < 8; turn++)
        columns.of[filled++] = static_cast<unsigned char>(0x1f << turn | 0x1f >> (8 - turn));
    return columns;
}

__device__ constexpr HsiaoColumns HSIAO = makeHsiaoColumns();
