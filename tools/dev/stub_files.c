#include "tools/dev/stub_files.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "host-proto/spice/wire.h"

static struct stub_file *find(struct stub_files *files, uint32_t id) {
	for (unsigned i = 0; i < STUB_FILES_MAX; i++) {
		if (files->files[i].digest && files->files[i].id == id) {
			return &files->files[i];
		}
	}
	return NULL;
}

static struct stub_file *find_free(struct stub_files *files) {
	for (unsigned i = 0; i < STUB_FILES_MAX; i++) {
		if (!files->files[i].digest) {
			return &files->files[i];
		}
	}
	return NULL;
}

uint32_t stub_files_start(struct stub_files *files, uint32_t id, const char *name, uint64_t size) {
	if (files->refuse && files->refuse_after == 0) {
		return files->refuse;
	}
	struct stub_file *file = find_free(files);
	EVP_MD_CTX *digest = file ? EVP_MD_CTX_new() : NULL;
	if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(digest);
		return SPICE_FILE_ERROR;
	}
	*file = (struct stub_file){
		.digest = digest, .id = id, .size = size, .begin_ns = clock_now_ns()
	};
	snprintf(file->name, sizeof file->name, "%s", name);
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "event", "file_start");
	json_string(&json, "name", name);
	json_int(&json, "size", (int64_t)size);
	json_finish(&json);
	return SPICE_FILE_CAN_SEND;
}

uint32_t stub_files_data(struct stub_files *files, uint32_t id, const uint8_t *bytes, size_t len) {
	struct stub_file *file = find(files, id);
	if (!file || EVP_DigestUpdate(file->digest, bytes, len) != 1) {
		return SPICE_FILE_ERROR;
	}
	file->got += len;
	return files->refuse && file->got >= files->refuse_after ? files->refuse
								 : SPICE_FILE_CAN_SEND;
}

void stub_files_end(struct stub_files *files, uint32_t id, bool whole) {
	struct stub_file *file = find(files, id);
	if (!file) {
		return;
	}
	unsigned char hash[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned len = 0;
	EVP_DigestFinal_ex(file->digest, hash, &len);
	for (unsigned i = 0; i < len; i++) {
		snprintf(text + (size_t)2 * i, 3, "%02x", hash[i]);
	}
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "event", "file_end");
	json_string(&json, "name", file->name);
	json_bool(&json, "whole", whole);
	json_int(&json, "bytes", (int64_t)file->got);
	json_number(&json, "seconds", (double)(clock_now_ns() - file->begin_ns) / NS_PER_S);
	json_string(&json, "sha256", text);
	json_finish(&json);
	EVP_MD_CTX_free(file->digest);
	file->digest = NULL;
}
