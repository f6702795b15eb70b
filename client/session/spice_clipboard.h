/* The SPICE agent as a way for clipboard content (clipboard_link.h). */
#pragma once

#include "client/session/clipboard_link.h"
#include "host-proto/spice/wire.h"

struct spice_agent;

/* agent: ready, and borrowed until the link is put away. */
struct clipboard_link spice_clipboard_link(struct spice_agent *agent);

/* A set of SPICE_CLIPBOARD_BIT() in enum clipboard_type. */
unsigned spice_clipboard_types(unsigned theirs);
/* 0: there is no such type here. */
unsigned spice_clipboard_type(enum spice_clipboard_type theirs);
