/*
 * The demo guest's user, as far as an agent is concerned: somebody who copies, pastes and takes
 * files, behind the SPICE server's main channel (host-proto/spice/peer_agent.h). On the peer's
 * thread, and driven by lines:
 *
 *	clip offer TYPE FILE   copies: text, png, bmp, tiff or jpeg
 *	clip release           … and it is gone again
 *	clip paste TYPE FILE   pastes: what comes is written into FILE
 *	clip silent on|off     requests are not answered
 *	clip agent on|off      the agent comes and goes
 *
 * Files that are sent are counted and discarded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct demo_agent;
struct spice_peer;

/* What happened, for --report:
 *	ready    the client has announced itself
 *	offered  the host copied; code = bits (1 << enum spice_clipboard_type), 0 = it has nothing
 *	asked    the host wants our content; code = its type
 *	answered … and it is on its way: copying it took until now
 *	pasted   the answer came; code = its type (0 = there is none), value = bytes
 *	file     a file arrived; code = its id, value = bytes
 */
typedef void (*demo_agent_report)(const char *name, int64_t code, int64_t value, void *data);

/* windows: as the Windows agent is believed to be (CR LF, no selections); else as the Linux one. */
int demo_agent_create(
		struct demo_agent **ret_agent, bool windows, demo_agent_report report, void *data);
void demo_agent_destroy(struct demo_agent *agent); /* accepts NULL */
/* Before the peer is stepped. The agent does not outlive it. */
void demo_agent_set_peer(struct demo_agent *agent, struct spice_peer *peer);

/* The peer's message on main. */
void demo_agent_message(struct demo_agent *agent, unsigned type, const uint8_t *body, size_t len);
/* A line after "clip ". False: it makes no sense. */
bool demo_agent_command(struct demo_agent *agent, const char *line);
