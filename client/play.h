/*
 * The compositions that show a picture: play (also against the embedded guest), play without a
 * window (--source=off), and one screenshot. On the main thread; each returns the exit status.
 */
#pragma once

struct config;

int run_play(struct config *config);
int run_without_window(struct config *config);
int run_screenshot(struct config *config);
