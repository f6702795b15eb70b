/* `pierglass config`: every value in force and where it came from; and --import. */
#pragma once

#include <stdio.h>

struct config;
struct config_paths;

/* All of it, or the options of config->show; as JSON with config->json; with config->import writes
 * our file instead. Returns the exit status. */
int config_show(const struct config *config, FILE *out);

/* Writes paths->dir/pierglass.ini with what looking-glass-client's files say, in our words. An
 * existing file is replaced only with force. paths NULL = this user's. Returns the exit status. */
int config_import(const struct config_paths *paths, int force, FILE *out);
