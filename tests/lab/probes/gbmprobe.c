/* gbmprobe - which EGL features a DRM node gives through GBM (vgem, virtio-gpu, ...).  usage:
 * gbmprobe /dev/dri/card0 */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <fcntl.h>
#include <gbm.h>
#include <stdio.h>
#include <string.h>
int main(int c, char **v) {
	int fd = open(c > 1 ? v[1] : "/dev/dri/card0", O_RDWR);
	struct gbm_device *g = fd < 0 ? NULL : gbm_create_device(fd);
	if (!g) {
		printf("no gbm on %s\n", v[1]);
		return 1;
	}
	EGLDisplay d = eglGetPlatformDisplay(EGL_PLATFORM_GBM_KHR, g, NULL);
	EGLint a, b;
	if (!eglInitialize(d, &a, &b)) {
		printf("eglInitialize 0x%x\n", eglGetError());
		return 1;
	}
	const char *e = eglQueryString(d, EGL_EXTENSIONS);
	printf("%s gbm backend %s: EGL %d.%d dma_buf_import %d modifiers %d native_fence %d\n",
			v[1], gbm_device_get_backend_name(g), a, b,
			!!strstr(e, "EGL_EXT_image_dma_buf_import"),
			!!strstr(e, "dma_buf_import_modifiers"), !!strstr(e, "native_fence_sync"));
	struct gbm_bo *bo = gbm_bo_create(
			g, 640, 480, GBM_FORMAT_XRGB8888, GBM_BO_USE_LINEAR | GBM_BO_USE_RENDERING);
	if (!bo) {
		printf("no bo\n");
		return 1;
	}
	int bf = gbm_bo_get_fd(bo);
	EGLint at[] = { EGL_WIDTH, 640, EGL_HEIGHT, 480, EGL_LINUX_DRM_FOURCC_EXT,
		GBM_FORMAT_XRGB8888, EGL_DMA_BUF_PLANE0_FD_EXT, bf, EGL_DMA_BUF_PLANE0_OFFSET_EXT,
		0, EGL_DMA_BUF_PLANE0_PITCH_EXT, gbm_bo_get_stride(bo), EGL_NONE };
	PFNEGLCREATEIMAGEKHRPROC ci = (void *)eglGetProcAddress("eglCreateImageKHR");
	EGLImageKHR im = ci(d, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, at);
	printf("dma-buf fd %d -> EGLImage %s (0x%x)\n", bf, im ? "ok" : "failed", eglGetError());
	return im ? 0 : 1;
}
