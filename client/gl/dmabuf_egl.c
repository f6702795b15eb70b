/* dma-buf images of EGL. Not run on a machine with a kvmfr device and a GPU so far. */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/gl/dmabuf.h"
#include "client/gl/egl_display.h"
#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "host-proto/shm.h"

static int export_bytes(const struct shm *shm, uint64_t offset, uint64_t bytes, void *data) {
	(void)data;
	return shm_dmabuf(shm, offset, bytes);
}

static void *create_image(const struct dmabuf_plane *plane, const char **ret_why, void *data) {
	EGLDisplay display = data;
	PFNEGLCREATEIMAGEKHRPROC create =
			(PFNEGLCREATEIMAGEKHRPROC)(void *)eglGetProcAddress("eglCreateImageKHR");
	EGLint attributes[] = { EGL_WIDTH, (EGLint)plane->width, EGL_HEIGHT, (EGLint)plane->height,
		EGL_LINUX_DRM_FOURCC_EXT, (EGLint)plane->fourcc, EGL_DMA_BUF_PLANE0_FD_EXT,
		plane->fd, EGL_DMA_BUF_PLANE0_OFFSET_EXT, 0, EGL_DMA_BUF_PLANE0_PITCH_EXT,
		(EGLint)plane->pitch, /* linear: */ EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT, 0,
		EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT, 0, EGL_NONE };
	if (!egl_display_has(display, "EGL_EXT_image_dma_buf_import_modifiers")) {
		attributes[12] = EGL_NONE; /* then linear is what a buffer without one is taken for
					    */
	}
	EGLImageKHR image =
			create(display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
	if (image == EGL_NO_IMAGE_KHR) {
		eglGetError();
		*ret_why = "the driver does not import a linear picture of this format and width";
		return NULL;
	}
	return image;
}

static int attach(void *image, void *data) {
	(void)data;
	PFNGLEGLIMAGETARGETTEXTURE2DOESPROC target =
			(PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)(void *)eglGetProcAddress(
					"glEGLImageTargetTexture2DOES");
	target(GL_TEXTURE_2D, image);
	return 0; /* an error is in GL's queue */
}

static void destroy_image(void *image, void *data) {
	PFNEGLDESTROYIMAGEKHRPROC destroy =
			(PFNEGLDESTROYIMAGEKHRPROC)(void *)eglGetProcAddress("eglDestroyImageKHR");
	destroy(data, image);
}

bool dmabuf_egl_ops(void *display, struct dmabuf_ops *ret_ops) {
	*ret_ops = (struct dmabuf_ops){
		.export_bytes = export_bytes,
		.create_image = create_image,
		.attach = attach,
		.destroy_image = destroy_image,
		.data = display,
	};
	return egl_display_has(display, "EGL_EXT_image_dma_buf_import") &&
	       egl_display_has(display, "EGL_KHR_image_base") &&
	       gl_has_extension("GL_OES_EGL_image");
}
