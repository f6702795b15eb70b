#include "host-proto/spice/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct spice_tls {
	SSL_CTX *ctx;
	X509_NAME *subject; /* NULL: the host's name counts */
};

struct spice_tls_stream {
	const struct spice_tls *tls;
	SSL *ssl;
	bool wants_write;
};

/* Copies up to the comma, or what stands for it; returns where the next entry begins, NULL = at the
 * end. */
static const char *next_entry(const char *from, char *to, size_t size) {
	size_t len = 0;
	while (*from == ' ') {
		from++;
	}
	for (; *from && *from != ','; from++) {
		from += *from == '\\' && from[1];
		if (len + 1 < size) {
			to[len++] = *from;
		}
	}
	to[len] = '\0';
	return *from ? from + 1 : NULL;
}

static X509_NAME *parse_subject(const char *text) {
	X509_NAME *name = X509_NAME_new();
	char entry[256];
	for (const char *at = text; name && at;) {
		at = next_entry(at, entry, sizeof entry);
		char *equals = strchr(entry, '=');
		if (!equals) {
			X509_NAME_free(name);
			return NULL;
		}
		*equals = '\0';
		if (X509_NAME_add_entry_by_txt(name, entry, MBSTRING_UTF8,
				    (const unsigned char *)equals + 1, -1, -1, 0) != 1) {
			X509_NAME_free(name);
			return NULL;
		}
	}
	return name;
}

int spice_tls_create(struct spice_tls **ret_tls, const char *ca_file, const char *subject) {
	int result = -ENOMEM;
	struct spice_tls *tls = calloc(1, sizeof *tls);
	if (!tls) {
		return -ENOMEM;
	}
	tls->ctx = SSL_CTX_new(TLS_client_method());
	if (!tls->ctx || SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) != 1) {
		goto error;
	}
	SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
	/* Our send queue may move between two tries of one write. */
	SSL_CTX_set_mode(tls->ctx,
			SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	int r = ca_file && *ca_file ? SSL_CTX_load_verify_locations(tls->ctx, ca_file, NULL)
				    : SSL_CTX_set_default_verify_paths(tls->ctx);
	if (r != 1) {
		result = -ENOENT;
		goto error;
	}
	if (*subject && !(tls->subject = parse_subject(subject))) {
		result = -EINVAL;
		goto error;
	}
	*ret_tls = tls;
	return 0;
error:
	ERR_clear_error();
	spice_tls_destroy(tls);
	return result;
}

void spice_tls_destroy(struct spice_tls *tls) {
	if (tls) {
		SSL_CTX_free(tls->ctx);
		X509_NAME_free(tls->subject);
		free(tls);
	}
}

static bool check_name(SSL *ssl, const char *host) {
	struct in6_addr address;
	if (*host == '\0') {
		return true;
	}
	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1) {
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	}
	/* SSL_set_tlsext_host_name() is this with a cast that drops const. OpenSSL copies it. */
	char name[256];
	size_t len = strlen(host);
	if (len >= sizeof name) {
		return false;
	}
	memcpy(name, host, len + 1);
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
}

int spice_tls_stream_create(struct spice_tls_stream **ret_stream, struct spice_tls *tls, int fd,
		const char *host) {
	struct spice_tls_stream *stream = calloc(1, sizeof *stream);
	if (!stream) {
		return -ENOMEM;
	}
	stream->ssl = SSL_new(tls->ctx);
	if (!stream->ssl || SSL_set_fd(stream->ssl, fd) != 1 ||
			!check_name(stream->ssl, tls->subject ? "" : host)) {
		ERR_clear_error();
		spice_tls_stream_destroy(stream);
		return -ENOMEM;
	}
	stream->tls = tls;
	SSL_set_connect_state(stream->ssl);
	*ret_stream = stream;
	return 0;
}

void spice_tls_stream_destroy(struct spice_tls_stream *stream) {
	if (stream) {
		SSL_free(stream->ssl);
		free(stream);
	}
}

static int error_of(struct spice_tls_stream *stream, int r) {
	int error = SSL_get_error(stream->ssl, r);
	int saved = errno;
	ERR_clear_error();
	stream->wants_write = error == SSL_ERROR_WANT_WRITE;
	switch (error) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		return saved ? -saved : -ENOTCONN;
	default:
		return -EPROTO;
	}
}

/* The canonical form is compared: case and spaces do not count. */
static bool subject_fits(const struct spice_tls_stream *stream) {
	if (!stream->tls->subject) {
		return true;
	}
	X509 *certificate = SSL_get1_peer_certificate(stream->ssl);
	const bool fits = certificate && X509_NAME_cmp(X509_get_subject_name(certificate),
							 stream->tls->subject) == 0;
	X509_free(certificate);
	return fits;
}

int spice_tls_handshake(struct spice_tls_stream *stream) {
	ERR_clear_error();
	int r = SSL_do_handshake(stream->ssl);
	if (r == 1) {
		stream->wants_write = false;
		return subject_fits(stream) ? 0 : -EKEYREJECTED;
	}
	int error = error_of(stream, r);
	if (error == -EAGAIN) {
		return error;
	}
	return SSL_get_verify_result(stream->ssl) != X509_V_OK ? -EKEYREJECTED
	       : error == 0                                    ? -ENOTCONN
							       : error;
}

bool spice_tls_wants_write(const struct spice_tls_stream *stream) {
	return stream->wants_write;
}

ssize_t spice_tls_read(struct spice_tls_stream *stream, void *to, size_t len) {
	ERR_clear_error();
	int r = SSL_read(stream->ssl, to, len > INT_MAX ? INT_MAX : (int)len);
	if (r > 0) {
		return r;
	}
	int error = error_of(stream, r);
	return error == -EPROTO ? 0 : error; /* an end without a goodbye */
}

ssize_t spice_tls_write(struct spice_tls_stream *stream, const void *from, size_t len) {
	ERR_clear_error();
	int r = SSL_write(stream->ssl, from, len > INT_MAX ? INT_MAX : (int)len);
	if (r > 0) {
		return r;
	}
	int error = error_of(stream, r);
	return error == 0 ? -EPIPE : error;
}

bool spice_tls_pending(const struct spice_tls_stream *stream) {
	return SSL_pending(stream->ssl) > 0;
}
