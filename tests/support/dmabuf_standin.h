/*
 * Stands in for a kvmfr device and a driver that imports from it (client/gl/dmabuf.h): the "image"
 * is a place in the mapping, and to attach it is to upload it as it is then. Each step can be made
 * to fail.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/dmabuf.h"
#include "client/gl/gl.h"
#include "host-proto/shm.h"
#include "tests/support/check.h"

struct standin {
	int fail_export; /* an errno */
	bool fail_create, fail_attach;
	unsigned exports, creates, attaches, destroys;
	const unsigned char *exported;
	uint64_t exported_bytes;
};

struct standin_image {
	struct dmabuf_plane plane;
	const unsigned char *from;
};

static inline int standin_export(
		const struct shm *shm, uint64_t offset, uint64_t bytes, void *data) {
	struct standin *standin = data;
	CHECK(offset % 4096 == 0 && bytes % 4096 == 0);
	standin->exports++;
	if (standin->fail_export != 0) {
		return -standin->fail_export;
	}
	if (!shm_in_range(shm, offset, bytes)) {
		return -ERANGE;
	}
	standin->exported = shm_base(shm) + offset;
	standin->exported_bytes = bytes;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static inline void *standin_create(
		const struct dmabuf_plane *plane, const char **ret_why, void *data) {
	struct standin *standin = data;
	CHECK(fcntl(plane->fd, F_GETFD) >= 0);
	CHECK((uint64_t)plane->pitch * plane->height <= standin->exported_bytes);
	struct standin_image *image = standin->fail_create ? NULL : calloc(1, sizeof *image);
	/* Drivers have such limits, too. */
	const unsigned bytes = memcmp(&plane->fourcc, "BG24", 4) == 0   ? 3
			       : memcmp(&plane->fourcc, "XB4H", 4) == 0 ? 8
									: 4;
	if (image == NULL || plane->pitch % bytes != 0) {
		free(image);
		*ret_why = "the stand-in refuses it";
		return NULL;
	}
	standin->creates++;
	image->plane = *plane;
	image->from = standin->exported;
	return image;
}

static inline int standin_attach(void *data_image, void *data) {
	static const struct {
		char fourcc[5];
		GLenum internal, format, type;
		unsigned bytes;
	} formats[] = {
		{ "XR24", GL_BGRA_EXT, GL_BGRA_EXT, GL_UNSIGNED_BYTE, 4 },
		{ "XB24", GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4 },
		{ "AB24", GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4 },
		{ "XB30", GL_RGB10_A2, GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV, 4 },
		{ "XB4H", GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT, 8 },
		{ "BG24", GL_RGB8, GL_RGB, GL_UNSIGNED_BYTE, 3 },
	};
	struct standin *standin = data;
	const struct standin_image *image = data_image;
	standin->attaches++;
	if (standin->fail_attach) {
		return -EIO;
	}
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (memcmp(&image->plane.fourcc, formats[i].fourcc, 4) == 0) {
			glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
			glPixelStorei(GL_UNPACK_ROW_LENGTH,
					(GLint)(image->plane.pitch / formats[i].bytes));
			glTexImage2D(GL_TEXTURE_2D, 0, (GLint)formats[i].internal,
					(GLsizei)image->plane.width, (GLsizei)image->plane.height,
					0, formats[i].format, formats[i].type, image->from);
			glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
			glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
			return 0;
		}
	}
	CHECK(false);
	return -EINVAL;
}

static inline void standin_destroy(void *image, void *data) {
	((struct standin *)data)->destroys++;
	free(image);
}

static inline struct dmabuf_ops standin_ops(struct standin *standin) {
	return (struct dmabuf_ops){
		.export_bytes = standin_export,
		.create_image = standin_create,
		.attach = standin_attach,
		.destroy_image = standin_destroy,
		.data = standin,
	};
}
