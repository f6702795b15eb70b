/* Tells systemd the state of a program that it started (sd_notify(3), written by hand): "READY=1",
 * "STATUS=…", "STOPPING=1", separated by newlines. Does nothing without NOTIFY_SOCKET. */
#pragma once

void notify_systemd(const char *state);
