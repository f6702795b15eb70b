/*
 * The stamp: the demo guest's frame serial in the pixels of every stripe of 16 rows, so that a torn
 * or stale picture is recognised from the pixels alone: by the producer, by a read-back of the
 * renderer, and by a program that watches the screen at 1:1.
 *
 * Stripe s covers the rows [16 s, 16 s + 16). Its stamp is STAMP_CELLS cells side by side, each
 * STAMP_CELL_PX square, starting at the left edge of the frame and at row 16 s + STAMP_TOP_PX. A
 * cell is black or white: read it in its middle, above or below 50 %. Cells, from the left:
 *	white, black                              (so that a missing stamp is seen)
 *	32 bits of the serial, most significant first
 *	8 bits of the stripe number
 *	8 bits of check: stamp_check()
 * The last stripe has a stamp only if all its 16 rows exist. The rows of a stripe outside the cells
 * carry picture. Frames narrower than STAMP_WIDTH_PX have none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define STAMP_STRIPE_ROWS 16u
#define STAMP_CELL_PX     4u
#define STAMP_TOP_PX      6u
#define STAMP_CELLS       50u
#define STAMP_WIDTH_PX    (STAMP_CELLS * STAMP_CELL_PX)

static inline unsigned stamp_check(uint32_t serial, unsigned stripe) {
	uint32_t sum = serial ^ serial >> 8 ^ serial >> 16 ^ serial >> 24 ^ stripe ^ 0xa5;
	return sum & 0xff;
}

/* Whether that cell is white. */
static inline bool stamp_cell(uint32_t serial, unsigned stripe, unsigned cell) {
	if (cell < 2) {
		return cell == 0;
	}
	if (cell < 34) {
		return serial >> (33 - cell) & 1;
	}
	if (cell < 42) {
		return stripe >> (41 - cell) & 1;
	}
	return stamp_check(serial, stripe) >> (49 - cell) & 1;
}

/* The row and column to look at for a cell. */
static inline unsigned stamp_row(unsigned stripe) {
	return stripe * STAMP_STRIPE_ROWS + STAMP_TOP_PX + STAMP_CELL_PX / 2;
}
static inline unsigned stamp_column(unsigned cell) {
	return cell * STAMP_CELL_PX + STAMP_CELL_PX / 2;
}

/*
 * Reads the stamp of a stripe from one row of 4-byte pixels, row stamp_row(stripe) of the frame
 * (pixel_bytes: distance between pixels; any one colour byte of a pixel serves, green is best).
 * False if there is no valid stamp: one that was torn apart within the stripe, or scaled.
 */
static inline bool stamp_read(
		const uint8_t *row, unsigned pixel_bytes, unsigned stripe, uint32_t *ret_serial) {
	uint64_t bits = 0;
	for (unsigned cell = 0; cell < STAMP_CELLS; cell++) {
		bits = bits << 1 | (row[stamp_column(cell) * pixel_bytes + 1] >= 128);
	}
	uint32_t serial = (uint32_t)(bits >> 16);
	if (bits >> 48 != 2 || (bits >> 8 & 0xff) != (stripe & 0xff) ||
			(bits & 0xff) != stamp_check(serial, stripe & 0xff)) {
		return false;
	}
	*ret_serial = serial;
	return true;
}
