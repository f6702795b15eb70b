#include "host-proto/spice/link.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "host-proto/spice/reader.h"

static void write_header(struct writer *w, size_t body) {
	write_bytes(w, SPICE_MAGIC, 4);
	write_u32(w, SPICE_MAJOR);
	write_u32(w, SPICE_MINOR);
	write_u32(w, (uint32_t)body);
}

/* Returns the size of the body, 0 for "wait", or an error. A body of size 0 is nonsense. */
static int64_t read_header(struct reader *r, uint32_t body_min) {
	size_t have = r->left < 4 ? r->left : 4;
	if (memcmp(r->at, SPICE_MAGIC, have) != 0) {
		return -EBADMSG; /* at the first wrong byte: a peer that is not SPICE may not say
				    more */
	}
	if (r->left < SPICE_LINK_HEADER_BYTES) {
		return 0;
	}
	read_bytes(r, 4);
	uint32_t major = read_u32(r);
	read_u32(r); /* minor */
	uint32_t size = read_u32(r);
	if (major != SPICE_MAJOR) {
		return -EPROTONOSUPPORT;
	}
	if (size < body_min || size > SPICE_LINK_REPLY_MAX) {
		return -EBADMSG;
	}
	return size;
}

/* The first word of each kind. body is the whole LinkMess or LinkReply. */
static int read_caps(const uint8_t *body, uint32_t size, uint32_t fixed, uint32_t common,
		uint32_t channel, uint32_t offset, uint32_t *ret_common, uint32_t *ret_channel) {
	if (common > SPICE_LINK_CAPS_MAX || channel > SPICE_LINK_CAPS_MAX || offset < fixed ||
			offset > size || (uint64_t)(common + channel) * 4 > size - offset) {
		return -EBADMSG;
	}
	struct reader r = reader_of(body + offset, size - offset);
	*ret_common = common > 0 ? read_u32(&r) : 0;
	if (common > 1) {
		read_bytes(&r, (uint64_t)(common - 1) * 4);
	}
	*ret_channel = channel > 0 ? read_u32(&r) : 0;
	return reader_ok(&r) ? 0 : -EBADMSG;
}

size_t spice_link_write_request(const struct spice_link_request *request,
		uint8_t ret_bytes[SPICE_LINK_REQUEST_BYTES]) {
	const uint32_t words = request->channel_caps ? 1 : 0;
	struct writer w = writer_of(ret_bytes, SPICE_LINK_REQUEST_BYTES);
	write_header(&w, SPICE_LINK_MESS_BYTES + 4 + 4 * words);
	write_u32(&w, request->connection_id);
	write_u8(&w, request->channel_type);
	write_u8(&w, request->channel_id);
	write_u32(&w, 1);
	write_u32(&w, words);
	write_u32(&w, SPICE_LINK_MESS_BYTES);
	write_u32(&w, request->common_caps);
	if (words > 0) {
		write_u32(&w, request->channel_caps);
	}
	return writer_len(&w);
}

int spice_link_read_request(const uint8_t *bytes, size_t len, struct spice_link_request *ret) {
	struct reader r = reader_of(bytes, len);
	int64_t size = read_header(&r, SPICE_LINK_MESS_BYTES);
	if (size <= 0) {
		return (int)size;
	}
	if (r.left < (uint64_t)size) {
		return 0;
	}
	const uint8_t *body = r.at;
	struct spice_link_request request = { 0 };
	request.connection_id = read_u32(&r);
	request.channel_type = read_u8(&r);
	request.channel_id = read_u8(&r);
	uint32_t common = read_u32(&r);
	uint32_t channel = read_u32(&r);
	uint32_t offset = read_u32(&r);
	int result = read_caps(body, (uint32_t)size, SPICE_LINK_MESS_BYTES, common, channel, offset,
			&request.common_caps, &request.channel_caps);
	if (result < 0) {
		return result;
	}
	*ret = request;
	return (int)(SPICE_LINK_HEADER_BYTES + (uint32_t)size);
}

int spice_link_read_reply(const uint8_t *bytes, size_t len, struct spice_link_reply *ret) {
	struct reader r = reader_of(bytes, len);
	int64_t size = read_header(&r, SPICE_LINK_REPLY_BYTES);
	if (size <= 0) {
		return (int)size;
	}
	if (r.left < (uint64_t)size) {
		return 0;
	}
	const uint8_t *body = r.at;
	struct spice_link_reply reply = { 0 };
	reply.error = read_u32(&r);
	const uint8_t *key = read_bytes(&r, SPICE_PUBLIC_KEY_BYTES);
	uint32_t common = read_u32(&r);
	uint32_t channel = read_u32(&r);
	uint32_t offset = read_u32(&r);
	if (!reader_ok(&r) || !key) {
		return -EBADMSG;
	}
	memcpy(reply.key, key, SPICE_PUBLIC_KEY_BYTES);
	/* On an error the counts are zero and so is the offset (2.3). */
	if (reply.error == SPICE_LINK_OK) {
		int result = read_caps(body, (uint32_t)size, SPICE_LINK_REPLY_BYTES, common,
				channel, offset, &reply.common_caps, &reply.channel_caps);
		if (result < 0) {
			return result;
		}
	}
	*ret = reply;
	return (int)(SPICE_LINK_HEADER_BYTES + (uint32_t)size);
}

