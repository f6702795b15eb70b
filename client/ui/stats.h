/*
 * --stats: one JSON object per period on stdout (stderr under `scream -o raw`, which owns stdout).
 */
#pragma once

struct line_writer;
struct app_status;

/* The line, with its newline; heap. NULL: no memory. */
char *stats_line(const struct app_status *status);
/* Never waits for a reader: a line that is not taken is dropped, see base/line_writer.h. */
void stats_write(struct line_writer *out, const struct app_status *status);

/* Those of this process, for all that prints such lines. */
struct line_writer *stats_stdout(void);
struct line_writer *stats_stderr(void);
