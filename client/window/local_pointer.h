/*
 * The desktop's own pointer over the window: as usual, hidden, or a dot. On pg-ui.
 */
#pragma once

#include <stdbool.h>

struct local_pointer;

enum local_pointer_shape { LOCAL_POINTER_NORMAL, LOCAL_POINTER_NONE, LOCAL_POINTER_DOT };

/* Returns 0 or -ENOMEM. A dot that cannot be made is the usual pointer. */
int local_pointer_create(struct local_pointer **ret_pointer, bool large_dot);
/* Accepts NULL. Gives the usual pointer back. */
void local_pointer_destroy(struct local_pointer *pointer);

void local_pointer_set(struct local_pointer *pointer, enum local_pointer_shape shape);
