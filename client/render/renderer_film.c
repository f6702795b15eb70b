#include "client/render/renderer_film.h"

#include <errno.h>
#include <string.h>

#include "client/gl/gl_util.h"
#include "client/gl/region.h"

static size_t bytes_of(const struct renderer_film *film) {
	return (size_t)film->width * (size_t)film->height * 4;
}

void renderer_film_finish(struct renderer_film *film) {
	if (film->fence) {
		glDeleteSync(film->fence);
	}
	if (film->buffer) {
		glDeleteBuffers(1, &film->buffer);
	}
	if (film->framebuffer) {
		glDeleteFramebuffers(1, &film->framebuffer);
		glDeleteTextures(1, &film->texture);
	}
	*film = (struct renderer_film){ 0 };
}

GLuint renderer_film_target(struct renderer_film *film, int width, int height) {
	if (film->width == width && film->height == height) {
		return film->framebuffer;
	}
	renderer_film_finish(film);
	gl_clear_errors();
	glGenTextures(1, &film->texture);
	glBindTexture(GL_TEXTURE_2D, film->texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glGenFramebuffers(1, &film->framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, film->framebuffer);
	glFramebufferTexture2D(
			GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, film->texture, 0);
	film->width = width;
	film->height = height;
	if (gl_clear_errors() != 0) {
		renderer_film_finish(film);
	}
	return film->framebuffer;
}

int renderer_film_read(struct renderer_film *film, const struct rect *rect, unsigned char *memory) {
	glBindFramebuffer(GL_FRAMEBUFFER, film->framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glPixelStorei(GL_PACK_ROW_LENGTH, film->width);
	glReadPixels(rect->x, rect->y, rect->width, rect->height, GL_RGBA, GL_UNSIGNED_BYTE,
			memory + ((size_t)rect->y * (size_t)film->width + (size_t)rect->x) * 4);
	glPixelStorei(GL_PACK_ROW_LENGTH, 0);
	return gl_clear_errors() == 0 ? 0 : -EIO;
}

int renderer_film_ask(struct renderer_film *film) {
	if (!film->buffer) {
		glGenBuffers(1, &film->buffer);
		glBindBuffer(GL_PIXEL_PACK_BUFFER, film->buffer);
		glBufferData(GL_PIXEL_PACK_BUFFER, (GLsizeiptr)bytes_of(film), NULL,
				GL_STREAM_READ);
	}
	glBindFramebuffer(GL_FRAMEBUFFER, film->framebuffer);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, film->buffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, 0, film->width, film->height, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	film->fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	glFlush();
	return film->fence && gl_clear_errors() == 0 ? 0 : -EIO;
}

int renderer_film_collect(struct renderer_film *film, unsigned char *memory) {
	if (!film->fence) {
		return -EIO;
	}
	const GLenum there = glClientWaitSync(film->fence, 0, 0);
	if (there == GL_TIMEOUT_EXPIRED) {
		return -EAGAIN;
	}
	glDeleteSync(film->fence);
	film->fence = NULL;
	glBindBuffer(GL_PIXEL_PACK_BUFFER, film->buffer);
	const void *pixels = there == GL_WAIT_FAILED ? NULL
						     : glMapBufferRange(GL_PIXEL_PACK_BUFFER, 0,
								       (GLsizeiptr)bytes_of(film),
								       GL_MAP_READ_BIT);
	if (pixels) {
		memcpy(memory, pixels, bytes_of(film));
		glUnmapBuffer(GL_PIXEL_PACK_BUFFER);
	}
	glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
	return gl_clear_errors() == 0 && pixels ? 0 : -EIO;
}
