/*
 * Text to values, strictly: the whole text must be the value. Used by the configuration and the
 * tools. All return false and leave *ret untouched if the text is anything else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);
bool parse_double(const char *text, double min, double max, double *ret_value);

/* 1 on yes true / 0 off no false, any case. */
bool parse_bool(const char *text, bool *ret_value);

/* Turns "%41" into "A", in place. Also false for what would be a NUL; the text is garbage then. */
bool parse_percent(char *text);

/* "1920x1080": two numbers of 1..max. */
bool parse_size(const char *text, int max, int *ret_width, int *ret_height);

/* "-1920x0": two numbers of -max..max; screens lie left of others. */
bool parse_position(const char *text, int max, int *ret_x, int *ret_y);

/* Edits between two short names (Levenshtein, adjacent swaps count one); for "did you mean". */
unsigned parse_distance(const char *a, const char *b);