size_t spice_link_write_reply(const struct spice_link_reply *reply, uint8_t *bytes, size_t size) {
	struct writer w = writer_of(bytes, size);
	const bool fine = reply->error == SPICE_LINK_OK;
	const uint32_t words = fine && reply->channel_caps ? 1 : 0;
	write_header(&w, SPICE_LINK_REPLY_BYTES + (fine ? 4 + 4 * words : 0));
	write_u32(&w, reply->error);
	write_bytes(&w, reply->key, SPICE_PUBLIC_KEY_BYTES);
	write_u32(&w, fine ? 1 : 0);
	write_u32(&w, words);
	write_u32(&w, fine ? SPICE_LINK_REPLY_BYTES : 0);
	if (fine) {
		write_u32(&w, reply->common_caps);
	}
	if (words > 0) {
		write_u32(&w, reply->channel_caps);
	}
	return writer_len(&w);
}

int spice_link_ticket(const uint8_t key[SPICE_PUBLIC_KEY_BYTES], const char *password,
		uint8_t ret_ticket[SPICE_TICKET_BYTES]) {
	const char *text = password ? password : "";
	const size_t len = strlen(text) + 1;
	if (len > SPICE_PASSWORD_MAX_BYTES) {
		return -E2BIG;
	}
	int result = -EBADMSG;
	EVP_PKEY_CTX *ctx = NULL;
	const uint8_t *at = key;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, SPICE_PUBLIC_KEY_BYTES);
	if (!pkey || at != key + SPICE_PUBLIC_KEY_BYTES || EVP_PKEY_base_id(pkey) != EVP_PKEY_RSA ||
			EVP_PKEY_size(pkey) != (int)SPICE_TICKET_BYTES) {
		goto out;
	}
	result = -ENOTSUP;
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	size_t size = SPICE_TICKET_BYTES;
	if (ctx && EVP_PKEY_encrypt_init(ctx) > 0 &&
			EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
			EVP_PKEY_encrypt(ctx, ret_ticket, &size, (const uint8_t *)text, len) > 0 &&
			size == SPICE_TICKET_BYTES) {
		result = 0;
	}
out:
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return result;
}

static EVP_PKEY *pkey_of(const struct spice_link_key *key) {
	/* The handle is OpenSSL's object under a name of ours. */
	union {
		const struct spice_link_key *key;
		EVP_PKEY *pkey;
	} handle = { .key = key };
	return handle.pkey;
}

int spice_link_key_create(struct spice_link_key **ret_key) {
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	bool fine = ctx && EVP_PKEY_keygen_init(ctx) > 0 &&
		    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)SPICE_TICKET_BYTES * 8) > 0 &&
		    EVP_PKEY_keygen(ctx, &pkey) > 0;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (!fine) {
		return -ENOTSUP;
	}
	*ret_key = (struct spice_link_key *)pkey;
	return 0;
}

void spice_link_key_destroy(struct spice_link_key *key) {
	EVP_PKEY_free(pkey_of(key));
}

int spice_link_key_public(
		const struct spice_link_key *key, uint8_t ret_key[SPICE_PUBLIC_KEY_BYTES]) {
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(pkey_of(key), &der);
	int result = len == (int)SPICE_PUBLIC_KEY_BYTES ? 0 : -EBADMSG;
	if (result == 0) {
		memcpy(ret_key, der, SPICE_PUBLIC_KEY_BYTES);
	}
	OPENSSL_free(der);
	ERR_clear_error();
	return result;
}

bool spice_link_key_check(const struct spice_link_key *key,
		const uint8_t ticket[SPICE_TICKET_BYTES], const char *password) {
	uint8_t text[SPICE_TICKET_BYTES];
	size_t len = sizeof text;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey_of(key), NULL);
	bool fine = ctx && EVP_PKEY_decrypt_init(ctx) > 0 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
		    EVP_PKEY_decrypt(ctx, text, &len, ticket, SPICE_TICKET_BYTES) > 0;
	if (fine && password) {
		while (len > 0 && text[len - 1] == 0) { /* no NUL and extra NULs are taken too */
			len--;
		}
		fine = len == strlen(password) && CRYPTO_memcmp(text, password, len) == 0;
	}
	OPENSSL_cleanse(text, sizeof text);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return fine;
}
