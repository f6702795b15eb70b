/*
 * Tells when a unix socket's file appears: its folder is watched. On the loop's thread.
 */
#pragma once

struct loop;
struct socket_watch;

/* appeared: something of that name was made, moved there, or has new rights. bind() makes the file
 * and listen() comes after it, so the first connection may still be refused. */
int socket_watch_create(struct socket_watch **ret_watch, struct loop *loop,
		void (*appeared)(void *data), void *data);
void socket_watch_destroy(struct socket_watch *watch); /* accepts NULL */

/* Another path; NULL = nothing. A folder that is not there, or cannot be watched, is none: the
 * caller has a timer, too. */
void socket_watch_set(struct socket_watch *watch, const char *path);
