/*
 * TLS for SPICE channels ("spice+tls://"): OpenSSL over a non-blocking socket. The server's
 * certificate is checked against the given authority, or the system's, and against the host name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spice_tls;
struct spice_tls_stream;

/* ca_file: PEM; NULL or "" = the system's authorities. -ENOENT if it cannot be read. subject: what
 * a certificate's subject has to be, in its order ("O=Red Hat,CN=vm\,1"), instead of the host's
 * name;
 * "" = the name counts. -EINVAL: nonsense. */
int spice_tls_create(struct spice_tls **ret_tls, const char *ca_file, const char *subject);
void spice_tls_destroy(struct spice_tls *tls);

/* The fd stays the caller's. host: a name or an address; "" = do not compare names. */
int spice_tls_stream_create(struct spice_tls_stream **ret_stream, struct spice_tls *tls, int fd,
		const char *host);
void spice_tls_stream_destroy(struct spice_tls_stream *stream);

/* 0 = done, -EAGAIN = wait for the socket, -EKEYREJECTED = the certificate is not trusted,
 * -EPROTO = no TLS there. */
int spice_tls_handshake(struct spice_tls_stream *stream);
bool spice_tls_wants_write(const struct spice_tls_stream *stream);

/* As recv() and send() with a negative errno; 0 from read is the end of the stream. */
ssize_t spice_tls_read(struct spice_tls_stream *stream, void *to, size_t len);
ssize_t spice_tls_write(struct spice_tls_stream *stream, const void *from, size_t len);
/* Decrypted bytes wait that the socket does not tell of. */
bool spice_tls_pending(const struct spice_tls_stream *stream);
