/*
 * No dump of this process's memory: passwords and typed text are in it.
 */
#pragma once

/* First thing in main(); children inherit it. */
void core_dump_forbid(void);
