/*
 * The host's offers beside its picture, on pg-lgmp: messages about a stream for input, the
 * clipboard and sound go to their users, and requests go to the host.
 */
#pragma once

#include <stdbool.h>

struct clipboard_port;
struct input_port;
struct lgmp_client;
struct lgmp_message;

/* Each finishes the message. */
void host_offers_input(struct lgmp_client *client, struct input_port *port,
		const struct lgmp_message *message);
void host_offers_clipboard(struct lgmp_client *client, struct clipboard_port *port,
		const struct lgmp_message *message);
void host_offers_audio(struct lgmp_client *client, const struct lgmp_message *message);

/* Sends what waits for the clipboard. False: the host has no room for the rest now. */
bool host_offers_send(struct lgmp_client *client, struct clipboard_port *port);
