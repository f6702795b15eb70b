/*
 * Files that a SPICE client sends to the stub's agent: hashed and discarded. A line of JSON for
 * each that begins and ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUB_FILES_MAX 16u /* as many as peer_agent.h takes at a time */

struct stub_file {
	void *digest; /* EVP_MD_CTX; NULL = this place is free */
	uint32_t id;
	uint64_t size, got, begin_ns;
	char name[256];
};

struct stub_files {
	uint32_t refuse;       /* enum spice_file_result for the next ones; 0 = take them */
	uint64_t refuse_after; /* bytes of a file after which `refuse` is said; 0 = at once */
	struct stub_file files[STUB_FILES_MAX];
};

/* The events of peer_agent.h. */
uint32_t stub_files_start(struct stub_files *files, uint32_t id, const char *name, uint64_t size);
uint32_t stub_files_data(struct stub_files *files, uint32_t id, const uint8_t *bytes, size_t len);
void stub_files_end(struct stub_files *files, uint32_t id, bool whole);
