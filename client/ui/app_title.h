/*
 * The window's title: the VM's name and, while keyboard and mouse are taken, how to get them back.
 * Pure.
 */
#pragma once

#include <stddef.h>

struct app_status;
struct config;

/* vm: as discovery or the command line names it; "" = the name that SPICE tells, if any. */
void app_title(const struct app_status *status, const struct config *config, const char *vm,
		char *text, size_t size);
